#include "store/holds.h"

enum { LIST_MAX = 500 };

#define COLUMNS                                                                                    \
    "id, object, object_id, reason, asked_by, created_by, created_us, until_us, released_us,"      \
    " released_why"

static struct hold read_row(struct db_rows *r, struct arena *a)
{
    return (struct hold){
        .id = db_int(r, 0),
        .object = (enum hold_object)db_int(r, 1),
        .object_id = db_int(r, 2),
        .reason = db_text(r, 3, a),
        .asked_by = db_text(r, 4, a),
        .created_by = db_int(r, 5),
        .created_us = db_int(r, 6),
        .until_us = db_int(r, 7),
        .released_us = db_int(r, 8),
        .released_why = db_text(r, 9, a),
    };
}

enum rc holds_insert(struct db *db, struct hold *h, struct err *e)
{
    return db_query_int(db,
                        "INSERT INTO legal_holds (object, object_id, reason, asked_by, created_by,"
                        " created_us, until_us) VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id",
                        DB_ARGS(DB_INT(h->object), DB_INT(h->object_id), DB_TEXT(h->reason),
                                DB_TEXT(h->asked_by), DB_ID(h->created_by), DB_INT(h->created_us),
                                DB_ID(h->until_us)),
                        &h->id, e);
}

enum rc holds_load(struct db *db, int64_t id, struct arena *a, struct hold *out, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    TRY(db_query(db, &r, "SELECT " COLUMNS " FROM legal_holds WHERE id = $1", DB_ARGS(DB_INT(id)), e));
    if (!db_next(&r, e))
        return e->rc != RC_OK ? e->rc
                              : err_set(e, RC_NOT_FOUND, "", "There is no legal hold %lld.", (long long)id);
    *out = read_row(&r, a);
    return RC_OK;
}

enum rc holds_release(struct db *db, const struct hold *h, struct err *e)
{
    return db_exec(db, "UPDATE legal_holds SET released_us = $2, released_why = $3 WHERE id = $1",
                   DB_ARGS(DB_INT(h->id), DB_INT(h->released_us), DB_TEXT(h->released_why)), NULL, e);
}

enum rc holds_list(struct db *db, const struct hold_filter *f, struct arena *a, struct hold_rows *out,
                   struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };
    int64_t limit = f->limit > 0 && f->limit < LIST_MAX ? f->limit : LIST_MAX;

    *out = (struct hold_rows){ .v = ARENA_ARRAY(a, struct hold, (size_t)limit) };
    TRY(db_query(db, &r,
                 "SELECT " COLUMNS " FROM legal_holds WHERE id < $1 AND ($2 = 0 OR (released_us IS NULL"
                 " AND (until_us IS NULL OR until_us > $3))) ORDER BY id DESC LIMIT $4",
                 DB_ARGS(DB_INT(f->before_id ? f->before_id : INT64_MAX), DB_INT(f->only_active),
                         DB_INT(f->now_us), DB_INT(limit)),
                 e));
    while (out->n < (size_t)limit && db_next(&r, e))
        out->v[out->n++] = read_row(&r, a);
    return e->rc;
}

enum rc holds_all(struct db *db, bool only_active, int64_t now_us, struct arena *a, struct hold_rows *out,
                  struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };
    size_t cap = 0;

    *out = (struct hold_rows){ 0 };
    TRY(db_query(db, &r,
                 "SELECT " COLUMNS " FROM legal_holds WHERE $1 = 0 OR (released_us IS NULL"
                 " AND (until_us IS NULL OR until_us > $2)) ORDER BY id",
                 DB_ARGS(DB_INT(only_active), DB_INT(now_us)), e));
    while (db_next(&r, e)) {
        if (out->n == cap) {
            cap = cap ? 2 * cap : 64;
            out->v = arena_grow(a, out->v, out->n * sizeof(*out->v), cap * sizeof(*out->v));
        }
        out->v[out->n++] = read_row(&r, a);
    }
    return e->rc;
}

enum rc holds_target_exists(struct db *db, enum hold_object object, int64_t id, bool *out,
                            struct err *e)
{
    int64_t n;

    TRY(db_query_int(db,
                     "SELECT (SELECT count(*) FROM users WHERE $1 = 0 AND id = $2)"
                     " + (SELECT count(*) FROM organizations WHERE $1 = 1 AND id = $2)"
                     " + (SELECT count(*) FROM tickets WHERE $1 = 2 AND id = $2)",
                     DB_ARGS(DB_INT(object), DB_INT(id)), &n, e));
    *out = n > 0;
    return RC_OK;
}

enum rc holds_on_user(struct db *db, int64_t user_id, int64_t now_us, int64_t *hold_id, struct err *e)
{
    return db_query_int(db,
                        "WITH RECURSIVE one (id) AS (SELECT CAST($2 AS BIGINT) UNION"
                        " SELECT u.id FROM users u JOIN one ON u.merged_into_id = one.id)"
                        " SELECT COALESCE(min(h.id), 0) FROM legal_holds h WHERE " HOLD_COUNTS
                        " AND ((h.object = 0 AND h.object_id IN (SELECT id FROM one))"
                        " OR (h.object = 1 AND h.object_id IN (SELECT organization_id FROM users"
                        " WHERE id = $2 UNION SELECT organization_id FROM user_organizations"
                        " WHERE user_id = $2)))",
                        DB_ARGS(DB_INT(now_us), DB_INT(user_id)), hold_id, e);
}

enum rc holds_on_ticket(struct db *db, int64_t ticket_id, int64_t now_us, int64_t *hold_id,
                        struct err *e)
{
    return db_query_int(db,
                        "WITH RECURSIVE up (id) AS (SELECT CAST($2 AS BIGINT) UNION"
                        " SELECT t.merged_into_id FROM tickets t JOIN up ON t.id = up.id"
                        " WHERE t.merged_into_id IS NOT NULL),"
                        " family (id) AS (SELECT id FROM up UNION"
                        " SELECT t.id FROM tickets t JOIN family ON t.merged_into_id = family.id)"
                        " SELECT COALESCE(min(h.id), 0) FROM legal_holds h JOIN tickets x"
                        " ON x.id IN (SELECT id FROM family) WHERE " HOLD_COUNTS
                        " AND " HOLD_KEEPS_TICKET,
                        DB_ARGS(DB_INT(now_us), DB_INT(ticket_id)), hold_id, e);
}
