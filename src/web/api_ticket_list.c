/* Lists of tickets. */
#include "web/api_tickets.h"

#include "desk/tag.h"
#include "desk/ticket.h"
#include "desk/view.h"
#include "store/refs.h"
#include "store/ticket_list.h"
#include "web/call.h"
#include "web/ref_read.h"
#include "web/ticket_items.h"
#include "web/ticket_json.h"

enum { FILTER_IDS_MAX = 50, TICKET_BYTES = 1024 };

/* ---- List ---- */

struct tickets_params {
    struct ctx_list_query list;
    struct j_texts state, state_type, priority, group, owner, fields;
    struct j_ints customer, organization;
    struct j_texts channel, include;
    struct j_text q, tag, external_id, external_source;
    struct j_int count;
    struct j_int updated_since, updated_before, created_since, created_before;
};

static const char *const count_names[] = { "none", "exact", NULL };

#define PARAM(nm, type, max, member, text)                                                         \
    { nm, type, 0, 0, max, FILTER_IDS_MAX, NULL, NULL, offsetof(struct tickets_params, member), text }
static const struct jfield tickets_params_fields[] = {
    CTX_LIST_FIELDS,
    { "q", J_TEXT, 0, 0, QUERY_BYTES_MAX, 0, NULL, NULL, offsetof(struct tickets_params, q),
      "Only what this search finds, in the search language." },
    { "count", J_ENUM, 0, 0, 0, 0, count_names, NULL, offsetof(struct tickets_params, count),
      "exact: page.count tells how many there are on all pages." },
    PARAM("state", J_TEXTS, 64, state, "Ids or names of states."),
    PARAM("state_type", J_TEXTS, 16, state_type, "Types of states: new, open, pending, hold, solved, closed, merged, spam, deleted."),
    PARAM("priority", J_TEXTS, 64, priority, "Ids or names of priorities."),
    PARAM("group", J_TEXTS, 120, group, "Ids or names of groups."),
    PARAM("owner", J_TEXTS, 64, owner, "Ids of owners, me, none."),
    PARAM("customer", J_IDS, 0, customer, "Ids of customers."),
    PARAM("organization", J_IDS, 0, organization, "Ids of organisations."),
    PARAM("channel", J_TEXTS, 16, channel, "Channels."),
    PARAM("tag", J_TEXT, 64, tag, "Has this tag."),
    PARAM("external_id", J_TEXT, 255, external_id, "Id in another system."),
    PARAM("external_source", J_TEXT, 64, external_source, "That system; api unless told."),
    PARAM("updated_since", J_TIME, 0, updated_since, "Changed at or after."),
    PARAM("updated_before", J_TIME, 0, updated_before, "Changed before."),
    PARAM("created_since", J_TIME, 0, created_since, "Made at or after."),
    PARAM("created_before", J_TIME, 0, created_before, "Made before."),
    PARAM("include", J_TEXTS, 32, include, "customer, owner: these people whole, in included.users."),
    PARAM("fields", J_TEXTS, 32, fields, "Only these members."),
};
const struct jspec tickets_query = JSPEC("TicketsQuery", tickets_params_fields, struct tickets_params);

static const char *const sort_names[] = { "updated_at", "created_at", "number", "priority", "due",
                                          NULL };
static const struct ctx_sorts sorts = { sort_names, true };

typedef enum rc (*ref_fn)(struct call *c, const json_t *v, const char *pointer, int64_t *id,
                          struct err *e);

static enum rc bad_param(struct err *e)
{
    if (e->rc == RC_INVALID)
        e->rc = RC_BAD;
    return e->rc;
}

/* Ids or names of things of the catalog. */
static enum rc read_refs(struct call *call, const struct j_texts *in, const char *param, ref_fn ref,
                         struct ids *out, struct err *e)
{
    int64_t *v = ARENA_ARRAY(call->a, int64_t, in->n + 1);

