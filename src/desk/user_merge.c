#include "desk/user_merge_priv.h"

#include "desk/auth.h"
#include "desk/can.h"
#include "desk/hold.h"
#include "desk/session.h"
#include "store/rights.h"

const struct merge_column merge_columns[] = {
    { "name", MERGE_F_NAME, MERGE_TEXT, offsetof(struct user_row, name) },
    { "locale", MERGE_F_LOCALE, MERGE_TEXT, offsetof(struct user_row, locale) },
    { "zone", MERGE_F_ZONE, MERGE_TEXT, offsetof(struct user_row, zone) },
    { "note", MERGE_F_NOTE, MERGE_TEXT, offsetof(struct user_row, note) },
    { "vip", MERGE_F_VIP, MERGE_BOOL, offsetof(struct user_row, vip) },
    { "organization_id", MERGE_F_ORGANIZATION, MERGE_INT, offsetof(struct user_row, organization_id) },
};
const size_t merge_columns_n = ARRAY_LEN(merge_columns);

/* ── may it be ── */

static enum rc load_source(const struct account *c, const struct user_merge_ask *ask,
                           struct user_row *out, struct err *e)
{
    enum rc rc;

    if (ask->source_id == ask->target_id)
        return err_field(e, "/source", "same", "another person", "A person cannot be merged into himself.");
    rc = user_check_change(c, ask->source_id, e);
    if (rc == RC_OK)
        rc = users_load(c->db, ask->source_id, c->a, out, e);
    if (rc != RC_NOT_FOUND)
        return rc;
    err_clear(e);
    return err_field(e, "/source", "unknown", "the id of another person", "There is no such person.");
}

static enum rc load_target(const struct account *c, const struct user_merge_ask *ask,
                           struct user_row *out, struct err *e)
{
    enum rc rc = users_load(c->db, ask->target_id, c->a, out, e);

    if (rc == RC_NOT_FOUND)
        return err_set(e, rc, "not_found", "There is no such user.");
    TRY(rc);
    if (ask->if_match && ask->if_match != out->version)
        return err_set(e, RC_STALE, "version_mismatch", "The user was changed meanwhile.");
    if (!out->active)
        return err_set(e, RC_CONFLICT, "not_active", "This person is switched off.");
    return RC_OK;
}

static enum rc check_actor(const struct account *c, const struct user_merge_ask *ask, struct err *e)
{
    if (c->who->user_id == ask->target_id || c->who->user_id == ask->source_id)
        return err_set(e, RC_DENIED, "oneself", "Nobody merges himself; ask somebody else.");
    return RC_OK;
}

/* ── addresses and organisations ── */

static const unsigned contact_bits[3] = { MERGE_F_EMAIL, MERGE_F_PHONE, 0 };

static enum rc move_identities(const struct account *c, const struct user_merge *m, unsigned of_source,
                               struct err *e)
{
    struct identity_rows from, to;
    int64_t want[3] = { 0 };

    TRY(identities_of(c->db, m->source_id, c->a, &from, e));
    TRY(identities_of(c->db, m->target_id, c->a, &to, e));
    if (from.n + to.n > MERGE_IDENTITIES_MAX)
        return err_set(e, RC_CONFLICT, "too_many", "Together they have too many addresses and numbers.");
    for (size_t i = 0; i < from.n; i++) {
        const struct identity_row *row = &from.v[i];

        if (row->is_primary && (of_source & contact_bits[(unsigned)row->kind % 3]))
            want[(unsigned)row->kind % 3] = row->id;
        TRY(user_merges_note(c->db, m->id, MERGE_IDENTITY, row->id, row->is_primary, e));
        TRY(user_merges_identity(c->db, row->id, m->source_id, m->target_id, false, e));
    }
    for (size_t i = 0; i < to.n; i++)
        if (to.v[i].is_primary && want[(unsigned)to.v[i].kind % 3])
            TRY(user_merges_note(c->db, m->id, MERGE_PRIMARY, to.v[i].id, 0, e));
    TRY(merge_contacts(c, m->target_id, want, e));
    return merge_contacts(c, m->source_id, (const int64_t[3]){ 0 }, e);
}

static enum rc add_organization(const struct account *c, const struct user_merge *m, int64_t org,
                                const struct user_extras *have, struct err *e)
{
    for (size_t i = 0; i < have->n_organizations; i++)
        if (have->organization_ids[i] == org)
            return RC_OK;
    TRY(user_merges_note(c->db, m->id, MERGE_ORGANIZATION, org, 0, e));
    return user_merges_organization_add(c->db, m->target_id, org, e);
}

/* All that were anybody's, but for the primary one. */
static enum rc unite_organizations(const struct account *c, const struct user_merge *m, int64_t primary,
                                   const int64_t old_primary[2], struct err *e)
{
    struct user_extras from, to;

    TRY(users_extras(c->db, m->source_id, c->a, &from, e));
    TRY(users_extras(c->db, m->target_id, c->a, &to, e));
    for (size_t i = 0; i < from.n_organizations; i++)
        if (from.organization_ids[i] != primary)
            TRY(add_organization(c, m, from.organization_ids[i], &to, e));
    for (size_t i = 0; i < 2; i++) {
        bool noted = !old_primary[i] || old_primary[i] == primary;

        for (size_t k = 0; k < from.n_organizations; k++)
            noted = noted || from.organization_ids[k] == old_primary[i];
        if (!noted)
            TRY(add_organization(c, m, old_primary[i], &to, e));
    }
    return RC_OK;
}

/* ── the rows of the two ── */

