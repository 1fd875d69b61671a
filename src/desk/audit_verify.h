/* Checking the audit log, and the witness outside of the database that makes cuts visible.
 *
 * An attacker who owns the database can alter rows, and with knowledge of this code even compute
 * the chain anew; what he cannot change are heads written down elsewhere: the witness file and the
 * log stream ("audit.head" once a minute). */
#ifndef DESK_AUDIT_VERIFY_H
#define DESK_AUDIT_VERIFY_H

#include "base/enc.h"
#include "base/err.h"
#include "base/str.h"
#include "store/audit.h"
#include "store/db.h"

struct arena;

enum audit_finding {
    AUDIT_WHOLE,
    AUDIT_ALTERED,   /* entry n is not what was written */
    AUDIT_REMOVED,   /* entry n is missing */
    AUDIT_INSERTED,  /* entry n does not belong there */
    AUDIT_MOVED,     /* entry n stood elsewhere */
    AUDIT_CUT,       /* entries from n on are missing at the end */
    AUDIT_HEAD,      /* the head itself was altered */
    AUDIT_OLDER,     /* a witnessed entry n does not exist: an older database was restored */
    AUDIT_REWRITTEN, /* entry n is sound, but not the one that was witnessed */
};
const char *audit_finding_name(enum audit_finding f); /* "altered" */
const char *audit_finding_words(enum audit_finding f);

struct audit_verdict {
    enum audit_finding finding;
    int64_t n;               /* the first wrong entry; 0 when whole */
    int64_t checked, erased; /* entries read; those whose details were erased */
    int64_t witnessed;       /* heads of the witness compared */
    struct audit_head head;  /* hash lives in the arena */
};

/* Reads the whole log in chunks, in constant memory.  witness: lines "n hash time" in ascending
 * order, as audit_witness() writes them, or empty.  RC_OK whatever it finds; others when reading
 * failed. */
enum rc audit_verify(struct db *db, struct str witness, struct arena *a, struct audit_verdict *out,
                     struct err *e) MUST_USE;
/* Appends the head to the witness file unless its last line says so already, and logs it.  The job
 * runner calls this every minute; one caller at a time. */
enum rc audit_witness(struct db *db, const char *path, struct arena *a, struct err *e) MUST_USE;

/* The chain's hash of a row (lower case hex) behind the entry whose hash is prev.  Pure. */
struct str audit_hash(const struct audit_row *row, struct str prev, struct arena *a);
struct str audit_details_hash(struct str salt, struct str details, struct arena *a);

#endif
