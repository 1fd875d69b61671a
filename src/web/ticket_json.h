/* Tickets, messages and events as JSON answers: closed lists of fields, the same everywhere. */
#ifndef WEB_TICKET_JSON_H
#define WEB_TICKET_JSON_H

#include "base/jspec.h"
#include "base/json.h"
#include "desk/catalog.h"
#include "store/events.h"
#include "store/messages.h"
#include "store/tickets.h"

extern const struct jspec ticket_answer, message_answer, event_answer;

struct ticket_view {
    const struct catalog *cat;
    bool internal; /* the reader sees this ticket as an agent */
    uint64_t mask; /* fields asked for (ticket_fields_mask); 0: all */
    struct str customer, owner; /* whole objects instead of references; p == NULL: references */
};

/* Bits for "fields=a,b"; RC_BAD names an unknown one. */
enum rc ticket_fields_mask(const struct str *names, size_t n, uint64_t *mask, struct err *e) MUST_USE;
/* The members without the braces, so that includes can follow. */
void ticket_json_members(struct jw *w, const struct ticket_view *v, const struct ticket *t);
void ticket_json(struct jw *w, const struct ticket_view *v, const struct ticket *t);
/* attachments: ready JSON array, or p == NULL for none. */
/* A page of messages ends early when its words are more than this, whatever was asked for: with every
 * escape written out they still fit an answer. */
enum { MESSAGES_PAGE_BYTES = 8 * 1024 * 1024 };
size_t message_bytes(const struct message *m);
void message_json(struct jw *w, const struct message *m, struct str attachments);
/* For readers without internal rights, changes are cut down to what customers may know. */
void event_json(struct jw *w, const struct ticket_view *v, const struct event *ev);
void ref_json(struct jw *w, int64_t id, struct str name); /* {"id","name"} or null */

#endif
