/* States and priorities: everybody may see them (customers by the names meant for them),
 * administrators change them. */
#include "desk/catalog_edit.h"
#include "web/call.h"

/* ---- States ---- */

struct state_body {
    struct j_text name, customer_name;
    struct j_int type, clock_stops, until, at_until_state, default_new, default_follow_up,
        default_close, position, active;
};
#define S(m) offsetof(struct state_body, m)
#define STATE_FIELDS                                                                               \
    { "customer_name", J_TEXT, JF_FILLED, 1, 60, 0, NULL, NULL, S(customer_name),                  \
      "The name that customers see; the name unless told." },                                      \
    { "clock_stops", J_BOOL, 0, 0, 0, 0, NULL, NULL, S(clock_stops), "SLA clocks stand still." },  \
    { "until", J_ENUM, 0, 0, 0, 0, until_rule_names, NULL, S(until), "Whether it has a date." },   \
    { "at_until_state", J_ID, JF_NULLABLE, 0, 0, 0, NULL, NULL, S(at_until_state),                 \
      "The state to go to at that date; null reminds." },                                          \
    { "default_new", J_BOOL, 0, 0, 0, 0, NULL, NULL, S(default_new), "New tickets begin here." },  \
    { "default_follow_up", J_BOOL, 0, 0, 0, 0, NULL, NULL, S(default_follow_up),                   \
      "An answer puts tickets here." },                                                            \
    { "default_close", J_BOOL, 0, 0, 0, 0, NULL, NULL, S(default_close), "Closing goes here." },   \
    { "position", J_INT, 0, 0, 1000000, 0, NULL, NULL, S(position), "Place in lists." },           \
    { "active", J_BOOL, 0, 0, 0, 0, NULL, NULL, S(active), "May be chosen." }

static const struct jfield state_create_fields[] = {
    { "name", J_TEXT, JF_REQUIRED | JF_FILLED, 1, 60, 0, NULL, NULL, S(name), "Name." },
    { "type", J_ENUM, JF_REQUIRED, 0, 0, 0, state_type_names, NULL, S(type), "Type; fixed." },
    STATE_FIELDS,
};
static const struct jfield state_patch_fields[] = {
    { "name", J_TEXT, JF_FILLED, 1, 60, 0, NULL, NULL, S(name), "Name." },
    STATE_FIELDS,
};
static const struct jspec state_create_spec =
    JSPEC("StateCreate", state_create_fields, struct state_body);
static const struct jspec state_patch_spec = JSPEC("StatePatch", state_patch_fields, struct state_body);

static const struct jfield state_answer_fields[] = {
    { .name = "id", .type = J_ID, .help = "Id." },
    { .name = "name", .type = J_TEXT, .help = "Name." },
    { .name = "customer_name", .type = J_TEXT, .flags = JF_OPTIONAL, .help = "For customers." },
    { .name = "type", .type = J_TEXT, .help = "Type." },
    { .name = "clock_stops", .type = J_BOOL, .flags = JF_OPTIONAL, .help = "SLA clocks stand still." },
    { .name = "until", .type = J_TEXT, .flags = JF_OPTIONAL, .help = "none, optional, required." },
    { .name = "at_until_state", .type = J_ID, .flags = JF_NULLABLE | JF_OPTIONAL, .help = "Next state." },
    { .name = "default_new", .type = J_BOOL, .flags = JF_OPTIONAL, .help = "For new tickets." },
    { .name = "default_follow_up", .type = J_BOOL, .flags = JF_OPTIONAL, .help = "After answers." },
    { .name = "default_close", .type = J_BOOL, .flags = JF_OPTIONAL, .help = "For closing." },
    { .name = "position", .type = J_INT, .flags = JF_OPTIONAL, .help = "Place in lists." },
    { .name = "active", .type = J_BOOL, .flags = JF_OPTIONAL, .help = "May be chosen." },
    { .name = "created_at", .type = J_TIME, .flags = JF_NULLABLE | JF_OPTIONAL, .help = "Made." },
    { .name = "updated_at", .type = J_TIME, .flags = JF_NULLABLE | JF_OPTIONAL, .help = "Changed." },
    { .name = "version", .type = J_INT, .flags = JF_OPTIONAL, .help = "Grows with every change." },
};
static const struct jspec state_answer = JSPEC_ANSWER("State", state_answer_fields);

static const struct jfield list_fields[] = { CTX_LIST_FIELDS };
static const struct jspec list_spec = JSPEC("CatalogQuery", list_fields, struct ctx_list_query);

