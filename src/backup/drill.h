/* A drill: the newest backup is restored into a scratch folder, checked, and a server of this very
 * program is started on it, in which somebody logs in, searches and writes.  What it measures is
 * what the next disaster will cost.  The scratch folder is removed. */
#ifndef BACKUP_DRILL_H
#define BACKUP_DRILL_H

#include "backup/restore.h"

struct store;

struct drill_opts {
    const struct repo *r;
    struct str set;          /* empty: the newest */
    const char *scratch;     /* a folder that does not exist yet */
    const char *database;    /* name of the file */
    const struct pgbackrest *pg; /* PostgreSQL; restore.h */
    struct str pg_bin, pg_url;
    const char *const *secrets; /* config_secrets(): its server may not be able to read their files */
    size_t n_secrets;
    struct store *live; /* PostgreSQL: where to see what the copy lacks */
};
struct drilled {
    struct restored restored;
    const char *failed_at; /* "login": the step that failed; NULL: none */
    int64_t rto_us;        /* from the decision to a server that took a write */
    int64_t rpo_us;        /* what was not yet in the backups when it began */
    int64_t start_us;      /* of the server alone */
};
/* RC_OK when all of it went well; else e and out->failed_at say what did not. */
enum rc drill_run(const struct drill_opts *o, struct arena *a, struct drilled *out,
                  struct err *e) MUST_USE;

#endif
