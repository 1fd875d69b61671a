#include "portal/request_fields.h"

#include "desk/field.h"
#include "web/form.h"

enum { OPTIONS_SHOWN_MAX = 1000, NAME_LEN = 64, NUMBER_LEN = 40 };

static struct str json_str(const json_t *v)
{
    return (struct str){ json_string_value(v), json_string_length(v) };
}

static bool is_asked(const struct cat_field *f)
{
    enum field_mode mode = field_mode_on(f, SCREEN_CUSTOMER_CREATE);

    return f->active && f->object == FIELD_TICKET && (mode == MODE_SHOWN || mode == MODE_REQUIRED)
           && f->type != FIELD_USER_REF && f->type != FIELD_ORGANIZATION_REF; /* customers know no ids */
}

/* "Hardware::Printer" reads as "Hardware › Printer". */
static struct str tree_label(struct str path, struct arena *a)
{
    struct buf b = BUF_ARENA(a, 4 * path.n + 16);

    while (path.n) {
        size_t at = str_find(path, STR("::"));

        buf_str(&b, str_sub(path, 0, at));
        if (at == SIZE_MAX)
            break;
        buf_str(&b, STR(" › "));
        path = str_sub(path, at + 2, path.n);
    }
    return buf_view(&b);
}

static bool is_tree(const struct cat_field *f)
{
    return f->type == FIELD_TREE_CHOICE || f->type == FIELD_TREE_CHOICES;
}

static struct option option_of(const struct cat_field *f, const json_t *choice, struct arena *a)
{
    struct option o = { .value = json_str(json_is_object(choice) ? json_object_get(choice, "value") : choice) };
    const json_t *label = json_object_get(choice, "label");

    o.label = json_is_string(label) ? json_str(label) : is_tree(f) ? tree_label(o.value, a) : o.value;
    return o;
}

static size_t options_of(const struct cat_field *f, struct arena *a, struct option **out)
{
    json_t *choices = json_object_get(f->options, "choices"), *choice;
    size_t n = 0, i;

    *out = ARENA_ARRAY(a, struct option, json_array_size(choices) + 1);
    json_array_foreach(choices, i, choice)
        if (n < OPTIONS_SHOWN_MAX)
            (*out)[n++] = option_of(f, choice, a);
    return n;
}

/* A default as it is typed; several as options. */
static struct str default_text(const struct cat_field *f, struct arena *a)
{
    const json_t *v = json_object_get(f->options, "default");

    if (json_is_string(v))
        return json_str(v);
    if (json_is_integer(v))
        return str_printf(a, "%lld", (long long)json_integer_value(v));
    if (json_is_real(v))
        return str_printf(a, "%g", json_real_value(v));
    return json_is_true(v) ? STR("1") : STR("");
}

static size_t default_options(const struct cat_field *f, struct arena *a, struct option **out)
{
    json_t *list = json_object_get(f->options, "default"), *v;
    size_t n = 0, i;

    *out = ARENA_ARRAY(a, struct option, json_array_size(list) + 1);
    json_array_foreach(list, i, v)
        (*out)[n++].value = json_str(v);
    return n;
}

static const struct {
    const char *type, *mode;
    enum word hint;
} kinds[] = {
    [FIELD_TEXT] = { "text", NULL, W_NONE },
    [FIELD_LONG_TEXT] = { "text", NULL, W_NONE },
    [FIELD_INTEGER] = { "text", "numeric", W_NONE },
    [FIELD_DECIMAL] = { "text", "decimal", W_NONE },
    [FIELD_BOOLEAN] = { "checkbox", NULL, W_NONE },
    [FIELD_DATE] = { "date", NULL, W_NONE },
    [FIELD_DATETIME] = { "datetime-local", NULL, W_UTC_HINT },
    [FIELD_URL] = { "url", "url", W_URL_HINT },
};

static void one_input(struct page *p, const struct cat_field *f)
{
    struct arena *a = p->c->a;
    struct input in = {
        .name = str_printf(a, "field.%.*s", STR_ARG(f->name)).p,
        .pointer = str_printf(a, "/fields/%.*s", STR_ARG(f->name)).p,
        .label_text = f->label.n ? f->label : f->name,
        .hint_text = f->help,
        .value = default_text(f, a),
        .is_optional = field_mode_on(f, SCREEN_CUSTOMER_CREATE) != MODE_REQUIRED,
    };
    struct option *options, *chosen;
    size_t n, n_chosen;

    if (f->type == FIELD_CHOICE || f->type == FIELD_TREE_CHOICE) {
        n = options_of(f, a, &options);
        input_select(p, &in, options, n, W_CHOOSE);
        return;
    }
    if (f->type == FIELD_CHOICES || f->type == FIELD_TREE_CHOICES) {
        n = options_of(f, a, &options);
        n_chosen = default_options(f, a, &chosen);
        input_choices(p, &in, options, n, chosen, n_chosen);
        return;
    }
    in.type = kinds[f->type].type;
    in.mode = kinds[f->type].mode;
    in.hint = kinds[f->type].hint;
    if (f->type == FIELD_BOOLEAN)
        input_check(p, &in);
    else if (f->type == FIELD_LONG_TEXT)
        input_area(p, &in);
    else
        input_text(p, &in);
}

static int by_position(const void *x, const void *y)
{
    const struct cat_field *const *p = x, *const *q = y;

    if ((*p)->position != (*q)->position)
        return (*p)->position < (*q)->position ? -1 : 1;
    return ((*p)->id > (*q)->id) - ((*p)->id < (*q)->id);
}

