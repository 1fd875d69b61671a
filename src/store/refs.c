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

enum { ROLE_CUSTOMER = 3 }; /* of 0001_core.sql */

static enum rc organization_of_domain(struct db *db, struct str domain, int64_t *id, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    TRY(db_query(db, &r,
                 "SELECT o.id FROM organization_domains d JOIN organizations o"
                 " ON o.id = d.organization_id"
                 " WHERE d.domain = $1 AND o.domain_assignment = 1 AND o.active = 1",
                 DB_ARGS(DB_TEXT(domain)), e));
    *id = db_next(&r, e) ? db_int(&r, 0) : 0;
    return e->rc;
}

enum rc refs_user_insert(struct db *db, const struct user_new *u, int64_t *id, struct err *e)
{
    int64_t org;

    TRY(organization_of_domain(db, u->domain, &org, e));
    TRY(db_query_int(db,
                     "INSERT INTO users (name, name_fold, email, organization_id, created_us,"
                     " updated_us) VALUES ($1, $2, $3, $4, $5, $5) RETURNING id",
                     DB_ARGS(DB_TEXT(u->name), DB_TEXT(u->name_fold), DB_TEXT(u->email),
                             DB_ID(org), DB_INT(u->now_us)),
                     id, e));
    TRY(db_exec(db,
                "INSERT INTO identities (user_id, kind, value, value_fold, is_primary, created_us)"
                " VALUES ($1, 0, $2, $3, 1, $4)",
                DB_ARGS(DB_INT(*id), DB_TEXT(u->email), DB_TEXT(u->email_fold), DB_INT(u->now_us)),
                NULL, e));
    return db_exec(db, "INSERT INTO user_roles (user_id, role_id) VALUES ($1, $2)",
                   DB_ARGS(DB_INT(*id), DB_INT(ROLE_CUSTOMER)), NULL, e);
}
