/* The application sees the same requests however the bytes are cut, and hears of the end of each. */
#include "http_fuzz.h"

static struct saw feed(const char *p, size_t n, size_t piece)
{
    struct conn *c = fz_conn();

    for (size_t i = 0; i < n && c->state != CONN_CLOSED; i += piece)
        conn_input(c, p + i, n - i < piece ? n - i : piece);
    fz_end(c);
    return saw;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const size_t pieces[] = { 1, 7 };
    char *copy;
    struct saw whole;

    if (size == 0 || size > 60000 || memcmp(data, "PRI", size < 3 ? size : 3) == 0)
        return 0; /* that is fuzz_h2's */
    copy = malloc(size); /* exact, so that reading past it is seen */
    memcpy(copy, data, size);
    whole = feed(copy, size, size);
    for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
        struct saw cut = feed(copy, size, pieces[i]);

        MUST(cut.requests == whole.requests);
        MUST(cut.digest == whole.digest);
    }
    free(copy);
    return 0;
}
