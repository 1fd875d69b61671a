/* JSON bodies. */
#include "base/jspec_priv.h"

#include "base/arena.h"

#include <inttypes.h>

/* One value of a body; v is not null.  False after a field error. */
typedef bool json_fn(struct reader *r, const struct jfield *f, const struct place *at,
                     const json_t *v, void *slot);

static bool read_object(struct reader *r, const struct jspec *s, const struct place *at,
                        const json_t *v, void *out);

static struct str text_of(const json_t *v)
{
    return (struct str){ json_string_value(v), json_string_length(v) };
}

static bool json_text(struct reader *r, const struct jfield *f, const struct place *at,
                      const json_t *v, void *slot)
{
    struct j_text *out = slot;

    return json_is_string(v) ? jspec_take_text(r, f, at, text_of(v), &out->v)
                             : jspec_refuse_type(r, f, at);
}

static bool json_int(struct reader *r, const struct jfield *f, const struct place *at,
                     const json_t *v, void *slot)
{
    struct j_int *out = slot;

    return json_is_integer(v) ? jspec_take_int(r, f, at, json_integer_value(v), &out->v)
                              : jspec_refuse_type(r, f, at);
}

static bool json_bool(struct reader *r, const struct jfield *f, const struct place *at,
                      const json_t *v, void *slot)
{
    struct j_int *out = slot;

    if (!json_is_boolean(v))
        return jspec_refuse_type(r, f, at);
    out->v = json_is_true(v);
    return true;
}

static bool json_time(struct reader *r, const struct jfield *f, const struct place *at,
                      const json_t *v, void *slot)
{
    struct j_int *out = slot;

    return json_is_string(v) ? jspec_take_time(r, f, at, text_of(v), &out->v)
                             : jspec_refuse_type(r, f, at);
}

static bool json_enum(struct reader *r, const struct jfield *f, const struct place *at,
                      const json_t *v, void *slot)
{
    struct j_int *out = slot;

    return json_is_string(v) ? jspec_take_choice(r, f, at, text_of(v), &out->v)
                             : jspec_refuse_type(r, f, at);
}

static bool json_texts(struct reader *r, const struct jfield *f, const struct place *at,
                       const json_t *v, void *slot)
{
    struct j_texts *out = slot;
    size_t n = json_array_size(v);

    if (!json_is_array(v))
        return jspec_refuse_type(r, f, at);
    if (!jspec_check_items(r, f, at, n))
        return false;
    out->v = ARENA_ARRAY(r->a, struct str, n);
    for (; out->n < n; out->n++) {
        const struct place item = { .up = at, .index = out->n };
        const json_t *text = json_array_get(v, out->n);

        if (!json_is_string(text))
            return jspec_refuse_type(r, f, &item);
        if (!jspec_take_text(r, f, &item, text_of(text), &out->v[out->n]))
            return false;
    }
    return true;
}

static bool json_ids(struct reader *r, const struct jfield *f, const struct place *at,
                     const json_t *v, void *slot)
{
    struct j_ints *out = slot;
    size_t n = json_array_size(v);

    if (!json_is_array(v))
        return jspec_refuse_type(r, f, at);
    if (!jspec_check_items(r, f, at, n))
        return false;
    out->v = ARENA_ARRAY(r->a, int64_t, n);
    for (; out->n < n; out->n++) {
        const struct place item = { .up = at, .index = out->n };
        const json_t *id = json_array_get(v, out->n);

        if (!json_is_integer(id))
            return jspec_refuse_type(r, f, &item);
        if (!jspec_take_int(r, f, &item, json_integer_value(id), &out->v[out->n]))
            return false;
    }
    return true;
}

static bool json_sub(struct reader *r, const struct jfield *f, const struct place *at,
                     const json_t *v, void *slot)
{
    struct j_obj *out = slot;

    if (!json_is_object(v))
        return jspec_refuse_type(r, f, at);
    out->v = arena_alloc(r->a, f->sub->size);
    return read_object(r, f->sub, at, v, out->v);
}