static void state_for_customer(struct jw *w, const struct cat_state *s)
{
    jw_obj(w);
    jw_kv_int(w, "id", s->id);
    jw_kv_text(w, "name", s->customer_name);
    jw_kv_text(w, "type", str_of(state_type_names[s->type]));
    jw_obj_end(w);
}

static void one_state(struct ctx *c, const void *item)
{
    if (actor_is_agent(&c->who))
        state_json(&c->out, item);
    else
        state_for_customer(&c->out, item);
}

static void one_priority(struct ctx *c, const void *item)
{
    priority_json(&c->out, item);
}

/* To customers a ticket that is spam or deleted is closed: those states are not theirs to know. */
static bool sees_state(const struct ctx *c, const struct cat_state *s)
{
    return actor_is_agent(&c->who) || s->type < STATE_SPAM;
}

static enum rc states_list(struct ctx *c, struct err *e)
{
    struct call call;

    struct cat_state *seen;
    size_t n = 0;

    TRY(ctx_call(c, &call, e));
    seen = arena_alloc_raw(c->a, (call.cat->n_states + 1) * sizeof(*seen));
    for (size_t i = 0; i < call.cat->n_states; i++)
        if (sees_state(c, &call.cat->states[i]))
            seen[n++] = call.cat->states[i];
    return ctx_page_records(c, &(struct ctx_records){ seen, n, sizeof(*seen), one_state }, e);
}

static enum rc state_of(struct ctx *c, struct call *call, const struct cat_state **s, struct err *e)
{
    int64_t id;

    TRY(ctx_id(c, 0, &id, e));
    TRY(ctx_call(c, call, e));
    *s = catalog_state(call->cat, id);
    return *s && sees_state(c, *s) ? RC_OK : err_set(e, RC_NOT_FOUND, "", "There is no such state.");
}

static enum rc state_show(struct ctx *c, struct err *e)
{
    const struct cat_state *s;
    struct call call;

    TRY(state_of(c, &call, &s, e));
    ctx_etag(c, s->version);
    one_state(c, s);
    return RC_OK;
}

/* Sets what the body says. */
static void state_take(struct cat_state *s, const struct state_body *b)
{
    if (b->name.set)
        s->name = str_trim(b->name.v);
    if (b->customer_name.set)
        s->customer_name = str_trim(b->customer_name.v);
    if (b->clock_stops.set)
        s->clock_stops = b->clock_stops.v != 0;
    if (b->until.set)
        s->until_rule = (enum until_rule)b->until.v;
    if (b->at_until_state.set)
        s->at_until_state_id = b->at_until_state.null ? 0 : b->at_until_state.v;
    if (b->default_new.set)
        s->default_new = b->default_new.v != 0;
    if (b->default_follow_up.set)
        s->default_follow_up = b->default_follow_up.v != 0;
    if (b->default_close.set)
        s->default_close = b->default_close.v != 0;
    if (b->position.set)
        s->position = b->position.v;
    if (b->active.set)
        s->active = b->active.v != 0;
}

static enum rc state_answer_of(struct ctx *c, int64_t id, struct err *e)
{
    const struct cat_state *s;
    struct call fresh;

    TRY(ctx_call(c, &fresh, e));
    s = catalog_state(fresh.cat, id);
    INVARIANT(s);
    ctx_etag(c, s->version);
    state_json(&c->out, s);
    return RC_OK;
}

static enum rc state_create(struct ctx *c, struct err *e)
{
    const struct state_body *b = c->body;
    struct cat_state s = { .active = true, .type = (enum state_type)b->type.v, .version = 1 };
    struct call call;

    TRY(ctx_call(c, &call, e));
    s.created_us = call.now_us;
    state_take(&s, b);
    if (!b->customer_name.set)
        s.customer_name = s.name;
    TRY(state_save(&call, &s, e));
    ctx_location(c, "/api/v1/states/%lld", (long long)s.id);
    return state_answer_of(c, s.id, e);
}

static enum rc state_is_fresh(struct ctx *c, const struct cat_state *s, int64_t version, struct err *e)
{
    if (!version || version == s->version)
        return RC_OK;
    state_json(&c->out, s);
    c->shows_current = true;
    return err_set(e, RC_STALE, "", "The state was changed in the meantime.");
}

static enum rc state_patch(struct ctx *c, struct err *e)
{
    const struct cat_state *old;
    struct cat_state s;
    struct call call;
    int64_t version;

    TRY(ctx_if_match(c, &version, e));
    TRY(state_of(c, &call, &old, e));
    TRY(state_is_fresh(c, old, version, e));
    s = *old;
    state_take(&s, c->body);
    TRY(state_save(&call, &s, e));
    return state_answer_of(c, s.id, e);
}

