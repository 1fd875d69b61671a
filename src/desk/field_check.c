/* Whether a value fits its field, and whether a definition is one. */
#include "desk/field.h"

#include "base/clock.h"
#include "base/utf8.h"

#include <math.h>
#include <stdio.h>

enum {
    TEXT_MAX = 255,
    LONG_TEXT_MAX = 20000,
    URL_MAX = 2048,
    CHOICES_MAX = 100,  /* values of one field */
    OPTIONS_MAX = 1000, /* choices of a definition */
    NAME_MAX_ = 48,
    DATE_LEN = 10,
};
#define DECIMAL_MAX 9e12 /* so that millionths fit the index */

struct check {
    const struct cat_field *f;
    const char *pointer;
    struct err *e;
};

static struct str json_str(const json_t *v)
{
    return (struct str){ json_string_value(v), json_string_length(v) };
}

static enum rc wrong(const struct check *k, const char *code, const char *allowed)
{
    return err_field(k->e, k->pointer, code, allowed, "This value does not fit the field.");
}

static int64_t option_int(const struct cat_field *f, const char *name, int64_t otherwise)
{
    const json_t *v = json_object_get(f->options, name);

    return json_is_integer(v) ? json_integer_value(v) : otherwise;
}

static enum rc check_text(const struct check *k, const json_t *v, json_t **out)
{
    bool is_long = k->f->type == FIELD_LONG_TEXT;
    int64_t max = option_int(k->f, "max_length", is_long ? LONG_TEXT_MAX : TEXT_MAX);
    struct str s = json_str(v);

    if (!json_is_string(v))
        return wrong(k, "type", "text");
    if (is_long ? utf8_has_control(s, true) : !utf8_is_line(s))
        return wrong(k, "control", "text without control characters");
    if (utf8_is_blank(s) || (int64_t)utf8_count(s) > max) {
        char allowed[48];

        snprintf(allowed, sizeof(allowed), "1 to %lld characters", (long long)max);
        return wrong(k, "length", allowed);
    }
    *out = json_stringn(s.p, s.n);
    return RC_OK;
}

static enum rc check_url(const struct check *k, const json_t *v, json_t **out)
{
    struct str s = json_str(v);

    if (!json_is_string(v) || s.n > URL_MAX || !utf8_is_line(s)
        || str_chr(s, ' ') != SIZE_MAX
        || (!str_istarts(s, STR("https://")) && !str_istarts(s, STR("http://"))))
        return wrong(k, "url", "an http or https address");
    *out = json_stringn(s.p, s.n);
    return RC_OK;
}

static enum rc check_number(const struct check *k, const json_t *v, json_t **out)
{
    const json_t *min = json_object_get(k->f->options, "min");
    const json_t *max = json_object_get(k->f->options, "max");
    bool whole = k->f->type == FIELD_INTEGER;
    double d = json_number_value(v);

    if (whole ? !json_is_integer(v) : !json_is_number(v))
        return wrong(k, "type", whole ? "integer" : "number");
    if ((json_is_number(min) && d < json_number_value(min))
        || (json_is_number(max) && d > json_number_value(max))
        || (!whole && fabs(d) > DECIMAL_MAX))
        return wrong(k, "range", "a number inside the field's range");
    *out = whole || json_is_integer(v) ? json_integer(json_integer_value(v)) : json_real(d);
    return RC_OK;
}

static enum rc check_bool(const struct check *k, const json_t *v, json_t **out)
{
    if (!json_is_boolean(v))
        return wrong(k, "type", "true or false");
    *out = json_boolean(json_is_true(v));
    return RC_OK;
}

static enum rc check_date(const struct check *k, const json_t *v, json_t **out)
{
    char full[CLOCK_TEXT_MAX];
    struct str s = json_str(v);
    int64_t t;

