/* Tickets that a list or a search has found, as JSON: from the cache, or read in one statement.
 *
 *     struct ticket_items items = ticket_items_new(c, &call, &scope, max);
 *     … for each row: ticket_items_add(&items, id, version) …
 *     items.shown = …;                          // as the same statement read SHOWN_NUMBER
 *     TRY(ticket_items_load(&items, e));
 *     for (i = 0; i < items.n; i++) if (!items.v[i].is_gone) TRY(ticket_item_json(&items, i, e));  */
#ifndef WEB_TICKET_ITEMS_H
#define WEB_TICKET_ITEMS_H

#include "store/ticket_list.h"
#include "web/call.h"
#include "web/ctx.h"
#include "web/ticket_cache.h"

struct ticket_item {
    int64_t id, version;
    struct ticket_cache_facts facts;
    bool internal;            /* the caller sees it as an agent */
    bool is_gone;             /* between the two statements (PostgreSQL) */
    const struct ticket *row; /* NULL: it stands in the cache */
};

struct ticket_items {
    struct ctx *c;
    struct call *call;
    const struct scope *scope; /* what the caller may see in lists */
    int64_t shown;
    uint64_t mask;             /* ticket_fields_mask(); only whole tickets are kept */
    struct ticket_item *v;
    size_t n, max;
};

struct ticket_cache_key ticket_shown_key(const struct call *call, enum ticket_cache_kind kind, int64_t id,
                                         int64_t version, int64_t shown);
/* Whether it stands in the cache as this caller sees it; fills in facts and the way it is shown.
 * likely_internal: looked for first. */
bool ticket_item_is_kept(struct ctx *c, const struct call *call, int64_t shown, bool likely_internal,
                         struct ticket_item *it);

struct ticket_items ticket_items_new(struct ctx *c, struct call *call, const struct scope *scope, size_t max);
void ticket_items_add(struct ticket_items *items, int64_t id, int64_t version);
/* Fills in facts and the way each is shown. */
enum rc ticket_items_load(struct ticket_items *items, struct err *e) MUST_USE;
/* Writes the i-th as the next value of the answer; nothing when it went away meanwhile. */
enum rc ticket_item_json(struct ticket_items *items, size_t i, struct err *e) MUST_USE;

#endif
