/* The running application: what every request may use.  Made by app_start() (cli/serve.c), freed by
 * app_stop() after the drain.  All members are set before the first request and then constant,
 * except what is atomic or behind its own lock. */
#ifndef WEB_APP_H
#define WEB_APP_H

#include "base/defs.h"
#include "base/err.h"
#include "base/str.h"

#include <stdatomic.h>

struct arena;
struct auth;
struct blobs;
struct refused;
struct runner;
struct ship;
struct schedule;
struct config;
struct store;
struct http_server;
struct lane;
struct metrics;
struct health;
struct ratelimit;
struct streams;
struct presence;
struct ticket_cache;
struct event_gate;
struct dispatch;
struct web_live;
struct inflight;
struct exchange;
struct http_app;
struct db;

enum { APP_KEY_LEN = 32 };

struct app {
    const struct config *cfg;   /* owner: cli/serve.c; the reloadable part is read by config_live() */
    struct store *store;
    struct auth *auth;          /* desk/auth.h: keys and limits of accounts, the cache of rights */
    struct blobs *blobs;        /* desk/blob.h: the bytes of attachments */
    struct ship *ship;          /* backup/ship.h; NULL: nothing is shipped */
    struct schedule *schedule;  /* backup/schedule.h; NULL: no backups are made here */
    struct refused *refused;    /* desk/refused.h: who was refused; NULL: the database is only read */
    struct runner *runner;      /* job/runner.h: jobs and periodic tasks; runs from app_start() on */
    struct http_server *http;
    struct lane *read_lane;     /* the chain and reading handlers */
    struct lane *slow_lane;     /* argon2id */
    struct metrics *metrics;
    struct health *health;
    struct ratelimit *ratelimit;
    struct streams *streams;
    struct event_gate *gate;    /* store/event_feed.h */
    struct presence *presence;  /* web/presence.h */
    struct ticket_cache *ticket_cache; /* web/ticket_cache.h */
    struct arena *arena;        /* of what is made once: the dispatch tree, the API document */
    struct str openapi, openapi_etag; /* GET /api/openapi.json */
    int64_t started_us;
    _Atomic int draining;
    _Atomic unsigned confined;  /* what the process gave up: enum confined (base/confine.h) */
    const struct dispatch *dispatch;
    struct web_live *_Atomic live; /* the reloadable settings, web/live.h */
    struct inflight *inflight;     /* idempotency keys of running requests */
    unsigned char cursor_key[APP_KEY_LEN], cursor_key_former[APP_KEY_LEN]; /* the second: also read */
    bool has_cursor_key_former;
    void (*reply)(struct exchange *x); /* exchange_reply(), but for tests */
    /* Tests: called with the connection before the stages that use it run; may be NULL. */
    void (*on_db)(struct app *app, struct db *db, bool writes);
    void *test;                    /* the fixture's */
};

/* Keys and limits of accounts as these settings say; the caller owns *out (auth_close). */
enum rc app_auth(const struct config *cfg, struct auth **out, struct err *e) MUST_USE;
/* Store, lanes, routes; not yet listening.  cfg must live as long as the app. */
enum rc app_open(const struct config *cfg, struct app **out, struct err *e) MUST_USE;
/* Listening sockets that the process was started with; they stand in for SERVER_HOST and _PORT. */
struct launcher;
struct app_sockets {
    const int *fds;
    size_t n;
    struct launcher *launcher; /* backup/launcher.h; the caller's; NULL: no backups are made here */
};
/* app_open() and the listeners. */
enum rc app_start(const struct config *cfg, const struct app_sockets *given, struct app **out,
                  struct err *e) MUST_USE;
/* After config_reload(): takes over what SIGHUP may change: origins, limits, certificates. */
enum rc app_reload(struct app *app, struct err *e) MUST_USE;
void app_stop(struct app **app);
/* The calls that http/ makes into the chain; their arg is the app. */
struct http_app app_calls(struct app *app);

#endif
