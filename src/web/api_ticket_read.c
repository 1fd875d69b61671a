/* One ticket with what belongs to it, its history. */
#include "web/api_tickets.h"

#include "desk/ticket.h"
#include "store/links.h"
#include "store/participants.h"
#include "web/app.h"
#include "web/call.h"
#include "web/ticket_body.h"
#include "web/ticket_items.h"
#include "web/ticket_json.h"

enum { SHOWN_MESSAGES = 100, SHOWN_PEOPLE = 200, FEW_MESSAGES = 4, GROW = 16 };

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

static enum rc write_messages(struct ctx *c, struct call *call, const struct ticket *t, bool internal,
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

/* From the cache where it has them.  Messages of tickets that were merged into this one have versions
 * of their own. */
static enum rc show_messages(struct ctx *c, struct call *call, const struct ticket *t, bool internal,
                             struct err *e)
{
    const struct ticket_cache_key key = ticket_shown_key(call, internal ? CACHED_MESSAGES : CACHED_MESSAGES_PUBLIC,
                                                         t->id, t->version, t->shown);
    const struct ticket_cache_facts facts = { 0 };
    struct buf *out = c->out.b;
    size_t from = out->n;

    if (t->has_merged)
        return write_messages(c, call, t, internal, e);
    if (ticket_cache_get(c->app->ticket_cache, &key, NULL, &c->out))
        return RC_OK;
    TRY(write_messages(c, call, t, internal, e));
    if (out->overflow)
        return RC_OK;
    from += out->p[from] == ',';
    ticket_cache_put(c->app->ticket_cache, &key, &facts, str_sub(buf_view(out), from, out->n));
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
    return api_read_bits(a, &q->include, "include", include_names, bits, e);
}

/* ---- As it was shown last ---- */

void api_ticket_ahead(const struct ctx *c)
{
    int64_t id;

    if (str_i64(c->params[0], 1, INT64_MAX, &id))
        ticket_mark_ahead(c->db, id);
}

static bool may_read(const struct call *call, const struct ticket_cache_facts *f)
{
    const struct ticket_facts facts = { f->group_id, f->customer_id, f->organization_id, false, f->created_by };

    return can(call->who, CAN_READ, &facts);
}

static bool write_kept(struct ctx *c, const struct call *call, const struct ticket_item *it, int64_t shown,
                       bool with_messages)
{
    const struct ticket_cache_key ticket = ticket_shown_key(call, it->internal ? CACHED_TICKET : CACHED_TICKET_PUBLIC,
                                                            it->id, it->version, shown);
    struct ticket_cache_key messages = ticket;

    messages.kind = it->internal ? CACHED_MESSAGES : CACHED_MESSAGES_PUBLIC;
    jw_obj(&c->out);
    if (!ticket_cache_get(c->app->ticket_cache, &ticket, NULL, &c->out)
        || (with_messages && !ticket_cache_get(c->app->ticket_cache, &messages, NULL, &c->out))) {
        c->out.b->n = 0;
        c->out = jw_to(c->out.b);
        return false;
    }
    jw_obj_end(&c->out);
    return true;
}

/* One small statement instead of the whole row with its names.  What is not kept, not there or not for this
 * caller is left to the long way, which tells the last two apart for nobody. */
static enum rc show_kept(struct ctx *c, unsigned inc, bool *done, struct err *e)
{
    struct ticket_item it = { 0 };
    struct ticket_mark mark;
    struct call call;
    enum rc rc;

    *done = false;
    if ((inc & ~(1u << INC_MESSAGES)) || !str_i64(c->params[0], 1, INT64_MAX, &it.id))
        return RC_OK;
    TRY(ctx_call(c, &call, e));
    rc = ticket_mark_read(c->db, it.id, &mark, e);
    if (rc != RC_OK || (inc && mark.has_merged))
        return rc == RC_NOT_FOUND ? RC_OK : rc;
    it.version = mark.version;
    if (!ticket_item_is_kept(c, &call, mark.shown, actor_is_agent(&c->who), &it) || !may_read(&call, &it.facts)
        || !write_kept(c, &call, &it, mark.shown, inc))
        return RC_OK;
    ctx_etag(c, it.internal ? mark.version : mark.public_version);
    *done = true;
    return RC_OK;
}

static void keep(struct ctx *c, const struct ticket_seen *s, struct str members)
{
    const struct ticket *t = &s->t;
    const struct ticket_cache_facts facts = { t->group_id, t->owner_id, t->customer_id, t->organization_id,
                                              t->created_by };
    const struct ticket_cache_key key =
        ticket_shown_key(&s->call, s->internal ? CACHED_TICKET : CACHED_TICKET_PUBLIC, t->id, t->version, t->shown);

    if (!c->out.b->overflow)
        ticket_cache_put(c->app->ticket_cache, &key, &facts, members);
}

enum rc api_ticket_show(struct ctx *c, struct err *e)
{
    const struct ticket_params *q = c->query;
    struct ticket_view v = { 0 };
    struct ticket_seen s;
    bool done = false;
    unsigned inc;
    size_t from;

    TRY(read_includes(c->a, q, &inc, e));
    TRY(ticket_fields_mask(q->fields.v, q->fields.n, &v.mask, e));
    if (!v.mask)
        TRY(show_kept(c, inc, &done, e));
    if (done)
        return RC_OK;
    TRY(ctx_ticket(c, &s, e));
    v.internal = s.internal;
    v.cat = s.call.cat;
    if (inc & (1u << INC_CUSTOMER))
        TRY(api_person_json(&s.call, s.t.customer_id, s.internal, &v.customer, e));
    if (inc & (1u << INC_OWNER))
        TRY(api_person_json(&s.call, s.t.owner_id, s.internal, &v.owner, e));
    jw_obj(&c->out);
    from = c->out.b->n;
    ticket_json_members(&c->out, &v, &s.t);
    if (!v.mask && !v.customer.p && !v.owner.p)
        keep(c, &s, str_sub(buf_view(c->out.b), from, c->out.b->n));
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