static bool json_subs(struct reader *r, const struct jfield *f, const struct place *at,
                      const json_t *v, void *slot)
{
    struct j_objs *out = slot;
    size_t n = json_array_size(v);
    bool ok = true;

    if (!json_is_array(v))
        return jspec_refuse_type(r, f, at);
    if (!jspec_check_items(r, f, at, n))
        return false;
    out->v = arena_array_(r->a, n, f->sub->size);
    for (; out->n < n; out->n++) {
        const struct place item = { .up = at, .index = out->n };
        const json_t *sub = json_array_get(v, out->n);

        if (!json_is_object(sub))
            ok = jspec_refuse(r, f, &item, "type", "must hold objects");
        else
            ok &= read_object(r, f->sub, &item, sub, (char *)out->v + out->n * f->sub->size);
    }
    return ok;
}

static bool json_any(struct reader *r, const struct jfield *f, const struct place *at,
                     const json_t *v, void *slot)
{
    struct j_json *out = slot;

    (void)r;
    (void)f;
    (void)at;
    out->v = (json_t *)(uintptr_t)v;
    return true;
}

static json_fn *const readers[] = {
    [J_TEXT] = json_text,   [J_INT] = json_int,   [J_ID] = json_int,
    [J_BOOL] = json_bool,   [J_TIME] = json_time, [J_ENUM] = json_enum,
    [J_TEXTS] = json_texts, [J_IDS] = json_ids,   [J_OBJ] = json_sub,
    [J_OBJS] = json_subs,   [J_JSON] = json_any,  [J_NUM] = NULL, /* describes answers */
};

/* The handler's look-up says no to what is no token of ours, in the same words and time. */
static bool read_token(const struct jfield *f, const json_t *v, void *out)
{
    struct j_text *text = (struct j_text *)(void *)((char *)out + f->off);

    text->set = v != NULL;
    text->v = json_is_string(v) ? text_of(v) : STR("");
    return true;
}

static bool read_member(struct reader *r, const struct jfield *f, const struct place *up,
                        const json_t *v, void *out)
{
    const struct place at = { .up = up, .name = f->name };

    if (f->flags & JF_TOKEN)
        return read_token(f, v, out);
    if (!v)
        return !(f->flags & JF_REQUIRED) || jspec_refuse(r, f, &at, "required", "is required");
    INVARIANT(readers[f->type]);
    *jspec_set_of(out, f) = true;
    if (json_is_null(v) && f->type != J_JSON) {
        *jspec_null_of(out, f) = true;
        return (f->flags & JF_NULLABLE) || jspec_refuse(r, f, &at, "null", "must not be null");
    }
    *jspec_null_of(out, f) = json_is_null(v);
    return readers[f->type](r, f, &at, v, (char *)out + f->off);
}

static bool read_object(struct reader *r, const struct jspec *s, const struct place *at,
                        const json_t *v, void *out)
{
    json_t *object = (json_t *)(uintptr_t)v; /* jansson iterates over non-const objects only */
    size_t known = 0;
    bool ok = true;
    const char *key;
    json_t *member;

    for (size_t i = 0; i < s->n_fields; i++) {
        const json_t *value = json_object_get(v, s->fields[i].name);

        known += value != NULL;
        ok &= read_member(r, &s->fields[i], at, value, out);
    }
    if (known == json_object_size(v))
        return ok;
    json_object_foreach(object, key, member)
    {
        if (!jspec_field_of(s, str_of(key)))
            jspec_refuse_unknown(r, s, at, key);
    }
    return false;
}

enum rc jspec_read(const struct jspec *s, const json_t *body, struct arena *a, void **out,
                   struct err *e)
{
    struct reader r = { .a = a, .e = e };

    *out = NULL;
    if (!json_is_object(body)) {
        err_field(e, "", "type", "an object", "the body must be a JSON object");
        return err_set(e, RC_INVALID, "type", "The body must be a JSON object.");
    }
    *out = arena_alloc(a, s->size);
    return read_object(&r, s, NULL, body, *out) ? RC_OK : e->rc;
}
