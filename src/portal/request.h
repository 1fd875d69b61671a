/* What the pages of requests (the customer's tickets) share. */
#ifndef PORTAL_REQUEST_H
#define PORTAL_REQUEST_H

#include "desk/message.h"
#include "portal/page.h"
#include "portal/uploads.h"
#include "store/tickets.h"

#define PAGE_MINE R_PAGE
#define PAGE_MINE_FORM (R_PAGE | R_WRITE)

/* The ticket of {number} in the path, as a customer sees it; RC_NOT_FOUND alike for what never was and
 * what is not his.  The request log is told the id. */
enum rc request_id(struct ctx *c, int64_t *id, struct err *e) MUST_USE;
/* A pill with the state, in the words meant for customers. */
void request_state(struct page *p, const struct catalog *cat, const struct ticket *t);
bool request_is_done(const struct ticket *t);

/* What a form with a message and files keeps from prepare() to the page that shows it again. */
struct request_prepared {
    struct message_body body; /* first: api_ticket_create_read() reads it there */
    struct uploads uploads;
    struct err *early;        /* what prepare() found wrong: handle() answers it when it has kept the files */
};
/* The end of prepare(): without fresh files the failure is the answer at once. */
enum rc request_early(struct ctx *c, struct request_prepared *prep, enum rc rc, struct err *e) MUST_USE;
enum rc request_late(const struct request_prepared *prep, struct err *e) MUST_USE;

#endif
