#include "store/participants.h"

enum { GROW = 16 };

enum rc participants_set(struct db *db, int64_t ticket_id, int64_t user_id,
                         enum participant_role role, int64_t now_us, struct err *e)
{
    return db_exec(db,
                   "INSERT INTO participants (ticket_id, user_id, role, created_us)"
                   " VALUES ($1, $2, $3, $4)"
                   " ON CONFLICT (ticket_id, user_id) DO UPDATE SET role = excluded.role",
                   DB_ARGS(DB_INT(ticket_id), DB_INT(user_id), DB_INT(role), DB_INT(now_us)), NULL,
                   e);
}

enum rc participants_remove(struct db *db, int64_t ticket_id, int64_t user_id, struct err *e)
{
    int64_t changed = 0;

    TRY(db_exec(db, "DELETE FROM participants WHERE ticket_id = $1 AND user_id = $2",
                DB_ARGS(DB_INT(ticket_id), DB_INT(user_id)), &changed, e));
    return changed ? RC_OK : err_set(e, RC_NOT_FOUND, "", "This person takes no part.");
}

enum rc participants_list(struct db *db, int64_t ticket_id, int64_t limit, struct arena *a,
                          struct participant **out, size_t *n, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };
    struct participant *v = NULL;

    *n = 0;
    TRY(db_query(db, &r,
                 "SELECT p.id, p.user_id, p.role, p.created_us, u.name, u.email FROM participants p"
                 " JOIN users u ON u.id = p.user_id WHERE p.ticket_id = $1 ORDER BY p.id LIMIT $2",
                 DB_ARGS(DB_INT(ticket_id), DB_INT(limit)), e));
    while (db_next(&r, e)) {
        if (*n % GROW == 0)
            v = arena_grow(a, v, *n * sizeof(*v), (*n + GROW) * sizeof(*v));
        v[(*n)++] = (struct participant){ .id = db_int(&r, 0),
                                          .ticket_id = ticket_id,
                                          .user_id = db_int(&r, 1),
                                          .role = (enum participant_role)db_int(&r, 2),
                                          .created_us = db_int(&r, 3),
                                          .name = db_text(&r, 4, a),
                                          .email = db_text(&r, 5, a) };
    }
    *out = v;
    return e->rc;
}
