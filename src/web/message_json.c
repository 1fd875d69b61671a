/* Messages and history events as JSON. */
#include "web/ticket_json.h"

static const struct jfield message_fields[] = {
    { .name = "id", .type = J_ID, .help = "Id." },
    { .name = "ticket_id", .type = J_ID, .help = "The ticket." },
    { .name = "kind", .type = J_TEXT, .help = "web, email, note, phone_in, phone_out, chat, sms, system." },
    { .name = "sender_type", .type = J_TEXT, .help = "customer, agent or system." },
    { .name = "visibility", .type = J_TEXT, .help = "public or internal." },
    { .name = "author", .type = J_JSON, .flags = JF_NULLABLE, .help = "Who wrote it: {id, name}." },
    { .name = "on_behalf_of", .type = J_JSON, .flags = JF_NULLABLE, .help = "In whose name: {id, name}." },
    { .name = "subject", .type = J_TEXT, .flags = JF_NULLABLE, .help = "Subject, of mails." },
    { .name = "from", .type = J_TEXT, .flags = JF_NULLABLE, .help = "Sender, of mails." },
    { .name = "to", .type = J_TEXT, .flags = JF_NULLABLE, .help = "Recipients, of mails." },
    { .name = "cc", .type = J_TEXT, .flags = JF_NULLABLE, .help = "Copies, of mails." },
    { .name = "format", .type = J_TEXT, .help = "text, markdown or html." },
    { .name = "body", .type = J_TEXT, .help = "As it was written." },
    { .name = "text", .type = J_TEXT, .help = "As plain text." },
    { .name = "html", .type = J_TEXT, .help = "As safe HTML." },
    { .name = "is_auto", .type = J_BOOL, .help = "Written by a machine." },
    { .name = "attachments", .type = J_JSON, .help = "Files: [{id, name, content_type, size}]." },
    { .name = "created_at", .type = J_TIME, .help = "When it came." },
    { .name = "redacted_at", .type = J_TIME, .flags = JF_NULLABLE, .help = "When its text was taken out." },
    { .name = "redacted_by", .type = J_ID, .flags = JF_NULLABLE, .help = "By whom." },
    { .name = "redaction_reason", .type = J_TEXT, .flags = JF_NULLABLE, .help = "Why." },
    { .name = "version", .type = J_INT, .help = "Grows with every change." },
};
const struct jspec message_answer = JSPEC_ANSWER("Message", message_fields);

static const struct jfield event_fields[] = {
    { .name = "id", .type = J_ID, .help = "Id; grows with time." },
    { .name = "ticket_id", .type = J_ID, .help = "The ticket." },
    { .name = "type", .type = J_TEXT, .help = "create, update, message, merged_into, …" },
    { .name = "actor", .type = J_JSON, .flags = JF_NULLABLE, .help = "Who did it: {id, name}; null: the system." },
    { .name = "message_id", .type = J_ID, .flags = JF_NULLABLE, .help = "The message that came with it." },
    { .name = "changes", .type = J_JSON, .help = "By member: [before, after]." },
    { .name = "ticket_version", .type = J_INT, .help = "The ticket's version behind it, as the reader is told it." },
    { .name = "is_internal", .type = J_BOOL, .help = "Not shown to customers." },
    { .name = "created_at", .type = J_TIME, .help = "When it happened." },
};
const struct jspec event_answer = JSPEC_ANSWER("TicketEvent", event_fields);

static void text_or_null(struct jw *w, struct str s)
{
    if (s.n)
        jw_text(w, s);
    else
        jw_null(w);
}

size_t message_bytes(const struct message *m)
{
    return m->source.n + m->body_text.n + m->body_html.n;
}

void message_json(struct jw *w, const struct message *m, struct str attachments)
{
    jw_obj(w);
    jw_kv_int(w, "id", m->id);
    jw_kv_int(w, "ticket_id", m->ticket_id);
    jw_kv_text(w, "kind", str_of(message_kind_names[m->kind]));
    jw_kv_text(w, "sender_type", str_of(message_sender_names[m->sender]));
    jw_kv_text(w, "visibility", str_of(message_visibility_names[m->visibility]));
    jw_key(w, "author"), ref_json(w, m->author_id, m->author_name);
    jw_key(w, "on_behalf_of"), ref_json(w, m->on_behalf_id, m->on_behalf_name);
    jw_key(w, "subject"), text_or_null(w, m->subject);
    jw_key(w, "from"), text_or_null(w, m->mail_from);
    jw_key(w, "to"), text_or_null(w, m->mail_to);
    jw_key(w, "cc"), text_or_null(w, m->mail_cc);
    jw_kv_text(w, "format", str_of(message_format_names[m->format]));
    jw_kv_text(w, "body", m->source);
    jw_kv_text(w, "text", m->body_text);
    jw_kv_text(w, "html", m->body_html);
    jw_kv_bool(w, "is_auto", m->is_auto);
    jw_key(w, "attachments"), jw_raw(w, attachments.p ? attachments : STR("[]"));
    jw_kv_time(w, "created_at", m->created_us);
    jw_kv_time(w, "redacted_at", m->redacted_us);
    jw_kv_id(w, "redacted_by", m->redacted_by);
    jw_key(w, "redaction_reason"), text_or_null(w, m->redaction_reason);
    jw_kv_int(w, "version", m->version);
    jw_obj_end(w);
}

/* What customers may know of a change. */
static const char *const customer_changes[] = { "title", "priority", "group", "customer",
                                                "organization", NULL };

static void customer_state(struct jw *w, const struct ticket_view *v, const json_t *ref)
{
    const struct cat_state *s =
        catalog_state(v->cat, json_integer_value(json_object_get(ref, "id")));

    if (s)
        jw_raw(w, s->customer_ref);
    else
        jw_null(w);
}

static void changes_for_customer(struct jw *w, const struct ticket_view *v, struct str json)
{
    json_t *changes CLEAN(json_clean) = NULL;
    struct err e = { 0 };
    const char *name;
    json_t *pair;

    jw_obj(w);
    if (json_read(json, &changes, &e) == RC_OK) {
        json_object_foreach(changes, name, pair) {
            if (str_eq(str_of(name), STR("state"))) {
                jw_key(w, "state");
                jw_arr(w);
                customer_state(w, v, json_array_get(pair, 0));
                customer_state(w, v, json_array_get(pair, 1));
                jw_arr_end(w);
            } else if (kind_of(customer_changes, str_of(name)) >= 0) {
                jw_key_str(w, str_of(name));
                jw_json(w, pair);
            }
        }
    }
    jw_obj_end(w);
}

void event_json(struct jw *w, const struct ticket_view *v, const struct event *ev)
{
    jw_obj(w);
    jw_kv_int(w, "id", ev->id);
    jw_kv_int(w, "ticket_id", ev->ticket_id);
    jw_kv_text(w, "type", ev->type);
    jw_key(w, "actor"), ref_json(w, ev->actor_id, ev->actor_name);
    jw_kv_id(w, "message_id", ev->message_id);
    jw_key(w, "changes");
    if (v->internal)
        jw_raw(w, ev->changes_json);
    else
        changes_for_customer(w, v, ev->changes_json);
    jw_kv_int(w, "ticket_version", v->internal ? ev->ticket_version : ev->public_version);
    jw_kv_bool(w, "is_internal", ev->is_internal);
    jw_kv_time(w, "created_at", ev->created_us);
    jw_obj_end(w);
}
