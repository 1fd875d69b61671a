#include "desk/user_names.h"

#include "base/json.h"
#include "store/jobs.h"
#include "store/search.h"

/* As many as fit into a request; the rest is a job's. */
enum { NOW_MAX = 20, DOCUMENT_ARENA_MAX = 256 * MIB };

static enum rc some_messages(struct db *db, int64_t limit, struct user_names_walk *at, struct arena *a,
                             int64_t *n, struct err *e)
{
    int64_t *ids;

    TRY(search_messages_by(db, at->user_id, at->message_id, limit, a, &ids, n, e));
    for (int64_t i = 0; i < *n; i++) {
        struct arena *one CLEAN(arena_clean) = arena_new(DOCUMENT_ARENA_MAX);

        at->message_id = ids[i];
        TRY(search_put(db, ids[i], one, e));
    }
    return RC_OK;
}

/* In the order of changes, which has an index: a ticket that changes meanwhile comes again later. */
static enum rc some_tickets(struct db *db, int64_t limit, struct user_names_walk *at, struct arena *a,
                            int64_t *n, struct err *e)
{
    const struct search_ticket_key key = { at->updated_us, at->ticket_id };
    struct search_ticket_key *keys;

    TRY(search_tickets_of(db, at->user_id, &key, limit, a, &keys, n, e));
    for (int64_t i = 0; i < *n; i++) {
        struct arena *one CLEAN(arena_clean) = arena_new(DOCUMENT_ARENA_MAX);

        at->updated_us = keys[i].updated_us;
        at->ticket_id = keys[i].id;
        TRY(search_reindex_ticket(db, at->ticket_id, one, e));
    }
    return RC_OK;
}

enum rc user_names_some(struct db *db, int64_t limit, struct user_names_walk *at, bool *done,
                        struct err *e)
{
    struct arena *a CLEAN(arena_clean) = arena_new(DOCUMENT_ARENA_MAX);
    int64_t n = 0;

    *done = false;
    if (!at->updated_us)
        TRY(some_messages(db, limit, at, a, &n, e));
    if (n < limit) {
        int64_t tickets;

        TRY(some_tickets(db, limit - n, at, a, &tickets, e));
        *done = tickets < limit - n;
        n += tickets;
    }
    at->n += n;
    return RC_OK;
}

enum rc user_names_read(struct str json, struct user_names_walk *out, struct err *e)
{
    json_t *v CLEAN(json_clean) = NULL;

    TRY(json_read(json, &v, e));
    *out = (struct user_names_walk){ .user_id = json_integer_value(json_object_get(v, "user")),
                                     .message_id = json_integer_value(json_object_get(v, "message")),
                                     .updated_us = json_integer_value(json_object_get(v, "updated_us")),
                                     .ticket_id = json_integer_value(json_object_get(v, "ticket")),
                                     .n = json_integer_value(json_object_get(v, "done")) };
    return RC_OK;
}

struct str user_names_json(const struct user_names_walk *at, struct arena *a)
{
    return str_printf(a, "{\"user\":%lld,\"message\":%lld,\"updated_us\":%lld,\"ticket\":%lld,\"done\":%lld}",
                      (long long)at->user_id, (long long)at->message_id, (long long)at->updated_us,
                      (long long)at->ticket_id, (long long)at->n);
}

enum rc user_names_changed(const struct account *c, int64_t user_id, struct err *e)
{
    struct user_names_walk at = { .user_id = user_id };
    struct job job = { .kind = STR(USER_NAMES_JOB), .run_at_us = c->now_us, .created_us = c->now_us };
    bool done;

    TRY(user_names_some(c->db, NOW_MAX, &at, &done, e));
    if (done)
        return RC_OK;
    job.payload_json = user_names_json(&at, c->a);
    return jobs_add(c->db, &job, e);
}
