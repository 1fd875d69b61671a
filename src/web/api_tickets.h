/* The reading handlers of tickets, for the table in api_tickets.c. */
#ifndef WEB_API_TICKETS_H
#define WEB_API_TICKETS_H

#include "web/ctx.h"

struct call;
struct ticket_new;
struct jw;
struct link_row;

extern const struct jspec tickets_query, ticket_query, ticket_events_query;
enum rc api_tickets_list(struct ctx *c, struct err *e);
/* Whether lists of tickets are sorted by that, "-updated_at". */
bool api_tickets_sorts(struct str sort);
enum rc api_view_tickets(struct ctx *c, struct err *e); /* {id}: of a view */
enum rc api_ticket_show(struct ctx *c, struct err *e);
void api_ticket_ahead(const struct ctx *c);
enum rc api_ticket_events(struct ctx *c, struct err *e);
/* Names out of a list of names, as bits by their places; RC_BAD names those there are. */
enum rc api_read_bits(struct arena *a, const struct j_texts *in, const char *param, const char *const *names,
                      unsigned *out, struct err *e) MUST_USE;
/* A person whole: only for agents, and for himself; else *out stays. */
enum rc api_person_json(struct call *call, int64_t id, bool internal, struct str *out, struct err *e) MUST_USE;
/* One link as the ticket seen_from has it. */
void link_json(struct jw *w, const struct call *c, int64_t seen_from, const struct link_row *row);

/* Opening a ticket, without its answer: the pages of the portal do the same. */
extern const struct jspec ticket_create_spec;
enum rc api_ticket_create_prepare(struct ctx *c, struct err *e) MUST_USE;
/* c->prepared begins with the struct message_body. */
enum rc api_ticket_create_read(struct ctx *c, struct call *call, struct ticket_new *in, struct err *e) MUST_USE;

#endif
