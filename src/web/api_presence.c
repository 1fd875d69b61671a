/* Who looks at a ticket just now: agents tell, and agents see. */
#include "base/utf8.h"
#include "desk/ticket.h"
#include "store/refs.h"
#include "web/app.h"
#include "web/call.h"
#include "web/nodes.h"
#include "web/presence.h"

static const struct jfield present_fields[] = {
    { .name = "user", .type = J_JSON, .help = "Who: {id, name}." },
    { .name = "state", .type = J_TEXT, .help = "viewing, writing or gone." },
    { .name = "since", .type = J_TIME, .help = "Since when." },
    { .name = "until", .type = J_TIME, .help = "Gone then, unless it is said again." },
};
static const struct jspec present_answer = JSPEC_ANSWER("Presence", present_fields);
static const struct jfield all_fields[] = {
    { .name = "data", .type = J_OBJS, .sub = &present_answer, .help = "All of them." },
};
static const struct jspec all_answer = JSPEC_ANSWER("PresenceList", all_fields);

struct presence_body {
    struct j_int state;
};
static const struct jfield body_fields[] = {
    { "state", J_ENUM, JF_REQUIRED, 0, 0, 0, presence_state_names, NULL,
      offsetof(struct presence_body, state), "Said again within a minute, or it is over." },
};
static const struct jspec body_spec = JSPEC("PresenceSay", body_fields, struct presence_body);

static enum rc answer_all(struct ctx *c, int64_t ticket_id, int64_t now_us)
{
    struct present *v = ARENA_ARRAY(c->a, struct present, PRESENCE_SHOWN_MAX);
    size_t n = presence_list(c->app->presence, ticket_id, now_us, v);

    jw_obj(&c->out);
    jw_key(&c->out, "data");
    jw_arr(&c->out);
    for (size_t i = 0; i < n; i++) {
        jw_obj(&c->out);
        presence_members(&c->out, &v[i]);
        jw_obj_end(&c->out);
    }
    jw_arr_end(&c->out);
    jw_obj_end(&c->out);
    return RC_OK;
}

/* The ticket, when the caller sees it as an agent. */
static enum rc ticket_of(struct ctx *c, struct ticket_seen *s, struct err *e)
{
    TRY(ctx_ticket(c, s, e));
    return s->internal ? RC_OK : err_set(e, RC_DENIED, "", "Only agents see who is at a ticket.");
}

static enum rc presence_show(struct ctx *c, struct err *e)
{
    struct ticket_seen s;

    TRY(ticket_of(c, &s, e));
    return answer_all(c, s.t.id, s.call.now_us);
}

static enum rc presence_tell(struct ctx *c, struct err *e)
{
    const struct presence_body *b = c->body;
    struct present me = { .user_id = c->who.user_id, .state = (enum presence_state)b->state.v }, now;
    struct ticket_facts facts;
    struct ticket_seen s;
    struct user_ref u;

    TRY(ticket_of(c, &s, e));
    TRY(refs_user(c->db, me.user_id, c->a, &u, e));
    me.ticket_id = s.t.id;
    u.name = str_sub(u.name, 0, utf8_cut_bytes(u.name, PRESENCE_NAME_MAX - 1));
    memcpy(me.name, u.name.p, u.name.n);
    facts = (struct ticket_facts){ s.t.group_id, s.t.customer_id, s.t.organization_id, false };
    nodes_present(c->app, &me, &facts, &now);
    return answer_all(c, s.t.id, s.call.now_us);
}

static const struct route routes[] = {
    { .method = HTTP_GET,
      .path = "/api/v1/tickets/{id}/presence",
      .op = "ticket_presence_list",
      .tag = "Tickets",
      .summary = "Which agents look at the ticket or write on it just now.",
      .handle = presence_show,
      .perm = PERM_TICKET_AGENT | PERM_ADMIN_TICKET,
      .answer = &all_answer,
      .status = 200 },
    { .method = HTTP_POST,
      .path = "/api/v1/tickets/{id}/presence",
      .op = "ticket_presence_say",
      .tag = "Tickets",
      .summary = "Tells that the caller looks at the ticket, writes on it, or left.",
      .handle = presence_tell,
      .flags = R_NO_IDEMPOTENCY | R_QUIET,
      .perm = PERM_TICKET_AGENT | PERM_ADMIN_TICKET,
      .body = &body_spec,
      .answer = &all_answer,
      .status = 200 },
};
const struct route_table routes_presence = { routes, ARRAY_LEN(routes) };
