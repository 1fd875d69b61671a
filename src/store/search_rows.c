#include "store/search_rows.h"

static enum rc read_tickets(struct db *db, const struct sql *q, struct arena *a, struct ticket *out,
                            size_t *n, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    TRY(db_query_sql(db, &r, q, e));
    for (*n = 0; db_next(&r, e); ++*n)
        ticket_from_row(&r, a, &out[*n]);
    return e->rc;
}

static void order_as(const struct search_hit *hits, size_t n_hits, struct ticket *t, size_t n)
{
    size_t at = 0;

    for (size_t i = 0; i < n_hits; i++) {
        for (size_t j = at; j < n; j++) {
            struct ticket found = t[j];

            if (found.id != hits[i].ticket_id)
                continue;
            t[j] = t[at];
            t[at++] = found;
            break;
        }
    }
}

enum rc found_tickets(struct db *db, const struct search_hit *hits, size_t n_hits, struct arena *a,
                      struct ticket *out, size_t *n, struct err *e)
{
    int64_t *ids = ARENA_ARRAY(a, int64_t, n_hits + 1);
    struct sql q = sql_new(a);

    *n = 0;
    if (n_hits == 0)
        return RC_OK;
    for (size_t i = 0; i < n_hits; i++)
        ids[i] = hits[i].ticket_id;
    sql_add(&q, "SELECT " TICKET_COLUMNS " FROM tickets t" TICKET_JOINS " WHERE t.id IN (",
            DB_NO_ARGS);
    sql_add_ints(&q, ids, n_hits);
    sql_add(&q, ")", DB_NO_ARGS);
    TRY(read_tickets(db, &q, a, out, n, e));
    order_as(hits, n_hits, out, *n);
    return RC_OK;
}

enum rc found_by_fields(const struct query_env *env, const struct query_node *n, const struct found_page *p,
                        struct ticket *out, size_t *n_out, struct err *e)
{
    const struct db_args after = DB_ARGS(DB_INT(p->after_us), DB_INT(p->after_id));
    struct sql q = sql_new(env->a);

    sql_add(&q, "SELECT " TICKET_COLUMNS " FROM tickets t" TICKET_JOINS " WHERE 1 = 1", DB_NO_ARGS);
    scope_where(&q, env->scope);
    TRY(query_where(&q, n, env, e));
    if (p->after_us && env->scope->internal)
        sql_add(&q, " AND (t.updated_us, t.id) < (?, ?)", after);
    else if (p->after_us)
        sql_add(&q, " AND (t.public_updated_us, t.id) < (?, ?)", after);
    if (env->scope->internal)
        sql_add(&q, " ORDER BY t.updated_us DESC, t.id DESC LIMIT ?", DB_ARGS(DB_INT(p->limit)));
    else
        sql_add(&q, " ORDER BY t.public_updated_us DESC, t.id DESC LIMIT ?", DB_ARGS(DB_INT(p->limit)));
    return read_tickets(env->db, &q, env->a, out, n_out, e);
}

enum rc found_number(const struct query_env *env, struct str number, struct ticket *out,
                     struct err *e)
{
    struct sql q = sql_new(env->a);
    size_t n;

    sql_add(&q, "SELECT " TICKET_COLUMNS " FROM tickets t" TICKET_JOINS " WHERE t.number = ?",
            DB_ARGS(DB_TEXT(number)));
    scope_where(&q, env->scope);
    TRY(read_tickets(env->db, &q, env->a, out, &n, e));
    return n ? RC_OK : err_set(e, RC_NOT_FOUND, "not_found", "There is no such ticket.");
}

enum rc found_text(struct db *db, int64_t message_id, struct arena *a, struct str *out,
                   struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    TRY(db_query(db, &r, "SELECT body_text FROM messages WHERE id = $1", DB_ARGS(DB_INT(message_id)),
                 e));
    *out = db_next(&r, e) ? db_text(&r, 0, a) : STR("");
    return e->rc;
}

enum rc found_people(struct db *db, struct str prefix, int64_t limit, struct arena *a,
                     struct found_person *out, size_t *n, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };
    struct str end = sql_prefix_end(prefix, a);

    *n = 0;
    TRY(db_query(db, &r,
                 "SELECT u.id, u.name, u.email, u.organization_id, o.name FROM users u"
                 " LEFT JOIN organizations o ON o.id = u.organization_id WHERE u.active = 1 AND u.id IN ("
                 "SELECT id FROM users WHERE name_fold >= $1 AND name_fold < $2"
                 " UNION SELECT user_id FROM user_words WHERE word >= $1 AND word < $2"
                 " UNION SELECT user_id FROM identities WHERE kind IN (0, 1, 2) AND value_fold >= $1"
                 " AND value_fold < $2) ORDER BY u.name_fold, u.id LIMIT $3",
                 DB_ARGS(DB_TEXT(prefix), DB_TEXT(end), DB_INT(limit)), e));
    for (; db_next(&r, e); ++*n)
        out[*n] = (struct found_person){ db_int(&r, 0), db_text(&r, 1, a), db_text(&r, 2, a),
                                         db_int(&r, 3), db_text(&r, 4, a) };
    return e->rc;
}

enum rc found_orgs(struct db *db, struct str prefix, int64_t limit, struct arena *a,
                   struct found_org *out, size_t *n, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    *n = 0;
    TRY(db_query(db, &r,
                 "SELECT id, name FROM organizations WHERE active = 1 AND name_fold >= $1 AND"
                 " name_fold < $2 ORDER BY name_fold, id LIMIT $3",
                 DB_ARGS(DB_TEXT(prefix), DB_TEXT(sql_prefix_end(prefix, a)), DB_INT(limit)), e));
    for (; db_next(&r, e); ++*n)
        out[*n] = (struct found_org){ db_int(&r, 0), db_text(&r, 1, a) };
    return e->rc;
}
