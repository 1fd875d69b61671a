/* Lists of tickets, one ticket with what belongs to it, its history. */
#include "web/api_tickets.h"

#include "desk/tag.h"
#include "desk/ticket.h"
#include "desk/view.h"
#include "store/links.h"
#include "store/participants.h"
#include "store/refs.h"
#include "store/ticket_list.h"
#include "web/call.h"
#include "web/ref_read.h"
#include "web/ticket_body.h"
#include "web/ticket_json.h"

enum { FILTER_IDS_MAX = 50, SHOWN_MESSAGES = 100, SHOWN_PEOPLE = 200, FEW_MESSAGES = 4, GROW = 16, TICKET_BYTES = 1024 };

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

static enum rc read_bits(struct arena *a, const struct j_texts *in, const char *param, const char *const *names,
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
    TRY(read_bits(call->a, &q->state_type, "state_type", state_type_names, &f->state_types, e));
    TRY(read_bits(call->a, &q->channel, "channel", channel_names, &f->channels, e));
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

/* Whether the reader sees this row as an agent; participation does not matter for that. */
static bool sees_as_agent(const struct call *call, const struct ticket *t)
{
    struct ticket_facts facts = { t->group_id, t->customer_id, t->organization_id, false, t->created_by };

    return can(call->who, CAN_READ_INTERNAL, &facts);
}

/* A person whole: only for agents, and for himself. */
static enum rc person_json(struct call *call, int64_t id, bool internal, struct str *out, struct err *e)
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
    enum ticket_sort sort;
    bool as_customer;
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
    TRY(person_json(call, id, internal, &whole, e));
    if (!whole.p)
        return RC_OK;
    if (s->n)
        buf_char(&s->people, ',');
    buf_str(&s->people, whole);
    s->ids[s->n++] = id;
    return RC_OK;
}

