/* Definitions of custom fields: made and changed online, switched off instead of deleted. */
#include "desk/catalog_edit.h"
#include "desk/field.h"
#include "web/call.h"

struct field_body {
    struct j_int object, type, position, active;
    struct j_text name, label, help;
    struct j_json options, screens;
};
#define F(m) offsetof(struct field_body, m)
#define FIELD_FIELDS                                                                               \
    { "help", J_TEXT, JF_LINES, 0, 500, 0, NULL, NULL, F(help), "Shown beside it." },              \
    { "options", J_JSON, 0, 0, 0, 0, NULL, NULL, F(options),                                       \
      "choices, min, max, max_length, default." },                                                 \
    { "screens", J_JSON, 0, 0, 0, 0, NULL, NULL, F(screens),                                       \
      "customer_create, agent_create, edit, close: hidden, shown, required, read_only." },         \
    { "position", J_INT, 0, 0, 1000000, 0, NULL, NULL, F(position), "Place in forms." },           \
    { "active", J_BOOL, 0, 0, 0, 0, NULL, NULL, F(active), "In use." }

static const struct jfield create_fields[] = {
    { "object", J_ENUM, JF_REQUIRED, 0, 0, 0, field_object_names, NULL, F(object), "What it is for; fixed." },
    { "name", J_TEXT, JF_REQUIRED | JF_FILLED, 1, 48, 0, NULL, NULL, F(name), "Name in the API; fixed." },
    { "type", J_ENUM, JF_REQUIRED, 0, 0, 0, field_type_names, NULL, F(type), "Type; fixed." },
    { "label", J_TEXT, JF_REQUIRED | JF_FILLED, 1, 120, 0, NULL, NULL, F(label), "Shown name." },
    FIELD_FIELDS,
};
static const struct jfield patch_fields[] = {
    { "label", J_TEXT, JF_FILLED, 1, 120, 0, NULL, NULL, F(label), "Shown name." },
    FIELD_FIELDS,
};
static const struct jspec create_spec = JSPEC("FieldCreate", create_fields, struct field_body);
static const struct jspec patch_spec = JSPEC("FieldPatch", patch_fields, struct field_body);

static const struct jfield answer_fields[] = {
    { .name = "id", .type = J_ID, .help = "Id." },
    { .name = "object", .type = J_TEXT, .help = "ticket, user, organization, group." },
    { .name = "name", .type = J_TEXT, .help = "Name in the API." },
    { .name = "label", .type = J_TEXT, .help = "Shown name." },
    { .name = "help", .type = J_TEXT, .help = "Shown beside it." },
    { .name = "type", .type = J_TEXT, .help = "Type." },
    { .name = "options", .type = J_JSON, .help = "Choices and limits." },
    { .name = "screens", .type = J_JSON, .help = "Where it is shown and required." },
    { .name = "position", .type = J_INT, .help = "Place in forms." },
    { .name = "active", .type = J_BOOL, .help = "In use." },
    { .name = "created_at", .type = J_TIME, .help = "Made." },
    { .name = "updated_at", .type = J_TIME, .help = "Changed." },
    { .name = "version", .type = J_INT, .help = "Grows with every change." },
};
static const struct jspec field_answer = JSPEC_ANSWER("Field", answer_fields);

static const struct jfield list_fields[] = { CTX_LIST_FIELDS };
static const struct jspec list_spec = JSPEC("FieldsQuery", list_fields, struct ctx_list_query);
/* Who only knows fields as a customer: the ones of tickets that he is shown, and how he meets them. */
static bool is_customer(const struct ctx *c)
{
    return !actor_has(&c->who, PERM_TICKET_AGENT) && !actor_has(&c->who, PERM_ADMIN_TICKET)
           && !actor_has(&c->who, PERM_ADMIN_FIELD);
}

static bool is_shown(const struct ctx *c, const struct cat_field *f)
{
    return !is_customer(c)
           || (f->active && f->object == FIELD_TICKET
               && field_mode_on(f, SCREEN_CUSTOMER_CREATE) != MODE_HIDDEN);
}

static void one_field(struct ctx *c, const void *item)
{
    struct cat_field f = *(const struct cat_field *)item;

    if (is_customer(c))
        f.screens_json = str_printf(c->a, "{\"customer_create\":\"%s\"}",
                                    field_mode_names[field_mode_on(&f, SCREEN_CUSTOMER_CREATE)]);
    field_json(&c->out, &f);
}

static enum rc fields_list(struct ctx *c, struct err *e)
{
    struct ctx_records list = { .size = sizeof(struct cat_field), .write = one_field };
    struct cat_field *v;
    struct call call;

    TRY(ctx_call(c, &call, e));
    list.v = v = ARENA_ARRAY(c->a, struct cat_field, call.cat->n_fields + 1);
    for (size_t i = 0; i < call.cat->n_fields; i++)
        if (is_shown(c, &call.cat->fields[i]))
            v[list.n++] = call.cat->fields[i];
    return ctx_page_records(c, &list, e);
}

