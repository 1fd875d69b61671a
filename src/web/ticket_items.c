#include "web/ticket_items.h"

#include "desk/can.h"
#include "web/app.h"
#include "web/ticket_json.h"

struct ticket_items ticket_items_new(struct ctx *c, struct call *call, const struct scope *scope, size_t max)
{
    return (struct ticket_items){ .c = c, .call = call, .scope = scope, .max = max,
                                  .v = arena_alloc_raw(c->a, max * sizeof(struct ticket_item)) };
}

void ticket_items_add(struct ticket_items *items, int64_t id, int64_t version)
{
    INVARIANT(items->n < items->max);
    items->v[items->n++] = (struct ticket_item){ .id = id, .version = version };
}

/* Participation does not matter for that. */
static bool sees_as_agent(const struct call *call, const struct ticket_cache_facts *f)
{
    struct ticket_facts facts = { f->group_id, f->customer_id, f->organization_id, false, f->created_by };

    return can(call->who, CAN_READ_INTERNAL, &facts);
}

struct ticket_cache_key ticket_shown_key(const struct call *call, enum ticket_cache_kind kind, int64_t id,
                                         int64_t version, int64_t shown)
{
    return (struct ticket_cache_key){ .kind = kind,
                                      .id = id,
                                      .version = version,
                                      .shown = shown,
                                      .catalog = call->cat->generation,
                                      .reconnects = db_reconnects(call->db) };
}

static struct ticket_cache_key key_of(const struct ticket_items *items, const struct ticket_item *it)
{
    return ticket_shown_key(items->call, it->internal ? CACHED_TICKET : CACHED_TICKET_PUBLIC, it->id, it->version,
                            items->shown);
}

bool ticket_item_is_kept(struct ctx *c, const struct call *call, int64_t shown, bool likely_internal,
                         struct ticket_item *it)
{
    for (int i = 0; i < 2; i++) {
        bool internal = i == 0 ? likely_internal : !likely_internal;
        struct ticket_cache_key key =
            ticket_shown_key(call, internal ? CACHED_TICKET : CACHED_TICKET_PUBLIC, it->id, it->version, shown);

        if (!ticket_cache_get(c->app->ticket_cache, &key, &it->facts, NULL))
            continue;
        it->internal = sees_as_agent(call, &it->facts);
        if (it->internal == internal)
            return true;
    }
    return false;
}

static void take_row(const struct ticket_items *items, struct ticket_item *it, const struct ticket *t)
{
    it->row = t;
    it->version = t->version;
    it->facts = (struct ticket_cache_facts){ t->group_id, t->owner_id, t->customer_id, t->organization_id,
                                             t->created_by };
    it->internal = sees_as_agent(items->call, &it->facts);
}

static const struct ticket *row_of(const struct ticket_rows *rows, int64_t id)
{
    for (size_t i = 0; i < rows->n; i++)
        if (rows->v[i].id == id)
            return &rows->v[i];
    return NULL;
}

enum rc ticket_items_load(struct ticket_items *items, struct err *e)
{
    int64_t *ids = arena_alloc_raw(items->c->a, (items->n + 1) * sizeof(*ids));
    struct ticket_rows rows;
    size_t n = 0;

    for (size_t i = 0; i < items->n; i++) {
        struct ticket_item *it = &items->v[i];

        it->is_gone = items->mask
                      || !ticket_item_is_kept(items->c, items->call, items->shown, items->scope->internal, it);
        if (it->is_gone)
            ids[n++] = it->id;
    }
    if (n == 0)
        return RC_OK;
    TRY(tickets_show_some(items->c->db, ids, n, items->scope, items->c->a, &rows, e));
    for (size_t i = 0; i < items->n; i++) {
        struct ticket_item *it = &items->v[i];
        const struct ticket *t = it->is_gone ? row_of(&rows, it->id) : NULL;

        if (t) {
            it->is_gone = false;
            take_row(items, it, t);
        }
    }
    return RC_OK;
}

/* Only readers keep what they made: what a transaction sees may never be committed. */
static void write_row(struct ticket_items *items, const struct ticket_item *it)
{
    struct ticket_view v = { .cat = items->call->cat, .internal = it->internal, .mask = items->mask };
    struct ticket_cache_key key = key_of(items, it);
    struct buf *out = items->c->out.b;
    size_t from;

    jw_obj(&items->c->out);
    from = out->n;
    ticket_json_members(&items->c->out, &v, it->row);
    if (!items->mask && !out->overflow && !(items->c->route->flags & R_WRITE))
        ticket_cache_put(items->c->app->ticket_cache, &key, &it->facts, str_sub(buf_view(out), from, out->n));
    jw_obj_end(&items->c->out);
}

static bool write_kept(struct ticket_items *items, const struct ticket_item *it)
{
    struct ticket_cache_key key = key_of(items, it);
    const struct jw before = items->c->out;
    size_t n = before.b->n;

    jw_obj(&items->c->out);
    if (ticket_cache_get(items->c->app->ticket_cache, &key, NULL, &items->c->out)) {
        jw_obj_end(&items->c->out);
        return true;
    }
    items->c->out = before;
    before.b->n = n;
    return false;
}

/* What gave way to others since it was looked up is read now. */
static enum rc read_again(struct ticket_items *items, struct ticket_item *it, struct err *e)
{
    struct ticket_rows rows;

    TRY(tickets_show_some(items->c->db, &it->id, 1, items->scope, items->c->a, &rows, e));
    if (rows.n)
        take_row(items, it, rows.v);
    return RC_OK;
}

enum rc ticket_item_json(struct ticket_items *items, size_t i, struct err *e)
{
    struct ticket_item *it = &items->v[i];

    if (!it->row && write_kept(items, it))
        return RC_OK;
    if (!it->row)
        TRY(read_again(items, it, e));
    if (it->row)
        write_row(items, it);
    return RC_OK;
}
