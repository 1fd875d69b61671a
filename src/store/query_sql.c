#include "store/query_sql.h"

#include "store/query_custom.h"
#include "store/query_match.h"
#include "store/query_priv.h"

enum { SAMPLE = 64 };

const struct scope *query_content(const struct query_env *env)
{
    return env->content ? env->content : env->scope;
}

/* Some tickets of the scope are shown to the caller as to a customer, or from outside only. */
static bool hides(const struct query_env *env)
{
    const struct scope *s = env->scope;

    return !s->all && (s->user_id || s->n_orgs || query_content(env)->n_groups != s->n_groups);
}

void query_agents_only(struct query_builder *b)
{
    const struct scope *s = query_content(b->env);

    if (!hides(b->env))
        return;
    if (!s->internal || !s->n_groups) {
        sql_add(b->q, " AND 1 = 0", DB_NO_ARGS);
        return;
    }
    sql_add(b->q, " AND t.group_id IN (", DB_NO_ARGS);
    sql_add_ints(b->q, s->groups, s->n_groups);
    sql_add(b->q, ")", DB_NO_ARGS);
}

enum rc query_bad_value(struct query_builder *b, const struct query_node *n, const char *allowed)
{
    return err_field(b->e, "q", "value", allowed, "\"%.*s\" is not a value of %s:.%s%s",
                     (int)(n->value.n > 40 ? 40 : n->value.n), n->value.p, n->field->name,
                     allowed ? " Allowed: " : "", allowed ? allowed : "");
}

bool query_is(const struct query_node *n, const char *word)
{
    return str_ieq(n->value, str_of(word));
}

int query_choice(const struct query_node *n, const char *const *names)
{
    for (int i = 0; names[i]; i++)
        if (query_is(n, names[i]))
            return i;
    return -1;
}

bool query_only_as_customer(const struct query_env *env)
{
    return hides(env) && !query_content(env)->n_groups;
}

static enum rc where_number(struct query_builder *b, const struct query_node *n)
{
    struct str v = n->value;

    if (v.n && v.p[0] == '#')
        v = str_sub(v, 1, v.n);
    sql_add(b->q, "t.number = ?", DB_ARGS(DB_TEXT(v)));
    return RC_OK;
}

static enum rc where_channel(struct query_builder *b, const struct query_node *n)
{
    static const char *const names[] = { "web",  "api", "email",  "phone", "walk-in",
                                         "chat", "sms", "system", NULL };
    int i = query_choice(n, names);

    if (i < 0)
        return query_bad_value(b, n, "web, api, email, phone, walk-in, chat, sms, system");
    sql_add(b->q, "t.channel = ?", DB_ARGS(DB_INT(i)));
    return RC_OK;
}

/* Nobody who only sees public messages may learn when others were written. */
static bool as_customer(const struct scope *s)
{
    return !s->internal;
}

static void add_column(const struct query_builder *b, enum query_field_id id)
{
    struct sql *q = b->q;

    switch (id) {
    case QF_CREATED: sql_add(q, "t.created_us", DB_NO_ARGS); break;
    case QF_UPDATED:
        if (as_customer(b->env->scope))
            sql_add(q, "t.public_updated_us", DB_NO_ARGS);
        else
            sql_add(q, "t.updated_us", DB_NO_ARGS);
        break;
    case QF_CLOSED: sql_add(q, "t.last_close_us", DB_NO_ARGS); break;
    case QF_DUE: sql_add(q, "t.next_due_us", DB_NO_ARGS); break;
    default: sql_add(q, "t.until_us", DB_NO_ARGS); break;
    }
}

void query_compare(struct sql *q, enum query_cmp cmp, struct db_val v)
{
    switch (cmp) {
    case QUERY_LT: sql_add(q, " < ?", DB_ARGS(v)); break;
    case QUERY_LE: sql_add(q, " <= ?", DB_ARGS(v)); break;
    case QUERY_GT: sql_add(q, " > ?", DB_ARGS(v)); break;
    case QUERY_GE: sql_add(q, " >= ?", DB_ARGS(v)); break;
    default: sql_add(q, " = ?", DB_ARGS(v)); break;
    }
}

