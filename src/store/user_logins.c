/* The part of users that logins work with. */
#include "store/users.h"

#define LOGIN_COLUMNS                                                                              \
    "SELECT u.id, u.active, u.name, u.email, u.password_hash, u.totp_sealed, u.totp_enabled_us,"   \
    " u.totp_last_step, u.organization_id, i.id, i.verified_us, i.is_primary,"                     \
    " (SELECT count(*) FROM identities p WHERE p.user_id = u.id AND p.kind = 0"                    \
    " AND p.verified_us IS NOT NULL) FROM users u"

static enum rc read_login(struct db_rows *r, struct arena *a, struct user_login *out, struct err *e)
{
    if (!db_next(r, e))
        return e->rc != RC_OK ? e->rc : RC_NOT_FOUND;
    *out = (struct user_login){
        .id = db_int(r, 0),
        .active = db_int(r, 1) != 0,
        .name = db_text(r, 2, a),
        .email = db_text(r, 3, a),
        .password_hash = db_text(r, 4, a),
        .totp_sealed = db_text(r, 5, a),
        .mfa_us = db_int(r, 6),
        .totp_last_step = db_int(r, 7),
        .organization_id = db_int(r, 8),
        .identity_id = db_int(r, 9),
        .verified_us = db_int(r, 10),
        .is_primary = db_int(r, 11) != 0,
        .has_proof = db_int(r, 12) != 0,
    };
    return RC_OK;
}

enum rc users_login(struct db *db, int64_t id, struct arena *a, struct user_login *out, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    TRY(db_query(db, &r,
                 LOGIN_COLUMNS " LEFT JOIN identities i ON i.user_id = u.id AND i.kind = 0"
                               " AND i.is_primary = 1 WHERE u.id = $1 ORDER BY i.id LIMIT 1",
                 DB_ARGS(DB_INT(id)), e));
    return read_login(&r, a, out, e);
}

enum rc users_login_by_email(struct db *db, struct str email_fold, struct arena *a,
                             struct user_login *out, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    TRY(db_query(db, &r,
                 LOGIN_COLUMNS " JOIN identities i ON i.user_id = u.id"
                               " WHERE i.kind = 0 AND i.value_fold = $1",
                 DB_ARGS(DB_TEXT(email_fold)), e));
    return read_login(&r, a, out, e);
}

enum rc users_set_password(struct db *db, int64_t id, struct str hash, int64_t now_us, struct err *e)
{
    return db_exec(db,
                   "UPDATE users SET password_hash = $2, password_changed_us = $3, updated_us = $3,"
                   " version = version + 1 WHERE id = $1",
                   DB_ARGS(DB_INT(id), DB_TEXT(hash), DB_INT(now_us)), NULL, e);
}

enum rc users_rehash(struct db *db, int64_t id, struct str old_hash, struct str hash, struct err *e)
{
    return db_exec(db, "UPDATE users SET password_hash = $3 WHERE id = $1 AND password_hash = $2",
                   DB_ARGS(DB_INT(id), DB_TEXT(old_hash), DB_TEXT(hash)), NULL, e);
}

enum rc users_logged_in(struct db *db, int64_t id, int64_t now_us, struct err *e)
{
    return db_exec(db, "UPDATE users SET last_login_us = $2 WHERE id = $1",
                   DB_ARGS(DB_INT(id), DB_INT(now_us)), NULL, e);
}

enum rc users_set_totp(struct db *db, int64_t id, struct str sealed, int64_t enabled_us,
                       struct err *e)
{
    return db_exec(db,
                   "UPDATE users SET totp_sealed = $2, totp_enabled_us = $3,"
                   " totp_last_step = CASE WHEN CAST($3 AS BIGINT) IS NULL THEN 0 ELSE totp_last_step END,"
                   " version = version + 1 WHERE id = $1",
                   DB_ARGS(DB_INT(id), sealed.p ? DB_TEXT(sealed) : DB_NULL, DB_ID(enabled_us)),
                   NULL, e);
}

enum rc users_use_totp(struct db *db, int64_t id, int64_t step, struct err *e)
{
    int64_t changed;

    TRY(db_exec(db, "UPDATE users SET totp_last_step = $2 WHERE id = $1 AND totp_last_step < $2",
                DB_ARGS(DB_INT(id), DB_INT(step)), &changed, e));
    return changed ? RC_OK : RC_CONFLICT;
}
