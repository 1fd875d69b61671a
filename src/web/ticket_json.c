#include "web/ticket_json.h"

#include "desk/field.h"
#include "desk/ticket.h"

/* The members of a ticket, in the order in which they are written. */
#define TICKET_MEMBERS(X)                                                                          \
    X(ID, "id", J_ID, 0, "Id.")                                                                    \
    X(NUMBER, "number", J_TEXT, 0, "Public number.")                                               \
    X(TITLE, "title", J_TEXT, 0, "Subject.")                                                       \
    X(STATE, "state", J_JSON, 0, "State: {id, name}.")                                             \
    X(STATE_TYPE, "state_type", J_ENUM, 0, "Type of the state.")                                   \
    X(PRIORITY, "priority", J_JSON, 0, "Priority: {id, name}.")                                    \
    X(GROUP, "group", J_JSON, 0, "Group: {id, name}.")                                             \
    X(OWNER, "owner", J_JSON, JF_NULLABLE, "The agent who owns it: {id, name}.")                   \
    X(CUSTOMER, "customer", J_JSON, 0, "Who asked: {id, name}.")                                   \
    X(ORGANIZATION, "organization", J_JSON, JF_NULLABLE, "The customer's organisation: {id, name}.") \
    X(CHANNEL, "channel", J_ENUM, 0, "How it came.")                                               \
    X(TAGS, "tags", J_TEXTS, 0, "Tags, sorted; none for customers.")                               \
    X(FIELDS, "fields", J_JSON, 0, "Values of custom fields by name.")                             \
    X(UNTIL, "until", J_TIME, JF_NULLABLE, "Until when it waits.")                                 \
    X(CREATED, "created_at", J_TIME, 0, "When it was made.")                                       \
    X(UPDATED, "updated_at", J_TIME, 0, "When it changed last, as far as the reader sees.")                                   \
    X(FIRST_RESPONSE, "first_response_at", J_TIME, JF_NULLABLE, "First public answer of an agent.") \
    X(SOLVED, "solved_at", J_TIME, JF_NULLABLE, "When it was solved.")                             \
    X(CLOSED, "closed_at", J_TIME, JF_NULLABLE, "When it was closed.")                             \
    X(WAITING, "waiting_since", J_TIME, JF_NULLABLE, "The oldest message of the customer without an answer.") \
    X(DUE, "due", J_JSON, 0, "Due times: first_response, next_response, solution, next.")          \
    X(MESSAGES, "message_count", J_INT, 0, "Messages that the reader may see.")                    \
    X(ATTACHMENTS, "attachment_count", J_INT, 0, "Attachments that the reader may see.")                                 \
    X(MERGED, "merged_into", J_ID, JF_NULLABLE, "The ticket that it was merged into.")             \
    X(VERSION, "version", J_INT, 0, "Grows with every change, as far as the reader sees.")

enum member {
#define X(id, name, type, flags, help) M_##id,
    TICKET_MEMBERS(X)
#undef X
    M_COUNT_
};

static const char *const member_names[] = {
#define X(id, name, type, flags, help) name,
    TICKET_MEMBERS(X)
#undef X
        NULL
};
/* ", id, number, …" */
static const char members_listed[] =
#define X(id, name, type, flags, help) ", " name
    TICKET_MEMBERS(X);
#undef X

#define OPTIONAL(nm, help_) { .name = nm, .type = J_JSON, .flags = JF_OPTIONAL, .help = help_ }