static enum rc state_delete(struct ctx *c, struct err *e)
{
    const struct cat_state *s;
    struct call call;
    int64_t version;

    TRY(ctx_if_match(c, &version, e));
    TRY(state_of(c, &call, &s, e));
    TRY(state_is_fresh(c, s, version, e));
    return state_remove(&call, s->id, e);
}

/* ---- Priorities ---- */

struct priority_body {
    struct j_text name, color;
    struct j_int rank, is_default, active;
};
#define P(m) offsetof(struct priority_body, m)
#define PRIORITY_FIELDS                                                                            \
    { "color", J_TEXT, 0, 0, 32, 0, NULL, NULL, P(color), "Colour, like #dc2626." },               \
    { "default", J_BOOL, 0, 0, 0, 0, NULL, NULL, P(is_default), "Of new tickets." },               \
    { "active", J_BOOL, 0, 0, 0, 0, NULL, NULL, P(active), "May be chosen." }

static const struct jfield priority_create_fields[] = {
    { "name", J_TEXT, JF_REQUIRED | JF_FILLED, 1, 60, 0, NULL, NULL, P(name), "Name." },
    { "rank", J_INT, JF_REQUIRED, 0, 1000, 0, NULL, NULL, P(rank), "Higher is more urgent." },
    PRIORITY_FIELDS,
};
static const struct jfield priority_patch_fields[] = {
    { "name", J_TEXT, JF_FILLED, 1, 60, 0, NULL, NULL, P(name), "Name." },
    { "rank", J_INT, 0, 0, 1000, 0, NULL, NULL, P(rank), "Higher is more urgent." },
    PRIORITY_FIELDS,
};
static const struct jspec priority_create_spec =
    JSPEC("PriorityCreate", priority_create_fields, struct priority_body);
static const struct jspec priority_patch_spec =
    JSPEC("PriorityPatch", priority_patch_fields, struct priority_body);

static const struct jfield priority_answer_fields[] = {
    { .name = "id", .type = J_ID, .help = "Id." },
    { .name = "name", .type = J_TEXT, .help = "Name." },
    { .name = "rank", .type = J_INT, .help = "Higher is more urgent." },
    { .name = "color", .type = J_TEXT, .help = "Colour." },
    { .name = "default", .type = J_BOOL, .help = "Of new tickets." },
    { .name = "active", .type = J_BOOL, .help = "May be chosen." },
    { .name = "created_at", .type = J_TIME, .flags = JF_NULLABLE, .help = "Made." },
    { .name = "updated_at", .type = J_TIME, .flags = JF_NULLABLE, .help = "Changed." },
    { .name = "version", .type = J_INT, .help = "Grows with every change." },
};
static const struct jspec priority_answer = JSPEC_ANSWER("Priority", priority_answer_fields);

static enum rc priorities_list(struct ctx *c, struct err *e)
{
    struct call call;

    TRY(ctx_call(c, &call, e));
    return ctx_page_records(c, &(struct ctx_records){ call.cat->priorities, call.cat->n_priorities,
                                                      sizeof(struct cat_priority), one_priority }, e);
}

static enum rc priority_of(struct ctx *c, struct call *call, const struct cat_priority **p,
                           struct err *e)
{
    int64_t id;

    TRY(ctx_id(c, 0, &id, e));
    TRY(ctx_call(c, call, e));
    *p = catalog_priority(call->cat, id);
    return *p ? RC_OK : err_set(e, RC_NOT_FOUND, "", "There is no such priority.");
}

static enum rc priority_show(struct ctx *c, struct err *e)
{
    const struct cat_priority *p;
    struct call call;

    TRY(priority_of(c, &call, &p, e));
    ctx_etag(c, p->version);
    priority_json(&c->out, p);
    return RC_OK;
}

static void priority_take(struct cat_priority *p, const struct priority_body *b)
{
    if (b->name.set)
        p->name = str_trim(b->name.v);
    if (b->color.set)
        p->color = b->color.v;
    if (b->rank.set)
        p->rank = b->rank.v;
    if (b->is_default.set)
        p->is_default = b->is_default.v != 0;
    if (b->active.set)
        p->active = b->active.v != 0;
}

static enum rc priority_answer_of(struct ctx *c, int64_t id, struct err *e)
{
    const struct cat_priority *p;
    struct call fresh;

    TRY(ctx_call(c, &fresh, e));
    p = catalog_priority(fresh.cat, id);
    INVARIANT(p);
    ctx_etag(c, p->version);
    priority_json(&c->out, p);
    return RC_OK;
}

static enum rc priority_create(struct ctx *c, struct err *e)
{
    struct cat_priority p = { .active = true, .color = STR(""), .version = 1 };
    struct call call;

