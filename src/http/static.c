#include "http/static.h"

#include "http/exchange.h"
#include "http/negotiate.h"

enum { PATH_MAX_INDEX = 256 };

static const struct asset *search(struct str path)
{
    size_t lo = 0, hi = static_n_assets;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int c = str_cmp(path, static_assets[mid].path);

        if (c == 0)
            return &static_assets[mid];
        if (c < 0)
            hi = mid;
        else
            lo = mid + 1;
    }
    return NULL;
}

const struct asset *static_find(struct str path)
{
    struct str end = str_ends(path, STR("/")) ? STR("index.html") : STR(".html");
    const struct asset *a = search(path);
    char full[PATH_MAX_INDEX];

    if (a || path.n == 0 || path.n + end.n > sizeof(full))
        return a;
    memcpy(full, path.p, path.n);
    memcpy(full + path.n, end.p, end.n);
    return search((struct str){ full, path.n + end.n });
}

/* "?v=" and the ETag: this content and no other stands behind that address. */
static bool is_asked_by_content(const struct exchange *x, const struct asset *a)
{
    struct str q = x->query;

    return q.p && str_starts(q, STR("v=")) && str_eq(str_sub(q, 2, q.n), a->etag);
}

void static_answer(struct exchange *x, const struct asset *a)
{
    unsigned offered = (a->br.p ? 1u << CODING_BR : 0) | (a->gzip.p ? 1u << CODING_GZIP : 0);
    enum coding c = negotiate_coding(http_header_get(x, STR("accept-encoding")), offered);
    static const char *const suffix[CODING_COUNT_] = { "", "", "-br", "-gz" };

    x->status = 200;
    x->no_compress = true; /* the coding is chosen here */
    x->out_static = c == CODING_BR ? a->br : c == CODING_GZIP ? a->gzip : a->identity;
    (void)exchange_header(x, STR("content-type"), a->type);
    (void)exchange_header(x, STR("etag"),
                          str_printf(x->arena, "\"%.*s%s\"", STR_ARG(a->etag), suffix[c]));
    (void)exchange_header(x, STR("cache-control"),
                          a->is_hashed || is_asked_by_content(x, a) ? STR("public, max-age=31536000, immutable")
                                       : STR("no-cache"));
    if (offered)
        (void)exchange_header(x, STR("vary"), STR("Accept-Encoding"));
    if (c != CODING_IDENTITY)
        (void)exchange_header(x, STR("content-encoding"), coding_names[c]);
}
