#include "store/links.h"

enum rc links_insert(struct db *db, struct link *l, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    TRY(db_query(db, &r,
                 "INSERT INTO links (ticket_id, other_id, kind, created_by, created_us)"
                 " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (ticket_id, other_id, kind) DO NOTHING"
                 " RETURNING id",
                 DB_ARGS(DB_INT(l->ticket_id), DB_INT(l->other_id), DB_INT(l->kind),
                         DB_ID(l->created_by), DB_INT(l->created_us)),
                 e));
    if (!db_next(&r, e))
        return e->rc != RC_OK
                   ? e->rc
                   : err_conflict(e, "link_exists", "/ticket", "a ticket that is not linked so yet",
                                  "The tickets are linked so already.");
    l->id = db_int(&r, 0);
    return RC_OK;
}

enum rc links_load(struct db *db, int64_t id, struct link *out, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    TRY(db_query(db, &r,
                 "SELECT id, ticket_id, other_id, kind, created_by, created_us FROM links"
                 " WHERE id = $1",
                 DB_ARGS(DB_INT(id)), e));
    if (!db_next(&r, e))
        return e->rc != RC_OK ? e->rc : err_set(e, RC_NOT_FOUND, "", "There is no such link.");
    *out = (struct link){ .id = db_int(&r, 0),
                          .ticket_id = db_int(&r, 1),
                          .other_id = db_int(&r, 2),
                          .kind = (enum link_kind)db_int(&r, 3),
                          .created_by = db_int(&r, 4),
                          .created_us = db_int(&r, 5) };
    return RC_OK;
}

enum rc links_delete(struct db *db, int64_t id, struct err *e)
{
    return db_exec(db, "DELETE FROM links WHERE id = $1", DB_ARGS(DB_INT(id)), NULL, e);
}

enum rc links_list(struct db *db, int64_t ticket_id, const struct scope *scope, int64_t limit,
                   struct arena *a, struct link_list *out, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };
    struct sql q = sql_new(a);

    *out = (struct link_list){ .v = ARENA_ARRAY(a, struct link_row, (size_t)limit) };
    sql_add(&q,
            "SELECT l.id, l.ticket_id, l.other_id, l.kind, l.created_by, l.created_us,"
            " t.id, t.number, t.title, t.state_id FROM"
            " (SELECT links.*, other_id AS far_id FROM links WHERE ticket_id = ?"
            " UNION ALL SELECT links.*, ticket_id AS far_id FROM links WHERE other_id = ?) l"
            " JOIN tickets t ON t.id = l.far_id WHERE 1 = 1",
            DB_ARGS(DB_INT(ticket_id), DB_INT(ticket_id)));
    scope_where(&q, scope);
    sql_add(&q, " ORDER BY l.id LIMIT ?", DB_ARGS(DB_INT(limit)));
    TRY(db_query_sql(db, &r, &q, e));
    while (db_next(&r, e))
        out->v[out->n++] = (struct link_row){
            .link = { .id = db_int(&r, 0),
                      .ticket_id = db_int(&r, 1),
                      .other_id = db_int(&r, 2),
                      .kind = (enum link_kind)db_int(&r, 3),
                      .created_by = db_int(&r, 4),
                      .created_us = db_int(&r, 5) },
            .far_id = db_int(&r, 6),
            .far_number = db_text(&r, 7, a),
            .far_title = db_text(&r, 8, a),
            .far_state_id = db_int(&r, 9),
        };
    return e->rc;
}

enum rc links_count(struct db *db, int64_t ticket_id, int64_t *n, struct err *e)
{
    return db_query_int(db,
                        "SELECT (SELECT count(*) FROM links WHERE ticket_id = $1)"
                        " + (SELECT count(*) FROM links WHERE other_id = $1)",
                        DB_ARGS(DB_INT(ticket_id)), n, e);
}

enum rc links_is_ancestor(struct db *db, int64_t ancestor, int64_t ticket, bool *yes, struct err *e)
{
    int64_t n;

    TRY(db_query_int(db,
                     "WITH RECURSIVE up (id) AS (SELECT CAST($2 AS BIGINT) UNION"
                     " SELECT l.ticket_id FROM links l JOIN up ON l.other_id = up.id"
                     " WHERE l.kind = 1) SELECT count(*) FROM up WHERE id = $1",
                     DB_ARGS(DB_INT(ancestor), DB_INT(ticket)), &n, e));
    *yes = n > 0;
    return RC_OK;
}
