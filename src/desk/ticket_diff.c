/* What changed in a ticket: first before, last after, as JSON fragments for history and audit. */
#include "desk/ticket_priv.h"

#include "base/clock.h"
#include "store/refs.h"

enum { FRAGMENT_MAX = 64 * 1024, DETAILS_MAX = 1024 * 1024 };

static void add(struct ticket_changes *ch, const char *name, struct str before, struct str after,
                bool is_public)
{
    if (ch->n == ARRAY_LEN(ch->v))
        return;
    ch->v[ch->n++] = (struct ticket_change){ name, before, after };
    ch->is_public = ch->is_public || is_public;
}

static struct str text_json(struct str s, struct arena *a)
{
    struct buf b = BUF_ARENA(a, FRAGMENT_MAX);
    struct jw w = jw_to(&b);

    if (!s.n)
        return STR("null");
    jw_text(&w, s);
    return buf_view(&b);
}

static struct str time_json(int64_t t, struct arena *a)
{
    struct buf b = BUF_ARENA(a, FRAGMENT_MAX);
    struct jw w = jw_to(&b);

    jw_time(&w, t);
    return buf_view(&b);
}

static struct str ref_fragment(int64_t id, struct str name, struct arena *a)
{
    struct buf b = BUF_ARENA(a, FRAGMENT_MAX);
    struct jw w = jw_to(&b);

    jw_obj(&w);
    jw_kv_int(&w, "id", id);
    jw_kv_text(&w, "name", name);
    jw_obj_end(&w);
    return buf_view(&b);
}

struct str ticket_number_ref(const struct ticket *t, struct arena *a)
{
    struct buf b = BUF_ARENA(a, FRAGMENT_MAX);
    struct jw w = jw_to(&b);

    jw_obj(&w);
    jw_kv_int(&w, "id", t->id);
    jw_kv_text(&w, "number", t->number);
    jw_obj_end(&w);
    return buf_view(&b);
}

static enum rc user_json(struct call *c, int64_t id, struct str *out, struct err *e)
{
    struct user_ref u;

    *out = STR("null");
    if (!id)
        return RC_OK;
    TRY(refs_user(c->db, id, c->a, &u, e));
    *out = ref_fragment(id, u.name, c->a);
    return RC_OK;
}

static enum rc organization_json(struct call *c, int64_t id, struct str *out, struct err *e)
{
    struct str name;

    *out = STR("null");
    if (!id)
        return RC_OK;
    TRY(refs_organization_name(c->db, id, c->a, &name, e));
    *out = ref_fragment(id, name, c->a);
    return RC_OK;
}

static struct str state_json(const struct catalog *cat, int64_t id)
{
    const struct cat_state *s = catalog_state(cat, id);

    return s ? s->ref : STR("null");
}

static struct str priority_json(const struct catalog *cat, int64_t id)
{
    const struct cat_priority *p = catalog_priority(cat, id);

    return p ? p->ref : STR("null");
}

static struct str group_json(const struct catalog *cat, int64_t id)
{
    const struct cat_group *g = catalog_group(cat, id);

    return g ? g->ref : STR("null");
}

static void diff_catalog(const struct ticket_work *w, struct ticket_changes *ch)
{
    const struct catalog *cat = w->c->cat;
    const struct ticket *b = &w->before, *t = &w->t;

    if (b->state_id != t->state_id)
        add(ch, "state", state_json(cat, b->state_id), state_json(cat, t->state_id), true);
    if (b->priority_id != t->priority_id)
        add(ch, "priority", priority_json(cat, b->priority_id), priority_json(cat, t->priority_id),
            true);
    if (b->group_id != t->group_id)
        add(ch, "group", group_json(cat, b->group_id), group_json(cat, t->group_id), true);
}

static enum rc diff_people(const struct ticket_work *w, struct ticket_changes *ch, struct err *e)
{
    const struct ticket *b = &w->before, *t = &w->t;
    struct str before, after;