    if (!json_is_string(v) || s.n != DATE_LEN)
        return wrong(k, "date", "YYYY-MM-DD");
    snprintf(full, sizeof(full), "%.10sT00:00:00Z", s.p);
    if (!clock_parse(str_of(full), &t))
        return wrong(k, "date", "YYYY-MM-DD, 1970 to 9999");
    *out = json_stringn(s.p, s.n);
    return RC_OK;
}

static enum rc check_datetime(const struct check *k, const json_t *v, json_t **out)
{
    char text[CLOCK_TEXT_MAX];
    int64_t t;
    size_t n;

    if (!json_is_string(v) || !clock_parse(json_str(v), &t))
        return wrong(k, "time", "RFC 3339");
    n = clock_format(t, text);
    *out = json_stringn(text, n);
    return RC_OK;
}

static struct str choice_value(const json_t *choice)
{
    return json_str(json_is_object(choice) ? json_object_get(choice, "value") : choice);
}

static bool is_choice(const struct cat_field *f, struct str s)
{
    json_t *choices = json_object_get(f->options, "choices"), *choice;
    size_t i;

    json_array_foreach(choices, i, choice)
        if (str_eq(choice_value(choice), s))
            return true;
    return false;
}

static enum rc check_choice(const struct check *k, const json_t *v, json_t **out)
{
    if (!json_is_string(v) || !is_choice(k->f, json_str(v)))
        return wrong(k, "choice", "one of the field's choices");
    *out = json_stringn(json_string_value(v), json_string_length(v));
    return RC_OK;
}

static enum rc check_choices(const struct check *k, const json_t *v, json_t **out)
{
    json_t *list CLEAN(json_clean) = json_array();
    json_t *item, *seen;
    size_t i, j;

    if (!json_is_array(v) || json_array_size(v) > CHOICES_MAX)
        return wrong(k, "type", "a list of the field's choices");
    json_array_foreach((json_t *)(uintptr_t)v, i, item) {
        if (!json_is_string(item) || !is_choice(k->f, json_str(item)))
            return wrong(k, "choice", "the field's choices");
        json_array_foreach(list, j, seen)
            if (json_equal(seen, item))
                return wrong(k, "double", "each choice once");
        json_array_append(list, item);
    }
    *out = json_incref(list);
    return RC_OK;
}

static enum rc check_ref(const struct check *k, const json_t *v, json_t **out)
{
    if (!json_is_integer(v) || json_integer_value(v) < 1)
        return wrong(k, "type", "an id");
    *out = json_integer(json_integer_value(v));
    return RC_OK;
}

static enum rc (*const checks[])(const struct check *k, const json_t *v, json_t **out) = {
    [FIELD_TEXT] = check_text,           [FIELD_LONG_TEXT] = check_text,
    [FIELD_INTEGER] = check_number,      [FIELD_DECIMAL] = check_number,
    [FIELD_BOOLEAN] = check_bool,        [FIELD_DATE] = check_date,
    [FIELD_DATETIME] = check_datetime,   [FIELD_CHOICE] = check_choice,
    [FIELD_CHOICES] = check_choices,     [FIELD_TREE_CHOICE] = check_choice,
    [FIELD_TREE_CHOICES] = check_choices, [FIELD_USER_REF] = check_ref,
    [FIELD_ORGANIZATION_REF] = check_ref, [FIELD_URL] = check_url,
};

enum rc field_check(const struct cat_field *f, const json_t *v, const char *pointer, json_t **out,
                    struct err *e)
{
    return checks[f->type](&(struct check){ f, pointer, e }, v, out);
}

/* ---- Definitions ---- */

static bool is_name(struct str s)
{
    if (!s.n || s.n > NAME_MAX_ || s.p[0] < 'a' || s.p[0] > 'z')
        return false;
    for (size_t i = 0; i < s.n; i++) {
        char ch = s.p[i];

        if (!(ch >= 'a' && ch <= 'z') && !(ch >= '0' && ch <= '9') && ch != '_')
            return false;
    }
    return true;
}

