#include "base/fold.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/utf8.h"

struct str fold_text(struct str s, struct arena *a)
{
    struct str t = str_trim(utf8_fold(s, a));
    struct buf b = BUF_ARENA(a, t.n + 1);

    buf_reserve(&b, t.n);
    for (size_t i = 0; i < t.n; i++) {
        bool blank = t.p[i] == ' ' || (t.p[i] >= '\t' && t.p[i] <= '\r');

        if (!blank)
            buf_char(&b, t.p[i]);
        else if (b.n && b.p[b.n - 1] != ' ')
            buf_char(&b, ' ');
    }
    return buf_view(&b);
}
