/* Which part of the request a failure is about, and what would be accepted, for failures that named no
 * field where they began: the rules know neither paths nor headers.  Pure; any thread. */
#ifndef WEB_REFUSAL_H
#define WEB_REFUSAL_H

#include "base/err.h"

struct refusal {
    const char *pointer; /* a header, "path", "body" …; NULL: the object that the path names */
    const char *allowed;
};

/* NULL when nothing in the request is to blame (429, 5xx). */
const struct refusal *refusal_of(const struct err *e);

#endif
