/* Case- and accent-folded text: what names, addresses and searches are compared by. Any thread. */
#ifndef BASE_FOLD_H
#define BASE_FOLD_H

#include "base/str.h"

struct arena;

/* Compatibility decomposition, case folding, marks dropped, runs of white space made one blank,
 * trimmed: "  Škoda\tÅB " gives "skoda ab".  s is valid UTF-8. */
struct str fold_text(struct str s, struct arena *a);

#endif
