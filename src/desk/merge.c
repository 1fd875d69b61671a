#include "desk/merge.h"

#include "desk/ticket_priv.h"
#include "store/merges.h"
#include "store/search.h"

enum { BEFORE_MAX = 256 * 1024 };

/* ---- What undoing needs ---- */

static const struct state_column {
    const char *name;
    size_t off;
} state_columns[] = {
    { "state", offsetof(struct ticket, state_id) },
    { "until", offsetof(struct ticket, until_us) },
    { "owner", offsetof(struct ticket, owner_id) },
    { "first_close", offsetof(struct ticket, first_close_us) },
    { "last_close", offsetof(struct ticket, last_close_us) },
    { "solved", offsetof(struct ticket, solved_us) },
    { "closed", offsetof(struct ticket, closed_us) },
    { "reopen_count", offsetof(struct ticket, reopen_count) },
};

static int64_t *column(struct ticket *t, size_t i)
{
    return (int64_t *)(void *)((char *)t + state_columns[i].off);
}

static void write_columns(struct jw *w, struct ticket *t, int64_t version)
{
    jw_obj(w);
    jw_kv_int(w, "type", t->state_type);
    jw_kv_int(w, "version", version);
    jw_kv_int(w, "first_version", t->version);
    for (size_t i = 0; i < ARRAY_LEN(state_columns); i++) {
        jw_key_str(w, str_of(state_columns[i].name));
        jw_int(w, *column(t, i));
    }
    jw_obj_end(w);
}

static void read_columns(const json_t *from, struct ticket *t)
{
    t->state_type = (enum state_type)json_integer_value(json_object_get(from, "type"));
    for (size_t i = 0; i < ARRAY_LEN(state_columns); i++)
        *column(t, i) = json_integer_value(json_object_get(from, state_columns[i].name));
}

/* before: as the rows were; version: the target's after the merge; first_version: before it. */
static struct str before_json(struct call *c, struct ticket *source, struct ticket *target,
                              int64_t version, const struct merge_ids *added)
{
    struct buf b = BUF_ARENA(c->a, BEFORE_MAX);
    struct jw w = jw_to(&b);

    jw_obj(&w);
    jw_key(&w, "source");
    write_columns(&w, source, source->version);
    jw_key(&w, "target");
    write_columns(&w, target, version);
    jw_key(&w, "added");
    jw_arr(&w);
    for (size_t i = 0; i < added->n; i++)
        jw_int(&w, added->v[i]);
    jw_arr_end(&w);
    jw_obj_end(&w);
    return buf_view(&b);
}

/* ---- Merging ---- */

static enum rc no_target(struct err *e)
{
    err_clear(e);
    return err_field(e, "/into", "unknown", "another ticket that you may change",
                     "There is no such ticket to merge into.");
}

/* The end of the chain that begins at into. */
static enum rc find_target(struct call *c, int64_t source_id, int64_t into_id, int64_t *end,
                           struct err *e)
{
    struct ticket t;
    bool internal;
    enum rc rc;

    if (into_id == source_id)
        return err_field(e, "/into", "same", "another ticket",
                         "A ticket cannot be merged into itself.");
    rc = ticket_read(c, into_id, &t, &internal, e);
    if (rc == RC_NOT_FOUND)
        return no_target(e);
    TRY(rc);
    *end = t.merged_into_id ? t.merged_into_id : into_id;
    if (*end == source_id)
        return err_conflict(e, "merge_cycle", "/into", "a ticket that was not merged into this one",
                            "That ticket was merged into this one.");
    return RC_OK;
}

/* Locks both rows, the lower id first, so that two merges cannot wait for each other. */
static enum rc begin_both(struct call *c, int64_t target_id, int64_t if_match,
                          struct ticket_work *source, struct ticket_work *target, struct err *e)
{
    struct ticket lower;
    enum rc rc;

    if (target_id < source->asked_id)
        TRY(tickets_load(c->db, target_id, true, c->a, &lower, e));
    TRY(ticket_work_begin(c, source->asked_id, CAN_CHANGE, if_match, source, e));
    rc = ticket_work_begin(c, target_id, CAN_CHANGE, 0, target, e);
    return rc == RC_NOT_FOUND || rc == RC_DENIED ? no_target(e) : rc;
}

