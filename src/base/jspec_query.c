/* Query strings. */
#include "base/jspec_priv.h"

#include "base/arena.h"
#include "base/enc.h"
#include "base/utf8.h"

#include <stdio.h>

/* The decoded text of a parameter.  False after a field error. */
typedef bool query_fn(struct reader *r, const struct jfield *f, const struct place *at,
                      struct str text, void *slot);

static bool query_text(struct reader *r, const struct jfield *f, const struct place *at,
                       struct str text, void *slot)
{
    struct j_text *out = slot;

    return jspec_take_text(r, f, at, text, &out->v);
}

static bool query_int(struct reader *r, const struct jfield *f, const struct place *at,
                      struct str text, void *slot)
{
    struct j_int *out = slot;
    int64_t v;

    return str_i64(text, INT64_MIN, INT64_MAX, &v) ? jspec_take_int(r, f, at, v, &out->v)
                                                   : jspec_refuse_type(r, f, at);
}

static bool query_bool(struct reader *r, const struct jfield *f, const struct place *at,
                       struct str text, void *slot)
{
    struct j_int *out = slot;

    out->v = str_eq(text, STR("true")) || str_eq(text, STR("1"));
    return out->v || str_eq(text, STR("false")) || str_eq(text, STR("0"))
           || jspec_refuse_type(r, f, at);
}

static bool query_time(struct reader *r, const struct jfield *f, const struct place *at,
                       struct str text, void *slot)
{
    struct j_int *out = slot;

    return jspec_take_time(r, f, at, text, &out->v);
}

static bool query_enum(struct reader *r, const struct jfield *f, const struct place *at,
                       struct str text, void *slot)
{
    struct j_int *out = slot;

    return jspec_take_choice(r, f, at, text, &out->v);
}

static size_t count_items(struct str text)
{
    size_t n = 1; /* nothing is one empty item, which no list takes: it would be ignored else */

    for (size_t i = 0; i < text.n; i++)
        n += text.p[i] == ',';
    return n;
}

static bool query_texts(struct reader *r, const struct jfield *f, const struct place *at,
                        struct str text, void *slot)
{
    struct j_texts *out = slot;
    size_t n = count_items(text);

    if (!jspec_check_items(r, f, at, n))
        return false;
    out->v = ARENA_ARRAY(r->a, struct str, n);
    for (; out->n < n; out->n++) {
        if (!jspec_take_text(r, f, at, str_cut(&text, ','), &out->v[out->n]))
            return false;
    }
    return true;
}

static bool query_ids(struct reader *r, const struct jfield *f, const struct place *at,
                      struct str text, void *slot)
{
    struct j_ints *out = slot;
    size_t n = count_items(text);

    if (!jspec_check_items(r, f, at, n))
        return false;
    out->v = ARENA_ARRAY(r->a, int64_t, n);
    for (; out->n < n; out->n++) {
        int64_t v;

        if (!str_i64(str_cut(&text, ','), INT64_MIN, INT64_MAX, &v))
            return jspec_refuse_type(r, f, at);
        if (!jspec_take_int(r, f, at, v, &out->v[out->n]))
            return false;
    }
    return true;
}

static query_fn *const readers[] = {
    [J_TEXT] = query_text, [J_INT] = query_int,   [J_ID] = query_int,      [J_BOOL] = query_bool,
    [J_TIME] = query_time, [J_ENUM] = query_enum, [J_TEXTS] = query_texts, [J_IDS] = query_ids,
    [J_OBJ] = NULL,        [J_OBJS] = NULL,       [J_JSON] = NULL,
};

/* One "name=value", still percent-encoded. */
static bool read_parameter(struct reader *r, const struct jspec *s, struct str piece, void *out)
{
    struct place at = { .name = "" };
    const struct jfield *f;
    struct str name;

    if (!dec_url(str_cut(&piece, '='), true, r->a, &name) || !utf8_is_valid(name)) {
        jspec_add_error(r, &at, "encoding", "", "a parameter's name is not percent-encoded UTF-8");
        return false;
    }
    at.name = name.p; /* decoded text ends in NUL */
    f = jspec_field_of(s, name);
    if (!f || !readers[f->type])
        return jspec_refuse_unknown(r, s, NULL, at.name);
    if (*jspec_set_of(out, f))
        return jspec_refuse(r, f, &at, "duplicate", "is given more than once");
    *jspec_set_of(out, f) = true;
    if (!dec_url(piece, true, r->a, &piece))
        return jspec_refuse(r, f, &at, "encoding", "is not percent-encoded UTF-8");
    return readers[f->type](r, f, &at, piece, (char *)out + f->off);
}

enum rc jspec_read_query(const struct jspec *s, struct str query, struct arena *a, void **out,
                         struct err *e)
{
    struct reader r = { .a = a, .e = e, .query = true };
    bool ok = true;

    *out = arena_alloc(a, s->size);
    while (query.n) {
        struct str piece = str_cut(&query, '&');

        if (piece.n)
            ok &= read_parameter(&r, s, piece, *out);
    }
    for (size_t i = 0; i < s->n_fields; i++) {
        const struct jfield *f = &s->fields[i];
        const struct place at = { .name = f->name };

        if ((f->flags & JF_REQUIRED) && !*jspec_set_of(*out, f))
            ok = jspec_refuse(&r, f, &at, "required", "is required");
    }
    if (ok)
        return RC_OK;
    e->rc = RC_BAD;
    snprintf(e->detail, sizeof(e->detail), "Some query parameters are not allowed; see errors.");
    return RC_BAD;
}