/* A span is an age: updated:<7d is younger than 7 days, so the comparison of times turns round. */
static enum query_cmp turned(enum query_cmp cmp)
{
    static const enum query_cmp map[] = { QUERY_EQ, QUERY_GT, QUERY_GE, QUERY_LT, QUERY_LE,
                                          QUERY_RANGE };

    return map[cmp];
}

static bool is_span(struct str v)
{
    return v.n >= 2 && v.n < 10 && str_chr(v, '-') == SIZE_MAX && !str_ieq(v, STR("now"));
}

static enum rc where_any_time(struct query_builder *b, const struct query_node *n)
{
    static const char allowed[] = "2026-01-31, 2026-01-31T12:00:00Z, 7d, 2h, now; with <, >, a..b";
    bool future = n->field->id == QF_DUE || n->field->id == QF_UNTIL, span = is_span(n->value);
    enum query_cmp cmp = n->cmp;
    int64_t from, to;

    if (cmp == QUERY_EQ && span)
        cmp = QUERY_LE; /* updated:7d means within the last 7 days */
    if (!query_time(n->value, b->env->now_us, future, cmp == QUERY_GT || cmp == QUERY_LE, &from))
        return query_bad_value(b, n, allowed);
    if (cmp == QUERY_EQ || cmp == QUERY_RANGE) {
        struct str end = cmp == QUERY_RANGE ? n->value2 : n->value;

        if (!query_time(end, b->env->now_us, future, true, &to))
            return query_bad_value(b, n, allowed);
        sql_add(b->q, "(", DB_NO_ARGS);
        add_column(b, n->field->id);
        sql_add(b->q, " >= ? AND ", DB_ARGS(DB_INT(from < to ? from : to)));
        add_column(b, n->field->id);
        sql_add(b->q, " <= ?)", DB_ARGS(DB_INT(from < to ? to : from)));
        return RC_OK;
    }
    add_column(b, n->field->id);
    query_compare(b->q, span && !future ? turned(cmp) : cmp, DB_INT(from));
    return RC_OK;
}

static enum rc where_time(struct query_builder *b, const struct query_node *n)
{
    TRY(where_any_time(b, n));
    if (n->field->id == QF_UNTIL)
        query_agents_only(b);
    return RC_OK;
}

/* Spam and deleted ones look closed to customers. */
static void where_closed(struct sql *q, bool as_customer)
{
    if (as_customer)
        sql_add(q, "t.state_type IN (4, 5, 7, 8)", DB_NO_ARGS);
    else
        sql_add(q, "t.state_type IN (4, 5)", DB_NO_ARGS);
}

static enum rc where_is(struct query_builder *b, const struct query_node *n)
{
    struct sql *q = b->q;

    if (query_is(n, "unassigned"))
        sql_add(q, "t.owner_id IS NULL", DB_NO_ARGS);
    else if (query_is(n, "assigned"))
        sql_add(q, "t.owner_id IS NOT NULL", DB_NO_ARGS);
    else if (query_is(n, "mine"))
        sql_add(q, "t.owner_id = ?", DB_ARGS(DB_INT(b->env->user_id)));
    else if (query_is(n, "open"))
        sql_add(q, "t.state_type IN (0, 1, 2, 3)", DB_NO_ARGS);
    else if (query_is(n, "closed"))
        where_closed(q, query_only_as_customer(b->env));
    else if (query_is(n, "merged"))
        sql_add(q, "t.state_type = 6", DB_NO_ARGS);
    else if (query_is(n, "overdue"))
        sql_add(q, "t.next_due_us < ?", DB_ARGS(DB_INT(b->env->now_us)));
    else if (query_is(n, "watched"))
        sql_add(q, "t.id IN (SELECT ticket_id FROM watches WHERE user_id = ?)",
                DB_ARGS(DB_INT(b->env->user_id)));
    else
        return query_bad_value(b, n, "unassigned, assigned, mine, open, closed, merged, overdue, watched");
    return RC_OK;
}

/* What only agents may know of a ticket, where the reader is one. */
static void where_as_agent(struct sql *q, const struct scope *s)
{
    if (s->all)
        return;
    sql_add(q, " AND t.group_id IN (", DB_NO_ARGS);
    sql_add_ints(q, s->groups, s->n_groups);
    sql_add(q, ")", DB_NO_ARGS);
}

