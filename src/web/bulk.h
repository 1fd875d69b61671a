/* Many changes at once: each in its own savepoint with a result of its own, so that one that is
 * refused does not stop the others. */
#ifndef WEB_BULK_H
#define WEB_BULK_H

#include "job/runner.h"
#include "web/ticket_body.h"

enum { BULK_NOW_MAX = 1000, BULK_MAX = 10000 };

struct bulk_change {
    struct edit_body edit;
    struct j_int ticket, version;
    struct j_obj message;
};
struct bulk_body {
    struct j_objs changes;
};
extern const struct jspec bulk_body_spec;

/* Does n changes; their results become members of the array that w is in.  Fails as a whole only
 * when the database does. */
enum rc bulk_run(struct call *c, const struct bulk_change *changes, size_t n, struct jw *w,
                 struct err *e) MUST_USE;
/* The row of a job that does them later with these rights (payload: the body as it came). */
enum rc bulk_enqueue(struct call *c, struct str body, size_t n, struct job *out,
                     struct err *e) MUST_USE;
extern const struct job_kind bulk_job;

#endif