    for (size_t i = 0; i < in->n; i++) {
        int64_t id;
        json_t *j CLEAN(json_clean) = str_i64(in->v[i], 1, INT64_MAX, &id)
                                          ? json_integer(id)
                                          : json_stringn(in->v[i].p, in->v[i].n);

        if (ref(call, j, param, &v[i], e) != RC_OK)
            return bad_param(e);
    }
    *out = (struct ids){ v, in->n };
    return RC_OK;
}

static enum rc read_owners(struct call *call, const struct j_texts *in, struct ids *out, struct err *e)
{
    int64_t *v = ARENA_ARRAY(call->a, int64_t, in->n + 1);

    for (size_t i = 0; i < in->n; i++) {
        if (str_eq(in->v[i], STR("me"))) {
            v[i] = call->who->user_id;
        } else if (!str_eq(in->v[i], STR("none")) && !str_i64(in->v[i], 1, INT64_MAX, &v[i])) {
            err_field(e, "owner", "choice", "ids, me, none", "This is no owner.");
            return bad_param(e);
        }
    }
    *out = (struct ids){ v, in->n };
    return RC_OK;
}

enum rc api_read_bits(struct arena *a, const struct j_texts *in, const char *param, const char *const *names,
                      unsigned *out, struct err *e)
{
    for (size_t i = 0; i < in->n; i++) {
        int bit = kind_of(names, in->v[i]);

        if (bit < 0) {
            struct buf allowed = BUF_ARENA(a, KIB);

            for (size_t k = 0; names[k]; k++)
                buf_printf(&allowed, "%s%s", k ? ", " : "", names[k]);
            buf_char(&allowed, '\0');
            err_field(e, param, "choice", allowed.p, "There is no %s of this name.", param);
            return bad_param(e);
        }
        *out |= 1u << bit;
    }
    return RC_OK;
}

static enum rc read_filter(struct call *call, const struct tickets_params *q,
                           struct ticket_filter *f, struct err *e)
{
    *f = (struct ticket_filter){
        .customers = { q->customer.v, q->customer.n },
        .organizations = { q->organization.v, q->organization.n },
        .external_id = q->external_id.v,
        .external_source = q->external_source.v,
        .updated_from_us = q->updated_since.v,
        .updated_before_us = q->updated_before.v,
        .created_from_us = q->created_since.v,
        .created_before_us = q->created_before.v,
    };
    TRY(read_refs(call, &q->state, "state", ref_state, &f->states, e));
    TRY(read_refs(call, &q->priority, "priority", ref_priority, &f->priorities, e));
    TRY(read_refs(call, &q->group, "group", ref_group, &f->groups, e));
    TRY(read_owners(call, &q->owner, &f->owners, e));
    TRY(api_read_bits(call->a, &q->state_type, "state_type", state_type_names, &f->state_types, e));
    TRY(api_read_bits(call->a, &q->channel, "channel", channel_names, &f->channels, e));
    if (q->tag.set && tag_normalise(q->tag.v, "tag", call->a, &f->tag, e) != RC_OK)
        return bad_param(e);
    return RC_OK;
}

static void add_sql(struct sql *q, const void *more)
{
    sql_add_sql(q, more);
}

/* The searches of q= and of a view, both of which must hold. */
static enum rc read_searches(struct call *call, const struct tickets_params *q, struct str view,
                             struct ticket_filter *f, struct err *e)
{
    struct sql *more = ARENA_NEW(call->a, struct sql);

    *more = sql_new(call->a);
    f->more = add_sql;
    f->more_arg = more;
    TRY(view_where(call, view, more, e));
    if (q->q.set && view_where(call, q->q.v, more, e) != RC_OK)
        return bad_param(e);
    return RC_OK;
}

static enum ticket_sort sort_of(const char *name)
{
    return (enum ticket_sort)kind_of(sort_names, str_of(name));
}

enum rc api_person_json(struct call *call, int64_t id, bool internal, struct str *out, struct err *e)
{
    struct buf b = BUF_ARENA(call->a, 16 * KIB);
    struct jw w = jw_to(&b);
    struct user_ref u;

