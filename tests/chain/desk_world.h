/* A desk with one customer, one agent and one administrator, t, as each test of a program finds it; and
 * requests to it. */
#ifndef TESTS_DESK_WORLD_H
#define TESTS_DESK_WORLD_H

#include "desk_fixture.h"

static struct {
    struct chain *ch;
    int64_t ann, agent_id, admin_id; /* ann: the customer */
    const char *customer, *agent, *admin; /* tokens */
} t;

static inline int set_up(void **state)
{
    (void)state;
    memset(&t, 0, sizeof t);
    t.ch = chain_open();
    t.ann = chain_user(t.ch, 3);
    t.agent_id = chain_user(t.ch, 2);
    t.admin_id = chain_user(t.ch, 1);
    t.customer = chain_token(t.ch, t.ann, -1, false);
    t.agent = chain_token(t.ch, t.agent_id, -1, false);
    t.admin = chain_token(t.ch, t.admin_id, -1, false);
    return 0;
}

static inline int tear_down(void **state)
{
    (void)state;
    clock_fake(0);
    chain_close(&t.ch);
    return 0;
}

static inline struct answer *ask(enum http_method method, const char *bearer, const char *path, const char *json)
{
    return chain_send(t.ch, (struct ask){ .method = method, .target = path, .bearer = bearer, .json = json });
}

static inline struct answer *good(enum http_method method, const char *bearer, const char *path, const char *json)
{
    struct answer *an = ask(method, bearer, path, json);

    if (an->status / 100 != 2)
        fail_msg("%s %s: %d %.*s", path, json ? json : "", an->status, STR_ARG(an->body));
    return an;
}

#endif
