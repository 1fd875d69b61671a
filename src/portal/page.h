/* What every page of the portal has: head, navigation, language, the way on after a form.
 *
 * Pages show the customer's side alone, also to agents: page_call() works with the rights that the
 * caller has as a customer. */
#ifndef PORTAL_PAGE_H
#define PORTAL_PAGE_H

#include "base/err.h"
#include "desk/call.h"
#include "portal/html.h"
#include "web/ctx.h"

enum page_nav { NAV_NONE, NAV_REQUESTS, NAV_NEW, NAV_PROFILE };

struct page_head {
    enum word title;
    struct str title_text; /* instead of title */
    enum page_nav nav;
    bool is_narrow;        /* a form about an account */
};

/* An error that stands beside an input, for the summary above the form. */
struct page_error {
    char name[96];
    struct html_arg label;
    enum word word;
};

struct page {
    struct ctx *c;
    struct html h;
    const struct err *errs; /* of the form that is shown again; NULL: fresh */
    struct page_head head;
    struct buf *outer;      /* while a form is being made (portal/inputs.h) */
    struct page_error found[ERR_FIELDS_MAX];
    size_t n_found;
};

/* Headers and everything up to <main>.  Without c->db (an error beside the lanes) the name of the
 * product is the default. */
enum rc page_begin(struct ctx *c, const struct page_head *head, struct page *p, struct err *e) MUST_USE;
void page_end(struct page *p);
/* By the cookie of an earlier choice, else Accept-Language. */
const struct lang *page_lang(const struct ctx *c);
enum rc page_keep_lang(struct ctx *c, const struct lang *l) MUST_USE;

/* 303 to an own path; what the handler wrote is forgotten, but the headers stay. */
enum rc page_go(struct ctx *c, const char *fmt, ...) PRINTF_LIKE(2, 3) MUST_USE;
/* An own path that is safe to go to: "/…", or "/" for anything else. */
struct str page_own_path(struct str path);

/* The hidden fields of every form: token and, where it is kept, the key that makes it count once. */
void page_form_fields(struct page *p, bool once);

/* The body of a form that has only a button. */
extern const struct jspec page_no_fields;

/* The caller with his rights as a customer. */
enum rc page_call(struct ctx *c, struct call *out, struct err *e) MUST_USE;
bool page_is_agent(const struct ctx *c); /* and has a workspace to go to */
bool page_signed_in(const struct ctx *c);

#endif
