/* How many tickets there are in the caller's groups, by state: read from counts that are kept with
 * every change, so the cost does not grow with the tickets. */
#include "desk/can.h"
#include "store/ticket_counts.h"
#include "web/call.h"

static const struct jfield state_fields[] = {
    { .name = "state", .type = J_JSON, .help = "State: {id, name}." },
    { .name = "type", .type = J_TEXT, .help = "Type of the state." },
    { .name = "total", .type = J_INT, .help = "Tickets in it." },
    { .name = "unassigned", .type = J_INT, .help = "Of these, without an owner." },
    { .name = "mine", .type = J_INT, .help = "Of these, owned by the caller." },
};
static const struct jspec state_spec = JSPEC_ANSWER("StateCount", state_fields);
static const struct jfield answer_fields[] = {
    { .name = "states", .type = J_OBJS, .sub = &state_spec, .help = "By state." },
};
static const struct jspec answer_spec = JSPEC_ANSWER("Counters", answer_fields);

/* The groups whose tickets the caller lists as an agent. */
static size_t groups_of(struct call *call, int64_t *out)
{
    size_t n = 0;

    for (size_t i = 0; i < call->cat->n_groups; i++) {
        struct ticket_facts facts = { .group_id = call->cat->groups[i].id };

        if (can(call->who, CAN_LIST, &facts))
            out[n++] = facts.group_id;
    }
    return n;
}

static enum rc counters_show(struct ctx *c, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };
    struct call call;
    int64_t *groups;

    TRY(ctx_call(c, &call, e));
    groups = ARENA_ARRAY(c->a, int64_t, call.cat->n_groups + 1);
    TRY(ticket_counts_by_state(c->db, groups, groups_of(&call, groups), c->who.user_id, c->a, &r, e));
    jw_obj(&c->out);
    jw_key(&c->out, "states");
    jw_arr(&c->out);
    while (db_next(&r, e)) {
        const struct cat_state *s = catalog_state(call.cat, db_int(&r, 0));

        if (!s || !db_int(&r, 1))
            continue;
        jw_obj(&c->out);
        jw_key(&c->out, "state"), jw_raw(&c->out, s->ref);
        jw_kv_text(&c->out, "type", str_of(state_type_names[s->type]));
        jw_kv_int(&c->out, "total", db_int(&r, 1));
        jw_kv_int(&c->out, "unassigned", db_int(&r, 2));
        jw_kv_int(&c->out, "mine", db_int(&r, 3));
        jw_obj_end(&c->out);
    }
    TRY(e->rc);
    jw_arr_end(&c->out);
    jw_obj_end(&c->out);
    return RC_OK;
}

static const struct route routes[] = {
    { .method = HTTP_GET, .path = "/api/v1/counters", .op = "counters_show", .tag = "Tickets",
      .summary = "How many tickets the caller's groups have, by state.", .handle = counters_show,
      .perm = PERM_TICKET_AGENT | PERM_ADMIN_TICKET, .answer = &answer_spec, .status = 200 },
};
const struct route_table routes_counters = { routes, ARRAY_LEN(routes) };
