#include "desk/field.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/json_where.h"
#include "base/utf8.h"
#include "store/fields.h"
#include "store/refs.h"

#include <math.h>

enum {
    FIELDS_JSON_MAX = 256 * 1024,
    VALUES_MAX = 100,
    FOLD_BYTES_MAX = 500, /* of a searchable value: index rows are limited */
    POINTER_MAX = 96,
};

const char *const field_screen_names[] = { "customer_create", "agent_create", "edit", "close", NULL };
const char *const field_mode_names[] = { "hidden", "shown", "required", "read_only", NULL };

static struct str json_str(const json_t *v)
{
    return (struct str){ json_string_value(v), json_string_length(v) };
}

enum field_mode field_mode_on(const struct cat_field *f, enum field_screen screen)
{
    const json_t *v = json_object_get(f->screens, field_screen_names[screen]);
    int mode = json_is_string(v) ? kind_of(field_mode_names, json_str(v)) : -1;

    if (mode >= 0)
        return (enum field_mode)mode;
    return screen == SCREEN_CUSTOMER_CREATE ? MODE_HIDDEN : MODE_SHOWN;
}

static struct str dump(const json_t *v, struct arena *a)
{
    size_t n = json_dumpb(v, NULL, 0, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
    char *p = arena_alloc(a, n + 1);

    json_dumpb(v, p, n, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
    return (struct str){ p, n };
}

static void pointer_to(char out[POINTER_MAX], const char *name)
{
    snprintf(out, POINTER_MAX, "/fields/%s", name);
}

/* An object's values; broken JSON in the database counts as none. */
static json_t *values_of(struct str json)
{
    struct err e = { 0 };
    json_t *v = NULL;

    if (json_read(json, &v, &e) == RC_OK && json_is_object(v))
        return v;
    json_decref(v);
    return json_object();
}

/* ---- Applying a patch ---- */

static enum rc ref_exists(struct call *c, const struct cat_field *f, const json_t *v,
                          const char *pointer, struct err *e)
{
    struct user_ref user;
    struct str name;
    enum rc rc = RC_OK;

    if (f->type == FIELD_USER_REF)
        rc = refs_user(c->db, json_integer_value(v), c->a, &user, e);
    else if (f->type == FIELD_ORGANIZATION_REF)
        rc = refs_organization_name(c->db, json_integer_value(v), c->a, &name, e);
    if (rc != RC_NOT_FOUND)
        return rc;
    err_clear(e);
    return err_field(e, pointer, "unknown", "the id of one that is there", "There is none with this id.");
}

static enum rc unknown_field(struct call *c, const struct field_patch *p, const char *pointer, struct err *e)
{
    struct buf names = BUF_ARENA(c->a, ERR_ALLOWED_BYTES);

    for (size_t i = 0; i < c->cat->n_fields; i++) {
        const struct cat_field *f = &c->cat->fields[i];

        if (f->object == p->object && f->active && names.n + f->name.n + 4 < ERR_ALLOWED_BYTES
            && !(p->as_customer && field_mode_on(f, SCREEN_CUSTOMER_CREATE) == MODE_HIDDEN))
            buf_printf(&names, "%s%.*s", names.n ? ", " : "", STR_ARG(f->name));
    }
    return err_field(e, pointer, "unknown", names.n ? str_z(buf_view(&names), c->a) : "there are no custom fields here",
                     "There is no such field.");
}

static enum rc apply_one(struct call *c, const struct field_patch *p, const char *name,
                         const json_t *v, json_t *values, struct err *e)
{
    const struct cat_field *f = catalog_field(c->cat, p->object, str_of(name));
    const char *pointer = json_pointer_to("/fields", str_of(name), c->a);
    json_t *kept = NULL;
    enum field_mode mode;

    if (!f || (p->as_customer && field_mode_on(f, SCREEN_CUSTOMER_CREATE) == MODE_HIDDEN))
        return unknown_field(c, p, pointer, e);
    mode = field_mode_on(f, p->screen);
    if (mode == MODE_HIDDEN || mode == MODE_READ_ONLY)
        return err_field(e, pointer, "read_only", "no value here", "This field cannot be changed here.");
    if (json_is_null(v)) {
        if (mode == MODE_REQUIRED && !p->is_new) /* of new objects all required ones are checked */
            return err_field(e, pointer, "required", "a value", "This field is required.");
        json_object_del(values, name);
        return RC_OK;
    }
    TRY(field_check(f, v, pointer, &kept, e));
    json_object_set_new(values, name, kept);
    return ref_exists(c, f, kept, pointer, e);
}

static void add_defaults(const struct catalog *cat, const struct field_patch *p, json_t *values)
{
    for (size_t i = 0; i < cat->n_fields; i++) {
        const struct cat_field *f = &cat->fields[i];
        json_t *def = json_object_get(f->options, "default");

        if (f->active && f->object == p->object && def && !json_is_null(def))
            json_object_set(values, f->name.p, def);
    }
}

static void check_required(const struct catalog *cat, enum field_object object,
                           enum field_screen screen, const json_t *values, struct err *e)
{
    for (size_t i = 0; i < cat->n_fields; i++) {
        const struct cat_field *f = &cat->fields[i];
        char pointer[POINTER_MAX];

        if (!f->active || f->object != object || field_mode_on(f, screen) != MODE_REQUIRED
            || json_object_get(values, f->name.p))
            continue;
        pointer_to(pointer, f->name.p);
        err_field(e, pointer, "required", "a value", "This field is required.");
    }
}

enum rc fields_apply(struct call *c, struct str before_json, const struct field_patch *p,
                     struct str *after_json, struct err *e)
{
    json_t *values CLEAN(json_clean) = values_of(before_json);
    const char *name;
    json_t *v;
    enum rc rc = RC_OK;

    if (p->is_new)
        add_defaults(c->cat, p, values);
    json_object_foreach((json_t *)(uintptr_t)p->patch, name, v) {
        enum rc one = apply_one(c, p, name, v, values, e);

        if (one != RC_OK && one != RC_INVALID)
            return one;
        rc = one == RC_OK ? rc : one;
    }
    if (p->is_new)
        check_required(c->cat, p->object, p->screen, values, e);
    if (rc != RC_OK || e->n_fields)
        return e->rc;
    *after_json = dump(values, c->a);
    if (after_json->n > FIELDS_JSON_MAX)
        return err_field(e, "/fields", "length", "256 KiB", "The fields are too long together.");
    return RC_OK;
}

enum rc fields_required(struct call *c, struct str json, enum field_object object,
                        enum field_screen screen, struct err *e)
{
    json_t *values CLEAN(json_clean) = NULL;

    if (!c->cat->n_fields)
        return RC_OK;
    values = values_of(json);
    check_required(c->cat, object, screen, values, e);
    return e->n_fields ? e->rc : RC_OK;
}

struct str fields_for_customer(const struct catalog *cat, enum field_object object, struct str json,
                               struct arena *a)
{
    json_t *values CLEAN(json_clean) = NULL;

    if (json.n <= 2)
        return STR("{}");
    values = values_of(json);
    for (size_t i = 0; i < cat->n_fields; i++) {
        const struct cat_field *f = &cat->fields[i];

        if (f->object == object && field_mode_on(f, SCREEN_CUSTOMER_CREATE) == MODE_HIDDEN)
            json_object_del(values, f->name.p);
    }
    return dump(values, a);
}

/* ---- Searchable rows ---- */

static struct field_value row_of(const struct cat_field *f, const json_t *v, struct arena *a)
{
    struct field_value out = { 0 };
    int64_t t;

    switch (json_typeof(v)) {
    case JSON_INTEGER:
        out.number = json_integer_value(v);
        out.has_number = true;
        if (f->type == FIELD_DECIMAL)
            out.number *= 1000000;
        break;
    case JSON_REAL:
        out.number = llround(json_real_value(v) * 1e6); /* 2.01 * 1e6 is a little less than whole */
        out.has_number = true;
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        out.number = json_is_true(v);
        out.has_number = true;
        break;
    case JSON_STRING:
        out.text_fold = utf8_fold(json_str(v), a);
        out.text_fold.n = utf8_cut_bytes(out.text_fold, FOLD_BYTES_MAX);
        if (f->type == FIELD_DATETIME && clock_parse(json_str(v), &t)) {
            out.number = t;
            out.has_number = true;
        }
        break;
    default:
        break;
    }
    return out;
}

static enum rc sync_one(struct call *c, const struct cat_field *f, int64_t object_id,
                        const json_t *v, struct err *e)
{
    struct field_value rows[VALUES_MAX];
    size_t n = 0, i;
    json_t *item;

    if (json_is_array(v)) {
        json_array_foreach((json_t *)(uintptr_t)v, i, item)
            if (n < VALUES_MAX)
                rows[n++] = row_of(f, item, c->a);
    } else if (v) {
        rows[n++] = row_of(f, v, c->a);
    }
    return field_values_set(c->db, f->id, object_id, rows, n, e);
}

enum rc fields_sync(struct call *c, enum field_object object, int64_t object_id,
                    struct str before_json, struct str after_json, struct err *e)
{
    json_t *before CLEAN(json_clean) = NULL;
    json_t *after CLEAN(json_clean) = NULL;

    if (str_eq(before_json, after_json))
        return RC_OK;
    before = values_of(before_json);
    after = values_of(after_json);
    for (size_t i = 0; i < c->cat->n_fields; i++) {
        const struct cat_field *f = &c->cat->fields[i];
        const json_t *was = json_object_get(before, f->name.p);
        const json_t *is = json_object_get(after, f->name.p);

        if (f->object != object || was == is || (was && is && json_equal(was, is)))
            continue;
        TRY(sync_one(c, f, object_id, is, e));
    }
    return RC_OK;
}
