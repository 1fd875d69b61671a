/* Requests that were refused (401, 403, 404, 429), for the compliance report: who, from where, what, how often.
 *
 * They are added up in memory and written down every few seconds, so that whoever sends a thousand of them causes one
 * row and no load; a kill -9 loses the last seconds.  What does not fit any more between two writes is added up
 * without its address.  Rows are those of the access log (store/access.h).  Any thread may note; one writes. */
#ifndef DESK_REFUSED_H
#define DESK_REFUSED_H

#include "base/err.h"
#include "store/access.h"

struct arena;
struct refused;
struct store;

enum { REFUSED_EVERY_S = 5, REFUSED_KEYS = 512 };

struct refused *refused_new(void);
void refused_free(struct refused **r);

bool refused_counts(int status);
/* x->times is ignored; x->op must be static. */
void refused_note(struct refused *r, const struct access *x);
/* Writes what was noted; *n: rows.  What could not be written is kept for the next time. */
enum rc refused_write(struct refused *r, struct store *s, int64_t *n, struct err *e) MUST_USE;

#endif