static void where_attachment(struct sql *q, const struct scope *s)
{
    sql_add(q, "(t.public_attachment_count > 0", DB_NO_ARGS);
    if (!as_customer(s)) {
        sql_add(q, " OR (t.attachment_count > 0", DB_NO_ARGS);
        where_as_agent(q, s);
        sql_add(q, ")", DB_NO_ARGS);
    }
    sql_add(q, ")", DB_NO_ARGS);
}

static void where_note(struct sql *q, const struct scope *s)
{
    sql_add(q, "(t.message_count > t.public_message_count", DB_NO_ARGS);
    where_as_agent(q, s);
    sql_add(q, ")", DB_NO_ARGS);
}

static enum rc where_has(struct query_builder *b, const struct query_node *n)
{
    struct sql *q = b->q;

    if (query_is(n, "attachment"))
        where_attachment(q, b->env->scope);
    else if (query_is(n, "owner"))
        sql_add(q, "t.owner_id IS NOT NULL", DB_NO_ARGS);
    else if (query_is(n, "organization"))
        sql_add(q, "t.organization_id IS NOT NULL", DB_NO_ARGS);
    else if (query_is(n, "tag"))
        sql_add(q, "t.tags_json <> '[]'", DB_NO_ARGS);
    else if (query_is(n, "note") && b->env->scope->internal)
        where_note(q, b->env->scope);
    else
        return query_bad_value(b, n, "attachment, note, owner, organization, tag");
    if (query_is(n, "tag") || query_is(n, "note"))
        query_agents_only(b);
    return RC_OK;
}

static enum rc where_custom(struct query_builder *b, const struct query_node *n)
{
    TRY(query_custom(b->q, b->env, n, b->e));
    query_agents_only(b);
    return RC_OK;
}

static query_where_fn *const field_fns[] = {
    [QF_STATE] = query_where_state,
    [QF_PRIORITY] = query_where_priority,
    [QF_GROUP] = query_where_group,
    [QF_OWNER] = query_where_owner,
    [QF_CUSTOMER] = query_where_customer,
    [QF_ORGANIZATION] = query_where_organization,
    [QF_TAG] = query_where_tag,
    [QF_NUMBER] = where_number,
    [QF_CHANNEL] = where_channel,
    [QF_CREATED] = where_time,
    [QF_UPDATED] = where_time,
    [QF_CLOSED] = where_time,
    [QF_DUE] = where_time,
    [QF_UNTIL] = where_time,
    [QF_IS] = where_is,
    [QF_HAS] = where_has,
    [QF_CUSTOM] = where_custom,
};

void query_where_visible(struct sql *q, const struct scope *s)
{
    if (s->internal && s->all)
        return;
    sql_add(q, " AND (d.internal = 0", DB_NO_ARGS);
    if (s->internal && s->n_groups) {
        sql_add(q, " OR d.group_id IN (", DB_NO_ARGS);
        sql_add_ints(q, s->groups, s->n_groups);
        sql_add(q, ")", DB_NO_ARGS);
    }
    sql_add(q, ")", DB_NO_ARGS);
}

/* Tickets with a message that holds the words. */
static void where_words(struct query_builder *b, const struct query_node *n)
{
    const struct scope *content = query_content(b->env);
    struct str match;

    if (query_match(n, b->env, &match, b->e) != RC_OK)
        return;
    if (match.n == 0) {
        sql_add(b->q, "1 = 1", DB_NO_ARGS);
        return;
    }
    match = query_match_scoped(match, b->env);
    sql_add(b->q, "(", DB_NO_ARGS);
    if (db_kind(b->env->db) == DB_SQLITE)
        sql_add(b->q,
                "t.id IN (SELECT d.ticket_id FROM search_fts f JOIN search_docs d ON d.message_id ="
                " f.rowid WHERE search_fts MATCH ?",
                DB_ARGS(DB_TEXT(match)));
    else
        sql_add(b->q,
                "t.id IN (SELECT d.ticket_id FROM search_docs d WHERE d.doc @@ CAST(? AS tsquery)",
                DB_ARGS(DB_TEXT(match)));
    query_where_visible(b->q, content);
    sql_add(b->q, ")", DB_NO_ARGS);
    if (content != b->env->scope)
        scope_where(b->q, content);
    sql_add(b->q, ")", DB_NO_ARGS);
}

