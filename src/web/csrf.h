/* The token of a session in a form: masked anew in each page, so that a compressed page does not tell
 * it to who can guess at lengths.  Any thread. */
#ifndef WEB_CSRF_H
#define WEB_CSRF_H

#include "base/str.h"

struct arena;

struct str csrf_mask(struct str token, struct arena *a);
/* The token behind a mask; p == NULL: this is none. */
struct str csrf_unmask(struct str masked, struct arena *a);

#endif