static void write_value(struct jw *w, const struct merge_column *col, const struct user_row *u)
{
    const char *at = (const char *)u + col->off;

    if (col->type == MERGE_TEXT)
        jw_text(w, *(const struct str *)(const void *)at);
    else if (col->type == MERGE_BOOL)
        jw_bool(w, *(const bool *)at);
    else
        jw_int(w, *(const int64_t *)(const void *)at);
}

static void take(const struct merge_column *col, struct user_row *u, const struct user_row *from)
{
    size_t n = col->type == MERGE_TEXT   ? sizeof(struct str)
               : col->type == MERGE_BOOL ? sizeof(bool)
                                         : sizeof(int64_t);

    memcpy((char *)u + col->off, (const char *)from + col->off, n);
}

/* {"source_active":true,"target":{"name":[before,after]}} */
static struct str before_json(const struct account *c, const struct user_row *source,
                              const struct user_row *before, const struct user_row *after,
                              unsigned of_source)
{
    struct buf b = BUF_ARENA(c->a, MERGE_BEFORE_MAX);
    struct jw w = jw_to(&b);

    jw_obj(&w);
    jw_kv_bool(&w, "source_active", source->active);
    jw_key(&w, "target");
    jw_obj(&w);
    for (size_t i = 0; i < merge_columns_n; i++) {
        if (!(of_source & merge_columns[i].bit))
            continue;
        jw_key_str(&w, str_of(merge_columns[i].name));
        jw_arr(&w);
        write_value(&w, &merge_columns[i], before);
        write_value(&w, &merge_columns[i], after);
        jw_arr_end(&w);
    }
    jw_obj_end(&w);
    jw_obj_end(&w);
    INVARIANT(!b.overflow);
    return buf_view(&b);
}

/* ── owners ── */

static enum rc hand_over(const struct account *c, const struct user_merge *m, struct err *e)
{
    struct actor heir = { 0 };
    struct owned_rows rows;
    int64_t after = 0;

    TRY(actor_load(c->db, m->target_id, c->a, &heir, e));
    do {
        TRY(owned_open_tickets(c->db, m->source_id, after, MERGE_BATCH, c->a, &rows, e));
        for (size_t i = 0; i < rows.n; i++) {
            const struct ticket_facts facts = { .group_id = rows.v[i].group_id };
            int64_t owner = can(&heir, CAN_OWN, &facts) ? m->target_id : 0;

            after = rows.v[i].ticket_id;
            TRY(user_merges_note(c->db, m->id, MERGE_OWNER, after, owner, e));
            TRY(merge_set_owner(c, after, owner, e));
        }
    } while (rows.n == MERGE_BATCH);
    return RC_OK;
}

static enum rc move_all(const struct account *c, struct user_merge *m, const struct user_merge_ask *ask,
                        struct user_row *source, struct user_row *target, struct err *e)
{
    const struct user_row before = *target;

    for (size_t i = 0; i < merge_columns_n; i++)
        if (ask->of_source & merge_columns[i].bit)
            take(&merge_columns[i], target, source);
    m->before_json = before_json(c, source, &before, target, ask->of_source);
    TRY(user_merges_insert(c->db, m, e));
    TRY(unite_organizations(c, m, target->organization_id,
                            (const int64_t[2]){ source->organization_id, before.organization_id }, e));
    target->updated_us = source->updated_us = c->now_us;
    TRY(users_save(c->db, target, c->a, e));
    source->active = false;
    TRY(users_save(c->db, source, c->a, e));
    TRY(user_merges_point(c->db, source->id, target->id, e));
    if ((ask->of_source & (MERGE_F_NAME | MERGE_F_EMAIL)) || !target->email.n)
        TRY(user_merges_renamed(c->db, m, e));
    TRY(move_identities(c, m, ask->of_source, e));
    return user_merges_move(c->db, m, e);
}

/* Who gets an account's addresses gets the account. */
static enum rc check_login(const struct account *c, int64_t source_id, struct err *e)
{
    struct user_login u;

    if (user_manages_all(c->who))
        return RC_OK;
    TRY(users_login(c->db, source_id, c->a, &u, e));
    if (u.password_hash.n || u.has_proof)
        return err_set(e, RC_DENIED, "has_login", "This person has a login: it takes admin.user to unite the two.");
    return RC_OK;
}

enum rc user_merge(const struct account *c, const struct user_merge_ask *ask, struct err *e)
{
    const int64_t admin = PERM_ADMIN_USER | PERM_ADMIN_ROLE;
    struct user_merge m = { .source_id = ask->source_id, .target_id = ask->target_id,
                            .merged_by = c->who->user_id, .merged_us = c->now_us };
    struct user_row source, target;
    struct rights_rows had;

    TRY(check_actor(c, ask, e));
    TRY(user_merges_lock(c->db, ask->source_id, ask->target_id, c->a, e));
    TRY(user_check_change(c, ask->target_id, e));
    TRY(load_target(c, ask, &target, e));
    TRY(load_source(c, ask, &source, e));
    TRY(check_login(c, source.id, e));
    TRY(hold_check_user(c->db, source.id, e));
    TRY(hold_check_user(c->db, target.id, e));
    TRY(rights_load(c->db, source.id, c->a, &had, e));
    TRY(move_all(c, &m, ask, &source, &target, e));
    if ((had.perms & admin) == admin)
        TRY(admins_remain(c, e));
    TRY(merge_search(c, m.id, e));
    TRY(session_end_all(c, source.id, 0, "user_merged", e));
    TRY(hand_over(c, &m, e));
    return merge_history(c, &m, false, e);
}
