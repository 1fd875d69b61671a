#include "web/ticket_body.h"

#include "store/attachments.h"
#include "web/call.h"
#include "web/ref_read.h"
#include "web/ticket_json.h"

enum { ATTACHMENTS_MAX = 1000, ATTACHMENTS_JSON_MAX = 4 * 1024 * 1024 };

/* What may be written over the API, and the kinds behind the names. */
static const char *const api_kinds[] = { "web", "note", "phone_in", "phone_out", "chat", "sms", NULL };
static const enum message_kind api_kind_of[] = { MESSAGE_WEB,       MESSAGE_NOTE, MESSAGE_PHONE_IN,
                                                 MESSAGE_PHONE_OUT, MESSAGE_CHAT, MESSAGE_SMS };

#define MSG(member) offsetof(struct message_in, member)
static const struct jfield message_in_fields[] = {
    { "body", J_TEXT, JF_REQUIRED | JF_LINES | JF_FILLED, 1, MESSAGE_BODY_MAX, 0, NULL, NULL,
      MSG(body), "The words." },
    { "format", J_ENUM, 0, 0, 0, 0, message_format_names, NULL, MSG(format),
      "How body is written; text unless told." },
    { "visibility", J_ENUM, 0, 0, 0, 0, message_visibility_names, NULL, MSG(visibility),
      "public (the customer sees it) unless told." },
    { "kind", J_ENUM, 0, 0, 0, 0, api_kinds, NULL, MSG(kind),
      "web unless told; note for internal ones." },
    { "on_behalf_of", J_JSON, 0, 0, 0, 0, NULL, NULL, MSG(on_behalf_of),
      "Whose words an agent writes down: id or e-mail address." },
    { "attachments", J_IDS, 0, 0, 0, 50, NULL, NULL, MSG(attachments), "Ids of uploads." },
    { "last_seen_message", J_INT, 0, 0, INT64_MAX, 0, NULL, NULL, MSG(last_seen_message),
      "The newest message that the writer knew: 409 when the customer wrote since." },
};
const struct jspec message_in_spec = JSPEC("MessageCreate", message_in_fields, struct message_in);

static enum rc people(struct call *c, const struct edit_body *b, bool may_make,
                      struct ticket_edit *out, struct err *e)
{
    if (b->customer.set) {
        TRY(ref_user(c, b->customer.v, "/customer", may_make, &out->customer_id, e));
        out->set |= TF_CUSTOMER;
    }
    if (b->owner.set) {
        if (!b->owner.null)
            TRY(ref_user(c, b->owner.v, "/owner", false, &out->owner_id, e));
        out->set |= TF_OWNER;
    }
    if (b->organization.set) {
        if (!b->organization.null)
            TRY(ref_organization(c, b->organization.v, "/organization", &out->organization_id, e));
        out->set |= TF_ORGANIZATION;
    }
    return RC_OK;
}

static enum rc catalog_refs(struct call *c, const struct edit_body *b, struct ticket_edit *out,
                            struct err *e)
{
    if (b->state.set) {
        TRY(ref_state(c, b->state.v, "/state", &out->state_id, e));
        out->set |= TF_STATE;
    }
    if (b->priority.set) {
        TRY(ref_priority(c, b->priority.v, "/priority", &out->priority_id, e));
        out->set |= TF_PRIORITY;
    }
    if (b->group.set) {
        TRY(ref_group(c, b->group.v, "/group", &out->group_id, e));
        out->set |= TF_GROUP;
    }
    return RC_OK;
}

enum rc edit_body_read(struct call *c, const struct edit_body *b, bool may_make,
                       struct ticket_edit *out, struct err *e)
{
    *out = (struct ticket_edit){ 0 };
    if (b->fields.set && !json_is_object(b->fields.v))
        return err_field(e, "/fields", "type", "an object", "Fields are an object by name.");
    TRY(catalog_refs(c, b, out, e));
    TRY(people(c, b, may_make, out, e));
    if (b->title.set) {
        out->title = str_trim(b->title.v);
        out->set |= TF_TITLE;
    }
    if (b->until.set) {
        out->until_us = b->until.null ? 0 : b->until.v;
        out->set |= TF_UNTIL;
    }
    if (b->tags.set)
        out->tags = b->tags.v, out->n_tags = b->tags.n, out->set |= TF_TAGS;
    if (b->add_tags.set)
        out->tags_add = b->add_tags.v, out->n_tags_add = b->add_tags.n, out->set |= TF_TAGS_ADD;
    if (b->remove_tags.set) {
        out->tags_remove = b->remove_tags.v;
        out->n_tags_remove = b->remove_tags.n;
        out->set |= TF_TAGS_REMOVE;
    }
    if (b->fields.set)
        out->fields = b->fields.v, out->set |= TF_FIELDS;
    return RC_OK;
}

