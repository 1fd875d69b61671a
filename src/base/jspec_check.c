/* Words and checks that bodies and queries share. */
#include "base/jspec_priv.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/near.h"
#include "base/utf8.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

enum { TEXT_MAX_DEFAULT = 65535, ITEMS_MAX_DEFAULT = 100, NAME_SHOWN_MAX = 60 };

#define SHAPE(type)                                                                                \
    {                                                                                              \
        offsetof(type, set), offsetof(type, null)                                                  \
    }

static const struct {
    size_t set_off, null_off;
} shapes[] = {
    [J_TEXT] = SHAPE(struct j_text), [J_INT] = SHAPE(struct j_int),
    [J_ID] = SHAPE(struct j_int),    [J_BOOL] = SHAPE(struct j_int),
    [J_TIME] = SHAPE(struct j_int),  [J_ENUM] = SHAPE(struct j_int),
    [J_NUM] = SHAPE(struct j_int),   [J_TEXTS] = SHAPE(struct j_texts),
    [J_IDS] = SHAPE(struct j_ints),  [J_OBJ] = SHAPE(struct j_obj),
    [J_OBJS] = SHAPE(struct j_objs), [J_JSON] = SHAPE(struct j_json),
};

bool *jspec_set_of(void *out, const struct jfield *f)
{
    return (bool *)((char *)out + f->off + shapes[f->type].set_off);
}

bool *jspec_null_of(void *out, const struct jfield *f)
{
    return (bool *)((char *)out + f->off + shapes[f->type].null_off);
}

const struct jfield *jspec_field_of(const struct jspec *s, struct str name)
{
    for (size_t i = 0; i < s->n_fields; i++) {
        if (str_eq(name, str_of(s->fields[i].name)))
            return &s->fields[i];
    }
    return NULL;
}

static size_t pointer_part(const struct place *at, char *out, size_t cap)
{
    size_t n = at->up ? pointer_part(at->up, out, cap) : 0;

    if (!at->name) {
        n += (size_t)snprintf(out + n, cap - n, "/%zu", at->index);
        return n < cap ? n : cap - 1;
    }
    if (n + 1 < cap)
        out[n++] = '/';
    for (const char *c = at->name; *c && n + 3 < cap; c++) { /* RFC 6901 section 3 */
        out[n++] = *c == '~' || *c == '/' ? '~' : *c;
        if (*c == '~' || *c == '/')
            out[n++] = *c == '~' ? '0' : '1';
    }
    out[n] = '\0';
    return n;
}

static const char *name_of(const struct place *at)
{
    while (at && !at->name)
        at = at->up;
    return at ? at->name : "";
}

void jspec_add_error(const struct reader *r, const struct place *at, const char *code,
                     const char *allowed, const char *detail)
{
    char pointer[sizeof(r->e->fields[0].pointer)] = "";

    if (r->query)
        snprintf(pointer, sizeof(pointer), "%s", name_of(at));
    else if (at)
        pointer_part(at, pointer, sizeof(pointer));
    err_field(r->e, pointer, code, allowed, "%s", detail);
}

static struct str range_words(char *out, size_t cap, int64_t min, int64_t max, int64_t limit)
{
    int n;

    if (max >= limit && min <= 0)
        n = snprintf(out, cap, "%s", "");
    else if (max >= limit)
        n = snprintf(out, cap, " of at least %" PRId64, min);
    else if (min == max)
        n = snprintf(out, cap, " of exactly %" PRId64, min);
    else
        n = snprintf(out, cap, " from %" PRId64 " to %" PRId64, min, max);
    return (struct str){ out, (size_t)n };
}

static int64_t text_max(const struct jfield *f)
{
    return f->max ? f->max : TEXT_MAX_DEFAULT;
}

static int64_t int_min(const struct jfield *f)
{
    if (f->type == J_ID || f->type == J_IDS)
        return 1;
    return f->max == 0 && f->min == 0 ? INT64_MIN : f->min;
}

static int64_t int_max(const struct jfield *f)
{
    return f->max == 0 || f->type == J_ID || f->type == J_IDS ? INT64_MAX : f->max;
}

static int64_t items_max(const struct jfield *f)
{
    return f->max_items ? f->max_items : ITEMS_MAX_DEFAULT;
}

static void describe_choices(const struct jfield *f, char *out, size_t cap)
{
    size_t n = (size_t)snprintf(out, cap, "one of");

    for (const char *const *v = f->values; *v && n < cap; v++)
        n += (size_t)snprintf(out + n, cap - n, "%s %s", v == f->values ? ":" : ",", *v);
}

/* What would be accepted, to stand behind "must be". */
static void describe(const struct jfield *f, char *out, size_t cap)
{
    char range[64];

    switch (f->type) {
    case J_TEXT:
        snprintf(out, cap, "text of %" PRId64 " to %" PRId64 " characters", f->min, text_max(f));
        break;
    case J_INT:
        range_words(range, sizeof(range), int_min(f), int_max(f), INT64_MAX);
        snprintf(out, cap, "an integer%s", range);
        break;
    case J_ID:
        snprintf(out, cap, "an id, an integer of at least 1");
        break;
    case J_BOOL:
        snprintf(out, cap, "true or false");
        break;
    case J_TIME:
        snprintf(out, cap, "an RFC 3339 time such as 2026-11-23T15:21:42.000Z");
        break;
    case J_ENUM:
        describe_choices(f, out, cap);
        break;
    case J_TEXTS:
        snprintf(out, cap,
                 "a list of at most %" PRId64 " texts of %" PRId64 " to %" PRId64 " characters",
                 items_max(f), f->min, text_max(f));
        break;
    case J_IDS:
        snprintf(out, cap, "a list of at most %" PRId64 " ids", items_max(f));
        break;
    case J_OBJ:
        snprintf(out, cap, "an object");
        break;
    case J_OBJS:
        snprintf(out, cap, "a list of at most %" PRId64 " objects", items_max(f));
        break;
    case J_NUM:
    case J_JSON:
        snprintf(out, cap, "a JSON value");
        break;
    }
}

