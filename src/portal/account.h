/* What the pages about accounts share. */
#ifndef PORTAL_ACCOUNT_H
#define PORTAL_ACCOUNT_H

#include "desk/session.h"
#include "portal/page.h"

#define PAGE_OPEN (R_PAGE | R_PUBLIC)
#define PAGE_OPEN_FORM (R_PAGE | R_PUBLIC | R_WRITE | R_NO_CSRF | R_NO_IDEMPOTENCY)

/* Sets the cookies of a new session and goes on to an own path. */
enum rc account_enter(struct ctx *c, const struct session_tokens *t, struct str next, struct err *e) MUST_USE;
/* Six digits, however they were spaced, are the app's code; anything else is a recovery code. */
struct str account_code(struct str typed, bool *is_recovery, struct arena *a);
bool account_may_register(const struct ctx *c);
void account_password(struct page *p, enum word label, const char *name, const char *autocomplete, enum word hint);
/* What ?done= says of the step before, from a closed list. */
void account_done_notice(struct page *p);

#endif
