#include "store/roles.h"

#include "base/fold.h"

#define GROUP_COLUMNS                                                                              \
    "SELECT id, version, parent_id, name, email, signature, note, follow_up, reopen_days,"         \
    " assignment_timeout_min, follow_up_keep_owner, customers_may_add, is_default, active,"        \
    " created_us, updated_us, customers_may_choose FROM groups"

static void read_group(struct db_rows *r, struct arena *a, struct group_row *g)
{
    *g = (struct group_row){
        .id = db_int(r, 0),
        .version = db_int(r, 1),
        .parent_id = db_int(r, 2),
        .name = db_text(r, 3, a),
        .email = db_text(r, 4, a),
        .signature = db_text(r, 5, a),
        .note = db_text(r, 6, a),
        .follow_up = db_int(r, 7),
        .reopen_days = db_int(r, 8),
        .assignment_timeout_min = db_int(r, 9),
        .follow_up_keep_owner = db_int(r, 10) != 0,
        .customers_may_add = db_int(r, 11) != 0,
        .is_default = db_int(r, 12) != 0,
        .active = db_int(r, 13) != 0,
        .created_us = db_int(r, 14),
        .updated_us = db_int(r, 15),
        .customers_may_choose = db_int(r, 16) != 0,
    };
}

enum rc groups_load(struct db *db, int64_t id, struct arena *a, struct group_row *out, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    TRY(db_query(db, &r, GROUP_COLUMNS " WHERE id = $1", DB_ARGS(DB_INT(id)), e));
    if (!db_next(&r, e))
        return e->rc != RC_OK ? e->rc : RC_NOT_FOUND;
    read_group(&r, a, out);
    return RC_OK;
}

static struct db_val text_or_null(struct str s)
{
    return s.p ? DB_TEXT(s) : DB_NULL;
}

enum rc groups_insert(struct db *db, const struct group_row *g, struct arena *a, int64_t *id,
                      struct err *e)
{
    return db_query_int(
        db,
        "INSERT INTO groups (name, name_fold, parent_id, email, signature, note, follow_up,"
        " reopen_days, assignment_timeout_min, follow_up_keep_owner, customers_may_add, is_default,"
        " active, created_us, updated_us, customers_may_choose)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14, $15)"
        " RETURNING id",
        DB_ARGS(DB_TEXT(g->name), DB_TEXT(fold_text(g->name, a)), DB_ID(g->parent_id),
                text_or_null(g->email), DB_TEXT(g->signature), DB_TEXT(g->note),
                DB_INT(g->follow_up), DB_INT(g->reopen_days), DB_INT(g->assignment_timeout_min),
                DB_INT(g->follow_up_keep_owner), DB_INT(g->customers_may_add),
                DB_INT(g->is_default), DB_INT(g->active), DB_INT(g->created_us),
                DB_INT(g->customers_may_choose)),
        id, e);
}

enum rc groups_save(struct db *db, const struct group_row *g, struct arena *a, struct err *e)
{
    int64_t changed;

    TRY(db_exec(
        db,
        "UPDATE groups SET name = $3, name_fold = $4, parent_id = $5, email = $6, signature = $7,"
        " note = $8, follow_up = $9, reopen_days = $10, assignment_timeout_min = $11,"
        " follow_up_keep_owner = $12, customers_may_add = $13, is_default = $14, active = $15,"
        " updated_us = $16, customers_may_choose = $17, version = version + 1 WHERE id = $1 AND version = $2",
        DB_ARGS(DB_INT(g->id), DB_INT(g->version), DB_TEXT(g->name), DB_TEXT(fold_text(g->name, a)),
                DB_ID(g->parent_id), text_or_null(g->email), DB_TEXT(g->signature),
                DB_TEXT(g->note), DB_INT(g->follow_up), DB_INT(g->reopen_days),
                DB_INT(g->assignment_timeout_min), DB_INT(g->follow_up_keep_owner),
                DB_INT(g->customers_may_add), DB_INT(g->is_default), DB_INT(g->active),
                DB_INT(g->updated_us), DB_INT(g->customers_may_choose)),
        &changed, e));
    if (!changed)
        return err_set(e, RC_STALE, "version_mismatch", "The group was changed meanwhile.");
    return RC_OK;
}

enum rc groups_list(struct db *db, int64_t after_id, int64_t limit, struct arena *a,
                    struct group_rows *out, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    out->v = ARENA_ARRAY(a, struct group_row, (size_t)limit);
    out->n = 0;
    TRY(db_query(db, &r, GROUP_COLUMNS " WHERE id > $1 ORDER BY id LIMIT $2",
                 DB_ARGS(DB_INT(after_id), DB_INT(limit)), e));
    while (out->n < (size_t)limit && db_next(&r, e))
        read_group(&r, a, &out->v[out->n++]);
    return e->rc;
}

enum rc groups_only_default(struct db *db, int64_t id, struct err *e)
{
    return db_exec(db,
                   "UPDATE groups SET is_default = 0, version = version + 1"
                   " WHERE is_default = 1 AND id <> $1",
                   DB_ARGS(DB_INT(id)), NULL, e);
}

enum rc groups_count(struct db *db, const int64_t *ids, size_t n, struct arena *a, int64_t *found,
                     struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };
    struct sql q = sql_new(a);

    sql_add(&q, "SELECT count(*) FROM groups WHERE id IN (", DB_NO_ARGS);
    sql_add_ints(&q, ids, n);
    sql_add(&q, ")", DB_NO_ARGS);
    TRY(db_query_sql(db, &r, &q, e));
    *found = db_next(&r, e) ? db_int(&r, 0) : 0;
    return e->rc;
}
