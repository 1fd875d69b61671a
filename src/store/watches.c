#include "store/watches.h"

enum rc watches_add(struct db *db, int64_t user_id, int64_t ticket_id, int64_t now_us,
                    struct err *e)
{
    return db_exec(db,
                   "INSERT INTO watches (user_id, ticket_id, created_us) VALUES ($1, $2, $3)"
                   " ON CONFLICT (user_id, ticket_id) DO NOTHING",
                   DB_ARGS(DB_INT(user_id), DB_INT(ticket_id), DB_INT(now_us)), NULL, e);
}

enum rc watches_remove(struct db *db, int64_t user_id, int64_t ticket_id, struct err *e)
{
    return db_exec(db, "DELETE FROM watches WHERE user_id = $1 AND ticket_id = $2",
                   DB_ARGS(DB_INT(user_id), DB_INT(ticket_id)), NULL, e);
}

enum rc watches_list(struct db *db, int64_t ticket_id, int64_t limit, struct arena *a,
                     struct watcher_list *out, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    *out = (struct watcher_list){ .v = ARENA_ARRAY(a, struct watcher, (size_t)limit) };
    TRY(db_query(db, &r,
                 "SELECT u.id, u.name, w.created_us FROM watches w JOIN users u ON u.id = w.user_id"
                 " WHERE w.ticket_id = $1 ORDER BY u.id LIMIT $2",
                 DB_ARGS(DB_INT(ticket_id), DB_INT(limit)), e));
    while (db_next(&r, e))
        out->v[out->n++] = (struct watcher){ db_int(&r, 0), db_text(&r, 1, a), db_int(&r, 2) };
    return e->rc;
}

enum rc watches_since(struct db *db, int64_t user_id, int64_t ticket_id, int64_t *since_us,
                      struct err *e)
{
    return db_query_int(db,
                        "SELECT coalesce((SELECT created_us FROM watches WHERE user_id = $1"
                        " AND ticket_id = $2), 0)",
                        DB_ARGS(DB_INT(user_id), DB_INT(ticket_id)), since_us, e);
}
