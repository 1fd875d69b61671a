/* Schemas of the OpenAPI document: what a field table says, as JSON Schema. */
#include "web/openapi_priv.h"

enum { TEXT_MAX = 65535, ITEMS_MAX = 100 };

void specs_add(struct specs *s, const struct jspec *spec)
{
    for (size_t i = 0; i < s->n; i++) {
        if (s->v[i] == spec || strcmp(s->v[i]->name, spec->name) == 0)
            return;
    }
    INVARIANT(s->n < SPECS_MAX);
    s->v[s->n++] = spec;
    for (size_t i = 0; i < spec->n_fields; i++) {
        if (spec->fields[i].sub)
            specs_add(s, spec->fields[i].sub);
    }
}

static void ref_member(struct jw *w, const struct jspec *spec)
{
    char ref[160];
    int n = snprintf(ref, sizeof(ref), "#/components/schemas/%s", spec->name);

    jw_kv_text(w, "$ref", ((struct str){ ref, (size_t)n }));
}

void schema_ref(struct jw *w, const struct jspec *spec)
{
    jw_obj(w);
    ref_member(w, spec);
    jw_obj_end(w);
}

static void type_of(struct jw *w, const char *type, bool nullable)
{
    jw_key(w, "type");
    if (!nullable) {
        jw_text(w, str_of(type));
        return;
    }
    jw_arr(w);
    jw_text(w, str_of(type));
    jw_text(w, STR("null"));
    jw_arr_end(w);
}

static void text_schema(struct jw *w, const struct jfield *f, bool is_answer, bool nullable)
{
    type_of(w, "string", nullable);
    if (is_answer)
        return;
    if (f->min > 0 || (f->flags & JF_FILLED))
        jw_kv_int(w, "minLength", f->min > 0 ? f->min : 1);
    jw_kv_int(w, "maxLength", f->max > 0 ? f->max : TEXT_MAX);
}

static void int_schema(struct jw *w, const struct jfield *f, bool is_answer, bool nullable)
{
    type_of(w, "integer", nullable);
    if (is_answer)
        return;
    if (f->max != 0 || f->min != 0)
        jw_kv_int(w, "minimum", f->min);
    if (f->max != 0)
        jw_kv_int(w, "maximum", f->max);
}

static void enum_schema(struct jw *w, const struct jfield *f, bool nullable)
{
    type_of(w, "string", nullable);
    jw_key(w, "enum");
    jw_arr(w);
    for (size_t i = 0; f->values && f->values[i]; i++)
        jw_text(w, str_of(f->values[i]));
    if (nullable)
        jw_null(w);
    jw_arr_end(w);
}

static void array_schema(struct jw *w, const struct jfield *f, bool is_answer, bool nullable)
{
    struct jfield item = { .min = f->min, .max = f->max };

    type_of(w, "array", nullable);
    if (!is_answer)
        jw_kv_int(w, "maxItems", f->max_items ? f->max_items : ITEMS_MAX);
    jw_key(w, "items");
    if (f->type == J_OBJS) {
        schema_ref(w, f->sub);
        return;
    }
    jw_obj(w);
    if (f->type == J_TEXTS) {
        text_schema(w, &item, is_answer, false);
    } else {
        jw_kv_text(w, "type", STR("integer"));
        jw_kv_int(w, "minimum", 1);
    }
    jw_obj_end(w);
}

static void object_schema(struct jw *w, const struct jfield *f, bool nullable)
{
    if (!nullable) {
        ref_member(w, f->sub);
        return;
    }
    jw_key(w, "anyOf");
    jw_arr(w);
    schema_ref(w, f->sub);
    jw_obj(w);
    jw_kv_text(w, "type", STR("null"));
    jw_obj_end(w);
    jw_arr_end(w);
}

/* The members of the schema; the caller opens and closes the object. */
static void members_of(struct jw *w, const struct jfield *f, bool is_answer)
{
    bool nullable = f->flags & JF_NULLABLE;

    switch (f->type) {
    case J_TEXT:
        text_schema(w, f, is_answer, nullable);
        break;
    case J_INT:
        int_schema(w, f, is_answer, nullable);
        break;
    case J_ID:
        type_of(w, "integer", nullable);
        jw_kv_int(w, "minimum", 1);
        break;
    case J_BOOL:
        type_of(w, "boolean", nullable);
        break;
    case J_TIME:
        type_of(w, "string", nullable);
        jw_kv_text(w, "format", STR("date-time"));
        break;
    case J_ENUM:
        enum_schema(w, f, nullable);
        break;
    case J_NUM:
        type_of(w, "number", nullable);
        break;
    case J_TEXTS:
    case J_IDS:
    case J_OBJS:
        array_schema(w, f, is_answer, nullable);
        break;
    case J_OBJ:
        object_schema(w, f, nullable);
        break;
    case J_JSON:
        break;
    }
}

void schema_of_field(struct jw *w, const struct jfield *f, bool is_answer)
{
    jw_obj(w);
    members_of(w, f, is_answer);
    jw_obj_end(w);
}

static bool is_required(const struct jfield *f, bool is_answer)
{
    return is_answer ? !(f->flags & JF_OPTIONAL) : (f->flags & JF_REQUIRED) != 0;
}

static void required_of(struct jw *w, const struct jspec *spec, bool is_answer)
{
    size_t n = 0;

    for (size_t i = 0; i < spec->n_fields; i++)
        n += is_required(&spec->fields[i], is_answer);
    if (n == 0)
        return;
    jw_key(w, "required");
    jw_arr(w);
    for (size_t i = 0; i < spec->n_fields; i++) {
        if (is_required(&spec->fields[i], is_answer))
            jw_text(w, str_of(spec->fields[i].name));
    }
    jw_arr_end(w);
}

static void schema_write(struct jw *w, const struct jspec *spec)
{
    bool is_answer = spec->size == 0;

    jw_obj(w);
    jw_kv_text(w, "type", STR("object"));
    jw_kv_bool(w, "additionalProperties", false);
    required_of(w, spec, is_answer);
    jw_key(w, "properties");
    jw_obj(w);
    for (size_t i = 0; i < spec->n_fields; i++) {
        const struct jfield *f = &spec->fields[i];

        jw_key_str(w, str_of(f->name));
        jw_obj(w);
        if (f->help && f->help[0])
            jw_kv_text(w, "description", str_of(f->help));
        members_of(w, f, is_answer);
        if (f->flags & JF_SECRET)
            jw_kv_bool(w, "writeOnly", true);
        jw_obj_end(w);
    }
    jw_obj_end(w);
    jw_obj_end(w);
}

void schemas_write(struct jw *w, const struct specs *s)
{
    for (size_t i = 0; i < s->n; i++) {
        jw_key_str(w, str_of(s->v[i]->name));
        schema_write(w, s->v[i]);
    }
}