enum rc message_in_prepare(struct ctx *c, const struct message_in *in, const char *pointer,
                           struct err *e)
{
    struct message_body *body = ARENA_NEW(c->a, struct message_body);
    enum message_format format = in->format.set ? (enum message_format)in->format.v : FORMAT_TEXT;

    TRY(message_render(in->body.v, format, pointer, c->a, body, e));
    c->prepared = body;
    return RC_OK;
}

enum rc message_in_read(struct call *c, const struct message_in *in, const char *at,
                        const struct message_body *body, struct message_new *out, struct err *e)
{
    const char *on_behalf_at = str_printf(c->a, "%s/on_behalf_of", at).p;

    *out = (struct message_new){ .body = *body, .at = at };
    out->visibility = in->visibility.set ? (enum message_visibility)in->visibility.v : VISIBILITY_PUBLIC;
    out->kind = out->visibility == VISIBILITY_INTERNAL ? MESSAGE_NOTE : MESSAGE_WEB;
    if (in->kind.set)
        out->kind = api_kind_of[in->kind.v];
    if (in->on_behalf_of.set)
        TRY(ref_user(c, in->on_behalf_of.v, on_behalf_at, false, &out->on_behalf_id, e));
    out->uploads = in->attachments.v;
    out->n_uploads = in->attachments.n;
    out->last_seen_message_id = in->last_seen_message.set ? in->last_seen_message.v : 0;
    if (!actor_is_agent(c->who) && out->kind != MESSAGE_WEB && out->visibility == VISIBILITY_PUBLIC)
        return err_field(e, str_printf(c->a, "%s/kind", at).p, "choice", "web", "Customers write messages of the kind web.");
    return RC_OK;
}

enum rc answer_ticket(struct ctx *c, struct call *call, int64_t id, struct err *e)
{
    struct ticket_view v = { .cat = call->cat };
    struct ticket t;

    TRY(ticket_read(call, id, &t, &v.internal, e));
    ctx_etag(c, ticket_version_for(&t, v.internal));
    ticket_json(&c->out, &v, &t);
    return RC_OK;
}

enum rc stale_ticket(struct ctx *c, struct call *call, int64_t id, enum rc rc, struct err *e)
{
    struct err other = { 0 };

    (void)e;
    if (rc == RC_STALE && answer_ticket(c, call, id, &other) == RC_OK)
        c->shows_current = true;
    return rc;
}

static void one_attachment(struct jw *w, const struct attachment *at)
{
    jw_obj(w);
    jw_kv_int(w, "id", at->id);
    jw_kv_text(w, "name", at->name);
    jw_kv_text(w, "content_type", at->content_type);
    jw_kv_int(w, "size", at->size);
    jw_obj_end(w);
}

static int by_message(const void *x, const void *y)
{
    const struct attachment *p = x, *q = y;

    return p->message_id != q->message_id ? (p->message_id < q->message_id ? -1 : 1)
                                          : (p->id > q->id) - (p->id < q->id);
}

enum rc attachments_json_of(struct call *c, int64_t ticket_id, bool internal,
                            struct attachments_json *out, struct err *e)
{
    struct attachment_page page = { ticket_id, 0, ATTACHMENTS_MAX, internal };
    struct attachment_list list;

    *out = (struct attachments_json){ 0 };
    TRY(attachments_list(c->db, &page, c->a, &list, e));
    if (!list.n)
        return RC_OK;
    qsort(list.v, list.n, sizeof(*list.v), by_message);
    out->v = ARENA_ARRAY(c->a, struct attachment_json, list.n);
    for (size_t i = 0; i < list.n;) {
        struct attachment_json *of = &out->v[out->n++];
        struct buf b = BUF_ARENA(c->a, ATTACHMENTS_JSON_MAX);
        struct jw w = jw_to(&b);

        of->message_id = list.v[i].message_id;
        jw_arr(&w);
        for (; i < list.n && list.v[i].message_id == of->message_id; i++)
            one_attachment(&w, &list.v[i]);
        jw_arr_end(&w);
        of->json = buf_view(&b);
    }
    return RC_OK;
}

struct str attachments_json_for(const struct attachments_json *list, int64_t message_id)
{
    for (size_t i = 0; i < list->n; i++)
        if (list->v[i].message_id == message_id)
            return list->v[i].json;
    return STR_NONE;
}

bool messages_have_files(const struct message *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (list[i].attachment_count)
            return true;
    return false;
}
