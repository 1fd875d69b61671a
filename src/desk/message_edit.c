/* Changes of messages that are there: notes by their author, redaction of words and of files. */
#include "desk/ticket_priv.h"
#include "desk/hold.h"

#include "store/attachments.h"
#include "store/search.h"

static enum rc rewrite(struct ticket_work *w, struct message *m, struct err *e)
{
    struct call *c = w->c;

    TRY(search_remove(c->db, m->id, c->a, e));
    TRY(messages_update(c->db, m, e));
    return search_put(c->db, m->id, c->a, e);
}

static struct str id_json(const struct call *c, int64_t id)
{
    return str_printf(c->a, "%lld", (long long)id);
}

enum rc message_edit_note(struct ticket_work *w, struct message *m, const struct message_body *body,
                          struct err *e)
{
    if (m->visibility != VISIBILITY_INTERNAL || m->redacted_us)
        return err_set(e, RC_CONFLICT, "message_immutable", "Only internal notes can be changed.");
    m->format = body->format;
    m->source = body->source;
    m->body_text = body->text;
    m->body_html = body->html;
    TRY(rewrite(w, m, e));
    ticket_work_note(w, "note_edited", STR("null"), id_json(w->c, m->id));
    w->event = "message_edited";
    return ticket_work_save(w, e);
}

static struct str redaction_json(const struct call *c, const struct message *m)
{
    enum { JSON_MAX = 4096 };
    struct buf b = BUF_ARENA(c->a, JSON_MAX);
    struct jw w = jw_to(&b);

    jw_obj(&w);
    jw_kv_int(&w, "message", m->id);
    jw_kv_text(&w, "reason", m->redaction_reason);
    jw_obj_end(&w);
    return buf_view(&b);
}

enum rc message_redact(struct ticket_work *w, struct message *m, struct str reason, struct err *e)
{
    static const struct str gone = { "[removed]", 9 }, gone_html = { "<p>[removed]</p>", 16 };

    if (m->redacted_us)
        return err_set(e, RC_CONFLICT, "message_redacted", "The words were taken out already.");
    TRY(hold_check_ticket(w->c->db, w->t.id, e));
    m->format = FORMAT_TEXT;
    m->source = gone;
    m->body_text = gone;
    m->body_html = gone_html;
    m->redacted_us = w->c->now_us;
    m->redacted_by = w->c->who->user_id;
    m->redaction_reason = reason;
    if (m->visibility == VISIBILITY_PUBLIC)
        w->shown_changed = true;
    TRY(rewrite(w, m, e));
    ticket_work_note(w, "redacted", STR("null"), redaction_json(w->c, m));
    w->event = "message_redacted";
    return ticket_work_save(w, e);
}

/* Not its name: that may be what nobody should read any more.  Its hash proves which file it was. */
static struct str removal_json(const struct call *c, const struct message *m, const struct attachment *at, struct str reason)
{
    enum { JSON_MAX = 4096 };
    struct buf b = BUF_ARENA(c->a, JSON_MAX);
    struct jw w = jw_to(&b);

    jw_obj(&w);
    jw_kv_int(&w, "message", m->id);
    jw_kv_int(&w, "attachment", at->id);
    jw_kv_text(&w, "content_type", at->content_type);
    jw_kv_int(&w, "size", at->size);
    jw_kv_text(&w, "sha256", at->hash);
    jw_kv_text(&w, "reason", reason);
    jw_obj_end(&w);
    return buf_view(&b);
}

enum rc message_remove_file(struct ticket_work *w, struct message *m, const struct attachment *at, struct str reason,
                            struct err *e)
{
    struct call *c = w->c;

    TRY(hold_check_ticket(c->db, w->t.id, e));
    TRY(search_remove(c->db, m->id, c->a, e));
    TRY(attachments_delete(c->db, at, c->now_us, e));
    TRY(messages_drop_file(c->db, m, e));
    TRY(search_put(c->db, m->id, c->a, e));
    TRY(ticket_recount(w, e));
    if (m->visibility == VISIBILITY_PUBLIC)
        w->shown_changed = true;
    ticket_work_note(w, "file_removed", STR("null"), removal_json(c, m, at, reason));
    w->event = "file_removed";
    return ticket_work_save(w, e);
}