bool jspec_refuse(const struct reader *r, const struct jfield *f, const struct place *at,
                  const char *code, const char *fmt, ...)
{
    char allowed[ERR_ALLOWED_BYTES], why[ERR_DETAIL_BYTES - 36], detail[ERR_DETAIL_BYTES];
    va_list args;

    describe(f, allowed, sizeof(allowed));
    va_start(args, fmt);
    vsnprintf(why, sizeof(why), fmt, args);
    va_end(args);
    snprintf(detail, sizeof(detail), "\"%.30s\" %s", name_of(at), why);
    jspec_add_error(r, at, code, allowed, detail);
    return false;
}

bool jspec_refuse_type(const struct reader *r, const struct jfield *f, const struct place *at)
{
    char what[120];

    describe(f, what, sizeof(what));
    return jspec_refuse(r, f, at, "type", "must be %s", what);
}

bool jspec_refuse_unknown(const struct reader *r, const struct jspec *s, const struct place *up,
                          const char *name)
{
    const struct place at = { .up = up, .name = name };
    struct near near = near_start(str_of(name));
    char allowed[ERR_ALLOWED_BYTES] = "", detail[ERR_DETAIL_BYTES], hint[64] = "";
    char shown[NAME_SHOWN_MAX + 1];
    const char *kind = r->query ? "parameter" : "field";
    size_t n = 0;

    for (size_t i = 0; i < s->n_fields; i++) {
        near_try(&near, s->fields[i].name);
        if (n < sizeof(allowed))
            n += (size_t)snprintf(allowed + n, sizeof(allowed) - n, "%s%s", i ? ", " : "",
                                  s->fields[i].name);
    }
    if (s->n_fields == 0)
        snprintf(allowed, sizeof(allowed), "none");
    if (near.name)
        snprintf(hint, sizeof(hint), "; did you mean \"%.40s\"?", near.name);
    snprintf(shown, utf8_cut_bytes(str_of(name), NAME_SHOWN_MAX) + 1, "%s", name);
    snprintf(detail, sizeof(detail), "unknown %s \"%s\"%s", kind, shown, hint);
    jspec_add_error(r, &at, "unknown", allowed, detail);
    return false;
}

static bool check_text(const struct reader *r, const struct jfield *f, const struct place *at,
                       struct str v)
{
    int64_t count;

    if (!utf8_is_valid(v))
        return jspec_refuse(r, f, at, "encoding", "is not valid UTF-8");
    if ((f->flags & JF_LINES) ? utf8_has_control(v, true) : !utf8_is_line(v))
        return jspec_refuse(r, f, at, "control", "holds a control character, or one that turns the direction of text");
    count = (int64_t)utf8_count(v);
    if (count < f->min || count > text_max(f))
        return jspec_refuse(r, f, at, "length",
                            "has %" PRId64 " characters; allowed are %" PRId64 " to %" PRId64,
                            count, f->min, text_max(f));
    if ((f->flags & JF_FILLED) && utf8_is_blank(v))
        return jspec_refuse(r, f, at, "blank", "must not be blank");
    return true;
}

bool jspec_take_text(struct reader *r, const struct jfield *f, const struct place *at, struct str v,
                     struct str *out)
{
    if (!check_text(r, f, at, v))
        return false;
    *out = str_dup(v, r->a);
    return true;
}

bool jspec_take_int(struct reader *r, const struct jfield *f, const struct place *at, int64_t v,
                    int64_t *out)
{
    char what[120];

    if (v < int_min(f) || v > int_max(f)) {
        describe(f, what, sizeof(what));
        return jspec_refuse(r, f, at, "range", "must be %s", what);
    }
    *out = v;
    return true;
}

bool jspec_take_choice(struct reader *r, const struct jfield *f, const struct place *at,
                       struct str v, int64_t *out)
{
    char what[120];

    for (int64_t i = 0; f->values[i]; i++) {
        if (str_eq(v, str_of(f->values[i]))) {
            *out = i;
            return true;
        }
    }
    describe(f, what, sizeof(what));
    return jspec_refuse(r, f, at, "choice", "must be %s", what);
}

bool jspec_take_time(struct reader *r, const struct jfield *f, const struct place *at, struct str v,
                     int64_t *out)
{
    return clock_parse(v, out) || jspec_refuse_type(r, f, at);
}

bool jspec_check_items(const struct reader *r, const struct jfield *f, const struct place *at,
                       size_t n)
{
    return (int64_t)n <= items_max(f)
           || jspec_refuse(r, f, at, "items", "has %zu entries; allowed are at most %" PRId64, n,
                           items_max(f));
}