static bool is_done(enum state_type type)
{
    return type == STATE_SOLVED || type == STATE_CLOSED;
}

static enum rc check_states(const struct ticket *source, const struct ticket *target, struct err *e)
{
    if (source->state_type == STATE_SPAM || source->state_type == STATE_DELETED
        || target->state_type == STATE_SPAM || target->state_type == STATE_DELETED)
        return err_conflict(e, "ticket_removed", "/into", "a ticket that is neither spam nor deleted",
                            "Spam and deleted tickets are not merged.");
    return RC_OK;
}

/* The source: read-only, leading on, and with it all that led to it. */
static enum rc close_source(struct ticket_work *w, const struct ticket *target, struct err *e)
{
    const struct cat_state *s = catalog_state_of_type(w->c->cat, STATE_MERGED);

    if (!s)
        return err_fail(e, "the catalog lacks a state of type merged");
    w->t.state_id = s->id;
    w->t.state_type = STATE_MERGED;
    w->t.until_us = 0;
    w->t.merged_into_id = target->id;
    w->event = "merged_into";
    TRY(merges_repoint(w->c->db, w->t.id, target->id, e));
    TRY(ticket_recount(w, e));
    return ticket_work_save(w, e);
}

static enum rc widen_target(struct ticket_work *w, const struct ticket *source,
                            struct merge_ids *added, struct err *e)
{
    struct call *c = w->c;
    struct merge_people people = { source->id, w->t.id, w->t.customer_id, c->now_us };

    TRY(merges_unite_people(c->db, &people, c->a, added, e));
    if (is_done(w->t.state_type) && !is_done(source->state_type))
        TRY(ticket_set_state(w, catalog_default_follow_up(c->cat), e));
    w->t.message_count += source->message_count;
    w->t.public_message_count += source->public_message_count;
    w->t.attachment_count += source->attachment_count;
    w->t.public_attachment_count += source->public_attachment_count;
    if (source->public_message_count)
        w->shown_changed = true;
    w->event = "received_merge";
    ticket_work_note(w, "merged_from", STR("null"), ticket_number_ref(source, c->a));
    return ticket_work_save(w, e);
}

enum rc ticket_merge(struct call *c, int64_t source_id, int64_t into_id, int64_t if_match,
                     int64_t *target_id, struct err *e)
{
    struct ticket_work source = { .asked_id = source_id }, target;
    struct ticket source_before, target_before;
    struct merge_ids added;
    struct merge m;

    TRY(ticket_reach(c, source_id, CAN_CHANGE, &source_before, e));
    TRY(find_target(c, source_id, into_id, target_id, e));
    TRY(begin_both(c, *target_id, if_match, &source, &target, e));
    TRY(check_states(&source.t, &target.t, e));
    source_before = source.t;
    target_before = target.t;
    TRY(widen_target(&target, &source_before, &added, e));
    TRY(close_source(&source, &target.t, e));
    TRY(search_reindex_ticket(c->db, *target_id, c->a, e));
    m = (struct merge){ .source_id = source_id,
                        .target_id = *target_id,
                        .before_json = before_json(c, &source_before, &target_before,
                                                   target.t.version, &added),
                        .merged_by = c->who->user_id,
                        .merged_us = c->now_us };
    return merges_insert(c->db, &m, e);
}

/* ---- Undoing ---- */

static enum rc begin_undo(struct call *c, int64_t id, int64_t if_match, struct ticket_work *w,
                          struct err *e)
{
    TRY(ticket_work_begin(c, id, CAN_READ, if_match, w, e));
    TRY(ticket_may(c, &w->t, CAN_CHANGE, e));
    return w->t.state_type == STATE_MERGED
               ? RC_OK
               : err_set(e, RC_CONFLICT, "not_merged", "This ticket is not merged.");
}

static enum rc part_people(struct call *c, const struct merge *m, const json_t *added,
                           struct err *e)
{
    const json_t *id;
    size_t i;

    json_array_foreach(added, i, id)
        TRY(merges_part_person(c->db, m->target_id, json_integer_value(id), m->merged_us, e));
    return RC_OK;
}

