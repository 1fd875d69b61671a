/* Messages of tickets: answer, list, edit a note, take words and files out. */
#include "desk/attachment.h"
#include "desk/ticket.h"
#include "web/call.h"
#include "web/ref_read.h"
#include "web/ticket_body.h"
#include "web/ticket_json.h"

static enum rc answer_message(struct ctx *c, struct call *call, int64_t id, bool internal,
                              struct err *e)
{
    struct attachments_json files = { 0 };
    struct message m;

    TRY(messages_load(c->db, id, false, c->a, &m, e));
    if (m.attachment_count)
        TRY(attachments_json_of(call, m.ticket_id, internal, &files, e));
    ctx_etag(c, m.version);
    message_json(&c->out, &m, attachments_json_for(&files, id));
    return RC_OK;
}

static enum rc create_prepare(struct ctx *c, struct err *e)
{
    return message_in_prepare(c, c->body, "/body", e);
}

static enum rc message_create(struct ctx *c, struct err *e)
{
    struct ticket_work w;
    struct message_new m;
    struct call call;
    int64_t id, said;

    TRY(ctx_ticket_id(c, 0, &id, e));
    TRY(ctx_call(c, &call, e));
    TRY(ticket_work_begin(&call, id, CAN_ANSWER, 0, &w, e));
    TRY(message_in_read(&call, c->body, "", c->prepared, &m, e));
    TRY(ticket_say(&w, &m, e));
    said = w.message.id;
    TRY(ticket_work_save(&w, e));
    ctx_location(c, "/api/v1/messages/%lld", (long long)said);
    return answer_message(c, &call, said, w.is_agent, e);
}

/* ---- List ---- */

struct messages_params {
    struct ctx_list_query list;
};
static const struct jfield messages_params_fields[] = { CTX_LIST_FIELDS };
static const struct jspec messages_query =
    JSPEC("MessagesQuery", messages_params_fields, struct messages_params);

static const char *const sort_names[] = { "created_at", NULL };
static const struct ctx_sorts sorts = { sort_names, false };

static enum rc messages_list(struct ctx *c, struct err *e)
{
    const struct messages_params *q = c->query;
    struct db_rows r CLEAN(db_rows_end) = { 0 };
    struct attachments_json files = { 0 };
    struct message_page page;
    struct message *list;
    struct ctx_page p;
    struct ticket_seen s;
    size_t n = 0, bytes = 0, max;

    TRY(ctx_ticket(c, &s, e));
    TRY(ctx_page_begin(c, &q->list, &sorts, ctx_filter_text(c), &p, e));
    page = (struct message_page){ s.internal,  p.descending != p.backward, p.has_key, p.key_id,
                                  p.limit + 1, MESSAGES_PAGE_BYTES };
    max = (size_t)p.limit;
    list = ARENA_ARRAY(c->a, struct message, max + 1);
    TRY(messages_of_ticket(c->db, s.t.id, &page, c->a, &r, e));
    while (n <= max && db_next(&r, e)) {
        message_from_row(&r, c->a, &list[n]);
        bytes += message_bytes(&list[n++]);
        if (n > 1 && bytes > MESSAGES_PAGE_BYTES)
            max = n - 1;
    }
    TRY(e->rc);
    if (messages_have_files(list, n))
        TRY(attachments_json_of(&s.call, s.t.id, s.internal, &files, e));
    for (size_t i = 0, shown = n < max ? n : max; i < shown; i++) {
        const struct message *m = &list[p.backward ? shown - 1 - i : i];

        ctx_page_item(c, &p, 0, STR_NONE, m->id);
        message_json(&c->out, m, attachments_json_for(&files, m->id));
    }
    ctx_page_end(c, &p, n > max);
    return RC_OK;
}

/* ---- One message ---- */

static enum rc not_there(struct err *e)
{
    return err_set(e, RC_NOT_FOUND, "", "There is no such message.");
}

/* The message, when the caller may read it; *internal: he reads its ticket as an agent. */
static enum rc readable(struct ctx *c, struct call *call, struct message *m, bool *internal,
                        struct err *e)
{
    struct ticket t;
    int64_t id;
    enum rc rc;

    TRY(ctx_id(c, 0, &id, e));
    rc = messages_load(c->db, id, false, c->a, m, e);
    if (rc == RC_NOT_FOUND) { /* goes on, as with one of a ticket that he may not see */
        err_clear(e);
        *m = (struct message){ 0 };
    } else {
        TRY(rc);
    }
    if (ticket_read(call, m->ticket_id, &t, internal, e) == RC_NOT_FOUND)
        return not_there(e);
    TRY(e->rc);
    return m->visibility == VISIBILITY_INTERNAL && !*internal ? not_there(e) : RC_OK;
}

static enum rc message_show(struct ctx *c, struct err *e)
{
    struct message m;
    struct call call;
    bool internal;

    TRY(ctx_call(c, &call, e));
    TRY(readable(c, &call, &m, &internal, e));
    return answer_message(c, &call, m.id, internal, e);
}

struct note_body {
    struct j_text body;
    struct j_int format;
};
static const struct jfield note_fields[] = {
    { "body", J_TEXT, JF_REQUIRED | JF_LINES | JF_FILLED, 1, MESSAGE_BODY_MAX, 0, NULL, NULL,
      offsetof(struct note_body, body), "The new words." },
    { "format", J_ENUM, 0, 0, 0, 0, message_format_names, NULL, offsetof(struct note_body, format),
      "How body is written; text unless told." },
};
static const struct jspec note_spec = JSPEC("NotePatch", note_fields, struct note_body);

