/* The access log (ACCESS_LOG): an answer that shows a ticket, a message, a file or a person goes only when it is
 * recorded who got it (store/access.h).  Lists and searches are recorded as asked, not what they showed; live streams
 * by their begin. */
#ifndef WEB_ACCESS_H
#define WEB_ACCESS_H

#include "web/chain.h"

/* Whether this answer must be recorded before it goes. */
bool access_is_due(const struct request *r);
/* At the end of a request: it is noted when it was refused (desk/refused.h). */
void access_note_refused(const struct app *app, const struct exchange *x, const struct request *r);
/* In a write transaction. */
enum rc access_record(struct request *r, struct db *db, struct err *e) MUST_USE;

#endif
