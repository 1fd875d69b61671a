/* Tickets: open, change, act.  Reading is in api_ticket_read.c, messages in api_messages.c. */
#include "web/api_tickets.h"

#include "web/call.h"
#include "web/ref_read.h"
#include "web/ticket_body.h"
#include "web/ticket_json.h"

/* ---- Open ---- */

struct participant_in {
    struct j_json user;
    struct j_int role;
};
static const struct jfield participant_in_fields[] = {
    { "user", J_JSON, JF_REQUIRED, 0, 0, 0, NULL, NULL, offsetof(struct participant_in, user),
      "Id or e-mail address." },
    { "role", J_ENUM, 0, 0, 0, 0, participant_role_names, NULL, offsetof(struct participant_in, role),
      "cc unless told." },
};
static const struct jspec participant_in_spec =
    JSPEC("ParticipantCreate", participant_in_fields, struct participant_in);

struct create_body {
    struct edit_body edit;
    struct j_obj message;
    struct j_int channel;
    struct j_objs participants;
    struct j_text external_source, external_id;
};

/* Channels that the API may name; the first is what it is unless told. */
static const char *const api_channels[] = { "web", "api", "phone", "walk_in", "chat", "sms", NULL };
static const enum channel api_channel_of[] = { CHANNEL_WEB,     CHANNEL_API,  CHANNEL_PHONE,
                                               CHANNEL_WALK_IN, CHANNEL_CHAT, CHANNEL_SMS };

static const struct jfield create_fields[] = {
    { "title", J_TEXT, JF_REQUIRED | JF_FILLED, 1, 255, 0, NULL, NULL,
      offsetof(struct edit_body, title), "Subject." },
    { "message", J_OBJ, JF_REQUIRED, 0, 0, 0, NULL, &message_in_spec,
      offsetof(struct create_body, message), "The first message." },
    EDIT_FIELDS,
    { "channel", J_ENUM, 0, 0, 0, 0, api_channels, NULL, offsetof(struct create_body, channel),
      "How it came; agents only." },
    { "participants", J_OBJS, 0, 0, 0, 50, NULL, &participant_in_spec,
      offsetof(struct create_body, participants), "Who else takes part." },
    { "external_source", J_TEXT, 0, 1, 64, 0, NULL, NULL,
      offsetof(struct create_body, external_source), "The system that external_id belongs to; api unless told." },
    { "external_id", J_TEXT, JF_FILLED, 1, 255, 0, NULL, NULL,
      offsetof(struct create_body, external_id), "Id in another system, unique for its source." },
};
const struct jspec ticket_create_spec = JSPEC("TicketCreate", create_fields, struct create_body);

enum rc api_ticket_create_prepare(struct ctx *c, struct err *e)
{
    const struct create_body *b = c->body;

    return message_in_prepare(c, b->message.v, "/message/body", e);
}

static enum rc read_participants(struct call *call, const struct create_body *b,
                                 struct ticket_new *in, struct err *e)
{
    const struct participant_in *v = b->participants.v;
    struct participant_new *list = ARENA_ARRAY(call->a, struct participant_new, b->participants.n + 1);

    for (size_t i = 0; i < b->participants.n; i++) {
        char pointer[40];

        snprintf(pointer, sizeof(pointer), "/participants/%zu/user", i);
        TRY(ref_user(call, v[i].user.v, pointer, false, &list[i].user_id, e));
        list[i].role = v[i].role.set ? (enum participant_role)v[i].role.v : PARTICIPANT_CC;
    }
    in->participants = list;
    in->n_participants = b->participants.n;
    return RC_OK;
}

/* By phone or at the desk, the first message is the customer's, written down by the agent. */
static void message_of_channel(struct ticket_new *in, const struct message_in *m)
{
    if (m->kind.set || in->message.visibility == VISIBILITY_INTERNAL)
        return;
    if (in->channel == CHANNEL_PHONE)
        in->message.kind = MESSAGE_PHONE_IN;
    if (in->channel == CHANNEL_WALK_IN && (in->edit.set & TF_CUSTOMER))
        in->message.on_behalf_id = in->edit.customer_id;
}

