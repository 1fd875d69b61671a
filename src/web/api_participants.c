/* Participants of a ticket. */
#include "desk/participant.h"
#include "store/participants.h"
#include "web/call.h"
#include "web/ref_read.h"
#include "web/ticket_json.h"

enum { SHOWN_MAX = 200 };

static const struct jfield answer_fields[] = {
    { .name = "user", .type = J_JSON, .help = "The person: {id, name}." },
    { .name = "role", .type = J_TEXT, .help = "cc or follower." },
    { .name = "created_at", .type = J_TIME, .help = "Since when." },
};
static const struct jspec participant_answer = JSPEC_ANSWER("Participant", answer_fields);

struct participant_body {
    struct j_json user;
    struct j_int role;
};
static const struct jfield body_fields[] = {
    { "user", J_JSON, JF_REQUIRED, 0, 0, 0, NULL, NULL, offsetof(struct participant_body, user),
      "Id or e-mail address." },
    { "role", J_ENUM, 0, 0, 0, 0, participant_role_names, NULL,
      offsetof(struct participant_body, role), "cc unless told." },
};
static const struct jspec body_spec = JSPEC("ParticipantAdd", body_fields, struct participant_body);

static enum rc write_all(struct ctx *c, int64_t ticket_id, bool internal, struct err *e)
{
    struct participant *v;
    size_t n;

    TRY(participants_list(c->db, ticket_id, SHOWN_MAX, c->a, &v, &n, e));
    jw_obj(&c->out);
    jw_key(&c->out, "data");
    jw_arr(&c->out);
    for (size_t i = 0; i < n; i++) {
        if (!internal && v[i].role != PARTICIPANT_CC && v[i].user_id != c->who.user_id)
            continue;
        jw_obj(&c->out);
        jw_key(&c->out, "user"), ref_json(&c->out, v[i].user_id, v[i].name);
        jw_kv_text(&c->out, "role", str_of(participant_role_names[v[i].role]));
        jw_kv_time(&c->out, "created_at", v[i].created_us);
        jw_obj_end(&c->out);
    }
    jw_arr_end(&c->out);
    ctx_page_whole(c);
    jw_obj_end(&c->out);
    return RC_OK;
}

static enum rc participants_show(struct ctx *c, struct err *e)
{
    struct ticket_seen s;

    TRY(ctx_ticket(c, &s, e));
    return write_all(c, s.t.id, s.internal, e);
}

static enum rc participant_create(struct ctx *c, struct err *e)
{
    const struct participant_body *b = c->body;
    struct participant_new p = { .role = b->role.set ? (enum participant_role)b->role.v
                                                     : PARTICIPANT_CC };
    struct ticket_seen s;

    TRY(ctx_ticket(c, &s, e));
    TRY(ref_user(&s.call, b->user.v, "/user", s.internal, &p.user_id, e));
    TRY(participant_add(&s.call, s.t.id, &p, e));
    return write_all(c, s.t.id, s.internal, e);
}

static enum rc participant_delete(struct ctx *c, struct err *e)
{
    struct call call;
    int64_t id, user_id;

    TRY(ctx_ticket_id(c, 0, &id, e));
    TRY(ctx_id(c, 1, &user_id, e));
    TRY(ctx_call(c, &call, e));
    return participant_remove(&call, id, user_id, e);
}

static const struct route routes[] = {
    { .method = HTTP_GET, .path = "/api/v1/tickets/{id}/participants", .op = "participants_list",
      .tag = "Tickets", .summary = "Who takes part beside the customer.",
      .handle = participants_show, .flags = R_LIST, .answer = &participant_answer, .status = 200 },
    { .method = HTTP_POST, .path = "/api/v1/tickets/{id}/participants", .op = "participant_add",
      .tag = "Tickets", .summary = "Adds a person, or changes his role.",
      .handle = participant_create, .flags = R_WRITE | R_LIST, .body = &body_spec, .answer = &participant_answer,
      .status = 200 },
    { .method = HTTP_DELETE, .path = "/api/v1/tickets/{id}/participants/{user_id}",
      .op = "participant_remove", .tag = "Tickets", .summary = "Takes a person out.",
      .handle = participant_delete, .flags = R_WRITE | R_EMPTY, .status = 204 },
};
const struct route_table routes_participants = { routes, ARRAY_LEN(routes) };
