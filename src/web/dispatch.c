#include "web/dispatch.h"

#include "base/arena.h"
#include "base/buf.h"

enum { SEGMENTS_MAX = 12, METHODS = 7, ALLOW_MAX = 128 };

struct node {
    struct str segment;   /* a literal; of a parameter empty */
    struct node **kids;   /* literals, sorted by segment */
    size_t n_kids, cap_kids;
    struct node *param;
    const struct route *by_method[METHODS];
    unsigned allowed;
};

struct dispatch {
    struct node root;
};

static const struct str method_names[METHODS] = {
    { "GET", 3 }, { "HEAD", 4 }, { "POST", 4 }, { "PUT", 3 }, { "PATCH", 5 }, { "DELETE", 6 }, { "OPTIONS", 7 },
};

static size_t method_index(enum http_method m)
{
    return (size_t)__builtin_ctz((unsigned)m);
}

struct str dispatch_method_text(enum http_method m)
{
    return m == HTTP_OTHER ? STR("OTHER") : method_names[method_index(m)];
}

/* Where segment stands among the sorted kids, or belongs. */
static size_t kid_position(const struct node *n, struct str segment, bool *found)
{
    size_t from = 0, to = n->n_kids;

    *found = false;
    while (from < to) {
        size_t mid = from + (to - from) / 2;
        int cmp = str_cmp(n->kids[mid]->segment, segment);

        if (cmp == 0) {
            *found = true;
            return mid;
        }
        if (cmp < 0)
            from = mid + 1;
        else
            to = mid;
    }
    return from;
}

static struct node *kid_make(struct node *n, struct str segment, struct arena *a)
{
    bool found;
    size_t at;

    if (segment.n > 0 && segment.p[0] == '{') {
        if (!n->param)
            n->param = ARENA_NEW(a, struct node);
        return n->param;
    }
    at = kid_position(n, segment, &found);
    if (found)
        return n->kids[at];
    if (n->n_kids == n->cap_kids) {
        size_t cap = n->cap_kids ? 2 * n->cap_kids : 4;
        struct node **kids = ARENA_ARRAY(a, struct node *, cap);

        if (n->n_kids)
            memcpy(kids, n->kids, n->n_kids * sizeof(struct node *));
        n->kids = kids;
        n->cap_kids = cap;
    }
    memmove(n->kids + at + 1, n->kids + at, (n->n_kids - at) * sizeof(struct node *));
    n->n_kids++;
    n->kids[at] = ARENA_NEW(a, struct node);
    n->kids[at]->segment = segment;
    return n->kids[at];
}

static void add_route(struct dispatch *d, const struct route *r, struct arena *a)
{
    struct str rest = str_of(r->path);
    struct node *n = &d->root;
    size_t params = 0;

    INVARIANT(rest.n > 0 && rest.p[0] == '/');
    rest = str_sub(rest, 1, rest.n);
    while (rest.p) {
        struct str segment = str_cut(&rest, '/');

        params += segment.n > 0 && segment.p[0] == '{';
        n = kid_make(n, segment, a);
    }
    INVARIANT(params <= ROUTE_PARAMS_MAX);
    INVARIANT(!n->by_method[method_index(r->method)]);
    n->by_method[method_index(r->method)] = r;
    n->allowed |= r->method;
    if (r->method == HTTP_GET)
        n->allowed |= HTTP_HEAD;
}

/* Quadratic, but only once, over a few hundred short names. */
static void check_operations(const struct route_table *const *tables, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < tables[i]->n; j++) {
            size_t same = 0;

            for (size_t k = 0; k < n; k++) {
                for (size_t l = 0; l < tables[k]->n; l++)
                    same += str_eq(str_of(tables[i]->routes[j].op), str_of(tables[k]->routes[l].op));
            }
            INVARIANT(same == 1);
        }
    }
}

const struct dispatch *dispatch_new(const struct route_table *const *tables, size_t n, struct arena *a)
{
    struct dispatch *d = ARENA_NEW(a, struct dispatch);

    check_operations(tables, n);
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < tables[i]->n; j++)
            add_route(d, &tables[i]->routes[j], a);
    }
    return d;
}

/* Depth first, literals before the parameter; the depth is that of the deepest route. */
static const struct node *find_node(const struct node *n, const struct str *segments, size_t n_segments,
                                    struct dispatch_match *m)
{
    const struct node *hit = NULL;
    bool found;
    size_t at, params = m->n_params;

    if (n_segments == 0)
        return n->allowed ? n : NULL;
    at = kid_position(n, segments[0], &found);
    if (found)
        hit = find_node(n->kids[at], segments + 1, n_segments - 1, m);
    if (!hit && n->param && segments[0].n > 0 && params < ROUTE_PARAMS_MAX) {
        m->params[params] = segments[0];
        m->n_params = params + 1;
        hit = find_node(n->param, segments + 1, n_segments - 1, m);
        if (!hit)
            m->n_params = params;
    }
    return hit;
}

enum rc dispatch_find(const struct dispatch *d, enum http_method method, struct str path,
                      struct dispatch_match *m)
{
    struct str segments[SEGMENTS_MAX], rest;
    const struct node *n;
    size_t count = 0;

    *m = (struct dispatch_match){ 0 };
    if (path.n == 0 || path.p[0] != '/')
        return RC_NOT_FOUND;
    rest = str_sub(path, 1, path.n);
    do {
        if (count == SEGMENTS_MAX)
            return RC_NOT_FOUND;
        segments[count++] = str_cut(&rest, '/');
    } while (rest.p);
    n = find_node(&d->root, segments, count, m);
    if (!n)
        return RC_NOT_FOUND;
    m->allowed = n->allowed;
    if (method == HTTP_HEAD)
        method = HTTP_GET;
    if (method == HTTP_OTHER || !n->by_method[method_index(method)])
        return RC_METHOD;
    m->route = n->by_method[method_index(method)];
    return RC_OK;
}

struct str dispatch_allow(unsigned allowed, struct arena *a)
{
    struct buf b = BUF_ARENA(a, ALLOW_MAX);

    allowed |= HTTP_OPTIONS;
    for (size_t i = 0; i < METHODS; i++) {
        if (!(allowed & (1U << i)))
            continue;
        if (b.n > 0)
            BUF_LIT(&b, ", ");
        buf_str(&b, method_names[i]);
    }
    return buf_view(&b);
}