static enum rc patch_prepare(struct ctx *c, struct err *e)
{
    const struct note_body *b = c->body;
    struct message_in in = { .body = b->body, .format = b->format };

    return message_in_prepare(c, &in, "/body", e);
}

/* Works on the ticket of the message, which the caller may read. */
static enum rc begin_with(struct ctx *c, struct call *call, enum action need, struct ticket_work *w,
                          const struct message *m, bool internal, struct err *e)
{
    int64_t version;

    TRY(ctx_if_match(c, &version, e));
    TRY(ticket_work_begin(call, m->ticket_id, need, 0, w, e));
    if (version && version != m->version) {
        if (answer_message(c, call, m->id, internal, e) == RC_OK)
            c->shows_current = true;
        return err_set(e, RC_STALE, "", "The message was changed in the meantime.");
    }
    return RC_OK;
}

/* Works on the ticket of the message in {id}; what the caller cannot read is not there. */
static enum rc begin(struct ctx *c, struct call *call, enum action need, struct ticket_work *w,
                     struct message *m, struct err *e)
{
    bool internal;

    TRY(ctx_call(c, call, e));
    TRY(readable(c, call, m, &internal, e));
    return begin_with(c, call, need, w, m, internal, e);
}

static enum rc message_patch(struct ctx *c, struct err *e)
{
    struct ticket_work w;
    struct message m;
    struct call call;

    TRY(begin(c, &call, CAN_CHANGE, &w, &m, e));
    if (m.author_id != c->who.user_id)
        return err_set(e, RC_DENIED, "", "Only who wrote a note may change it.");
    TRY(message_edit_note(&w, &m, c->prepared, e));
    return answer_message(c, &call, m.id, true, e);
}

struct redact_body {
    struct j_text reason;
};
static const struct jfield redact_fields[] = {
    { "reason", J_TEXT, JF_REQUIRED | JF_FILLED, 1, 255, 0, NULL, NULL,
      offsetof(struct redact_body, reason), "Why the words are taken out." },
};
static const struct jspec redact_spec = JSPEC("MessageRedact", redact_fields, struct redact_body);

static enum rc message_redact_handle(struct ctx *c, struct err *e)
{
    const struct redact_body *b = c->body;
    struct ticket_work w;
    struct message m;
    struct call call;

    TRY(begin(c, &call, CAN_DELETE, &w, &m, e));
    TRY(message_redact(&w, &m, b->reason.v, e));
    return answer_message(c, &call, m.id, true, e);
}

static enum rc attachment_redact(struct ctx *c, struct err *e)
{
    const struct redact_body *b = c->body;
    struct attachment at;
    struct ticket_work w;
    struct message m;
    struct call call;
    int64_t id;

    TRY(ctx_id(c, 0, &id, e));
    TRY(ctx_call(c, &call, e));
    TRY(attachment_read(&call, id, &at, e));
    if (!at.message_id)
        return err_set(e, RC_CONFLICT, "attachment_waits", "No message took this file yet; it goes by itself.");
    TRY(messages_load(c->db, at.message_id, false, c->a, &m, e));
    TRY(begin_with(c, &call, CAN_DELETE, &w, &m, true, e));
    TRY(message_remove_file(&w, &m, &at, b->reason.v, e));
    return answer_message(c, &call, m.id, true, e);
}

static const struct route routes[] = {
    { .method = HTTP_GET, .path = "/api/v1/tickets/{id}/messages", .op = "ticket_messages_list",
      .tag = "Messages", .summary = "The messages of a ticket, oldest first.",
      .handle = messages_list, .flags = R_LIST, .query = &messages_query,
      .answer = &message_answer, .status = 200 },
    { .method = HTTP_POST, .path = "/api/v1/tickets/{id}/messages", .op = "ticket_message_create",
      .tag = "Messages", .summary = "Answers a ticket, or writes an internal note.",
      .prepare = create_prepare, .handle = message_create, .flags = R_WRITE,
      .body = &message_in_spec, .answer = &message_answer, .status = 201, .max_body = 2 * MIB },
    { .method = HTTP_GET, .path = "/api/v1/messages/{id}", .op = "message_show", .tag = "Messages",
      .summary = "One message.", .handle = message_show, .answer = &message_answer, .status = 200 },
    { .method = HTTP_PATCH, .path = "/api/v1/messages/{id}", .op = "message_patch",
      .tag = "Messages", .summary = "Changes an internal note of one's own; public messages stay.",
      .prepare = patch_prepare, .handle = message_patch, .flags = R_WRITE, .body = &note_spec,
      .answer = &message_answer, .status = 200, .max_body = 2 * MIB },
    { .method = HTTP_POST, .path = "/api/v1/messages/{id}/redact", .op = "message_redact",
      .tag = "Messages", .summary = "Takes a message's words out, and records who did it and why.",
      .handle = message_redact_handle, .flags = R_WRITE, .body = &redact_spec,
      .answer = &message_answer, .status = 200 },
    { .method = HTTP_POST, .path = "/api/v1/attachments/{id}/redact", .op = "attachment_redact",
      .tag = "Attachments",
      .summary = "Takes a file out of its message for good, and records who did it and why; answers the message.",
      .handle = attachment_redact, .flags = R_WRITE, .body = &redact_spec, .answer = &message_answer,
      .status = 200 },
};
const struct route_table routes_messages = { routes, ARRAY_LEN(routes) };