/* Of tickets, sorted. */
static const struct cat_field **sorted(const struct catalog *cat, struct arena *a, size_t *n)
{
    const struct cat_field **list = ARENA_ARRAY(a, const struct cat_field *, cat->n_fields + 1);

    *n = 0;
    for (size_t i = 0; i < cat->n_fields; i++)
        if (cat->fields[i].object == FIELD_TICKET)
            list[(*n)++] = &cat->fields[i];
    qsort(list, *n, sizeof(*list), by_position);
    return list;
}

void request_fields_inputs(struct page *p, const struct catalog *cat)
{
    size_t n;
    const struct cat_field **list = sorted(cat, p->c->a, &n);

    for (size_t i = 0; i < n; i++)
        if (is_asked(list[i]))
            one_input(p, list[i]);
}

/* ---- What was typed ---- */

/* Digits with at most one point or comma; anything else stays text, and is refused by the field. */
static json_t *number_json(struct str v)
{
    char text[NUMBER_LEN];
    int64_t whole;
    char *end;
    double d;

    v = str_trim(v);
    if (str_i64(v, INT64_MIN, INT64_MAX, &whole))
        return json_integer(whole);
    if (v.n == 0 || v.n >= sizeof(text))
        return json_stringn(v.p, v.n);
    for (size_t i = 0; i < v.n; i++) {
        text[i] = v.p[i] == ',' ? '.' : v.p[i];
        if ((text[i] < '0' || text[i] > '9') && text[i] != '.' && text[i] != '-')
            return json_stringn(v.p, v.n);
    }
    text[v.n] = '\0';
    d = strtod(text, &end);
    return *end ? json_stringn(v.p, v.n) : json_real(d);
}

static json_t *typed_json(const struct cat_field *f, struct str v)
{
    switch (f->type) {
    case FIELD_INTEGER:
    case FIELD_DECIMAL:
        return number_json(v);
    case FIELD_BOOLEAN:
        return json_true();
    case FIELD_DATETIME: { /* "2026-11-23T21:00", in UTC */
        char text[NUMBER_LEN];

        snprintf(text, sizeof(text), "%.*s%s", STR_ARG(str_sub(v, 0, NUMBER_LEN - 8)), v.n == 16 ? ":00Z" : "Z");
        return json_string(text);
    }
    default:
        return json_stringn(v.p, v.n);
    }
}

json_t *request_fields_json(const struct ctx *c, const struct catalog *cat)
{
    struct str prefix = STR("field.");
    json_t *out = json_object();

    for (size_t i = 0; i < c->form->n; i++) {
        const struct form_value *v = &c->form->values[i];
        const struct cat_field *f;
        char name[NAME_LEN];

        if (!str_starts(v->name, prefix) || v->value.n == 0)
            continue;
        f = catalog_field(cat, FIELD_TICKET, str_sub(v->name, prefix.n, v->name.n));
        if (!f || !is_asked(f))
            continue; /* taken away while the form was open */
        snprintf(name, sizeof(name), "%.*s", STR_ARG(f->name));
        if (f->type != FIELD_CHOICES && f->type != FIELD_TREE_CHOICES) {
            json_object_set_new(out, name, typed_json(f, v->value));
            continue;
        }
        if (!json_object_get(out, name))
            json_object_set_new(out, name, json_array());
        json_array_append_new(json_object_get(out, name), json_stringn(v->value.p, v->value.n));
    }
    return out;
}

/* ---- For reading ---- */

static void one_value(struct page *p, const struct cat_field *f, const json_t *v)
{
    json_t *choices = json_object_get(f->options, "choices"), *choice;
    struct str s = json_str(v);
    size_t i;

    json_array_foreach(choices, i, choice) {
        struct option o = option_of(f, choice, p->c->a);

        if (json_is_string(v) && str_eq(o.value, s))
            s = o.label;
    }
    if (json_is_boolean(v))
        html(&p->h, "{}", W(json_is_true(v) ? W_YES : W_NO));
    else if (json_is_integer(v))
        html(&p->h, "{}", N(json_integer_value(v)));
    else if (json_is_real(v))
        html(&p->h, "{}", T(str_printf(p->c->a, "%g", json_real_value(v))));
    else
        html(&p->h, "<bdi>{}</bdi>", T(s));
}

static void values(struct page *p, const struct cat_field *f, const json_t *v)
{
    json_t *item;
    size_t i;

    html(&p->h, "<div><dt>{}</dt><dd>", T(f->label.n ? f->label : f->name));
    if (json_is_array(v)) {
        json_array_foreach((json_t *)(uintptr_t)v, i, item) {
            if (i)
                html_lit(&p->h, ", ");
            one_value(p, f, item);
        }
    } else {
        one_value(p, f, v);
    }
    html_lit(&p->h, "</dd></div>");
}

void request_fields_values(struct page *p, const struct catalog *cat, const struct ticket *t)
{
    struct str json = fields_for_customer(cat, FIELD_TICKET, t->fields_json, p->c->a);
    json_t *all CLEAN(json_clean) = NULL;
    struct err e = { 0 };
    size_t n;
    const struct cat_field **list = sorted(cat, p->c->a, &n);

    if (json.n <= 2 || json_read(json, &all, &e) != RC_OK)
        return;
    for (size_t i = 0; i < n; i++) {
        char name[NAME_LEN];
        const json_t *v;

        snprintf(name, sizeof(name), "%.*s", STR_ARG(list[i]->name));
        v = json_object_get(all, name);
        if (v && list[i]->type != FIELD_USER_REF && list[i]->type != FIELD_ORGANIZATION_REF)
            values(p, list[i], v);
    }
}
