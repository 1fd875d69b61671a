/* Evidence: that something was tried and what came of it, for `server checklist`, the metrics and
 * the report.  Each record is a row and an entry of the audit log ("evidence.record") in one
 * transaction, so that nobody can add or better one unseen.
 *
 * Kinds are words with dots.  Those of the backups:
 *     backup.full, backup.incremental, backup.verify, backup.offsite, drill
 * Of data protection: retention, compliance.report (docs/compliance.md), secrets.rotate (docs/secrets.md).
 * figures is a JSON object; its keys belong to the kind (docs/disaster-recovery.md). */
#ifndef DESK_EVIDENCE_H
#define DESK_EVIDENCE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "desk/actor.h"
#include "store/evidence.h"

enum { EVIDENCE_FIGURES_MAX = 16 * 1024, EVIDENCE_SUMMARY_MAX = 500 };

struct evidence {
    const char *kind;
    bool ok;
    struct str summary; /* one line; cut to EVIDENCE_SUMMARY_MAX */
    struct str figures; /* JSON object, or empty for {} */
};

/* In a write transaction; now and the version of this program are filled in. */
enum rc evidence_add(struct db *db, const struct actor *who, const struct evidence *ev,
                     struct arena *a, struct err *e) MUST_USE;
/* The newest of a kind (only_ok: the newest that succeeded); RC_NOT_FOUND when there is none. */
enum rc evidence_latest(struct db *db, const char *kind, bool only_ok, struct arena *a,
                        struct evidence_row *out, struct err *e) MUST_USE;
/* RC_CONFLICT when the audit log does not have this very record: somebody wrote into the database. */
enum rc evidence_is_logged(struct db *db, const struct evidence_row *row, struct arena *a,
                           struct err *e) MUST_USE;

#endif
