/* The reading handlers of tickets, for the table in api_tickets.c. */
#ifndef WEB_API_TICKETS_H
#define WEB_API_TICKETS_H

#include "web/ctx.h"

extern const struct jspec tickets_query, ticket_query, ticket_events_query;
enum rc api_tickets_list(struct ctx *c, struct err *e);
enum rc api_ticket_show(struct ctx *c, struct err *e);
enum rc api_ticket_events(struct ctx *c, struct err *e);

#endif
