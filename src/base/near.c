#include "base/near.h"

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t near_distance(struct str a, struct str b)
{
    size_t rows[3][NEAR_LEN_MAX + 1];
    size_t *before = rows[0], *last = rows[1], *now = rows[2];

    if (a.n > NEAR_LEN_MAX || b.n > NEAR_LEN_MAX)
        return SIZE_MAX;
    for (size_t j = 0; j <= b.n; j++)
        before[j] = last[j] = now[j] = j;
    for (size_t i = 1; i <= a.n; i++) {
        size_t *spare = before;

        now[0] = i;
        for (size_t j = 1; j <= b.n; j++) {
            char x = lower(a.p[i - 1]), y = lower(b.p[j - 1]);

            now[j] = least(least(last[j], now[j - 1]) + 1, last[j - 1] + (x != y));
            if (i > 1 && j > 1 && x == lower(b.p[j - 2]) && lower(a.p[i - 2]) == y)
                now[j] = least(now[j], before[j - 2] + 1);
        }
        before = last;
        last = now;
        now = spare;
    }
    return last[b.n];
}

struct near near_start(struct str wrong)
{
    return (struct near){ .wrong = wrong, .best = 2 + wrong.n / 4 };
}

void near_try(struct near *n, const char *known)
{
    size_t d = near_distance(n->wrong, str_of(known));

    if (d < n->best && d < n->wrong.n) {
        n->best = d;
        n->name = known;
    }
}
