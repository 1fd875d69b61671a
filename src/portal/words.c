#include "portal/words.h"

#include "base/defs.h"

static const char *const english[W_COUNT_] = {
#define X(id, en, ar) [W_##id] = en,
#include "portal/words.def"
#undef X
};

static const char *const arabic[W_COUNT_] = {
#define X(id, en, ar) [W_##id] = ar,
#include "portal/words.def"
#undef X
};

const struct lang langs[LANGS] = {
    { "en", "English", "ltr", english },
    { "ar", "العربية", "rtl", arabic },
};

struct str words_of(const struct lang *l, enum word w)
{
    return str_of(l->words[w]);
}

const struct lang *lang_of(struct str code)
{
    struct str main = str_cut(&code, '-');

    for (size_t i = 0; i < LANGS; i++) {
        if (str_ieq(str_of(langs[i].code), main))
            return &langs[i];
    }
    return NULL;
}

/* "0.7" as 700; nonsense counts as nothing wanted. */
static int64_t weight_of(struct str params)
{
    struct str q = str_trim(params), whole, part;
    int64_t n = 0, digits = 0;

    if (!q.n)
        return 1000;
    if (!str_istarts(q, STR("q=")))
        return 0;
    part = str_sub(q, 2, q.n);
    whole = str_cut(&part, '.');
    if (!str_i64(whole, 0, 1, &n))
        return 0;
    for (size_t i = 0, unit = 100; part.p && i < part.n && i < 3; i++, unit /= 10)
        digits += part.p[i] >= '0' && part.p[i] <= '9' ? (part.p[i] - '0') * (int64_t)unit : 0;
    return n * 1000 + digits;
}

const struct lang *lang_negotiate(struct str accept_language)
{
    const struct lang *best = &langs[0];
    int64_t best_weight = 0;

    while (accept_language.p && accept_language.n) {
        struct str params = str_cut(&accept_language, ','), range = str_trim(str_cut(&params, ';'));
        const struct lang *l = lang_of(range);
        int64_t weight = l ? weight_of(params.p ? params : STR("")) : 0;

        if (weight > best_weight) {
            best = l;
            best_weight = weight;
        }
    }
    return best;
}