static enum rc list_item(struct ctx *c, struct call *call, struct ctx_page *p, struct shown *s,
                         const struct ticket *t, struct err *e)
{
    struct ticket_view v = { .cat = call->cat, .internal = sees_as_agent(call, t), .mask = s->mask };

    ctx_page_item(c, p, ticket_sort_key(call->cat, s->sort, s->as_customer, t),
                  s->sort == SORT_NUMBER ? t->number : STR_NONE, t->id);
    ticket_json(&c->out, &v, t);
    if (s->customers)
        TRY(add_person(call, s, t->customer_id, v.internal, e));
    if (s->owners)
        TRY(add_person(call, s, t->owner_id, v.internal, e));
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
    TRY(read_bits(c->a, &q->include, "include", list_include_names, &bits, e));
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

/* Towards earlier pages rows come in the other order, and are turned round. */
static enum rc list_backward(struct ctx *c, struct call *call, struct db_rows *r, struct ctx_page *p,
                             struct shown *s, struct err *e)
{
    struct ticket *rows = ARENA_ARRAY(c->a, struct ticket, (size_t)p->limit + 1);
    size_t n = 0, max = (size_t)p->limit;

    while (n <= max && db_next(r, e))
        ticket_from_row(r, c->a, &rows[n++]);
    TRY(e->rc);
    for (size_t i = n < max ? n : max; i-- > 0;)
        TRY(list_item(c, call, p, s, &rows[i], e));
    list_end(c, p, s, n > max);
    return RC_OK;
}

static enum rc list_forward(struct ctx *c, struct call *call, struct db_rows *r, struct ctx_page *p,
                            struct shown *s, struct err *e)
{
    struct ticket t;
    int64_t n = 0;

    while (n <= p->limit && db_next(r, e)) {
        if (n++ == p->limit)
            break;
        ticket_from_row(r, NULL, &t);
        TRY(list_item(c, call, p, s, &t, e));
    }
    TRY(e->rc);
    list_end(c, p, s, n > p->limit);
    return RC_OK;
}

/* One page of the tickets that a search finds; search: of a view, or empty. */
static enum rc list_page(struct ctx *c, struct call *call, const struct tickets_params *q,
                         struct str search, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };
    struct sql sql = sql_new(c->a);
    struct ticket_filter f;
    struct ctx_page p;
    struct ticket_page page;
    struct scope scope, content;
    struct shown shown;

    TRY(read_filter(call, q, &f, e));
    TRY(read_searches(call, q, search, &f, e));
    TRY(read_shown(c, q, &shown, e));
    TRY(ctx_page_begin(c, &q->list, &sorts, ctx_filter_text(c), &p, e));
    page = (struct ticket_page){ sort_of(p.sort), p.descending != p.backward, p.limit + 1,
                                 p.has_key,       p.key,                      p.key_id,
                                 p.key_text };
    scope = can_scope(&c->who, CAN_LIST, c->a);
    content = can_scope(&c->who, CAN_READ, c->a);
    f.content = &content;
    shown.sort = page.sort;
    buf_reserve(c->out.b, (size_t)p.limit * TICKET_BYTES); /* once, not in steps */
    shown.as_customer = f.as_customer = !scope.internal;
    if (q->count.set && q->count.v)
        TRY(count_all(c, &scope, &f, &p, e));
    ticket_list_query(&sql, call->cat, &scope, &f, &page);
    TRY(db_query_sql(c->db, &r, &sql, e));
    return p.backward ? list_backward(c, call, &r, &p, &shown, e)
                      : list_forward(c, call, &r, &p, &shown, e);
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

/* ---- Show ---- */

enum include { INC_MESSAGES, INC_PARTICIPANTS, INC_LINKS, INC_CUSTOMER, INC_OWNER };
static const char *const include_names[] = { "messages", "participants", "links", "customer",
                                             "owner", NULL };

struct ticket_params {
    struct j_texts include, fields;
};
static const struct jfield ticket_params_fields[] = {
    { "include", J_TEXTS, 0, 0, 32, 0, NULL, NULL, offsetof(struct ticket_params, include),
      "messages, participants, links, customer, owner." },
    { "fields", J_TEXTS, 0, 0, 32, 0, NULL, NULL, offsetof(struct ticket_params, fields),
      "Only these members." },
};
const struct jspec ticket_query = JSPEC("TicketQuery", ticket_params_fields, struct ticket_params);

static enum rc show_messages(struct ctx *c, struct call *call, const struct ticket *t, bool internal,
                             struct err *e)
{
    int64_t max_bytes = t->message_count <= FEW_MESSAGES ? 0 : MESSAGES_PAGE_BYTES; /* a limit costs PostgreSQL time */
    struct message_page page = { internal, true, false, 0, SHOWN_MESSAGES + 1, max_bytes, !t->has_merged };
    struct message *list = NULL;
    struct attachments_json files = { 0 };
    struct db_rows r CLEAN(db_rows_end) = { 0 };
    size_t n = 0, bytes = 0, max = SHOWN_MESSAGES;

    TRY(messages_of_ticket(c->db, t->id, &page, c->a, &r, e));
    while (n <= max && db_next(&r, e)) {
        if (n % GROW == 0) /* most have few, and a hundred empty ones take long to make */
            list = arena_grow(c->a, list, n * sizeof(*list), (n + GROW) * sizeof(*list));
        message_from_row(&r, c->a, &list[n]);
        bytes += message_bytes(&list[n++]);
        if (n > 1 && bytes > MESSAGES_PAGE_BYTES)
            max = n - 1;
    }
    TRY(e->rc);
    if (messages_have_files(list, n))
        TRY(attachments_json_of(call, t->id, internal, &files, e));
    jw_key(&c->out, "messages");
    jw_arr(&c->out);
    for (size_t i = n < max ? n : max; i-- > 0;)
        message_json(&c->out, &list[i], attachments_json_for(&files, list[i].id));
    jw_arr_end(&c->out);
    jw_kv_bool(&c->out, "messages_has_more", n > max);
    return RC_OK;
}

static enum rc show_participants(struct ctx *c, const struct ticket *t, bool internal, struct err *e)
{
    struct participant *v;
    size_t n;

    TRY(participants_list(c->db, t->id, SHOWN_PEOPLE, c->a, &v, &n, e));
    jw_key(&c->out, "participants");
    jw_arr(&c->out);
    for (size_t i = 0; i < n; i++) {
        if (!internal && v[i].role != PARTICIPANT_CC)
            continue;
        jw_obj(&c->out);
        jw_key(&c->out, "user"), ref_json(&c->out, v[i].user_id, v[i].name);
        jw_kv_text(&c->out, "role", str_of(participant_role_names[v[i].role]));
        jw_kv_time(&c->out, "created_at", v[i].created_us);
        jw_obj_end(&c->out);
    }
    jw_arr_end(&c->out);
    return RC_OK;
}

static enum rc show_links(struct ctx *c, const struct call *call, const struct ticket *t, struct err *e)
{
    struct scope scope = can_scope(&c->who, CAN_LIST, c->a);
    struct link_list list;

    TRY(links_list(c->db, t->id, &scope, SHOWN_PEOPLE, c->a, &list, e));
    jw_key(&c->out, "links");
    jw_arr(&c->out);
    for (size_t i = 0; i < list.n; i++)
        link_json(&c->out, call, t->id, &list.v[i]);
    jw_arr_end(&c->out);
    return RC_OK;
}

static enum rc read_includes(struct arena *a, const struct ticket_params *q, unsigned *bits, struct err *e)
{
    *bits = 0;
    return read_bits(a, &q->include, "include", include_names, bits, e);
}

enum rc api_ticket_show(struct ctx *c, struct err *e)
{
    const struct ticket_params *q = c->query;
    struct ticket_view v = { 0 };
    struct ticket_seen s;
    unsigned inc;

    TRY(read_includes(c->a, q, &inc, e));
    TRY(ticket_fields_mask(q->fields.v, q->fields.n, &v.mask, e));
    TRY(ctx_ticket(c, &s, e));
    v.internal = s.internal;
    v.cat = s.call.cat;
    if (inc & (1u << INC_CUSTOMER))
        TRY(person_json(&s.call, s.t.customer_id, s.internal, &v.customer, e));
    if (inc & (1u << INC_OWNER))
        TRY(person_json(&s.call, s.t.owner_id, s.internal, &v.owner, e));
    jw_obj(&c->out);
    ticket_json_members(&c->out, &v, &s.t);
    if (inc & (1u << INC_MESSAGES))
        TRY(show_messages(c, &s.call, &s.t, s.internal, e));
    if (inc & (1u << INC_PARTICIPANTS))
        TRY(show_participants(c, &s.t, s.internal, e));
    if (inc & (1u << INC_LINKS))
        TRY(show_links(c, &s.call, &s.t, e));
    jw_obj_end(&c->out);
    ctx_etag(c, ticket_version_for(&s.t, s.internal));
    return RC_OK;
}

/* ---- History ---- */

struct events_params {
    struct ctx_list_query list;
};
static const struct jfield events_params_fields[] = { CTX_LIST_FIELDS };
const struct jspec ticket_events_query =
    JSPEC("TicketEventsQuery", events_params_fields, struct events_params);

static const char *const event_sort_names[] = { "id", NULL };
static const struct ctx_sorts event_sorts = { event_sort_names, false };

enum rc api_ticket_events(struct ctx *c, struct err *e)
{
    const struct events_params *q = c->query;
    struct db_rows r CLEAN(db_rows_end) = { 0 };
    struct ticket_view v = { 0 };
    struct event_page page;
    struct event *list;
    struct ctx_page p;
    struct ticket_seen s;
    size_t n = 0, max;

    TRY(ctx_ticket(c, &s, e));
    v.internal = s.internal;
    v.cat = s.call.cat;
    TRY(ctx_page_begin(c, &q->list, &event_sorts, ctx_filter_text(c), &p, e));
    page = (struct event_page){ v.internal, p.descending != p.backward, p.has_key, p.key_id,
                                p.limit + 1 };
    max = (size_t)p.limit;
    list = ARENA_ARRAY(c->a, struct event, max + 1);
    TRY(events_of_ticket(c->db, s.t.id, &page, c->a, &r, e));
    while (n <= max && db_next(&r, e))
        event_from_row(&r, c->a, &list[n++]);
    TRY(e->rc);
    for (size_t i = 0, shown = n < max ? n : max; i < shown; i++) {
        const struct event *ev = &list[p.backward ? shown - 1 - i : i];

        ctx_page_item(c, &p, 0, STR_NONE, ev->id);
        event_json(&c->out, &v, ev);
    }
    ctx_page_end(c, &p, n > max);
    return RC_OK;
}
