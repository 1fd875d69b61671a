/* Rules of retention: how long each kind of data is kept (settings "retention.…_days", 0: for ever),
 * what would go today, and the run that takes it away.
 *
 * A run works in steps of a few rows, each a transaction of its own, so that others are not kept
 * waiting and a kill in between loses nothing: the next run goes on.  What a legal hold keeps
 * (desk/hold.h) stays and is counted.  Each deleted ticket is an entry of the audit log, each run an
 * evidence "retention" with the figures by kind.  On several nodes one works at a time. */
#ifndef DESK_RETENTION_H
#define DESK_RETENTION_H

#include "base/json.h"
#include "desk/actor.h"
#include "desk/settings.h"
#include "store/store.h"

enum { RETENTION_KINDS = 10 };

struct retention_kind {
    const char *name; /* "closed_tickets" */
    const char *what; /* "closed tickets" */
    enum setting days;
};
extern const struct retention_kind retention_kinds[RETENTION_KINDS];

struct retention_line {
    int64_t days; /* 0: kept for ever */
    int64_t due;  /* would go now; after a run: what it left */
    int64_t held; /* old enough, but under legal hold */
    int64_t gone; /* by this run */
};
struct retention_report {
    int64_t at_us;
    struct retention_line v[RETENTION_KINDS];
};

/* What a run would do now.  Any connection. */
enum rc retention_look(struct db *db, struct retention_report *out, struct err *e) MUST_USE;
/* Does it; db reads. */
enum rc retention_run(struct store *s, struct db *db, const struct actor *who,
                      struct retention_report *out, struct err *e) MUST_USE;
/* An administrator has set some rule. */
enum rc retention_is_set(struct db *db, bool *out, struct err *e) MUST_USE;
/* No run was recorded since then. */
enum rc retention_is_due(struct db *db, int64_t since_us, struct arena *a, bool *out,
                         struct err *e) MUST_USE;

/* Whether the caller may begin a run: admin.setting. */
enum rc retention_check(const struct actor *who, struct err *e) MUST_USE;
/* Adds the job that does a run (desk/later.h). */
#define RETENTION_JOB "retention"
struct account;
struct job;
enum rc retention_ask(const struct account *c, struct job *out, struct err *e) MUST_USE;

/* {"at":…,"kinds":{"closed_tickets":{"days":…,"due":…,"held":…,"gone":…},…}} */
void retention_write(struct jw *w, const struct retention_report *report);

#endif
