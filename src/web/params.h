/* Parameters behind a header value: "; name=token; other="quoted \" text"" (RFC 9110, 5.6.6).
 * Pure; any thread. */
#ifndef WEB_PARAMS_H
#define WEB_PARAMS_H

#include "base/defs.h"
#include "base/str.h"

struct arena;

/* Takes the next parameter off *rest, which begins at a ';' (blanks around it are allowed).
 * 1: *name (as sent) and *value are set; 0: nothing is left; -1: malformed.
 * In quoted text a backslash escapes only '"' and itself, since browsers send it bare. */
int params_next(struct str *rest, struct arena *a, struct str *name, struct str *value);

#endif
