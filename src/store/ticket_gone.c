#include "store/ticket_gone.h"

#include "store/attachments.h"
#include "store/search.h"
#include "store/tickets.h"

/* Statements that take the ticket's id and leave nothing of it behind, rows before what they name. */
static enum rc delete_around(struct db *db, int64_t id, struct err *e)
{
    const struct db_args of = DB_ARGS(DB_INT(id));

    TRY(db_exec(db, "DELETE FROM participants WHERE ticket_id = $1", of, NULL, e));
    TRY(db_exec(db, "DELETE FROM watches WHERE ticket_id = $1", of, NULL, e));
    TRY(db_exec(db, "DELETE FROM links WHERE ticket_id = $1 OR other_id = $1", of, NULL, e));
    TRY(db_exec(db, "DELETE FROM ticket_tags WHERE ticket_id = $1", of, NULL, e));
    TRY(db_exec(db, "DELETE FROM merges WHERE source_id = $1 OR target_id = $1", of, NULL, e));
    TRY(db_exec(db, "DELETE FROM drafts WHERE ticket_id = $1", of, NULL, e));
    TRY(db_exec(db, "DELETE FROM events WHERE ticket_id = $1", of, NULL, e));
    TRY(db_exec(db,
                "DELETE FROM field_values WHERE object_id = $1"
                " AND field_id IN (SELECT id FROM fields WHERE object = 0)",
                of, NULL, e));
    /* What undoing a merge of people would go back to; watches and owners are named by row_id. */
    TRY(db_exec(db, "DELETE FROM user_merge_rows WHERE ticket_id = $1", of, NULL, e));
    TRY(db_exec(db, "DELETE FROM user_merge_rows WHERE kind IN (5, 6, 9) AND row_id = $1", of, NULL, e));
    return db_exec(db,
                   "UPDATE audit SET details = NULL WHERE object = 'ticket' AND object_id = $1"
                   " AND details IS NOT NULL",
                   of, NULL, e);
}

static enum rc delete_attachments(struct db *db, int64_t id, int64_t now_us, struct arena *a,
                                  int64_t *count, struct err *e)
{
    struct attachment_page page = { .ticket_id = id, .limit = 200, .with_internal = true };
    struct attachment_list list = { .n = 1 };

    while (list.n > 0) {
        TRY(attachments_list(db, &page, a, &list, e));
        for (size_t i = 0; i < list.n; i++)
            TRY(attachments_delete(db, &list.v[i], now_us, e));
        *count += (int64_t)list.n;
    }
    return RC_OK;
}

static enum rc delete_messages(struct db *db, int64_t id, struct arena *a, int64_t *count,
                               struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };
    int64_t *ids, n, i = 0;

    TRY(db_query_int(db, "SELECT count(*) FROM messages WHERE ticket_id = $1", DB_ARGS(DB_INT(id)), &n, e));
    ids = ARENA_ARRAY(a, int64_t, (size_t)n + 1);
    TRY(db_query(db, &r, "SELECT id FROM messages WHERE ticket_id = $1 ORDER BY id", DB_ARGS(DB_INT(id)), e));
    while (i < n && db_next(&r, e))
        ids[i++] = db_int(&r, 0);
    db_rows_end(&r);
    TRY(e->rc);
    for (i = 0; i < n; i++)
        TRY(search_remove(db, ids[i], a, e));
    *count += n;
    return db_exec(db, "DELETE FROM messages WHERE ticket_id = $1", DB_ARGS(DB_INT(id)), NULL, e);
}

/* The ticket and those merged into it, the deepest first. */
static enum rc family(struct db *db, int64_t id, struct arena *a, int64_t **ids, int64_t *n,
                      struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    TRY(db_query_int(db,
                     "WITH RECURSIVE family (id) AS (SELECT CAST($1 AS BIGINT) UNION"
                     " SELECT t.id FROM tickets t JOIN family ON t.merged_into_id = family.id)"
                     " SELECT count(*) FROM family",
                     DB_ARGS(DB_INT(id)), n, e));
    *ids = ARENA_ARRAY(a, int64_t, (size_t)*n);
    TRY(db_query(db, &r,
                 "WITH RECURSIVE family (id, depth) AS (SELECT CAST($1 AS BIGINT), 0 UNION"
                 " SELECT t.id, family.depth + 1 FROM tickets t JOIN family ON t.merged_into_id = family.id)"
                 " SELECT id FROM family ORDER BY depth DESC, id",
                 DB_ARGS(DB_INT(id)), e));
    for (int64_t i = 0; i < *n && db_next(&r, e); i++)
        (*ids)[i] = db_int(&r, 0);
    return e->rc;
}

enum rc ticket_gone_delete(struct db *db, int64_t id, int64_t now_us, struct arena *a,
                           struct ticket_gone *out, struct err *e)
{
    int64_t *ids, n;
    struct ticket t;

    *out = (struct ticket_gone){ 0 };
    TRY(family(db, id, a, &ids, &n, e));
    for (int64_t i = 0; i < n; i++) {
        TRY(tickets_load(db, ids[i], true, a, &t, e));
        TRY(delete_attachments(db, ids[i], now_us, a, &out->attachments, e));
        TRY(delete_messages(db, ids[i], a, &out->messages, e));
        TRY(delete_around(db, ids[i], e));
        TRY(db_exec(db, "DELETE FROM tickets WHERE id = $1", DB_ARGS(DB_INT(ids[i])), NULL, e));
        TRY(ticket_counts_move(db, &t, NULL, e));
    }
    out->tickets = n;
    out->number = t.number;
    return RC_OK;
}
