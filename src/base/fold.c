#include "base/fold.h"

#include "base/arena.h"
#include "base/buf.h"

#include <stdlib.h>
#include <utf8proc.h>

static struct str one_blank(struct str s, struct arena *a)
{
    struct buf b = BUF_ARENA(a, s.n + 1);
    struct str t = str_trim(s);

    for (size_t i = 0; i < t.n; i++) {
        bool blank = t.p[i] == ' ' || (t.p[i] >= '\t' && t.p[i] <= '\r');

        if (!blank)
            buf_char(&b, t.p[i]);
        else if (b.n && b.p[b.n - 1] != ' ')
            buf_char(&b, ' ');
    }
    return buf_view(&b);
}

struct str fold_text(struct str s, struct arena *a)
{
    utf8proc_uint8_t *out = NULL;
    utf8proc_ssize_t n;
    struct str folded;

    if (!s.n)
        return STR("");
    n = utf8proc_map((const utf8proc_uint8_t *)s.p, (utf8proc_ssize_t)s.n, &out,
                     UTF8PROC_STABLE | UTF8PROC_COMPAT | UTF8PROC_DECOMPOSE | UTF8PROC_CASEFOLD |
                         UTF8PROC_STRIPMARK | UTF8PROC_IGNORE);
    if (n < 0)
        return one_blank(str_lower(s, a), a);
    folded = one_blank((struct str){ (const char *)out, (size_t)n }, a);
    free(out);
    return folded;
}
