#include "desk/catalog_edit.h"

#include "base/utf8.h"
#include "desk/audit.h"
#include "desk/field.h"
#include "store/catalog_edit.h"
#include "store/fields.h"

enum { DETAILS_MAX = 256 * 1024 };

/* ---- As JSON ---- */

void state_json(struct jw *w, const struct cat_state *s)
{
    jw_obj(w);
    jw_kv_int(w, "id", s->id);
    jw_kv_text(w, "name", s->name);
    jw_kv_text(w, "customer_name", s->customer_name);
    jw_kv_text(w, "type", str_of(state_type_names[s->type]));
    jw_kv_bool(w, "clock_stops", s->clock_stops);
    jw_kv_text(w, "until", str_of(until_rule_names[s->until_rule]));
    jw_kv_id(w, "at_until_state", s->at_until_state_id);
    jw_kv_bool(w, "default_new", s->default_new);
    jw_kv_bool(w, "default_follow_up", s->default_follow_up);
    jw_kv_bool(w, "default_close", s->default_close);
    jw_kv_int(w, "position", s->position);
    jw_kv_bool(w, "active", s->active);
    jw_kv_time(w, "created_at", s->created_us);
    jw_kv_time(w, "updated_at", s->updated_us);
    jw_kv_int(w, "version", s->version);
    jw_obj_end(w);
}

void priority_json(struct jw *w, const struct cat_priority *p)
{
    jw_obj(w);
    jw_kv_int(w, "id", p->id);
    jw_kv_text(w, "name", p->name);
    jw_kv_int(w, "rank", p->rank);
    jw_kv_text(w, "color", p->color);
    jw_kv_bool(w, "default", p->is_default);
    jw_kv_bool(w, "active", p->active);
    jw_kv_time(w, "created_at", p->created_us);
    jw_kv_time(w, "updated_at", p->updated_us);
    jw_kv_int(w, "version", p->version);
    jw_obj_end(w);
}

void field_json(struct jw *w, const struct cat_field *f)
{
    jw_obj(w);
    jw_kv_int(w, "id", f->id);
    jw_kv_text(w, "object", str_of(field_object_names[f->object]));
    jw_kv_text(w, "name", f->name);
    jw_kv_text(w, "label", f->label);
    jw_kv_text(w, "help", f->help);
    jw_kv_text(w, "type", str_of(field_type_names[f->type]));
    jw_key(w, "options"), jw_raw(w, f->options_json);
    jw_key(w, "screens"), jw_raw(w, f->screens_json);
    jw_kv_int(w, "position", f->position);
    jw_kv_bool(w, "active", f->active);
    jw_kv_time(w, "created_at", f->created_us);
    jw_kv_time(w, "updated_at", f->updated_us);
    jw_kv_int(w, "version", f->version);
    jw_obj_end(w);
}

/* ---- Audit ---- */

struct change {
    struct buf b;
    struct jw w;
};

static void change_begin(struct change *ch, struct arena *a)
{
    ch->b = BUF_ARENA(a, DETAILS_MAX);
    ch->w = jw_to(&ch->b);
    jw_obj(&ch->w);
}

static struct jw *change_side(struct change *ch, const char *name)
{
    jw_key_str(&ch->w, str_of(name));
    return &ch->w;
}

static enum rc change_end(struct call *c, struct change *ch, const char *action, const char *object,
                          int64_t id, struct err *e)
{
    jw_obj_end(&ch->w);
    TRY(catalog_changed(c->db, e));
    return audit_add(c->db, c->who,
                     &(struct audit_entry){ action, object, id, buf_view(&ch->b) }, c->a, e);
}

/* A name that is taken is the caller's mistake, not a failure. */
static enum rc named(enum rc rc, struct err *e)
{
    if (rc != RC_CONFLICT)
        return rc;
    err_clear(e);
    return err_field(e, "/name", "taken", "one that no other has", "This name is taken.");
}

/* ---- States ---- */

static enum rc check_default(bool was, bool is, const char *pointer, struct err *e)
{
    return was && !is ? err_field(e, pointer, "required", "true, until another is the default",
                                  "Make another one the default; there is always one.")
                      : RC_OK;
}

/* What each default must be able to do. */
static enum rc check_default_types(const struct cat_state *s, struct err *e)
{
    if (s->default_new && s->type != STATE_NEW && s->type != STATE_OPEN)
        err_field(e, "/default_new", "type", "new, open", "New tickets cannot begin in this state.");
    if (s->default_follow_up && s->type != STATE_OPEN)
        err_field(e, "/default_follow_up", "type", "open", "A follow-up must open the ticket.");
    if (s->default_close && s->type != STATE_CLOSED && s->type != STATE_SOLVED)
        err_field(e, "/default_close", "type", "closed, solved", "This state does not close.");
    if ((s->default_new || s->default_follow_up || s->default_close)
        && (!s->active || s->until_rule == UNTIL_REQUIRED))
        err_field(e, "/active", "default", "true, and until not required, as long as this is a default", "A default is active and needs no date.");
    if (s->type == STATE_MERGED && !s->active)
        err_field(e, "/active", "needed", "true", "Merging needs this state.");
    return e->n_fields ? e->rc : RC_OK;
}

