/* The person behind an e-mail address: looked up, or made when a ticket comes from somebody new. */
#ifndef DESK_REQUESTER_H
#define DESK_REQUESTER_H

#include "desk/call.h"

/* Only agents (and the system) may look people up this way: for others it is a field error at
 * pointer whether the address is known or not, but for their own. */
enum rc requester_by_email(struct call *c, struct str email, struct str name, const char *pointer,
                           bool may_make, int64_t *id, struct err *e) MUST_USE;

#endif
