#include "store/users.h"

#include "base/fold.h"
#include "store/notify.h"
#include "store/search.h"

#define USER_COLUMNS                                                                               \
    "SELECT u.id, u.version, u.name, u.email, u.phone, u.organization_id, o.name, u.locale,"      \
    " u.zone, u.note, u.preferences_json, u.vip, u.active, u.out_from_us, u.out_to_us,"            \
    " u.stand_in_id, u.totp_enabled_us, u.last_login_us, u.created_us, u.updated_us,"              \
    " CASE WHEN u.password_hash IS NULL THEN 0 ELSE 1 END, u.merged_into_id"                                         \
    " FROM users u LEFT JOIN organizations o ON o.id = u.organization_id"

static void read_user(struct db_rows *r, struct arena *a, struct user_row *u)
{
    *u = (struct user_row){
        .id = db_int(r, 0),
        .version = db_int(r, 1),
        .name = db_text(r, 2, a),
        .email = db_text(r, 3, a),
        .phone = db_text(r, 4, a),
        .organization_id = db_int(r, 5),
        .organization_name = db_text(r, 6, a),
        .locale = db_text(r, 7, a),
        .zone = db_text(r, 8, a),
        .note = db_text(r, 9, a),
        .preferences_json = db_text(r, 10, a),
        .vip = db_int(r, 11) != 0,
        .active = db_int(r, 12) != 0,
        .out_from_us = db_int(r, 13),
        .out_to_us = db_int(r, 14),
        .stand_in_id = db_int(r, 15),
        .mfa_us = db_int(r, 16),
        .last_login_us = db_int(r, 17),
        .created_us = db_int(r, 18),
        .updated_us = db_int(r, 19),
        .has_password = db_int(r, 20) != 0,
        .merged_into_id = db_int(r, 21),
    };
}

enum rc users_load(struct db *db, int64_t id, struct arena *a, struct user_row *out, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    TRY(db_query(db, &r, USER_COLUMNS " WHERE u.id = $1", DB_ARGS(DB_INT(id)), e));
    if (!db_next(&r, e))
        return e->rc != RC_OK ? e->rc : RC_NOT_FOUND;
    read_user(&r, a, out);
    return RC_OK;
}

static struct db_val text_or_null(struct str s)
{
    return s.p ? DB_TEXT(s) : DB_NULL;
}

enum rc users_insert(struct db *db, const struct user_row *u, struct arena *a, int64_t *id,
                     struct err *e)
{
    struct str fold = fold_text(u->name, a);

    TRY(db_query_int(
        db,
        "INSERT INTO users (name, name_fold, email, phone, organization_id, locale, zone, note, vip,"
        " active, created_us, updated_us)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11) RETURNING id",
        DB_ARGS(DB_TEXT(u->name), DB_TEXT(fold), text_or_null(u->email), text_or_null(u->phone),
                DB_ID(u->organization_id), DB_TEXT(u->locale), DB_TEXT(u->zone), DB_TEXT(u->note),
                DB_INT(u->vip), DB_INT(u->active), DB_INT(u->created_us)),
        id, e));
    return search_put_person(db, *id, fold, e);
}

enum rc users_save(struct db *db, const struct user_row *u, struct arena *a, struct err *e)
{
    struct str fold = fold_text(u->name, a);
    int64_t changed;

    TRY(db_exec(db,
                "UPDATE users SET name = $3, name_fold = $4, organization_id = $5, locale = $6,"
                " zone = $7, note = $8, vip = $9, active = $10, out_from_us = $11, out_to_us = $12,"
                " stand_in_id = $13, preferences_json = $14, updated_us = $15, version = version + 1"
                " WHERE id = $1 AND version = $2",
                DB_ARGS(DB_INT(u->id), DB_INT(u->version), DB_TEXT(u->name),
                        DB_TEXT(fold), DB_ID(u->organization_id), DB_TEXT(u->locale), DB_TEXT(u->zone), DB_TEXT(u->note), DB_INT(u->vip),
                        DB_INT(u->active), DB_ID(u->out_from_us), DB_ID(u->out_to_us),
                        DB_ID(u->stand_in_id), DB_TEXT(u->preferences_json),
                        DB_INT(u->updated_us)),
                &changed, e));
    if (!changed)
        return err_set(e, RC_STALE, "version_mismatch", "The user was changed meanwhile.");
    TRY(store_access_changed(db, u->id, e));
    return search_put_person(db, u->id, fold, e);
}

