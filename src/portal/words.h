/* The catalogue of the portal: every text that a page shows, in every language (words.def; one row a
 * text, one column a language, so that a missing one does not compile).  {} stands for a value.
 * Constant; any thread. */
#ifndef PORTAL_WORDS_H
#define PORTAL_WORDS_H

#include "base/str.h"

#include <stdbool.h>

enum word {
#define X(id, en, ar) W_##id,
#include "portal/words.def"
#undef X
    W_COUNT_
};

struct lang {
    const char *code; /* of BCP 47: "en" */
    const char *name; /* in itself: "English" */
    const char *dir;  /* "ltr", "rtl" */
    const char *const *words;
};
extern const struct lang langs[];
enum { LANGS = 2 };

struct str words_of(const struct lang *l, enum word w);
/* By code, also of a wider one ("ar-EG"); NULL: not one of ours. */
const struct lang *lang_of(struct str code);
/* The best of Accept-Language, by its weights; the first language when none fits. */
const struct lang *lang_negotiate(struct str accept_language);

#endif