    TRY(ctx_call(c, &call, e));
    p.created_us = call.now_us;
    priority_take(&p, c->body);
    TRY(priority_save(&call, &p, e));
    ctx_location(c, "/api/v1/priorities/%lld", (long long)p.id);
    return priority_answer_of(c, p.id, e);
}

static enum rc priority_is_fresh(struct ctx *c, const struct cat_priority *s, int64_t version, struct err *e)
{
    if (!version || version == s->version)
        return RC_OK;
    priority_json(&c->out, s);
    c->shows_current = true;
    return err_set(e, RC_STALE, "", "The priority was changed in the meantime.");
}

static enum rc priority_patch(struct ctx *c, struct err *e)
{
    const struct cat_priority *old;
    struct cat_priority p;
    struct call call;
    int64_t version;

    TRY(ctx_if_match(c, &version, e));
    TRY(priority_of(c, &call, &old, e));
    TRY(priority_is_fresh(c, old, version, e));
    p = *old;
    priority_take(&p, c->body);
    TRY(priority_save(&call, &p, e));
    return priority_answer_of(c, p.id, e);
}

static enum rc priority_delete(struct ctx *c, struct err *e)
{
    const struct cat_priority *p;
    struct call call;
    int64_t version;

    TRY(ctx_if_match(c, &version, e));
    TRY(priority_of(c, &call, &p, e));
    TRY(priority_is_fresh(c, p, version, e));
    return priority_remove(&call, p->id, e);
}

static const struct route routes[] = {
    { .method = HTTP_GET, .path = "/api/v1/states", .op = "states_list", .tag = "States",
      .summary = "The states of tickets.", .handle = states_list, .flags = R_LIST,
      .query = &list_spec, .answer = &state_answer, .status = 200 },
    { .method = HTTP_POST, .path = "/api/v1/states", .op = "state_create", .tag = "States",
      .summary = "Makes a state.", .handle = state_create, .flags = R_WRITE,
      .perm = PERM_ADMIN_STATE, .body = &state_create_spec, .answer = &state_answer, .status = 201 },
    { .method = HTTP_GET, .path = "/api/v1/states/{id}", .op = "state_show", .tag = "States",
      .summary = "One state.", .handle = state_show, .answer = &state_answer, .status = 200 },
    { .method = HTTP_PATCH, .path = "/api/v1/states/{id}", .op = "state_patch", .tag = "States",
      .summary = "Changes a state; its type stays.", .handle = state_patch, .flags = R_WRITE,
      .perm = PERM_ADMIN_STATE, .body = &state_patch_spec, .answer = &state_answer, .status = 200 },
    { .method = HTTP_DELETE, .path = "/api/v1/states/{id}", .op = "state_delete", .tag = "States",
      .summary = "Removes a state that nothing uses.", .handle = state_delete,
      .flags = R_WRITE | R_EMPTY, .perm = PERM_ADMIN_STATE, .status = 204 },
    { .method = HTTP_GET, .path = "/api/v1/priorities", .op = "priorities_list", .tag = "Priorities",
      .summary = "The priorities of tickets.", .handle = priorities_list, .flags = R_LIST,
      .query = &list_spec, .answer = &priority_answer, .status = 200 },
    { .method = HTTP_POST, .path = "/api/v1/priorities", .op = "priority_create",
      .tag = "Priorities", .summary = "Makes a priority.", .handle = priority_create,
      .flags = R_WRITE, .perm = PERM_ADMIN_STATE, .body = &priority_create_spec,
      .answer = &priority_answer, .status = 201 },
    { .method = HTTP_GET, .path = "/api/v1/priorities/{id}", .op = "priority_show",
      .tag = "Priorities", .summary = "One priority.", .handle = priority_show,
      .answer = &priority_answer, .status = 200 },
    { .method = HTTP_PATCH, .path = "/api/v1/priorities/{id}", .op = "priority_patch",
      .tag = "Priorities", .summary = "Changes a priority.", .handle = priority_patch,
      .flags = R_WRITE, .perm = PERM_ADMIN_STATE, .body = &priority_patch_spec,
      .answer = &priority_answer, .status = 200 },
    { .method = HTTP_DELETE, .path = "/api/v1/priorities/{id}", .op = "priority_delete",
      .tag = "Priorities", .summary = "Removes a priority that no ticket has.",
      .handle = priority_delete, .flags = R_WRITE | R_EMPTY, .perm = PERM_ADMIN_STATE,
      .status = 204 },
};
const struct route_table routes_states = { routes, ARRAY_LEN(routes) };