enum rc users_bump(struct db *db, int64_t id, int64_t now_us, struct err *e)
{
    TRY(db_exec(db, "UPDATE users SET version = version + 1, updated_us = $2 WHERE id = $1",
                DB_ARGS(DB_INT(id), DB_INT(now_us)), NULL, e));
    return store_access_changed(db, id, e);
}

enum rc users_set_contact(struct db *db, int64_t id, int kind, struct str value, struct err *e)
{
    if (kind == IDENTITY_EMAIL)
        return db_exec(db, "UPDATE users SET email = $2 WHERE id = $1",
                       DB_ARGS(DB_INT(id), text_or_null(value)), NULL, e);
    if (kind == IDENTITY_PHONE)
        return db_exec(db, "UPDATE users SET phone = $2 WHERE id = $1",
                       DB_ARGS(DB_INT(id), text_or_null(value)), NULL, e);
    return RC_OK;
}

enum rc users_count_with(struct db *db, int64_t perms, int64_t *n, struct err *e)
{
    return db_query_int(db,
                        "SELECT count(DISTINCT u.id) FROM roles r"
                        " JOIN user_roles ur ON ur.role_id = r.id JOIN users u ON u.id = ur.user_id"
                        " WHERE r.active = 1 AND (r.perms & $1) = $1 AND u.active = 1",
                        DB_ARGS(DB_INT(perms)), n, e);
}

/* ── lists ── */

static void add_filter(struct sql *q, const struct user_filter *f, struct arena *a)
{
    if (f->prefix_fold.n) {
        struct str end = sql_prefix_end(f->prefix_fold, a);

        sql_add(q,
                " AND ((u.name_fold >= ? AND u.name_fold < ?) OR u.id IN (SELECT i.user_id FROM"
                " identities i WHERE i.kind = 0 AND i.value_fold >= ? AND i.value_fold < ?))",
                DB_ARGS(DB_TEXT(f->prefix_fold), DB_TEXT(end), DB_TEXT(f->prefix_fold),
                        DB_TEXT(end)));
    }
    if (f->organization_id)
        sql_add(q,
                " AND (u.organization_id = ? OR u.id IN (SELECT x.user_id FROM user_organizations x"
                " WHERE x.organization_id = ?))",
                DB_ARGS(DB_INT(f->organization_id), DB_INT(f->organization_id)));
    if (f->role_id)
        sql_add(q, " AND u.id IN (SELECT ur.user_id FROM user_roles ur WHERE ur.role_id = ?)",
                DB_ARGS(DB_INT(f->role_id)));
    if (f->active >= 0)
        sql_add(q, " AND u.active = ?", DB_ARGS(DB_INT(f->active)));
}

enum rc users_list(struct db *db, const struct user_filter *f, struct arena *a,
                   struct user_rows *out, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };
    struct sql q = sql_new(a);

    sql_add(&q, USER_COLUMNS " WHERE 1 = 1", DB_NO_ARGS);
    add_filter(&q, f, a);
    if (f->has_after && !f->descending)
        sql_add(&q, " AND (u.name_fold, u.id) > (?, ?)",
                DB_ARGS(DB_TEXT(f->after_name), DB_INT(f->after_id)));
    if (f->has_after && f->descending)
        sql_add(&q, " AND (u.name_fold, u.id) < (?, ?)",
                DB_ARGS(DB_TEXT(f->after_name), DB_INT(f->after_id)));
    if (f->descending)
        sql_add(&q, " ORDER BY u.name_fold DESC, u.id DESC", DB_NO_ARGS);
    else
        sql_add(&q, " ORDER BY u.name_fold, u.id", DB_NO_ARGS);
    sql_add(&q, " LIMIT ?", DB_ARGS(DB_INT(f->limit)));
    out->v = ARENA_ARRAY(a, struct user_row, (size_t)f->limit);
    out->n = 0;
    TRY(db_query_sql(db, &r, &q, e));
    while (out->n < (size_t)f->limit && db_next(&r, e))
        read_user(&r, a, &out->v[out->n++]);
    return e->rc;
}
