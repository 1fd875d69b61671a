/* "Did you mean …?": the known name closest to a mistyped one. Any thread; nothing is allocated.
 *
 *     struct near near = near_start(wrong);
 *     for (…) near_try(&near, known[i]);
 *     if (near.name) …                        NULL: none is close enough to be worth a guess */
#ifndef BASE_NEAR_H
#define BASE_NEAR_H

#include "base/defs.h"
#include "base/str.h"

enum { NEAR_LEN_MAX = 48 }; /* longer names are never close to anything */

struct near {
    struct str wrong;
    size_t best; /* edits from wrong to name */
    const char *name;
};

struct near near_start(struct str wrong);
void near_try(struct near *n, const char *known);
/* Insertions, deletions, replacements and swaps of neighbours from a to b, ASCII case ignored;
 * SIZE_MAX when one of them is longer than NEAR_LEN_MAX. */
size_t near_distance(struct str a, struct str b);

#endif
