/* What merging and undoing have in common. */
#include "desk/user_merge_priv.h"

#include "desk/ticket.h"
#include "store/jobs.h"
#include "store/search.h"

/* As many as fit into a request; the rest is a job's. */
enum { REINDEX_NOW = 50, DETAILS_MAX = 4096, TICKET_ARENA_MAX = 256 * MIB };

enum rc merge_contacts(const struct account *c, int64_t user_id, const int64_t want[3], struct err *e)
{
    struct identity_rows rows;

    TRY(identities_of(c->db, user_id, c->a, &rows, e));
    for (int kind = IDENTITY_EMAIL; kind <= IDENTITY_CHAT; kind++) {
        const struct identity_row *pick = NULL;
        int rank = 0;

        for (size_t i = 0; i < rows.n; i++) {
            const struct identity_row *row = &rows.v[i];
            int r = row->kind != kind ? 0 : row->id == want[kind] ? 3 : row->is_primary ? 2 : 1;

            if (r > rank) {
                pick = row;
                rank = r;
            }
        }
        if (pick)
            TRY(identities_set_primary(c->db, user_id, kind, pick->id, e));
        TRY(users_set_contact(c->db, user_id, kind, pick ? pick->value : STR_NONE, e));
    }
    return RC_OK;
}

enum rc user_merge_reindex(struct db *db, int64_t merge_id, int64_t limit, int64_t *after, bool *done,
                           struct arena *a, struct err *e)
{
    struct merge_rows rows;

    TRY(user_merges_tickets(db, merge_id, *after, limit, a, &rows, e));
    for (size_t i = 0; i < rows.n; i++) {
        struct arena *one CLEAN(arena_clean) = arena_new(TICKET_ARENA_MAX);

        *after = rows.v[i].row_id;
        TRY(search_reindex_ticket(db, *after, one, e));
    }
    *done = rows.n < (size_t)limit;
    return RC_OK;
}

enum rc merge_search(const struct account *c, int64_t merge_id, struct err *e)
{
    struct job job = { .kind = STR(USER_MERGE_JOB), .result_json = STR("{}"),
                       .run_at_us = c->now_us, .created_us = c->now_us };
    bool done;

    TRY(user_merge_reindex(c->db, merge_id, REINDEX_NOW, &job.progress, &done, c->a, e));
    if (done)
        return RC_OK;
    job.payload_json = str_printf(c->a, "{\"merge\":%lld,\"after\":%lld}", (long long)merge_id,
                                  (long long)job.progress);
    job.progress = 0;
    return jobs_add(c->db, &job, e);
}

enum rc merge_set_owner(const struct account *c, int64_t ticket_id, int64_t owner_id, struct err *e)
{
    const struct actor server = { .type = ACTOR_SYSTEM, .address = c->who->address,
                                  .request_id = c->who->request_id };
    const struct ticket_edit edit = { .set = TF_OWNER, .owner_id = owner_id };
    struct ticket_work w;
    struct call call;

    TRY(call_begin(c->db, &server, c->a, &call, e));
    TRY(ticket_work_begin(&call, ticket_id, CAN_CHANGE, 0, &w, e));
    TRY(ticket_apply(&w, &edit, e));
    return ticket_work_save(&w, e);
}

static void person(struct jw *w, const struct user_row *u)
{
    jw_obj(w);
    jw_kv_int(w, "id", u->id);
    jw_kv_text(w, "name", u->name);
    jw_obj_end(w);
}

static struct str details(const struct account *c, const struct user_row *source,
                          const struct user_row *target, int64_t tickets)
{
    struct buf b = BUF_ARENA(c->a, DETAILS_MAX);
    struct jw w = jw_to(&b);

    jw_obj(&w);
    jw_key(&w, "source");
    person(&w, source);
    jw_key(&w, "target");
    person(&w, target);
    jw_kv_int(&w, "tickets", tickets);
    jw_obj_end(&w);
    return buf_view(&b);
}

static struct str customer_change(const struct account *c, const struct user_row *from,
                                  const struct user_row *to)
{
    struct buf b = BUF_ARENA(c->a, DETAILS_MAX);
    struct jw w = jw_to(&b);

    jw_obj(&w);
    jw_key(&w, "customer");
    jw_arr(&w);
    person(&w, from);
    person(&w, to);
    jw_arr_end(&w);
    jw_obj_end(&w);
    return buf_view(&b);
}

enum rc merge_history(const struct account *c, const struct user_merge *m, bool undo, struct err *e)
{
    struct merge_events ev = { .merge_id = m->id, .customer_id = undo ? m->source_id : m->target_id,
                               .actor_id = c->who->user_id, .now_us = c->now_us,
                               .request_id = c->who->request_id };
    const char *action = undo ? "user.unmerge" : "user.merge";
    struct user_row source, target;
    struct str text;
    int64_t tickets;

    TRY(users_load(c->db, m->source_id, c->a, &source, e));
    TRY(users_load(c->db, m->target_id, c->a, &target, e));
    TRY(user_merges_count(c->db, m->id, MERGE_CUSTOMER, &tickets, e));
    text = details(c, &source, &target, tickets);
    TRY(account_audit(c, action, m->target_id, text, e));
    TRY(account_audit(c, action, m->source_id, text, e));
    ev.changes_json = undo ? customer_change(c, &target, &source) : customer_change(c, &source, &target);
    return user_merges_events(c->db, &ev, e);
}
