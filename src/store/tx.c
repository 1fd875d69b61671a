/* Transactions and savepoints over both drivers. */
#include "store/db_priv.h"

static const struct {
    struct str savepoint, release, rollback;
} points[DB_DEPTH_MAX] = {
#define POINT(n)                                                                                   \
    [n] = { { "SAVEPOINT s" #n, sizeof("SAVEPOINT s" #n) - 1 },                                    \
            { "RELEASE SAVEPOINT s" #n, sizeof("RELEASE SAVEPOINT s" #n) - 1 },                    \
            { "ROLLBACK TO SAVEPOINT s" #n, sizeof("ROLLBACK TO SAVEPOINT s" #n) - 1 } }
    POINT(1), POINT(2), POINT(3), POINT(4), POINT(5), POINT(6), POINT(7),
#undef POINT
};

static enum rc exec(struct db *db, struct str lit, struct err *e)
{
    return db_exec_(db, lit.p, lit.n, DB_NO_ARGS, NULL, e);
}

/* SQLite's deferred transactions may fail at their first write, when it is too late to wait. */
static struct str begin_text(const struct db *db)
{
    if (db->drv->kind == DB_SQLITE && db->access == DB_WRITE)
        return STR("BEGIN IMMEDIATE");
    return STR("BEGIN");
}

/* What undoes must run even when a test makes statements fail. */
static enum rc exec_undo(struct db *db, struct str lit)
{
    int64_t fail_in = db->fail_in;
    enum rc rc;

    db->fail_in = 0;
    err_clear(&db->undo_err);
    rc = exec(db, lit, &db->undo_err);
    db->fail_in = fail_in;
    return rc;
}

static void undo_all(struct db *db)
{
    if (db->drv->in_tx(db))
        (void)exec_undo(db, STR("ROLLBACK"));
}

/* A savepoint at the start of what is around it would mark the same place twice, and cost a server
 * two round trips.  SQLite keeps the first one: beginning anew might meet another writer. */
static bool can_restart(const struct db *db)
{
    return db->drv->kind == DB_POSTGRES;
}

/* Back to where level d began. */
static enum rc undo_level(struct db *db, unsigned d)
{
    if (d > 0 && d < DB_DEPTH_MAX)
        return exec_undo(db, points[d].rollback);
    undo_all(db);
    return exec_undo(db, begin_text(db));
}

enum rc db_tx_begin(struct db *db, struct db_tx *tx, struct err *e)
{
    struct db_level *l = &db->levels[db->depth];

    INVARIANT(db->depth < DB_DEPTH_MAX && !tx->open);
    if (db->depth == 0) {
        db->lost = RC_OK;
        db->tx_statements = 0;
        TRY(exec(db, begin_text(db), e));
        l->is_virtual = false;
    } else {
        if (db->lost)
            return err_set(e, db->lost, "", "%s", "The database ended the transaction.");
        l->is_virtual = l[-1].began_at == db->tx_statements && (db->depth > 1 || can_restart(db));
        if (!l->is_virtual)
            TRY(exec(db, points[db->depth].savepoint, e));
    }
    l->began_at = db->tx_statements;
    l->words_at = db->n_words;
    l->late_at = db->n_late;
    db->depth++;
    *tx = (struct db_tx){ .db = db, .open = true };
    return RC_OK;
}

static enum rc commit_top(struct db *db, struct err *e)
{
    enum rc rc;

    if (db->lost)
        rc = err_set(e, db->lost, "", "%s", "The database ended the transaction.");
    else
        rc = late_run(db, e);
    if (rc == RC_OK)
        rc = exec(db, STR("COMMIT"), e);
    late_forget(db, 0);
    db->depth = 0;
    db->lost = RC_OK;
    if (rc != RC_OK) {
        undo_all(db);
        words_forget(db, 0);
        known_words_forget(db);
    } else if (db->n_words > 0) {
        words_tell(db);
    }
    return rc;
}

enum rc db_tx_commit(struct db_tx *tx, struct err *e)
{
    struct db *db = tx->db;
    unsigned d;

    INVARIANT(tx->open && db->depth > 0);
    if (db->depth == 1) {
        tx->open = false;
        return commit_top(db, e);
    }
    if (db->lost)
        return err_set(e, db->lost, "", "%s", "The database ended the transaction.");
    d = db->depth - 1;
    if (!db->levels[d].is_virtual)
        TRY(exec(db, points[d].release, e));
    db->depth--;
    tx->open = false;
    return RC_OK;
}

void db_tx_end(struct db_tx *tx)
{
    struct db *db = tx->db;
    unsigned d;

    if (!tx->open)
        return;
    tx->open = false;
    words_forget(db, db->levels[db->depth - 1].words_at);
    late_forget(db, db->levels[db->depth - 1].late_at);
    known_words_forget(db);
    if (--db->depth == 0) {
        undo_all(db);
        db->lost = RC_OK;
        return;
    }
    if (db->lost)
        return;
    for (d = db->depth; db->levels[d].is_virtual; d--)
        ;
    /* When even going back fails, what the outer levels do next must not be kept. */
    if (undo_level(db, d) != RC_OK
        || (d == db->depth && exec_undo(db, points[d].release) != RC_OK))
        db->lost = RC_FAIL;
}

enum rc db_snapshot_begin(struct db *db, struct err *e)
{
    INVARIANT(db->access == DB_READ && db->depth == 0);
    db->is_reading = true;
    db->noted = 0;
    return db->drv->kind == DB_SQLITE ? db_tx_begin(db, &db->snapshot, e) : RC_OK;
}

void db_snapshot_note(struct db *db, int64_t number)
{
    if (db->is_reading)
        db->noted = number;
}

int64_t db_snapshot_noted(const struct db *db)
{
    return db->noted;
}

void db_snapshot_end(struct db *db)
{
    db->is_reading = false;
    db->noted = 0;
    db_ahead_forget(db);
    if (!db->snapshot.open)
        return;
    db->snapshot.open = false;
    if (exec_undo(db, STR("COMMIT")) != RC_OK)
        undo_all(db);
    db->depth = 0;
    db->lost = RC_OK;
}
