/* Merging tickets and taking it back, splitting one. */
#include "desk/merge.h"
#include "desk/split.h"
#include "web/call.h"
#include "web/ref_read.h"
#include "web/ticket_body.h"
#include "web/ticket_json.h"

struct merge_body {
    struct j_json into;
};
static const struct jfield merge_body_fields[] = {
    { "into", J_JSON, JF_REQUIRED, 0, 0, 0, NULL, NULL, offsetof(struct merge_body, into),
      "Id, or \"number:…\", of the ticket that this one becomes part of." },
};
static const struct jspec merge_body = JSPEC("TicketMerge", merge_body_fields, struct merge_body);

static enum rc merge(struct ctx *c, struct err *e)
{
    const struct merge_body *b = c->body;
    int64_t id, if_match, into, target;
    struct call call;

    TRY(ctx_call(c, &call, e));
    TRY(ctx_ticket_id(c, 0, &id, e));
    TRY(ctx_if_match(c, &if_match, e));
    TRY(ref_ticket(&call, b->into.v, "/into", &into, e));
    TRY(ticket_merge(&call, id, into, if_match, &target, e));
    return answer_ticket(c, &call, target, e);
}

static enum rc unmerge(struct ctx *c, struct err *e)
{
    int64_t id, if_match;
    struct call call;

    TRY(ctx_call(c, &call, e));
    TRY(ctx_ticket_id(c, 0, &id, e));
    TRY(ctx_if_match(c, &if_match, e));
    TRY(ticket_unmerge(&call, id, if_match, e));
    return answer_ticket(c, &call, id, e);
}

enum split_mode { SPLIT_COPY, SPLIT_MOVE };
static const char *const split_modes[] = { "copy", "move", NULL };

struct split_body {
    struct j_ints messages;
    struct j_int mode, group;
    struct j_text title;
};
static const struct jfield split_body_fields[] = {
    { "messages", J_IDS, JF_REQUIRED, 0, 0, 100, NULL, NULL, offsetof(struct split_body, messages),
      "Ids of messages of this ticket, 1 to 100." },
    { "mode", J_ENUM, JF_REQUIRED, 0, 0, 0, split_modes, NULL, offsetof(struct split_body, mode),
      "Whether the messages stay here too." },
    { "title", J_TEXT, JF_FILLED, 1, 200, 0, NULL, NULL, offsetof(struct split_body, title),
      "Title of the new ticket; this one's unless told." },
    { "group", J_ID, 0, 0, 0, 0, NULL, NULL, offsetof(struct split_body, group),
      "Group of the new ticket; this one's unless told." },
};
static const struct jspec split_body = JSPEC("TicketSplit", split_body_fields, struct split_body);

static enum rc split(struct ctx *c, struct err *e)
{
    const struct split_body *b = c->body;
    struct split_ask ask = { .messages = b->messages.v,
                             .n = b->messages.n,
                             .move = b->mode.v == SPLIT_MOVE,
                             .title = b->title.set ? b->title.v : STR_NONE,
                             .group_id = b->group.v };
    struct call call;
    int64_t new_id;

    if (!ask.n)
        return err_field(e, "/messages", "length", "1 to 100 ids", "Choose the messages.");
    TRY(ctx_call(c, &call, e));
    TRY(ctx_ticket_id(c, 0, &ask.ticket_id, e));
    TRY(ctx_if_match(c, &ask.if_match, e));
    TRY(ticket_split(&call, &ask, &new_id, e));
    ctx_location(c, "/api/v1/tickets/%lld", (long long)new_id);
    return answer_ticket(c, &call, new_id, e);
}

#define AGENTS (PERM_TICKET_AGENT | PERM_ADMIN_TICKET)

static const struct route routes[] = {
    { .method = HTTP_POST,
      .path = "/api/v1/tickets/{id}/merge",
      .op = "ticket_merge",
      .tag = "Tickets",
      .summary = "Merges the ticket into another one and answers that one.",
      .handle = merge,
      .flags = R_WRITE,
      .perm = AGENTS,
      .body = &merge_body,
      .answer = &ticket_answer,
      .status = 200 },
    { .method = HTTP_POST,
      .path = "/api/v1/tickets/{id}/unmerge",
      .op = "ticket_unmerge",
      .tag = "Tickets",
      .summary = "Takes the merge of this ticket back.",
      .handle = unmerge,
      .flags = R_WRITE,
      .perm = AGENTS,
      .answer = &ticket_answer,
      .status = 200 },
    { .method = HTTP_POST,
      .path = "/api/v1/tickets/{id}/split",
      .op = "ticket_split",
      .tag = "Tickets",
      .summary = "Makes a new ticket of some messages.",
      .handle = split,
      .flags = R_WRITE,
      .perm = AGENTS,
      .body = &split_body,
      .answer = &ticket_answer,
      .status = 201 },
};
const struct route_table routes_ticket_merge = { routes, ARRAY_LEN(routes) };
