/* What bodies say about tickets and messages: the parts that several routes share. */
#ifndef WEB_TICKET_BODY_H
#define WEB_TICKET_BODY_H

#include "base/jspec.h"
#include "desk/ticket.h"
#include "web/ctx.h"

struct edit_body {
    struct j_text title;
    struct j_json state, priority, group, owner, customer, organization, fields;
    struct j_int until;
    struct j_texts tags, add_tags, remove_tags;
};
/* The members of a struct edit_body that is the first member of the route's body struct. */
#define EDIT_FIELDS                                                                                \
    { "state", J_JSON, 0, 0, 0, 0, NULL, NULL, offsetof(struct edit_body, state),                  \
      "State: id or name." },                                                                      \
    { "until", J_TIME, JF_NULLABLE, 0, 0, 0, NULL, NULL, offsetof(struct edit_body, until),        \
      "Until when it waits (pending states)." },                                                   \
    { "priority", J_JSON, 0, 0, 0, 0, NULL, NULL, offsetof(struct edit_body, priority),            \
      "Priority: id or name." },                                                                   \
    { "group", J_JSON, 0, 0, 0, 0, NULL, NULL, offsetof(struct edit_body, group),                  \
      "Group: id or name." },                                                                      \
    { "owner", J_JSON, JF_NULLABLE, 0, 0, 0, NULL, NULL, offsetof(struct edit_body, owner),        \
      "Owner: id, e-mail address, \"me\" or null." },                                              \
    { "customer", J_JSON, 0, 0, 0, 0, NULL, NULL, offsetof(struct edit_body, customer),            \
      "Customer: id, e-mail address or {\"email\",\"name\"}." },                                   \
    { "organization", J_JSON, JF_NULLABLE, 0, 0, 0, NULL, NULL,                                    \
      offsetof(struct edit_body, organization), "One of the customer's organisations: id." },      \
    { "tags", J_TEXTS, JF_NULLABLE, 1, 64, 50, NULL, NULL, offsetof(struct edit_body, tags),      \
      "All tags; null clears." },                                                                  \
    { "fields", J_JSON, 0, 0, 0, 0, NULL, NULL, offsetof(struct edit_body, fields),                \
      "Custom fields by name; null clears one." }

struct message_in {
    struct j_text body;
    struct j_int format, visibility, kind;
    struct j_json on_behalf_of;
    struct j_ints attachments;
    struct j_int last_seen_message;
};
extern const struct jspec message_in_spec; /* "MessageCreate" */

/* References looked up; may_make: new customers may be made. */
enum rc edit_body_read(struct call *c, const struct edit_body *b, bool may_make,
                       struct ticket_edit *out, struct err *e) MUST_USE;
/* prepare(): the body made safe, into c->prepared (a struct message_body). */
enum rc message_in_prepare(struct ctx *c, const struct message_in *in, const char *pointer,
                           struct err *e) MUST_USE;
/* at: where it stands in the body, "/message" or "" (a literal: it is kept). */
enum rc message_in_read(struct call *c, const struct message_in *in, const char *at,
                        const struct message_body *body, struct message_new *out, struct err *e) MUST_USE;

/* The ticket as the caller sees it, into the answer, with its ETag. */
enum rc answer_ticket(struct ctx *c, struct call *call, int64_t id, struct err *e) MUST_USE;
/* After RC_STALE: the current ticket becomes part of the problem answer; returns rc. */
enum rc stale_ticket(struct ctx *c, struct call *call, int64_t id, enum rc rc, struct err *e);
/* For an answer of messages: their attachments as JSON arrays. */
struct attachment_json {
    int64_t message_id;
    struct str json;
};
struct attachments_json {
    struct attachment_json *v;
    size_t n;
};
enum rc attachments_json_of(struct call *c, int64_t ticket_id, bool internal,
                            struct attachments_json *out, struct err *e) MUST_USE;
bool messages_have_files(const struct message *list, size_t n);
struct str attachments_json_for(const struct attachments_json *list, int64_t message_id);

#endif