static const struct jfield ticket_fields[] = {
#define VALUES_OF(id)                                                                              \
    (M_##id == M_STATE_TYPE ? state_type_names : M_##id == M_CHANNEL ? channel_names : NULL)
#define X(id, nm, type_, flags_, help_)                                                            \
    { .name = nm, .type = type_ == J_ENUM ? J_TEXT : type_, .flags = (flags_) | JF_OPTIONAL, .help = help_ },
    /* NOLINTNEXTLINE(bugprone-branch-clone): the same only where the member is a text */
    TICKET_MEMBERS(X)
#undef X
    OPTIONAL("messages", "With include=messages: the newest messages, oldest first."),
    OPTIONAL("messages_has_more", "With include=messages: there are older ones."),
    OPTIONAL("participants", "With include=participants."),
    OPTIONAL("links", "With include=links."),
    OPTIONAL("reopen_count", "How often it was opened again; with include=times."),
};
const struct jspec ticket_answer = JSPEC_ANSWER("Ticket", ticket_fields);

enum rc ticket_fields_mask(const struct str *names, size_t n, uint64_t *mask, struct err *e)
{
    *mask = 0;
    for (size_t i = 0; i < n; i++) {
        int at = kind_of(member_names, names[i]);

        if (at < 0) {
            err_field(e, "fields", "unknown", members_listed + 2,
                      "A ticket has no member \"%.*s\".", STR_ARG(str_sub(names[i], 0, 64)));
            e->rc = RC_BAD;
            return RC_BAD;
        }
        *mask |= UINT64_C(1) << at;
    }
    return RC_OK;
}

void ref_json(struct jw *w, int64_t id, struct str name)
{
    if (!id) {
        jw_null(w);
        return;
    }
    jw_obj(w);
    jw_kv_int(w, "id", id);
    jw_kv_text(w, "name", name);
    jw_obj_end(w);
}

static void raw_or_null(struct jw *w, struct str json)
{
    if (json.p)
        jw_raw(w, json);
    else
        jw_null(w);
}

/* Customers know spam and deleted as closed. */
static enum state_type shown_type(const struct ticket_view *v, enum state_type t)
{
    return !v->internal && t >= STATE_SPAM ? STATE_CLOSED : t;
}

static void json_state(struct jw *w, const struct ticket_view *v, const struct ticket *t)
{
    const struct cat_state *s = catalog_state(v->cat, t->state_id);

    raw_or_null(w, !s ? STR_NONE : v->internal ? s->ref : s->customer_ref);
}

static void json_due(struct jw *w, const struct ticket *t)
{
    jw_obj(w);
    jw_kv_time(w, "first_response", t->due_first_us);
    jw_kv_time(w, "next_response", t->due_next_us);
    jw_kv_time(w, "solution", t->due_solution_us);
    jw_kv_time(w, "next", t->next_due_us);
    jw_obj_end(w);
}

static void json_fields(struct jw *w, const struct ticket_view *v, const struct ticket *t)
{
    if (v->internal || t->fields_json.n <= 2)
        jw_raw(w, t->fields_json);
    else
        jw_raw(w, fields_for_customer(v->cat, FIELD_TICKET, t->fields_json, w->b->arena));
}

static void json_priority(struct jw *w, const struct ticket_view *v, const struct ticket *t)
{
    const struct cat_priority *p = catalog_priority(v->cat, t->priority_id);

    raw_or_null(w, p ? p->ref : STR_NONE);
}

static void json_group(struct jw *w, const struct ticket_view *v, const struct ticket *t)
{
    const struct cat_group *g = catalog_group(v->cat, t->group_id);

    raw_or_null(w, g ? g->ref : STR_NONE);
}

static void whole_or_ref(struct jw *w, struct str whole, int64_t id, struct str name)
{
    if (whole.p)
        jw_raw(w, whole);
    else
        ref_json(w, id, name);
}

#define WANTED(id) (all || (v->mask & (UINT64_C(1) << M_##id)))

static void json_head(struct jw *w, const struct ticket_view *v, const struct ticket *t)
{
    bool all = !v->mask;

    if (WANTED(ID))
        jw_kv_int(w, "id", t->id);
    if (WANTED(NUMBER))
        jw_kv_text(w, "number", t->number);
    if (WANTED(TITLE))
        jw_kv_text(w, "title", t->title);
    if (WANTED(STATE))
        jw_key(w, "state"), json_state(w, v, t);
    if (WANTED(STATE_TYPE))
        jw_kv_text(w, "state_type", str_of(state_type_names[shown_type(v, t->state_type)]));
    if (WANTED(PRIORITY))
        jw_key(w, "priority"), json_priority(w, v, t);
    if (WANTED(GROUP))
        jw_key(w, "group"), json_group(w, v, t);
    if (WANTED(OWNER))
        jw_key(w, "owner"), whole_or_ref(w, v->owner, t->owner_id, t->owner_name);
    if (WANTED(CUSTOMER))
        jw_key(w, "customer"), whole_or_ref(w, v->customer, t->customer_id, t->customer_name);
    if (WANTED(ORGANIZATION))
        jw_key(w, "organization"), ref_json(w, t->organization_id, t->organization_name);
    if (WANTED(CHANNEL))
        jw_kv_text(w, "channel", str_of(channel_names[t->channel]));
    if (WANTED(TAGS))
        jw_key(w, "tags"), jw_raw(w, v->internal ? t->tags_json : STR("[]"));
    if (WANTED(FIELDS))
        jw_key(w, "fields"), json_fields(w, v, t);
}

static void json_tail(struct jw *w, const struct ticket_view *v, const struct ticket *t)
{
    bool all = !v->mask;

    if (WANTED(UNTIL))
        jw_kv_time(w, "until", v->internal ? t->until_us : 0);
    if (WANTED(CREATED))
        jw_kv_time(w, "created_at", t->created_us);
    if (WANTED(UPDATED))
        jw_kv_time(w, "updated_at", v->internal ? t->updated_us : t->public_updated_us);
    if (WANTED(FIRST_RESPONSE))
        jw_kv_time(w, "first_response_at", t->first_response_us);
    if (WANTED(SOLVED))
        jw_kv_time(w, "solved_at", t->solved_us);
    if (WANTED(CLOSED))
        jw_kv_time(w, "closed_at", t->closed_us);
    if (WANTED(WAITING))
        jw_kv_time(w, "waiting_since", t->waiting_since_us);
    if (WANTED(DUE))
        jw_key(w, "due"), json_due(w, t);
    if (WANTED(MESSAGES))
        jw_kv_int(w, "message_count", v->internal ? t->message_count : t->public_message_count);
    if (WANTED(ATTACHMENTS))
        jw_kv_int(w, "attachment_count", v->internal ? t->attachment_count : t->public_attachment_count);
    if (WANTED(MERGED))
        jw_kv_id(w, "merged_into", v->internal ? t->merged_into_id : 0);
    if (WANTED(VERSION))
        jw_kv_int(w, "version", ticket_version_for(t, v->internal));
}

void ticket_json_members(struct jw *w, const struct ticket_view *v, const struct ticket *t)
{
    json_head(w, v, t);
    json_tail(w, v, t);
}

void ticket_json(struct jw *w, const struct ticket_view *v, const struct ticket *t)
{
    jw_obj(w);
    ticket_json_members(w, v, t);
    jw_obj_end(w);
}
