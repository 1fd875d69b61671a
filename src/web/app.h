/* The running application: what every request may use.  Made by app_start() (cli/serve.c), freed by
 * app_stop() after the drain.  All members are set before the first request and then constant,
 * except what is atomic or behind its own lock. */
#ifndef WEB_APP_H
#define WEB_APP_H

#include "base/defs.h"
#include "base/err.h"

struct auth;
struct config;
struct store;
struct http_server;
struct lane;
struct metrics;
struct health;
struct ratelimit;
struct streams;

struct app {
    const struct config *cfg;   /* owner: cli/serve.c; the reloadable part is read by config_live() */
    struct store *store;
    struct auth *auth;          /* desk/auth.h: keys and limits of accounts, the cache of rights */
    struct http_server *http;
    struct lane *read_lane;     /* the chain and reading handlers */
    struct lane *slow_lane;     /* argon2id */
    struct metrics *metrics;
    struct health *health;
    struct ratelimit *ratelimit;
    struct streams *streams;
    int64_t started_us;
    _Atomic int draining;
};

enum rc app_start(const struct config *cfg, struct app **out, struct err *e) MUST_USE;
void app_stop(struct app **app);

#endif
