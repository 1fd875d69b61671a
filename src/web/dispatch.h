/* From method and path to a route: a tree of path segments compiled from the route tables at start.
 * Literal segments win over {parameters}.  Read-only after dispatch_new(): any thread. */
#ifndef WEB_DISPATCH_H
#define WEB_DISPATCH_H

#include "base/err.h"
#include "web/route.h"

struct arena;
struct dispatch;

struct dispatch_match {
    const struct route *route;           /* NULL unless RC_OK */
    struct str params[ROUTE_PARAMS_MAX]; /* views into path */
    size_t n_params;
    unsigned allowed;                    /* bits of enum http_method that the path has */
};

/* Lives in a.  Two routes with one method and path, or one operation id, break an invariant. */
const struct dispatch *dispatch_new(const struct route_table *const *tables, size_t n, struct arena *a);
/* RC_NOT_FOUND: no such path.  RC_METHOD: the path has other methods (m->allowed).  HEAD finds
 * the route of GET. */
enum rc dispatch_find(const struct dispatch *d, enum http_method method, struct str path,
                      struct dispatch_match *m) MUST_USE;
/* "GET, HEAD, POST, OPTIONS" for the Allow header. */
struct str dispatch_allow(unsigned allowed, struct arena *a);
struct str dispatch_method_text(enum http_method m);

#endif
