/* For tests in other languages: cleans each of the texts on standard input (4 bytes of length, the
 * least first, then the text) and writes the results in the same form. */
#include "base/arena.h"
#include "text/html.h"

#include <stdio.h>
#include <stdlib.h>

enum { TEXT_MAX = 1 << 20, LENGTH_BYTES = 4 };

static bool read_one(char *text, size_t *n)
{
    unsigned char head[LENGTH_BYTES];

    if (fread(head, 1, LENGTH_BYTES, stdin) != LENGTH_BYTES)
        return false;
    *n = (size_t)head[0] | (size_t)head[1] << 8 | (size_t)head[2] << 16 | (size_t)head[3] << 24;
    return *n <= TEXT_MAX && fread(text, 1, *n, stdin) == *n;
}

static void write_one(struct str s)
{
    const unsigned char head[LENGTH_BYTES] = { s.n & 255, s.n >> 8 & 255, s.n >> 16 & 255, s.n >> 24 & 255 };

    fwrite(head, 1, LENGTH_BYTES, stdout);
    fwrite(s.p, 1, s.n, stdout);
}

int main(void)
{
    char *text = malloc(TEXT_MAX);
    size_t n;

    INVARIANT(text);
    while (read_one(text, &n)) {
        struct arena *a CLEAN(arena_clean) = arena_new(1 * GIB);
        struct html_safe safe;

        html_clean((struct str){ text, n }, 0, a, &safe);
        write_one(safe.html);
    }
    free(text);
    return 0;
}
