/* Public numbers of tickets: behaviour.md, section 3. */
#ifndef DESK_TICKET_NUMBER_H
#define DESK_TICKET_NUMBER_H

#include "desk/call.h"

enum { TICKET_NUMBER_MAX = 40 }; /* bytes */

/* increment: system id, counter, check digit; date: YYYYMMDD (UTC), system id, counter, check digit.
 * The counter has as many digits as the setting says, at least.  The check digit is Luhn's (mod 10) and optional.  Pure. */
struct str ticket_number_format(const struct cat_settings *s, int64_t counter, int64_t now_us,
                                struct arena *a);
/* True when the last digit is the check digit of those before it. */
bool ticket_number_check(struct str number);
/* The next number that no ticket has (a change of the format may lead into used ones). */
enum rc ticket_number_next(struct call *c, struct str *out, struct err *e) MUST_USE;

#endif