    if (!id || (!internal && id != call->who->user_id))
        return RC_OK;
    TRY(refs_user(call->db, id, call->a, &u, e));
    jw_obj(&w);
    jw_kv_int(&w, "id", u.id);
    jw_kv_text(&w, "name", u.name);
    jw_kv_text(&w, "email", u.email);
    jw_kv_id(&w, "organization_id", u.organization_id);
    jw_kv_bool(&w, "active", u.active);
    jw_obj_end(&w);
    *out = buf_view(&b);
    return RC_OK;
}

/* How a list shows its tickets: these members; the people whole that include= asks for, each once. */
struct shown {
    uint64_t mask;
    bool customers, owners;
    struct buf people;
    int64_t *ids;
    size_t n;
};

static enum rc add_person(struct call *call, struct shown *s, int64_t id, bool internal, struct err *e)
{
    struct str whole = STR_NONE;

    for (size_t i = 0; i < s->n; i++)
        if (s->ids[i] == id)
            return RC_OK;
    TRY(api_person_json(call, id, internal, &whole, e));
    if (!whole.p)
        return RC_OK;
    if (s->n)
        buf_char(&s->people, ',');
    buf_str(&s->people, whole);
    s->ids[s->n++] = id;
    return RC_OK;
}

static void list_end(struct ctx *c, struct ctx_page *p, const struct shown *s, bool more)
{
    if (s->customers || s->owners)
        p->included = str_printf(c->a, "{\"users\":[%.*s]}", STR_ARG(buf_view(&s->people)));
    ctx_page_end(c, p, more);
}

static const char *const list_include_names[] = { "customer", "owner", NULL };

static enum rc read_shown(struct ctx *c, const struct tickets_params *q, struct shown *s, struct err *e)
{
    enum { PAGE_MAX = 200, PERSON_BYTES = 2048 };
    unsigned bits = 0;

    *s = (struct shown){ .people = BUF_ARENA(c->a, 2 * PAGE_MAX * PERSON_BYTES) };
    TRY(api_read_bits(c->a, &q->include, "include", list_include_names, &bits, e));
    if (bits)
        s->ids = ARENA_ARRAY(c->a, int64_t, 2 * PAGE_MAX);
    s->customers = bits & 1;
    s->owners = bits & 2;
    return ticket_fields_mask(q->fields.v, q->fields.n, &s->mask, e);
}

static enum rc count_all(struct ctx *c, const struct scope *scope, const struct ticket_filter *f,
                         struct ctx_page *p, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };
    struct sql sql = sql_new(c->a);

    ticket_list_count(&sql, scope, f);
    TRY(db_query_sql(c->db, &r, &sql, e));
    p->has_count = db_next(&r, e);
    p->count = p->has_count ? db_int(&r, 0) : 0;
    return e->rc;
}

/* What the query of a list has found, in its order. */
struct found {
    struct ticket_items items;
    int64_t *keys;          /* for cursors, by item */
    struct str *texts;      /* the same, sorted by number; NULL: by another key */
    bool more;
};

static enum rc read_found(struct ctx *c, const struct sql *q, size_t limit, struct found *f, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    f->keys = arena_alloc_raw(c->a, limit * sizeof(*f->keys));
    TRY(db_query_sql(c->db, &r, q, e));
    while (db_next(&r, e)) {
        size_t n = f->items.n;

        if (n == limit) {
            f->more = true;
            break;
        }
        if (f->texts)
            f->texts[n] = db_text(&r, LISTED_KEY, c->a);
        else
            f->keys[n] = db_int(&r, LISTED_KEY);
        f->items.shown = db_int(&r, LISTED_SHOWN);
        ticket_items_add(&f->items, db_int(&r, LISTED_ID), db_int(&r, LISTED_VERSION));
    }
    return e->rc;
}

