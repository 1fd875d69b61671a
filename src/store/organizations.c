#include "store/organizations.h"

#include "base/fold.h"

enum { DOMAINS_MAX = 100 };

#define ORGANIZATION_COLUMNS                                                                       \
    "SELECT o.id, o.version, o.name, o.note, o.shared, o.domain_assignment, o.vip, o.active,"      \
    " o.created_us, o.updated_us FROM organizations o"

static void read_organization(struct db_rows *r, struct arena *a, struct organization_row *o)
{
    *o = (struct organization_row){
        .id = db_int(r, 0),
        .version = db_int(r, 1),
        .name = db_text(r, 2, a),
        .note = db_text(r, 3, a),
        .shared = db_int(r, 4) != 0,
        .domain_assignment = db_int(r, 5) != 0,
        .vip = db_int(r, 6) != 0,
        .active = db_int(r, 7) != 0,
        .created_us = db_int(r, 8),
        .updated_us = db_int(r, 9),
    };
}

enum rc organizations_load(struct db *db, int64_t id, struct arena *a, struct organization_row *out,
                           struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    TRY(db_query(db, &r, ORGANIZATION_COLUMNS " WHERE o.id = $1", DB_ARGS(DB_INT(id)), e));
    if (!db_next(&r, e))
        return e->rc != RC_OK ? e->rc : RC_NOT_FOUND;
    read_organization(&r, a, out);
    return RC_OK;
}

enum rc organizations_insert(struct db *db, const struct organization_row *o, struct arena *a,
                             int64_t *id, struct err *e)
{
    return db_query_int(db,
                        "INSERT INTO organizations (name, name_fold, note, shared, domain_assignment,"
                        " vip, active, created_us, updated_us)"
                        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8) RETURNING id",
                        DB_ARGS(DB_TEXT(o->name), DB_TEXT(fold_text(o->name, a)), DB_TEXT(o->note),
                                DB_INT(o->shared), DB_INT(o->domain_assignment), DB_INT(o->vip),
                                DB_INT(o->active), DB_INT(o->created_us)),
                        id, e);
}

enum rc organizations_save(struct db *db, const struct organization_row *o, struct arena *a,
                           struct err *e)
{
    int64_t changed;

    TRY(db_exec(db,
                "UPDATE organizations SET name = $3, name_fold = $4, note = $5, shared = $6,"
                " domain_assignment = $7, vip = $8, active = $9, updated_us = $10,"
                " version = version + 1 WHERE id = $1 AND version = $2",
                DB_ARGS(DB_INT(o->id), DB_INT(o->version), DB_TEXT(o->name),
                        DB_TEXT(fold_text(o->name, a)), DB_TEXT(o->note), DB_INT(o->shared),
                        DB_INT(o->domain_assignment), DB_INT(o->vip), DB_INT(o->active),
                        DB_INT(o->updated_us)),
                &changed, e));
    if (!changed)
        return err_set(e, RC_STALE, "version_mismatch", "The organisation was changed meanwhile.");
    return RC_OK;
}

enum rc organizations_list(struct db *db, const struct organization_filter *f, struct arena *a,
                           struct organization_rows *out, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };
    struct sql q = sql_new(a);

    sql_add(&q, ORGANIZATION_COLUMNS " WHERE 1 = 1", DB_NO_ARGS);
    if (f->prefix_fold.n)
        sql_add(&q, " AND o.name_fold >= ? AND o.name_fold < ?",
                DB_ARGS(DB_TEXT(f->prefix_fold),
                        DB_TEXT(sql_prefix_end(f->prefix_fold, a))));
    if (f->active >= 0)
        sql_add(&q, " AND o.active = ?", DB_ARGS(DB_INT(f->active)));
    if (f->has_after && !f->descending)
        sql_add(&q, " AND o.name_fold > ?", DB_ARGS(DB_TEXT(f->after_name)));
    if (f->has_after && f->descending)
        sql_add(&q, " AND o.name_fold < ?", DB_ARGS(DB_TEXT(f->after_name)));
    if (f->descending)
        sql_add(&q, " ORDER BY o.name_fold DESC", DB_NO_ARGS);
    else
        sql_add(&q, " ORDER BY o.name_fold", DB_NO_ARGS);
    sql_add(&q, " LIMIT ?", DB_ARGS(DB_INT(f->limit)));
    out->v = ARENA_ARRAY(a, struct organization_row, (size_t)f->limit);
    out->n = 0;
    TRY(db_query_sql(db, &r, &q, e));
    while (out->n < (size_t)f->limit && db_next(&r, e))
        read_organization(&r, a, &out->v[out->n++]);
    return e->rc;
}

enum rc organization_domains_of(struct db *db, int64_t id, struct arena *a,
                                struct organization_domains *out, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    out->v = ARENA_ARRAY(a, struct str, DOMAINS_MAX);
    out->n = 0;
    TRY(db_query(db, &r,
                 "SELECT domain FROM organization_domains WHERE organization_id = $1"
                 " ORDER BY domain LIMIT 100",
                 DB_ARGS(DB_INT(id)), e));
    while (out->n < DOMAINS_MAX && db_next(&r, e))
        out->v[out->n++] = db_text(&r, 0, a);
    return e->rc;
}

enum rc organization_domains_set(struct db *db, int64_t id, const struct str *v, size_t n,
                                 struct err *e)
{
    TRY(db_exec(db, "DELETE FROM organization_domains WHERE organization_id = $1",
                DB_ARGS(DB_INT(id)), NULL, e));
    for (size_t i = 0; i < n; i++)
        TRY(db_exec(db, "INSERT INTO organization_domains (domain, organization_id) VALUES ($1, $2)",
                    DB_ARGS(DB_TEXT(v[i]), DB_INT(id)), NULL, e));
    return RC_OK;
}

enum rc organization_by_domain(struct db *db, struct str domain, int64_t *id, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    *id = 0;
    TRY(db_query(db, &r,
                 "SELECT o.id FROM organization_domains d JOIN organizations o"
                 " ON o.id = d.organization_id"
                 " WHERE d.domain = $1 AND o.domain_assignment = 1 AND o.active = 1",
                 DB_ARGS(DB_TEXT(domain)), e));
    if (db_next(&r, e))
        *id = db_int(&r, 0);
    return e->rc;
}