static enum rc check_until(const struct call *c, const struct cat_state *s, struct err *e)
{
    const struct cat_state *to = catalog_state(c->cat, s->at_until_state_id);

    if (s->until_rule != UNTIL_NONE && s->type != STATE_PENDING && s->type != STATE_HOLD)
        return err_field(e, "/until", "type", "none", "Only pending and hold states have a date.");
    if (!s->at_until_state_id)
        return RC_OK;
    if (!to || to->id == s->id || to->type == STATE_MERGED || to->until_rule == UNTIL_REQUIRED)
        return err_field(e, "/at_until_state", "unknown", "another state that needs no date",
                         "A ticket cannot go there.");
    return RC_OK;
}

static enum rc only_defaults(struct call *c, const struct cat_state *s, struct err *e)
{
    if (s->default_new)
        TRY(catalog_only_default(c->db, DEFAULT_NEW, s->id, e));
    if (s->default_follow_up)
        TRY(catalog_only_default(c->db, DEFAULT_FOLLOW_UP, s->id, e));
    if (s->default_close)
        TRY(catalog_only_default(c->db, DEFAULT_CLOSE, s->id, e));
    return RC_OK;
}

enum rc state_save(struct call *c, struct cat_state *s, struct err *e)
{
    const struct cat_state *old = catalog_state(c->cat, s->id);
    struct change ch;

    if (old) {
        TRY(check_default(old->default_new, s->default_new, "/default_new", e));
        TRY(check_default(old->default_follow_up, s->default_follow_up, "/default_follow_up", e));
        TRY(check_default(old->default_close, s->default_close, "/default_close", e));
    }
    TRY(check_default_types(s, e));
    TRY(check_until(c, s, e));
    change_begin(&ch, c->a);
    if (old)
        state_json(change_side(&ch, "before"), old);
    s->updated_us = c->now_us;
    TRY(named(states_save(c->db, s, utf8_fold(s->name, c->a), e), e));
    TRY(only_defaults(c, s, e));
    state_json(change_side(&ch, "after"), s);
    return change_end(c, &ch, old ? "state.update" : "state.create", "state", s->id, e);
}

enum rc state_remove(struct call *c, int64_t id, struct err *e)
{
    const struct cat_state *s = catalog_state(c->cat, id);
    struct change ch;
    bool used;

    if (!s)
        return err_set(e, RC_NOT_FOUND, "", "There is no such state.");
    TRY(states_used(c->db, id, &used, e));
    if (used || s->default_new || s->default_follow_up || s->default_close || s->type >= STATE_MERGED)
        return err_set(e, RC_CONFLICT, "in_use", "This state is used; switch it off instead.");
    change_begin(&ch, c->a);
    state_json(change_side(&ch, "before"), s);
    TRY(states_delete(c->db, id, e));
    return change_end(c, &ch, "state.delete", "state", id, e);
}

/* ---- Priorities ---- */

enum rc priority_save(struct call *c, struct cat_priority *p, struct err *e)
{
    const struct cat_priority *old = catalog_priority(c->cat, p->id);
    struct change ch;

    if (old)
        TRY(check_default(old->is_default, p->is_default, "/default", e));
    if (p->is_default && !p->active)
        return err_field(e, "/active", "default", "true, as long as this is the default", "The default is active.");
    change_begin(&ch, c->a);
    if (old)
        priority_json(change_side(&ch, "before"), old);
    p->updated_us = c->now_us;
    TRY(named(priorities_save(c->db, p, utf8_fold(p->name, c->a), e), e));
    if (p->is_default)
        TRY(catalog_only_default(c->db, DEFAULT_PRIORITY, p->id, e));
    priority_json(change_side(&ch, "after"), p);
    return change_end(c, &ch, old ? "priority.update" : "priority.create", "priority", p->id, e);
}

enum rc priority_remove(struct call *c, int64_t id, struct err *e)
{
    const struct cat_priority *p = catalog_priority(c->cat, id);
    struct change ch;
    bool used;

    if (!p)
        return err_set(e, RC_NOT_FOUND, "", "There is no such priority.");
    TRY(priorities_used(c->db, id, &used, e));
    if (used || p->is_default)
        return err_set(e, RC_CONFLICT, "in_use", "This priority is used; switch it off instead.");
    change_begin(&ch, c->a);
    priority_json(change_side(&ch, "before"), p);
    TRY(priorities_delete(c->db, id, e));
    return change_end(c, &ch, "priority.delete", "priority", id, e);
}

/* ---- Fields ---- */

enum rc field_save(struct call *c, struct cat_field *f, struct err *e)
{
    const struct cat_field *old = NULL;
    struct change ch;

    for (size_t i = 0; f->id && i < c->cat->n_fields; i++)
        if (c->cat->fields[i].id == f->id)
            old = &c->cat->fields[i];
    TRY(field_define_check(f, e));
    change_begin(&ch, c->a);
    if (old)
        field_json(change_side(&ch, "before"), old);
    f->updated_us = c->now_us;
    f->created_us = old ? old->created_us : c->now_us;
    TRY(named(old ? fields_update(c->db, f, e) : fields_insert(c->db, f, e), e));
    field_json(change_side(&ch, "after"), f);
    return change_end(c, &ch, old ? "field.update" : "field.create", "field", f->id, e);
}