static enum rc carry_one(struct call *c, const struct merge *m, int64_t from, int64_t to, struct err *e)
{
    json_t *before CLEAN(json_clean) = NULL;
    struct buf b = BUF_ARENA(c->a, BEFORE_MAX);
    struct jw w = jw_to(&b);
    json_t *version;

    TRY(json_read(m->before_json, &before, e));
    version = json_object_get(json_object_get(before, "target"), "version");
    if (json_integer_value(version) != from)
        return RC_OK;
    json_integer_set(version, to);
    jw_json(&w, before);
    return merges_set_before(c->db, m->id, buf_view(&b), e);
}

/* Merges into a ticket whose undoing was to give it its state back at version `from` do so at `to`:
 * it is again as they left it. */
static enum rc carry_version(struct call *c, int64_t ticket_id, int64_t from, int64_t to,
                             struct err *e)
{
    struct merge *v;
    size_t n;

    TRY(merges_into(c->db, ticket_id, c->a, &v, &n, e));
    for (size_t i = 0; i < n; i++)
        TRY(carry_one(c, &v[i], from, to, e));
    return RC_OK;
}

/* The target gets its state back only while nothing else was done to it. */
static enum rc restore_target(struct call *c, const struct merge *m, const struct ticket *source,
                              const json_t *before, struct err *e)
{
    struct ticket_work w;
    int64_t first = json_integer_value(json_object_get(before, "first_version"));
    bool untouched;

    TRY(ticket_work_begin(c, m->target_id, CAN_READ, 0, &w, e));
    TRY(ticket_may(c, &w.t, CAN_CHANGE, e));
    untouched = w.t.version == json_integer_value(json_object_get(before, "version"));
    if (untouched)
        read_columns(before, &w.t);
    TRY(ticket_recount(&w, e));
    w.event = "unmerged";
    ticket_work_note(&w, "merged_from", ticket_number_ref(source, c->a), STR("null"));
    TRY(ticket_work_save(&w, e));
    return untouched && first ? carry_version(c, m->target_id, first, w.t.version, e) : RC_OK;
}

/* The end of a longer chain shows less now. */
static enum rc shrink_end(struct call *c, int64_t end_id, const struct ticket *source, struct err *e)
{
    struct ticket_work w;

    TRY(ticket_work_begin(c, end_id, CAN_READ, 0, &w, e));
    TRY(ticket_recount(&w, e));
    w.event = "unmerged";
    ticket_work_note(&w, "merged_from", ticket_number_ref(source, c->a), STR("null"));
    return ticket_work_save(&w, e);
}

static enum rc restore_source(struct ticket_work *w, const json_t *before, struct err *e)
{
    struct call *c = w->c;

    TRY(merges_reclaim(c->db, w->t.id, e));
    read_columns(before, &w->t);
    w->t.merged_into_id = 0;
    TRY(ticket_recount(w, e));
    w->event = "unmerged";
    TRY(ticket_work_save(w, e));
    TRY(search_reindex_ticket(c->db, w->t.id, c->a, e));
    return carry_version(c, w->t.id, json_integer_value(json_object_get(before, "version")),
                         w->t.version, e);
}

enum rc ticket_unmerge(struct call *c, int64_t source_id, int64_t if_match, struct err *e)
{
    json_t *before CLEAN(json_clean) = NULL;
    struct ticket_work w;
    struct merge m;
    int64_t end_id;

    TRY(begin_undo(c, source_id, if_match, &w, e));
    end_id = w.t.merged_into_id;
    TRY(merges_active(c->db, source_id, c->a, &m, e));
    TRY(json_read(m.before_json, &before, e));
    TRY(restore_source(&w, json_object_get(before, "source"), e));
    TRY(part_people(c, &m, json_object_get(before, "added"), e));
    TRY(restore_target(c, &m, &w.t, json_object_get(before, "target"), e));
    if (end_id != m.target_id)
        TRY(shrink_end(c, end_id, &w.t, e));
    TRY(search_reindex_ticket(c->db, end_id, c->a, e));
    return merges_undone(c->db, m.id, c->now_us, e);
}
