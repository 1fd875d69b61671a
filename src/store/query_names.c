/* Conditions on what has a name: it is looked up, and who names what is not there is told what is. */
#include "store/query_priv.h"

#include "base/buf.h"
#include "base/utf8.h"
#include "store/kinds.h"

static struct str fold(struct query_builder *b, const struct query_node *n)
{
    return utf8_fold(n->value, b->env->a);
}

/* The names that there are stand in r, for who gave another one. */
static enum rc unknown_name(struct query_builder *b, const struct query_node *n, const char *first, struct db_rows *r)
{
    struct buf list = BUF_ARENA(b->env->a, ERR_ALLOWED_BYTES);

    buf_printf(&list, "%s", first);
    while (db_next(r, b->e)) {
        struct str name = db_text(r, 0, b->env->a);

        if (list.n + name.n + 4 > ERR_ALLOWED_BYTES)
            break;
        buf_printf(&list, "%s%.*s", list.n ? ", " : "", STR_ARG(name));
    }
    TRY(b->e->rc);
    return query_bad_value(b, n, str_z(buf_view(&list), b->env->a));
}

/* True when there is no such row, which is no failure. */
static bool is_missing(enum rc rc, struct err *e)
{
    if (rc != RC_NOT_FOUND)
        return false;
    err_clear(e);
    return true;
}

/* Customers know states by the names that they are shown, and of spam or deleted ones that they are closed. */
static enum rc where_shown_state(struct query_builder *b, const struct query_node *n, int type)
{
    struct str name = str_lower(n->value, b->env->a);
    struct db_rows r CLEAN(db_rows_end) = { 0 };
    int64_t id;
    enum rc rc;

    if (type >= 0) {
        if (type == STATE_CLOSED)
            sql_add(b->q, "t.state_type IN (5, 7, 8)", DB_NO_ARGS);
        else
            sql_add(b->q, "(t.state_type = ? AND t.state_type < 7)", DB_ARGS(DB_INT(type)));
        return RC_OK;
    }
    rc = db_query_int(b->env->db, "SELECT id FROM states WHERE lower(customer_name) = $1 ORDER BY id LIMIT 1",
                      DB_ARGS(DB_TEXT(name)), &id, b->e);
    if (is_missing(rc, b->e)) {
        TRY(db_query(b->env->db, &r,
                     "SELECT customer_name FROM states WHERE active = 1 GROUP BY customer_name"
                     " ORDER BY MIN(position), customer_name",
                     DB_NO_ARGS, b->e));
        return unknown_name(b, n, "", &r);
    }
    TRY(rc);
    sql_add(b->q, "(t.state_type < 7 AND t.state_id IN (SELECT id FROM states WHERE lower(customer_name) = ?))",
            DB_ARGS(DB_TEXT(name)));
    return RC_OK;
}

enum rc query_where_state(struct query_builder *b, const struct query_node *n)
{
    static const char *const types[] = { "new",    "open",   "pending", "hold",    "solved",
                                         "closed", "merged", "spam",    "deleted", NULL };
    struct db_rows r CLEAN(db_rows_end) = { 0 };
    int type = query_choice(n, types);
    int64_t id = 0;
    enum rc rc;

    if (query_only_as_customer(b->env))
        return where_shown_state(b, n, type);
    if (type >= 0) {
        sql_add(b->q, "t.state_type = ?", DB_ARGS(DB_INT(type)));
        return RC_OK;
    }
    rc = db_query_int(b->env->db, "SELECT id FROM states WHERE name_fold = $1", DB_ARGS(DB_TEXT(fold(b, n))), &id, b->e);
    if (is_missing(rc, b->e)) {
        TRY(db_query(b->env->db, &r, "SELECT name FROM states WHERE active = 1 ORDER BY position, id", DB_NO_ARGS, b->e));
        return unknown_name(b, n, "new, open, pending, hold, solved, closed, merged, spam, deleted, or a state's name", &r);
    }
    TRY(rc);
    sql_add(b->q, "t.state_id = ?", DB_ARGS(DB_INT(id)));
    return RC_OK;
}

enum rc query_where_priority(struct query_builder *b, const struct query_node *n)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };
    int64_t id = 0;
    enum rc rc = db_query_int(b->env->db, "SELECT id FROM priorities WHERE name_fold = $1",
                              DB_ARGS(DB_TEXT(fold(b, n))), &id, b->e);

    if (is_missing(rc, b->e)) {
        TRY(db_query(b->env->db, &r, "SELECT name FROM priorities WHERE active = 1 ORDER BY rank, id", DB_NO_ARGS, b->e));
        return unknown_name(b, n, "", &r);
    }
    TRY(rc);
    sql_add(b->q, "t.priority_id = ?", DB_ARGS(DB_INT(id)));
    return RC_OK;
}

