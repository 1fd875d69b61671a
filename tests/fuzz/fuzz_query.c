/* The search language: the first byte says whether somebody is still typing, the rest is what he wrote.  A
 * tree is bounded, its values are text of the input, and the other readings of it hold as well. */
#include "fuzz.h"

#include "base/clock.h"
#include "base/utf8.h"
#include "store/query.h"

enum { ARENA_MAX = 8 << 20, DEPTH_MAX = 64 };

static void check(const struct query_node *n, size_t size, unsigned depth)
{
    MUST(depth < DEPTH_MAX);
    for (; n; n = n->next) {
        int64_t t;

        MUST(n->at <= size);
        MUST(!n->value.p || utf8_is_valid(n->value));
        (void)query_time(n->value, INT64_C(1700000000) * US_PER_S, false, true, &t);
        check(n->child, size, depth + 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new(ARENA_MAX);
    struct str text = { (const char *)data + 1, size ? size - 1 : 0 };
    struct query_node *n = NULL;
    struct err e = { 0 };

    if (size && size <= QUERY_BYTES_MAX && utf8_is_valid(text)) {
        if (query_parse(text, data[0] & 1, a, &n, &e) == RC_OK) {
            check(n, text.n, 0);
            if (n && query_for_customer(n, a, &e) == RC_OK)
                check(n, text.n, 0);
            if (n && query_loosen(n))
                check(n, text.n, 0);
        } else {
            MUST(e.rc == RC_INVALID || e.rc == RC_TOO_BIG);
            MUST(e.n_fields > 0);
        }
    }
    arena_free(&a);
    return 0;
}
