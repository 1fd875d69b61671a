/* Messages: what may be written, and how a body becomes safe HTML and searchable text. */
#ifndef DESK_MESSAGE_H
#define DESK_MESSAGE_H

#include "desk/call.h"
#include "store/messages.h"

/* A body made ready on the read lane: text for search, sanitised HTML for showing. */
struct message_body {
    enum message_format format;
    struct str source, text, html;
};
enum { MESSAGE_BODY_MAX = 262144 }; /* code points of a body given over the API */
/* RC_INVALID at pointer when nothing that can be read is left. */
enum rc message_render(struct str source, enum message_format format, const char *pointer,
                       struct arena *a, struct message_body *out, struct err *e) MUST_USE;

struct message_new {
    struct message_body body;
    enum message_kind kind;
    enum message_visibility visibility;
    int64_t on_behalf_id;          /* 0: the actor himself */
    bool is_auto;
    struct str subject, mail_from, mail_to, mail_cc, message_id, in_reply_to, mail_references;
    struct str external_id;
    const int64_t *uploads;        /* attachments */
    size_t n_uploads;
    int64_t last_seen_message_id;  /* 0: not asked; RC_CONFLICT when the customer wrote since */
    const char *at;                /* where it stands in the body, for errors: "/message"; NULL: it is the body */
};

#endif
