/* Views of text: a pointer and a length, never owned, not NUL-terminated.
 * Any thread; no function here allocates unless it takes an arena. */
#ifndef BASE_STR_H
#define BASE_STR_H

#include "base/defs.h"
#include <stdbool.h>
#include <string.h>

struct arena;

struct str {
    const char *p;
    size_t n;
};

#define STR(lit) ((struct str){ "" lit, sizeof(lit) - 1 })
#define STR_NONE ((struct str){ 0 })
/* For printf: "%.*s", STR_ARG(s) */
#define STR_ARG(s) (int)(s).n, (s).p ? (s).p : ""

static inline struct str str_of(const char *z)
{
    return (struct str){ z, z ? strlen(z) : 0 };
}

bool str_eq(struct str a, struct str b);
bool str_ieq(struct str a, struct str b); /* ASCII case folded */
bool str_starts(struct str s, struct str prefix);
bool str_istarts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);
int str_cmp(struct str a, struct str b); /* bytewise, as memcmp */
/* Position of needle in s, or SIZE_MAX. */
size_t str_find(struct str s, struct str needle);
size_t str_chr(struct str s, char c);
struct str str_sub(struct str s, size_t from, size_t n); /* clamped */
struct str str_dir(struct str path); /* to the last '/', with it; n == 0 without one */
struct str str_trim(struct str s);                        /* blanks, tabs, CR, LF at both ends */
/* Cuts s at the first sep: returns what stood before it and leaves the rest in *s.
 * Without a sep returns all and leaves *s empty with p == NULL (so a loop ends on !s->p). */
struct str str_cut(struct str *s, char sep);
/* The whole of s as a decimal integer: optional '-', digits, no blanks, in [min, max]. */
bool str_i64(struct str s, int64_t min, int64_t max, int64_t *out);
/* Equality in constant time; false when the lengths differ. */
bool str_eq_secret(struct str a, struct str b);

/* Copies with a NUL behind the text, owned by the arena. */
struct str str_dup(struct str s, struct arena *a);
const char *str_z(struct str s, struct arena *a);
struct str str_lower(struct str s, struct arena *a); /* ASCII */
struct str str_printf(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