enum rc api_ticket_create_read(struct ctx *c, struct call *call, struct ticket_new *in, struct err *e)
{
    const struct create_body *b = c->body;

    *in = (struct ticket_new){ .external_source = b->external_source.v,
                               .external_id = b->external_id.v };
    if (b->channel.set)
        in->channel = api_channel_of[b->channel.v];
    else
        in->channel = c->who.token_id ? CHANNEL_API : CHANNEL_WEB;
    if (b->channel.set && !actor_is_agent(call->who) && b->channel.v > 1)
        return err_field(e, "/channel", "choice", "web, api", "Customers open tickets by web or API.");
    TRY(edit_body_read(call, &b->edit, true, &in->edit, e));
    TRY(message_in_read(call, b->message.v, "/message", c->prepared, &in->message, e));
    message_of_channel(in, b->message.v);
    return read_participants(call, b, in, e);
}

static enum rc ticket_create_handle(struct ctx *c, struct err *e)
{
    struct ticket_new in;
    struct ticket_work w;
    struct call call;

    TRY(ctx_call(c, &call, e));
    TRY(api_ticket_create_read(c, &call, &in, e));
    TRY(ticket_create(&call, &in, &w, e));
    ctx_location(c, "/api/v1/tickets/%lld", (long long)w.t.id);
    return answer_ticket(c, &call, w.t.id, e);
}

/* ---- Change ---- */

static const struct jfield patch_fields[] = {
    { "title", J_TEXT, JF_FILLED, 1, 255, 0, NULL, NULL, offsetof(struct edit_body, title), "Subject." },
    EDIT_FIELDS,
};
static const struct jspec patch_spec = JSPEC("TicketPatch", patch_fields, struct edit_body);

/* The ticket of the path, as If-Match names it, to be changed. */
static enum rc begin_edit(struct ctx *c, struct call *call, struct ticket_work *w, struct err *e)
{
    int64_t id, version;

    TRY(ctx_ticket_id(c, 0, &id, e));
    TRY(ctx_if_match(c, &version, e));
    TRY(ctx_call(c, call, e));
    TRY(stale_ticket(c, call, id, ticket_work_begin(call, id, CAN_ANSWER, version, w, e), e));
    if (w->t.state_type == STATE_MERGED)
        return err_set(e, RC_CONFLICT, "ticket_merged",
                       "This ticket was merged into another one and cannot be changed.");
    return RC_OK;
}

static enum rc ticket_patch(struct ctx *c, struct err *e)
{
    struct ticket_work w;
    struct ticket_edit ed;
    struct call call;

    TRY(begin_edit(c, &call, &w, e));
    TRY(edit_body_read(&call, c->body, false, &ed, e));
    TRY(ticket_apply(&w, &ed, e));
    TRY(ticket_work_save(&w, e));
    return answer_ticket(c, &call, w.t.id, e);
}

/* ---- Fields and a message at once ---- */

struct actions_body {
    struct edit_body edit;
    struct j_obj message;
    struct j_int last_seen_message;
};
static const struct jfield actions_fields[] = {
    { "title", J_TEXT, JF_FILLED, 1, 255, 0, NULL, NULL, offsetof(struct edit_body, title), "Subject." },
    EDIT_FIELDS,
    { "add_tags", J_TEXTS, 0, 1, 64, 50, NULL, NULL, offsetof(struct edit_body, add_tags),
      "Tags to be added." },
    { "remove_tags", J_TEXTS, 0, 1, 64, 50, NULL, NULL, offsetof(struct edit_body, remove_tags),
      "Tags to be taken away." },
    { "message", J_OBJ, 0, 0, 0, 0, NULL, &message_in_spec, offsetof(struct actions_body, message),
      "A message." },
    { "last_seen_message", J_INT, 0, 0, INT64_MAX, 0, NULL, NULL,
      offsetof(struct actions_body, last_seen_message),
      "The newest message that the actor knew: 409 when the customer wrote since." },
};
static const struct jspec actions_spec = JSPEC("TicketActions", actions_fields, struct actions_body);

