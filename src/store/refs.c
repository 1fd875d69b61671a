#include "store/refs.h"

static enum rc one_user(struct db_rows *r, struct arena *a, struct user_ref *out, struct err *e)
{
    if (!db_next(r, e))
        return e->rc != RC_OK ? e->rc : err_set(e, RC_NOT_FOUND, "", "There is no such person.");
    out->id = db_int(r, 0);
    out->organization_id = db_int(r, 1);
    out->name = db_text(r, 2, a);
    out->email = db_text(r, 3, a);
    out->active = db_int(r, 4) != 0;
    return RC_OK;
}

enum rc refs_user(struct db *db, int64_t id, struct arena *a, struct user_ref *out, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    TRY(db_query(db, &r,
                 "SELECT id, organization_id, name, email, active FROM users WHERE id = $1",
                 DB_ARGS(DB_INT(id)), e));
    return one_user(&r, a, out, e);
}

enum rc refs_user_by_email(struct db *db, struct str email_fold, struct arena *a,
                           struct user_ref *out, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    TRY(db_query(db, &r,
                 "SELECT u.id, u.organization_id, u.name, u.email, u.active FROM identities i"
                 " JOIN users u ON u.id = i.user_id WHERE i.kind = 0 AND i.value_fold = $1",
                 DB_ARGS(DB_TEXT(email_fold)), e));
    return one_user(&r, a, out, e);
}

enum rc refs_organization_name(struct db *db, int64_t id, struct arena *a, struct str *name,
                               struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    TRY(db_query(db, &r, "SELECT name FROM organizations WHERE id = $1", DB_ARGS(DB_INT(id)), e));
    if (!db_next(&r, e))
        return e->rc != RC_OK ? e->rc
                              : err_set(e, RC_NOT_FOUND, "", "There is no such organisation.");
    *name = db_text(&r, 0, a);
    return RC_OK;
}

enum rc refs_is_member(struct db *db, int64_t user_id, int64_t organization_id, bool *out,
                       struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    TRY(db_query(db, &r,
                 "SELECT 1 FROM users WHERE id = $1 AND organization_id = $2 UNION ALL"
                 " SELECT 1 FROM user_organizations WHERE user_id = $1 AND organization_id = $2",
                 DB_ARGS(DB_INT(user_id), DB_INT(organization_id)), e));
    *out = db_next(&r, e);
    return e->rc;
}