static enum rc list_item(struct found *f, size_t i, struct ctx_page *p, struct shown *s, struct err *e)
{
    struct ticket_items *items = &f->items;
    const struct ticket_item *it = &items->v[i];

    if (it->is_gone)
        return RC_OK;
    ctx_page_item(items->c, p, f->texts ? 0 : f->keys[i], f->texts ? f->texts[i] : STR_NONE, it->id);
    TRY(ticket_item_json(items, i, e));
    if (s->customers)
        TRY(add_person(items->call, s, it->facts.customer_id, it->internal, e));
    if (s->owners)
        TRY(add_person(items->call, s, it->facts.owner_id, it->internal, e));
    return RC_OK;
}

/* Towards earlier pages rows come in the other order, and are turned round. */
static enum rc list_found(struct found *f, struct ctx_page *p, struct shown *s, struct err *e)
{
    size_t n = f->items.n;

    TRY(ticket_items_load(&f->items, e));
    for (size_t i = 0; i < n; i++)
        TRY(list_item(f, p->backward ? n - 1 - i : i, p, s, e));
    list_end(f->items.c, p, s, f->more);
    return RC_OK;
}

/* One page of the tickets that a search finds; search: of a view, or empty. */
static enum rc list_page(struct ctx *c, struct call *call, const struct tickets_params *q,
                         struct str search, struct err *e)
{
    struct sql sql = sql_new(c->a);
    struct ticket_filter f;
    struct ctx_page p;
    struct ticket_page page;
    struct scope scope, content;
    struct shown shown;
    struct found found = { 0 };

    TRY(read_filter(call, q, &f, e));
    TRY(read_searches(call, q, search, &f, e));
    TRY(read_shown(c, q, &shown, e));
    TRY(ctx_page_begin(c, &q->list, &sorts, ctx_filter_text(c), &p, e));
    page = (struct ticket_page){ sort_of(p.sort), p.descending != p.backward, p.limit + 1,
                                 p.has_key,       p.key,                      p.key_id,
                                 p.key_text,      db_kind(c->db) == DB_SQLITE };
    scope = can_scope(&c->who, CAN_LIST, c->a);
    content = can_scope(&c->who, CAN_READ, c->a);
    f.content = &content;
    buf_reserve(c->out.b, (size_t)p.limit * TICKET_BYTES); /* once, not in steps */
    f.as_customer = !scope.internal;
    if (q->count.set && q->count.v)
        TRY(count_all(c, &scope, &f, &p, e));
    ticket_list_query(&sql, call->cat, &scope, &f, &page);
    found.items = ticket_items_new(c, call, &scope, (size_t)p.limit);
    found.items.mask = shown.mask;
    if (page.sort == SORT_NUMBER)
        found.texts = ARENA_ARRAY(c->a, struct str, (size_t)p.limit);
    TRY(read_found(c, &sql, (size_t)p.limit, &found, e));
    return list_found(&found, &p, &shown, e);
}

enum rc api_tickets_list(struct ctx *c, struct err *e)
{
    struct call call;

    TRY(ctx_call(c, &call, e));
    return list_page(c, &call, c->query, STR(""), e);
}

bool api_tickets_sorts(struct str sort)
{
    return kind_of(sort_names, str_starts(sort, STR("-")) ? str_sub(sort, 1, sort.n) : sort) >= 0;
}

/* The order is the view's unless told. */
enum rc api_view_tickets(struct ctx *c, struct err *e)
{
    struct tickets_params q = *(const struct tickets_params *)c->query;
    struct call call;
    struct view v;
    int64_t id;

    TRY(ctx_id(c, 0, &id, e));
    TRY(ctx_call(c, &call, e));
    TRY(view_read(&call, id, &v, e));
    if (!q.list.sort.set && !q.list.after.set && api_tickets_sorts(v.sort)) {
        q.list.sort.set = true;
        q.list.sort.v = v.sort;
    }
    return list_page(c, &call, &q, v.query, e);
}