static enum rc no_field(struct err *e)
{
    return err_set(e, RC_NOT_FOUND, "", "There is no such field.");
}

static enum rc field_of(struct call *call, int64_t id, const struct cat_field **f, struct err *e)
{
    for (size_t i = 0; i < call->cat->n_fields; i++) {
        *f = &call->cat->fields[i];
        if ((*f)->id == id)
            return RC_OK;
    }
    return no_field(e);
}

static enum rc answer(struct ctx *c, int64_t id, struct err *e)
{
    const struct cat_field *f = NULL;
    struct call fresh;

    TRY(ctx_call(c, &fresh, e));
    TRY(field_of(&fresh, id, &f, e));
    if (!is_shown(c, f))
        return no_field(e);
    ctx_etag(c, f->version);
    one_field(c, f);
    return RC_OK;
}

static enum rc field_show(struct ctx *c, struct err *e)
{
    int64_t id;

    TRY(ctx_id(c, 0, &id, e));
    return answer(c, id, e);
}

static struct str dump(const json_t *v, struct arena *a)
{
    struct buf b = BUF_ARENA(a, 512 * KIB);
    struct jw w = jw_to(&b);

    jw_json(&w, v);
    return buf_view(&b);
}

static enum rc take(struct ctx *c, struct cat_field *f, struct err *e)
{
    const struct field_body *b = c->body;

    if (b->options.set && !json_is_object(b->options.v))
        err_field(e, "/options", "type", "an object", "Options are an object.");
    if (b->screens.set && !json_is_object(b->screens.v))
        err_field(e, "/screens", "type", "an object", "Screens are an object.");
    if (e->n_fields)
        return e->rc;
    if (b->label.set)
        f->label = str_trim(b->label.v);
    if (b->help.set)
        f->help = b->help.v;
    if (b->options.set)
        f->options = b->options.v, f->options_json = dump(b->options.v, c->a);
    if (b->screens.set)
        f->screens = b->screens.v, f->screens_json = dump(b->screens.v, c->a);
    if (b->position.set)
        f->position = b->position.v;
    if (b->active.set)
        f->active = b->active.v != 0;
    return RC_OK;
}

static enum rc field_create(struct ctx *c, struct err *e)
{
    const struct field_body *b = c->body;
    struct cat_field f = { .object = (enum field_object)b->object.v,
                           .type = (enum field_type)b->type.v,
                           .name = b->name.v,
                           .help = STR(""),
                           .options_json = STR("{}"),
                           .screens_json = STR("{}"),
                           .active = true };
    struct call call;

    TRY(ctx_call(c, &call, e));
    TRY(take(c, &f, e));
    TRY(field_save(&call, &f, e));
    ctx_location(c, "/api/v1/fields/%lld", (long long)f.id);
    return answer(c, f.id, e);
}

static enum rc field_patch(struct ctx *c, struct err *e)
{
    const struct cat_field *old = NULL;
    struct cat_field f;
    struct call call;
    int64_t id, version;

    TRY(ctx_id(c, 0, &id, e));
    TRY(ctx_if_match(c, &version, e));
    TRY(ctx_call(c, &call, e));
    TRY(field_of(&call, id, &old, e));
    if (version && version != old->version) {
        field_json(&c->out, old);
        c->shows_current = true;
        return err_set(e, RC_STALE, "", "The field was changed in the meantime.");
    }
    f = *old;
    TRY(take(c, &f, e));
    TRY(field_save(&call, &f, e));
    return answer(c, id, e);
}

static const struct route routes[] = {
    { .method = HTTP_GET, .path = "/api/v1/fields", .op = "fields_list", .tag = "Fields",
      .summary = "Definitions of custom fields; customers get those of tickets that they are shown.",
      .handle = fields_list, .flags = R_LIST, .query = &list_spec,
      .answer = &field_answer, .status = 200 },
    { .method = HTTP_POST, .path = "/api/v1/fields", .op = "field_create", .tag = "Fields",
      .summary = "Adds a field, without a restart.", .handle = field_create, .flags = R_WRITE,
      .perm = PERM_ADMIN_FIELD, .body = &create_spec, .answer = &field_answer, .status = 201 },
    { .method = HTTP_GET, .path = "/api/v1/fields/{id}", .op = "field_show", .tag = "Fields",
      .summary = "One definition.", .handle = field_show, .answer = &field_answer, .status = 200 },
    { .method = HTTP_PATCH, .path = "/api/v1/fields/{id}", .op = "field_patch", .tag = "Fields",
      .summary = "Changes a field or switches it off; object, name and type stay.",
      .handle = field_patch, .flags = R_WRITE, .perm = PERM_ADMIN_FIELD, .body = &patch_spec,
      .answer = &field_answer, .status = 200 },
};
const struct route_table routes_fields = { routes, ARRAY_LEN(routes) };
