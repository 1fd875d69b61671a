#include "web/access.h"

#include "base/clock.h"
#include "base/config.h"
#include "desk/refused.h"
#include "store/access.h"
#include "web/live.h"

enum { OBJECT_MAX = 64 };

/* Sections of the API document whose answers show tickets and people. */
static const char *const sections[] = { "Tickets", "Messages", "Attachments", "Links", "People", "Search", "Views",
                                        "Drafts", "Organizations", "Data protection", "Reports" };

static bool shows_somebody(const struct route *route)
{
    for (size_t i = 0; i < ARRAY_LEN(sections); i++)
        if (strcmp(route->tag, sections[i]) == 0)
            return true;
    return false;
}

bool access_is_due(const struct request *r)
{
    const struct ctx *c = &r->c;

    return r->live->access_log && c->who.type == ACTOR_USER && !(c->route->flags & R_WRITE)
           && !c->app->cfg->read_only && c->status / 100 == 2 && shows_somebody(c->route);
}

/* Who is not signed in names nothing: a row for each object that a stranger guesses would be his to fill the table with. */
void access_note_refused(const struct app *app, const struct exchange *x, const struct request *r)
{
    const struct route *route = r ? r->match.route : NULL;
    char address[ADDR_TEXT_MAX];
    struct access row = { .at_us = clock_now_us(), .status = x->status, .op = STR(""), .object = STR(""),
                          .request_id = STR("") };

    if (!app->refused || !refused_counts(x->status) || (route && (route->flags & R_QUIET)))
        return;
    row.address = (struct str){ address, addr_format(r ? &r->client : &x->peer, address) };
    if (route)
        row.op = str_of(route->op ? route->op : route->path);
    if (r) {
        row.user_id = r->c.who.user_id;
        row.request_id = r->c.request_id;
    }
    if (route && row.user_id && r->c.params[0].p)
        row.object = r->c.params[0];
    refused_note(app->refused, &row);
}

enum rc access_record(struct request *r, struct db *db, struct err *e)
{
    const struct ctx *c = &r->c;
    const struct access row = {
        .at_us = clock_now_us(),
        .user_id = c->who.user_id,
        .address = c->who.address,
        .request_id = c->request_id,
        .op = str_of(c->route->op),
        .object = c->object_id   ? str_printf(c->a, "%lld", (long long)c->object_id)
                  : c->params[0].p ? str_sub(c->params[0], 0, OBJECT_MAX)
                                   : STR(""),
        .status = c->status,
        .times = 1,
    };

    return access_insert(db, &row, e);
}