    if (b->owner_id != t->owner_id) {
        TRY(user_json(w->c, b->owner_id, &before, e));
        TRY(user_json(w->c, t->owner_id, &after, e));
        add(ch, "owner", before, after, false);
    }
    if (b->customer_id != t->customer_id) {
        TRY(user_json(w->c, b->customer_id, &before, e));
        TRY(user_json(w->c, t->customer_id, &after, e));
        add(ch, "customer", before, after, true);
    }
    if (b->organization_id != t->organization_id) {
        TRY(organization_json(w->c, b->organization_id, &before, e));
        TRY(organization_json(w->c, t->organization_id, &after, e));
        add(ch, "organization", before, after, true);
    }
    return RC_OK;
}

static struct str int_json(int64_t v, struct arena *a)
{
    return v ? str_printf(a, "%lld", (long long)v) : STR("null");
}

enum rc ticket_diff(struct ticket_work *w, struct ticket_changes *out, struct err *e)
{
    const struct ticket *b = &w->before, *t = &w->t;
    struct arena *a = w->c->a;

    out->n = 0;
    out->is_public = false;
    if (!str_eq(b->title, t->title))
        add(out, "title", text_json(b->title, a), text_json(t->title, a), true);
    diff_catalog(w, out);
    if (b->until_us != t->until_us)
        add(out, "until", time_json(b->until_us, a), time_json(t->until_us, a), false);
    TRY(diff_people(w, out, e));
    if (!str_eq(b->tags_json, t->tags_json) && (b->id || t->tags_json.n > 2))
        add(out, "tags", b->id ? b->tags_json : STR("[]"), t->tags_json, false);
    if (!str_eq(b->fields_json, t->fields_json) && (b->id || t->fields_json.n > 2))
        add(out, "fields", b->id ? b->fields_json : STR("{}"), t->fields_json, false);
    if (b->merged_into_id != t->merged_into_id)
        add(out, "merged_into", int_json(b->merged_into_id, a), int_json(t->merged_into_id, a),
            true);
    for (size_t i = 0; i < w->n_extra; i++)
        add(out, w->extra[i].name, w->extra[i].before, w->extra[i].after, false);
    return RC_OK;
}

struct str ticket_changes_event(const struct ticket_changes *ch, struct arena *a)
{
    struct buf b = BUF_ARENA(a, DETAILS_MAX);
    struct jw w = jw_to(&b);

    jw_obj(&w);
    for (size_t i = 0; i < ch->n; i++) {
        jw_key_str(&w, str_of(ch->v[i].name));
        jw_arr(&w);
        jw_raw(&w, ch->v[i].before);
        jw_raw(&w, ch->v[i].after);
        jw_arr_end(&w);
    }
    jw_obj_end(&w);
    return buf_view(&b);
}

static void side(struct jw *w, const struct ticket_changes *ch, bool after)
{
    jw_obj(w);
    for (size_t i = 0; i < ch->n; i++) {
        jw_key_str(w, str_of(ch->v[i].name));
        jw_raw(w, after ? ch->v[i].after : ch->v[i].before);
    }
    jw_obj_end(w);
}

struct str ticket_changes_audit(const struct ticket_changes *ch, const struct message *m,
                                struct arena *a)
{
    struct buf b = BUF_ARENA(a, DETAILS_MAX);
    struct jw w = jw_to(&b);

    jw_obj(&w);
    jw_key(&w, "before");
    side(&w, ch, false);
    jw_key(&w, "after");
    side(&w, ch, true);
    if (m->id) {
        jw_key(&w, "message");
        jw_obj(&w);
        jw_kv_int(&w, "id", m->id);
        jw_kv_text(&w, "visibility", str_of(message_visibility_names[m->visibility]));
        jw_obj_end(&w);
    }
    jw_obj_end(&w);
    return buf_view(&b);
}
