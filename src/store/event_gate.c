#include "store/event_gate.h"

#include <pthread.h>
#include <stdlib.h>

struct event_gate {
    pthread_mutex_t lock; /* guards all */
    int64_t settled;      /* all up to this are there, or never will be */
    int64_t mark;         /* settled when none of the holders is left; 0: nothing is waited for */
    char *holders;        /* owner; transactions that held the table at the mark, with commas between */
};

struct event_gate *event_gate_new(void)
{
    struct event_gate *g = calloc(1, sizeof *g);

    INVARIANT(g);
    pthread_mutex_init(&g->lock, NULL);
    return g;
}

void event_gate_free(struct event_gate **g)
{
    if (!*g)
        return;
    pthread_mutex_destroy(&(*g)->lock);
    free((*g)->holders);
    free(*g);
    *g = NULL;
}

int64_t event_gate_settled(struct event_gate *g)
{
    int64_t settled;

    pthread_mutex_lock(&g->lock);
    settled = g->settled;
    pthread_mutex_unlock(&g->lock);
    return settled;
}

#define HOLDERS                                                                                    \
    "FROM pg_locks WHERE locktype = 'relation' AND mode = 'RowExclusiveLock'"                      \
    " AND relation = to_regclass('events')"                                                        \
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"

/* The locks are read after the statement's snapshot was taken: who is not among them has ended, and
 * what it did is seen by the next statement. */
static enum rc read_mark(struct db *db, struct arena *a, int64_t *mark, struct str *holders,
                         struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    TRY(db_query(db, &r,
                 "SELECT coalesce((SELECT id FROM events ORDER BY id DESC LIMIT 1), 0),"
                 " coalesce((SELECT string_agg(virtualtransaction, ',') " HOLDERS "), '')",
                 DB_NO_ARGS, e));
    if (!db_next(&r, e))
        return e->rc;
    *mark = db_int(&r, 0);
    *holders = db_text(&r, 1, a);
    return RC_OK;
}

static enum rc still_there(struct db *db, struct str holders, bool *yes, struct err *e)
{
    int64_t n;

    TRY(db_query_int(db,
                     "SELECT count(*) " HOLDERS
                     " AND virtualtransaction = ANY (string_to_array($1, ','))",
                     DB_ARGS(DB_TEXT(holders)), &n, e));
    *yes = n > 0;
    return RC_OK;
}

static void settle(struct event_gate *g, int64_t mark)
{
    pthread_mutex_lock(&g->lock);
    if (g->settled < mark)
        g->settled = mark;
    if (g->mark <= mark)
        g->mark = 0;
    pthread_mutex_unlock(&g->lock);
}

static void wait_until_gone(struct event_gate *g, int64_t mark, struct str holders)
{
    pthread_mutex_lock(&g->lock);
    if (g->mark == 0 && g->settled < mark) {
        g->mark = mark;
        free(g->holders);
        g->holders = strndup(holders.p, holders.n);
        INVARIANT(g->holders);
    }
    pthread_mutex_unlock(&g->lock);
}

enum rc event_gate_look(struct db *db, struct event_gate *g, struct arena *a, struct err *e)
{
    struct str holders = STR_NONE;
    bool there = true;
    int64_t mark;

    pthread_mutex_lock(&g->lock);
    mark = g->mark;
    if (mark)
        holders = str_dup(str_of(g->holders), a);
    pthread_mutex_unlock(&g->lock);
    if (mark) {
        TRY(still_there(db, holders, &there, e));
        if (!there)
            settle(g, mark);
        return RC_OK;
    }
    TRY(read_mark(db, a, &mark, &holders, e));
    if (holders.n)
        wait_until_gone(g, mark, holders);
    else
        settle(g, mark);
    return RC_OK;
}
