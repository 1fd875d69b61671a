/* What the files of jspec share: where a value stands, the words of a refusal, the checks that
 * bodies and queries have in common.  Not for others. */
#ifndef BASE_JSPEC_PRIV_H
#define BASE_JSPEC_PRIV_H

#include "base/jspec.h"

/* Where a value stands: a chain on the stack, written out only when something is wrong. */
struct place {
    const struct place *up;
    const char *name; /* NULL: the index counts */
    size_t index;
};

struct reader {
    struct arena *a;
    struct err *e;
    bool query; /* places are parameters, not JSON pointers */
};

/* All of these answer false after they added a field error. */
void jspec_add_error(const struct reader *r, const struct place *at, const char *code,
                     const char *allowed, const char *detail);
/* The detail is the field's name and the words. */
bool jspec_refuse(const struct reader *r, const struct jfield *f, const struct place *at,
                  const char *code, const char *fmt, ...) PRINTF_LIKE(5, 6);
bool jspec_refuse_type(const struct reader *r, const struct jfield *f, const struct place *at);
bool jspec_refuse_unknown(const struct reader *r, const struct jspec *s, const struct place *up,
                          const char *name);

bool jspec_take_text(struct reader *r, const struct jfield *f, const struct place *at, struct str v,
                     struct str *out);
bool jspec_take_int(struct reader *r, const struct jfield *f, const struct place *at, int64_t v,
                    int64_t *out);
bool jspec_take_choice(struct reader *r, const struct jfield *f, const struct place *at,
                       struct str v, int64_t *out);
bool jspec_take_time(struct reader *r, const struct jfield *f, const struct place *at, struct str v,
                     int64_t *out);
bool jspec_check_items(const struct reader *r, const struct jfield *f, const struct place *at,
                       size_t n);

const struct jfield *jspec_field_of(const struct jspec *s, struct str name);
/* The flags of the value of f in the result struct out. */
bool *jspec_set_of(void *out, const struct jfield *f);
bool *jspec_null_of(void *out, const struct jfield *f);

#endif
