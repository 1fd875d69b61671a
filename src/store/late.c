/* Statements kept for the end of a transaction.  FTS5 gathers the words of many documents before
 * it writes them down, but does so at once whenever a savepoint begins: with one for each request
 * of a batch every message became a segment of its own, at three times the cost.  So what a
 * savepoint would write to FTS5 runs right before the commit of all, in the order it was asked for. */
#include "store/db_priv.h"

#include <stdlib.h>

enum { LATE_ARGS_MAX = 4 };

struct late {
    const char *sql;
    size_t n;
    struct db_val v[LATE_ARGS_MAX];
    size_t n_args;
    char *texts; /* owner; what the values point to */
};

static void keep(struct late *l, struct db_args args)
{
    size_t total = 1, at = 0;

    for (size_t i = 0; i < args.n; i++)
        total += args.v[i].s.n;
    l->texts = malloc(total);
    INVARIANT(l->texts); /* ANALYZER-OK: its owner's struct holds it */
    for (size_t i = 0; i < args.n; i++) {
        l->v[i] = args.v[i];
        if (!args.v[i].s.p)
            continue;
        if (args.v[i].s.n)
            memcpy(l->texts + at, args.v[i].s.p, args.v[i].s.n);
        l->v[i].s.p = l->texts + at;
        at += args.v[i].s.n;
    }
}

enum rc db_exec_late_(struct db *db, const char *sql, size_t n, struct db_args args, struct err *e)
{
    struct late *l;

    INVARIANT(args.n <= LATE_ARGS_MAX);
    if (db->depth <= 1 && db->n_late == 0)
        return db_exec_(db, sql, n, args, NULL, e);
    if (db->n_late == db->late_cap) {
        db->late_cap = db->late_cap ? 2 * db->late_cap : 16;
        db->late = reallocarray(db->late, db->late_cap, sizeof(*db->late));
        INVARIANT(db->late);
    }
    l = &db->late[db->n_late++];
    *l = (struct late){ .sql = sql, .n = n, .n_args = args.n };
    keep(l, args);
    return RC_OK;
}

enum rc late_run(struct db *db, struct err *e)
{
    for (size_t i = 0; i < db->n_late; i++) {
        const struct late *l = &db->late[i];

        TRY(db_exec_(db, l->sql, l->n, (struct db_args){ l->v, l->n_args }, NULL, e));
    }
    late_forget(db, 0);
    return RC_OK;
}

void late_forget(struct db *db, size_t keep_n)
{
    while (db->n_late > keep_n)
        free(db->late[--db->n_late].texts);
}
