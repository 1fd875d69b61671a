/* What the chain asks of the portal (src/portal) when a page fails: the answer is HTML then, in words,
 * and what was typed is not lost. */
#ifndef WEB_PAGE_HOOKS_H
#define WEB_PAGE_HOOKS_H

#include "web/ctx.h"

/* On a read lane, with c->db and c->form: the form again (route->again), or the page that tells what is
 * wrong and keeps what was typed.  c->err says what failed and stays as it is; *e is for what goes wrong
 * now.  Sets the status.  Unless RC_OK nothing of it is sent. */
enum rc page_show_failure(struct ctx *c, struct err *e) MUST_USE;
/* The same without a database, on any thread; c->route and c->form may be NULL. */
void page_write_failure(struct ctx *c);

#endif