static bool has_choices(enum field_type t)
{
    return t == FIELD_CHOICE || t == FIELD_CHOICES || t == FIELD_TREE_CHOICE
           || t == FIELD_TREE_CHOICES;
}

static void check_one_choice(const json_t *choice, const struct cat_field *f, size_t at,
                             struct err *e)
{
    json_t *choices = json_object_get(f->options, "choices");
    struct str v = choice_value(choice);
    char pointer[64];

    snprintf(pointer, sizeof(pointer), "/options/choices/%zu", at);
    if (!v.p || utf8_is_blank(v) || utf8_count(v) > TEXT_MAX || !utf8_is_line(v)
        || (!json_is_string(choice) && !json_is_string(json_object_get(choice, "label"))))
        err_field(e, pointer, "choice", "text, or {\"value\",\"label\"}", "This is not a choice.");
    for (size_t i = 0; v.p && i < at; i++)
        if (str_eq(choice_value(json_array_get(choices, i)), v))
            err_field(e, pointer, "double", "each choice once", "This choice is there twice.");
}

static void check_options(const struct cat_field *f, struct err *e)
{
    static const char *const known[] = { "choices", "min", "max", "max_length", "default", NULL };
    json_t *choices = json_object_get(f->options, "choices"), *v;
    const char *name;
    size_t i;

    json_object_foreach((json_t *)(uintptr_t)f->options, name, v) {
        char pointer[96];

        snprintf(pointer, sizeof(pointer), "/options/%.80s", name);
        if (kind_of(known, str_of(name)) < 0)
            err_field(e, pointer, "unknown", "choices, min, max, max_length, default",
                      "There is no such option.");
        else if (name[0] == 'm' && !json_is_number(v))
            err_field(e, pointer, "type", "number", "This must be a number.");
    }
    if (has_choices(f->type) != json_is_array(choices) || json_array_size(choices) > OPTIONS_MAX
        || (has_choices(f->type) && !json_array_size(choices))) {
        err_field(e, "/options/choices", "required", "a list for choices, nothing otherwise",
                  "Choices and type do not fit.");
        return;
    }
    json_array_foreach(choices, i, v)
        check_one_choice(v, f, i, e);
}

static void check_screens(const struct cat_field *f, struct err *e)
{
    const char *name;
    json_t *v;

    json_object_foreach((json_t *)(uintptr_t)f->screens, name, v) {
        char pointer[96];

        snprintf(pointer, sizeof(pointer), "/screens/%.80s", name);
        if (kind_of(field_screen_names, str_of(name)) < 0)
            err_field(e, pointer, "unknown", "customer_create, agent_create, edit, close",
                      "There is no such screen.");
        else if (!json_is_string(v) || kind_of(field_mode_names, json_str(v)) < 0)
            err_field(e, pointer, "choice", "hidden, shown, required, read_only",
                      "This is not a mode.");
    }
}

enum rc field_define_check(const struct cat_field *f, struct err *e)
{
    const json_t *def = json_object_get(f->options, "default");
    json_t *kept CLEAN(json_clean) = NULL;

    if (!is_name(f->name))
        err_field(e, "/name", "name", "a-z, 0-9 and _, beginning with a letter, 48 at most",
                  "This cannot be a field's name.");
    check_options(f, e);
    check_screens(f, e);
    if ((f->type == FIELD_USER_REF || f->type == FIELD_ORGANIZATION_REF)
        && field_mode_on(f, SCREEN_CUSTOMER_CREATE) == MODE_REQUIRED)
        err_field(e, "/screens/customer_create", "choice", "hidden, shown, read_only",
                  "Customers know no ids: they could open no ticket.");
    if (!e->n_fields && def && !json_is_null(def))
        return field_check(f, def, "/options/default", &kept, e);
    return e->n_fields ? e->rc : RC_OK;
}
