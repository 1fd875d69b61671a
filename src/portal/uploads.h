/* Files that come with a form of a page.  Their rows are kept also when the form is refused, so that
 * nobody has to choose a file twice: the page shown again lists them. */
#ifndef PORTAL_UPLOADS_H
#define PORTAL_UPLOADS_H

#include "portal/inputs.h"
#include "store/attachments.h"

struct uploads {
    struct attachment *fresh; /* sent with this form: bytes stored, rows not yet */
    size_t n_fresh;
    int64_t *ids;             /* of the form, and from uploads_keep() on of the fresh ones */
    size_t n;
};

/* On the read lane: the bytes are on disk.  A file that is too large is a field error at "/files", and
 * the others are kept all the same. */
enum rc uploads_take(struct ctx *c, struct uploads *u, struct err *e) MUST_USE;
/* In the write transaction: the rows. */
enum rc uploads_keep(struct ctx *c, struct uploads *u, struct err *e) MUST_USE;
/* The input, and what is there already; u NULL: a fresh page. */
enum rc uploads_input(struct page *p, const struct uploads *u, struct err *e) MUST_USE;

#endif
