/* Taking the merge of two people back. */
#include "desk/user_merge_priv.h"

#include "desk/auth.h"
#include "desk/can.h"
#include "desk/hold.h"
#include "desk/ticket.h"
#include "desk/session.h"
#include "store/tickets.h"

static enum rc load_merge(const struct account *c, int64_t source_id, struct user_merge *m, struct err *e)
{
    int64_t beyond;
    enum rc rc;

    TRY(user_check_reach(c, source_id, e));
    rc = user_merges_active(c->db, source_id, c->a, m, e);
    if (rc == RC_NOT_FOUND)
        return err_set(e, RC_CONFLICT, "not_merged", "This person is not merged.");
    TRY(rc);
    TRY(user_check_reach(c, m->target_id, e));
    if (c->who->user_id == m->target_id)
        return err_set(e, RC_DENIED, "oneself", "Nobody parts himself; ask somebody else.");
    TRY(user_merges_lock(c->db, source_id, m->target_id, c->a, e));
    TRY(user_merges_end(c->db, m->target_id, &beyond, e));
    if (beyond)
        return err_set(e, RC_CONFLICT, "target_merged",
                       "The other person was merged in turn: take that back first.");
    TRY(user_merges_active(c->db, source_id, c->a, m, e)); /* still, now that the rows are locked */
    return RC_OK;
}

/* A value goes back only where it still is what the merge made of it. */
static void put_back(const struct merge_column *col, const json_t *pair, struct user_row *u, struct arena *a)
{
    const json_t *before = json_array_get(pair, 0), *after = json_array_get(pair, 1);
    void *at = (char *)u + col->off;

    if (col->type == MERGE_TEXT) {
        struct str *s = at;

        if (str_eq(*s, str_of(json_string_value(after))))
            *s = str_dup(str_of(json_string_value(before)), a);
    } else if (col->type == MERGE_BOOL) {
        if (*(bool *)at == json_is_true(after))
            *(bool *)at = json_is_true(before);
    } else if (*(int64_t *)at == json_integer_value(after)) {
        *(int64_t *)at = json_integer_value(before);
    }
}

static enum rc restore_rows(const struct account *c, const struct user_merge *m, struct err *e)
{
    json_t *before CLEAN(json_clean) = NULL;
    struct user_row source, target;
    const json_t *pair;

    TRY(json_read(m->before_json, &before, e));
    TRY(users_load(c->db, m->source_id, c->a, &source, e));
    TRY(users_load(c->db, m->target_id, c->a, &target, e));
    for (size_t i = 0; i < merge_columns_n; i++) {
        pair = json_object_get(json_object_get(before, "target"), merge_columns[i].name);
        if (pair)
            put_back(&merge_columns[i], pair, &target, c->a);
    }
    source.active = json_is_true(json_object_get(before, "source_active"));
    source.updated_us = target.updated_us = c->now_us;
    TRY(users_save(c->db, &target, c->a, e));
    TRY(users_save(c->db, &source, c->a, e));
    return user_merges_point(c->db, source.id, 0, e);
}

/* The target's own primary address counts again where the merge took that from it. */
static enum rc restore_identities(const struct account *c, const struct user_merge *m, struct err *e)
{
    struct merge_rows moved, lost;
    struct identity_rows left;
    int64_t want[3] = { 0 };

    TRY(user_merges_rows(c->db, &(struct merge_page){ m->id, MERGE_IDENTITY, 0, MERGE_IDENTITIES_MAX }, c->a, &moved, e));
    TRY(user_merges_rows(c->db, &(struct merge_page){ m->id, MERGE_PRIMARY, 0, MERGE_IDENTITIES_MAX }, c->a, &lost, e));
    for (size_t i = 0; i < moved.n; i++)
        TRY(user_merges_identity(c->db, moved.v[i].row_id, m->target_id, m->source_id, moved.v[i].n != 0, e));
    TRY(identities_of(c->db, m->target_id, c->a, &left, e));
    for (size_t i = 0; i < left.n; i++)
        for (size_t k = 0; k < lost.n; k++)
            if (left.v[i].id == lost.v[k].row_id)
                want[(unsigned)left.v[i].kind % 3] = left.v[i].id;
    for (size_t i = 0; i < left.n; i++)
        if (left.v[i].is_primary)
            want[(unsigned)left.v[i].kind % 3] = left.v[i].id;
    TRY(merge_contacts(c, m->target_id, want, e));
    return merge_contacts(c, m->source_id, (const int64_t[3]){ 0 }, e);
}

static bool is_open(const struct ticket *t)
{
    return t->state_type <= STATE_HOLD;
}

static enum rc give_back(const struct account *c, const struct user_merge *m, const struct actor *owner,
                         const struct merge_row *row, struct err *e)
{
    struct ticket_facts facts = { 0 };
    struct ticket t;

    TRY(tickets_load(c->db, row->row_id, true, c->a, &t, e));
    facts.group_id = t.group_id;
    if (!is_open(&t) || t.owner_id != row->n || !can(owner, CAN_OWN, &facts))
        return RC_OK;
    return merge_set_owner(c, t.id, m->source_id, e);
}

static enum rc restore_owner(const struct account *c, const struct user_merge *m, struct err *e)
{
    struct actor owner = { 0 };
    struct merge_rows rows;
    int64_t after = 0;
    enum rc rc = actor_load(c->db, m->source_id, c->a, &owner, e);

    if (rc == RC_NOT_FOUND) { /* was switched off before: he owned nothing that is open */
        err_clear(e);
        return RC_OK;
    }
    TRY(rc);
    do {
        TRY(user_merges_rows(c->db, &(struct merge_page){ m->id, MERGE_OWNER, after, MERGE_BATCH }, c->a, &rows, e));
        for (size_t i = 0; i < rows.n; i++) {
            after = rows.v[i].row_id;
            TRY(give_back(c, m, &owner, &rows.v[i], e));
        }
    } while (rows.n == MERGE_BATCH);
    return RC_OK;
}

enum rc user_unmerge(const struct account *c, int64_t source_id, struct err *e)
{
    struct user_merge m;

    TRY(load_merge(c, source_id, &m, e));
    TRY(hold_check_user(c->db, m.target_id, e));
    TRY(restore_rows(c, &m, e));
    TRY(restore_identities(c, &m, e));
    TRY(user_merges_organizations_drop(c->db, &m, e));
    TRY(user_merges_move_back(c->db, &m, e));
    TRY(user_merges_undone(c->db, m.id, c->now_us, e));
    TRY(merge_search(c, m.id, e));
    TRY(restore_owner(c, &m, e));
    return merge_history(c, &m, true, e);
}