static enum rc where_node(struct query_builder *b, const struct query_node *n)
{
    if (n->kind == QUERY_FIELD)
        return field_fns[n->field->id](b, n);
    if (query_is_text(n)) {
        where_words(b, n);
        return RC_OK;
    }
    sql_add(b->q, "(", DB_NO_ARGS);
    if (n->kind == QUERY_NOT)
        sql_add(b->q, "NOT ", DB_NO_ARGS);
    for (const struct query_node *c = n->child; c; c = c->next) {
        if (c != n->child && n->kind == QUERY_AND)
            sql_add(b->q, " AND ", DB_NO_ARGS);
        else if (c != n->child)
            sql_add(b->q, " OR ", DB_NO_ARGS);
        sql_add(b->q, "COALESCE(", DB_NO_ARGS); /* unknown is false, so that NOT turns it round */
        TRY(where_node(b, c));
        sql_add(b->q, ", FALSE)", DB_NO_ARGS);
    }
    sql_add(b->q, ")", DB_NO_ARGS);
    return RC_OK;
}

enum rc query_where(struct sql *q, const struct query_node *n, const struct query_env *env,
                    struct err *e)
{
    struct query_builder b = { q, env, e };

    if (!n)
        return RC_OK;
    if (n->kind == QUERY_AND) { /* plain terms, so that indexes serve them */
        for (const struct query_node *c = n->child; c; c = c->next) {
            sql_add(q, " AND ", DB_NO_ARGS);
            TRY(where_node(&b, c));
        }
        return RC_OK;
    }
    sql_add(q, " AND ", DB_NO_ARGS);
    return where_node(&b, n);
}

/* A flat copy of the AND's children that are words (or are not). */
static struct query_node *children_that(const struct query_node *n, bool are_text, struct arena *a)
{
    struct query_node *all = ARENA_NEW(a, struct query_node), **tail = &all->child;

    all->kind = QUERY_AND;
    for (const struct query_node *c = n->child; c; c = c->next) {
        if (query_is_text(c) != are_text)
            continue;
        *tail = arena_memdup(a, c, sizeof(*c));
        (*tail)->next = NULL;
        tail = &(*tail)->next;
    }
    return all->child ? all : NULL;
}

/* Whether at least half of the newest tickets are in the scope's groups.  Then most hits may be
 * shown: asking the index for the groups as well would only make it read their long lists. */
static enum rc sees_most(const struct query_env *env, bool *out, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };
    const struct scope *s = env->scope;
    struct sql q = sql_new(env->a);

    *out = s->all;
    if (s->all || s->n_groups == 0)
        return RC_OK;
    sql_add(&q, "SELECT count(*), count(*) FILTER (WHERE t.group_id IN (", DB_NO_ARGS);
    sql_add_ints(&q, s->groups, s->n_groups);
    sql_add(&q, ")) FROM tickets t WHERE t.id > (SELECT max(id) FROM tickets) - ?", DB_ARGS(DB_INT(SAMPLE)));
    TRY(db_query_sql(env->db, &r, &q, e));
    if (db_next(&r, e))
        *out = 2 * db_int(&r, 1) >= db_int(&r, 0);
    return e->rc;
}

enum rc query_split(const struct query_node *n, const struct query_env *env, struct str *match,
                    const struct query_node **rest, struct err *e)
{
    const struct query_node *words = NULL;
    bool most;

    *match = STR("");
    *rest = n;
    if (!n)
        return RC_OK;
    if (query_is_text(n)) {
        words = n;
        *rest = NULL;
    } else if (n->kind == QUERY_AND) {
        words = children_that(n, true, env->a);
        *rest = children_that(n, false, env->a);
    }
    if (!words)
        return RC_OK;
    TRY(sees_most(env, &most, e));
    TRY(query_match(words, env, match, e));
    if (!most)
        *match = query_match_scoped(*match, env);
    return RC_OK;
}