static enum rc actions_prepare(struct ctx *c, struct err *e)
{
    const struct actions_body *b = c->body;

    return b->message.v ? message_in_prepare(c, b->message.v, "/message/body", e) : RC_OK;
}

static enum rc check_seen(struct call *call, int64_t ticket_id, int64_t last_seen, struct err *e)
{
    int64_t newest;

    TRY(messages_last_of_customer(call->db, ticket_id, &newest, e));
    if (newest <= last_seen)
        return RC_OK;
    return err_conflict(e, "customer_wrote", "/last_seen_message", "the newest message of the customer",
                        "The customer wrote in the meantime (message %lld).", (long long)newest);
}

static enum rc ticket_actions(struct ctx *c, struct err *e)
{
    const struct actions_body *b = c->body;
    struct ticket_work w;
    struct ticket_edit ed;
    struct message_new m;
    struct call call;

    TRY(begin_edit(c, &call, &w, e));
    if (b->last_seen_message.set)
        TRY(check_seen(&call, w.t.id, b->last_seen_message.v, e));
    TRY(edit_body_read(&call, &b->edit, false, &ed, e));
    TRY(ticket_apply(&w, &ed, e));
    if (b->message.v) {
        TRY(message_in_read(&call, b->message.v, "/message", c->prepared, &m, e));
        TRY(ticket_say(&w, &m, e));
    }
    TRY(ticket_work_save(&w, e));
    return answer_ticket(c, &call, w.t.id, e);
}

static const struct route routes[] = {
    { .method = HTTP_GET, .path = "/api/v1/tickets", .op = "tickets_list", .tag = "Tickets",
      .summary = "Tickets that the caller may see, newest change first.",
      .handle = api_tickets_list, .flags = R_LIST, .query = &tickets_query,
      .answer = &ticket_answer, .status = 200 },
    { .method = HTTP_POST, .path = "/api/v1/tickets", .op = "ticket_create", .tag = "Tickets",
      .summary = "Opens a ticket with its first message.", .prepare = api_ticket_create_prepare,
      .handle = ticket_create_handle, .flags = R_WRITE, .body = &ticket_create_spec,
      .answer = &ticket_answer, .status = 201, .max_body = 2 * MIB },
    { .method = HTTP_GET, .path = "/api/v1/tickets/{id}", .op = "ticket_show", .tag = "Tickets",
      .summary = "One ticket; with include also its messages and people.",
      .handle = api_ticket_show, .ahead = api_ticket_ahead, .query = &ticket_query, .answer = &ticket_answer,
      .status = 200 },
    { .method = HTTP_PATCH, .path = "/api/v1/tickets/{id}", .op = "ticket_patch", .tag = "Tickets",
      .summary = "Changes fields (merge-patch); If-Match guards against stale changes.",
      .handle = ticket_patch, .flags = R_WRITE, .body = &patch_spec, .answer = &ticket_answer,
      .status = 200 },
    { .method = HTTP_POST, .path = "/api/v1/tickets/{id}/actions", .op = "ticket_actions",
      .tag = "Tickets", .summary = "Changes fields and adds a message in one transaction.",
      .prepare = actions_prepare, .handle = ticket_actions, .flags = R_WRITE,
      .body = &actions_spec, .answer = &ticket_answer, .status = 200, .max_body = 2 * MIB },
    { .method = HTTP_GET, .path = "/api/v1/tickets/{id}/events", .op = "ticket_events_list",
      .tag = "Tickets", .summary = "The history of a ticket; customers see what is not internal.",
      .handle = api_ticket_events, .flags = R_LIST, .query = &ticket_events_query,
      .answer = &event_answer, .status = 200 },
};
const struct route_table routes_tickets = { routes, ARRAY_LEN(routes) };
