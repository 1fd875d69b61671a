/* GET /events: the live stream, or with Accept: application/json the feed to be asked again. */
#include "base/config.h"
#include "desk/catalog.h"
#include "web/app.h"
#include "web/ctx.h"
#include "web/streams.h"
#include "web/ticket_json.h"

enum { SCAN_MAX = 1000 };

struct events_query {
    struct j_int after, limit;
};
static const struct jfield query_fields[] = {
    { "after", J_INT, 0, 0, INT64_MAX, 0, NULL, NULL, offsetof(struct events_query, after),
      "The last event seen (page.next, or an event's id); absent: only what comes from now on." },
    { "limit", J_INT, 0, 1, 200, 0, NULL, NULL, offsetof(struct events_query, limit),
      "Events of a page, 1 to 200; 50 unless told." },
};
static const struct jspec events_query = JSPEC("EventsQuery", query_fields, struct events_query);

/* Where to begin: Last-Event-ID, after, or the newest event. */
static enum rc begin_after(struct ctx *c, int64_t *after, struct err *e)
{
    const struct events_query *q = c->query;
    struct str last = http_header_get(c->x, STR("last-event-id"));

    if (last.p && last.n) {
        if (!str_i64(last, 0, INT64_MAX, after)) {
            err_field(e, "Last-Event-ID", "type", "the id of an event", "this is no event's id");
            return err_set(e, RC_BAD, "bad_cursor", "Last-Event-ID must be the id of an event.");
        }
        return RC_OK;
    }
    *after = q->after.v;
    return q->after.set ? RC_OK : event_feed_last(c->db, c->app->gate, c->a, after, e);
}

/* Who missed more than a stream tells again, or stands behind the end (the database was restored),
 * has to load anew what he shows. */
static enum rc stream_begin_at(struct ctx *c, int64_t after, struct stream_from *from, struct err *e)
{
    int64_t newest;

    *from = (struct stream_from){ .after = after };
    TRY(event_feed_newest(c->db, &newest, e));
    if (after <= newest && newest - after <= config_live(c->app->cfg)->stream_replay_max)
        return RC_OK;
    from->reset = true;
    return event_feed_last(c->db, c->app->gate, c->a, &from->after, e);
}

static enum rc feed(struct ctx *c, int64_t after, struct err *e)
{
    const struct events_query *q = c->query;
    const struct feed_from from = { after, SCAN_MAX };
    int64_t limit = q->limit.set ? q->limit.v : 50, shown = 0;
    struct ticket_view v = { 0 };
    struct jw *w = &c->out;
    struct feed_rows rows;
    size_t i;

    TRY(catalog_get(c->db, &v.cat, e));
    TRY(event_feed_read(c->db, c->app->gate, &from, c->a, &rows, e));
    jw_obj(w);
    jw_key(w, "data");
    jw_arr(w);
    for (i = 0; i < rows.n && shown < limit; i++) {
        after = rows.v[i].ev.id;
        if (!feed_row_visible(&c->who, &rows.v[i], &v.internal))
            continue;
        event_json(w, &v, &rows.v[i].ev);
        shown++;
    }
    jw_arr_end(w);
    jw_key(w, "page");
    jw_obj(w);
    jw_kv_text(w, "next", str_printf(c->a, "%lld", (long long)after));
    jw_kv_null(w, "prev");
    jw_kv_bool(w, "has_more", i < rows.n || rows.n == SCAN_MAX);
    jw_obj_end(w);
    jw_obj_end(w);
    return RC_OK;
}

static enum rc events(struct ctx *c, struct err *e)
{
    struct str accept = http_header_get(c->x, STR("accept"));
    struct stream_from from;
    int64_t after;

    TRY(begin_after(c, &after, e));
    if (accept.p && str_find(accept, STR("application/json")) != SIZE_MAX)
        return feed(c, after, e);
    if (!c->app->streams)
        return err_set(e, RC_BUSY, "", "There are no live streams now.");
    TRY(stream_begin_at(c, after, &from, e));
    TRY(streams_add(c->app->streams, exchange_stream_id(c->x), &c->who, from, e));
    exchange_header(c->x, STR("content-type"), STR("text/event-stream"));
    exchange_header(c->x, STR("cache-control"), STR("no-store"));
    exchange_header(c->x, STR("x-accel-buffering"), STR("no"));
    c->x->no_compress = true;
    c->x->is_stream = true;
    return RC_OK;
}

static const struct route routes[] = {
    { .method = HTTP_GET,
      .path = "/api/v1/events",
      .op = "events",
      .tag = "Events",
      .summary =
          "Everything that happens to tickets that the caller may see: a live stream, or a feed.",
      .handle = events,
      .flags = R_STREAM | R_LIST,
      .query = &events_query,
      .answer = &event_answer,
      .status = 200 },
};
const struct route_table routes_events = { routes, ARRAY_LEN(routes) };