/* Customers do not learn which groups there are: theirs has no hits. */
enum rc query_where_group(struct query_builder *b, const struct query_node *n)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };
    int64_t id = 0;
    enum rc rc = db_query_int(b->env->db, "SELECT id FROM groups WHERE name_fold = $1",
                              DB_ARGS(DB_TEXT(fold(b, n))), &id, b->e);

    if (is_missing(rc, b->e)) {
        if (!query_only_as_customer(b->env)) {
            TRY(db_query(b->env->db, &r, "SELECT name FROM groups WHERE active = 1 ORDER BY name_fold, id", DB_NO_ARGS,
                         b->e));
            return unknown_name(b, n, "", &r);
        }
        rc = RC_OK;
    }
    TRY(rc);
    sql_add(b->q, "t.group_id = ?", DB_ARGS(DB_INT(id)));
    return RC_OK;
}

static void where_person(struct query_builder *b, const struct query_node *n)
{
    struct str from = fold(b, n), to = sql_prefix_end(from, b->env->a);

    if (query_only_as_customer(b->env)) { /* customers see names, no addresses */
        sql_add(b->q, " IN (SELECT id FROM users WHERE name_fold >= ? AND name_fold < ?)",
                DB_ARGS(DB_TEXT(from), DB_TEXT(to)));
        return;
    }
    sql_add(b->q,
            " IN (SELECT id FROM users WHERE name_fold >= ? AND name_fold < ?"
            " UNION SELECT user_id FROM identities WHERE kind = 0 AND value_fold >= ? AND"
            " value_fold < ?)",
            DB_ARGS(DB_TEXT(from), DB_TEXT(to), DB_TEXT(from), DB_TEXT(to)));
}

/* Agents are told that nobody is called so; customers do not learn who there is. */
static enum rc check_owner(struct query_builder *b, const struct query_node *n)
{
    struct str from = fold(b, n), to = sql_prefix_end(from, b->env->a);
    int64_t one;
    enum rc rc;

    if (query_only_as_customer(b->env))
        return RC_OK;
    rc = db_query_int(b->env->db,
                      "SELECT id FROM users WHERE name_fold >= $1 AND name_fold < $2 UNION ALL SELECT user_id"
                      " FROM identities WHERE kind = 0 AND value_fold >= $1 AND value_fold < $2 LIMIT 1",
                      DB_ARGS(DB_TEXT(from), DB_TEXT(to)), &one, b->e);
    return is_missing(rc, b->e) ? query_bad_value(b, n, "me, none, or how a person's name or address begins") : rc;
}

enum rc query_where_owner(struct query_builder *b, const struct query_node *n)
{
    if (query_is(n, "none")) {
        sql_add(b->q, "t.owner_id IS NULL", DB_NO_ARGS);
    } else if (query_is(n, "me")) {
        sql_add(b->q, "t.owner_id = ?", DB_ARGS(DB_INT(b->env->user_id)));
    } else {
        TRY(check_owner(b, n));
        sql_add(b->q, "t.owner_id", DB_NO_ARGS);
        where_person(b, n);
    }
    return RC_OK;
}

enum rc query_where_customer(struct query_builder *b, const struct query_node *n)
{
    if (query_is(n, "me")) {
        sql_add(b->q, "t.customer_id = ?", DB_ARGS(DB_INT(b->env->user_id)));
        return RC_OK;
    }
    sql_add(b->q, "t.customer_id", DB_NO_ARGS);
    where_person(b, n);
    return RC_OK;
}

enum rc query_where_organization(struct query_builder *b, const struct query_node *n)
{
    struct str from = fold(b, n);

    if (query_is(n, "none"))
        sql_add(b->q, "t.organization_id IS NULL", DB_NO_ARGS);
    else
        sql_add(b->q,
                "t.organization_id IN (SELECT id FROM organizations WHERE name_fold >= ? AND"
                " name_fold < ?)",
                DB_ARGS(DB_TEXT(from), DB_TEXT(sql_prefix_end(from, b->env->a))));
    return RC_OK;
}

enum rc query_where_tag(struct query_builder *b, const struct query_node *n)
{
    if (query_is(n, "none"))
        sql_add(b->q, "t.tags_json = '[]'", DB_NO_ARGS);
    else
        sql_add(b->q,
                "t.id IN (SELECT tt.ticket_id FROM ticket_tags tt JOIN tags g ON g.id = tt.tag_id"
                " WHERE g.name = ?)",
                DB_ARGS(DB_TEXT(str_lower(n->value, b->env->a))));
    query_agents_only(b);
    return RC_OK;
}
