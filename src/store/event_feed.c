#include "store/event_feed.h"

enum { PEOPLE_MAX = 200 }; /* of one ticket, that streams know of */

static void add_person(struct feed_row *row, int64_t user_id, struct arena *a)
{
    if (!row->people)
        row->people = ARENA_ARRAY(a, int64_t, PEOPLE_MAX);
    if (row->n_people < PEOPLE_MAX)
        row->people[row->n_people++] = user_id;
}

static enum rc read_people(struct db *db, struct feed_rows *rows, struct arena *a, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    if (!rows->n)
        return RC_OK;
    TRY(db_query(db, &r,
                 "SELECT p.ticket_id, p.user_id FROM participants p WHERE p.ticket_id IN"
                 " (SELECT ticket_id FROM events WHERE id >= $1 AND id <= $2)",
                 DB_ARGS(DB_INT(rows->v[0].ev.id), DB_INT(rows->v[rows->n - 1].ev.id)), e));
    while (db_next(&r, e))
        for (size_t i = 0; i < rows->n; i++)
            if (rows->v[i].ev.ticket_id == db_int(&r, 0))
                add_person(&rows->v[i], db_int(&r, 1), a);
    return e->rc;
}

static enum rc read_events(struct db *db, int64_t after, int64_t limit, struct arena *a,
                           struct feed_rows *out, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    *out = (struct feed_rows){ .v = ARENA_ARRAY(a, struct feed_row, (size_t)limit) };
    TRY(db_query(db, &r,
                 "SELECT ev.id, ev.ticket_id, ev.type, ev.actor_id, ev.message_id, ev.is_internal,"
                 " ev.changes_json, ev.ticket_version, ev.request_id, ev.created_us, u.name,"
                 " ev.public_version, t.group_id, t.customer_id, t.organization_id FROM events ev"
                 " JOIN tickets t ON t.id = ev.ticket_id LEFT JOIN users u ON u.id = ev.actor_id"
                 " WHERE ev.id > $1 ORDER BY ev.id LIMIT $2",
                 DB_ARGS(DB_INT(after), DB_INT(limit)), e));
    while (db_next(&r, e)) {
        struct feed_row *row = &out->v[out->n++];

        event_from_row(&r, a, &row->ev);
        row->group_id = db_int(&r, 12);
        row->customer_id = db_int(&r, 13);
        row->organization_id = db_int(&r, 14);
    }
    return e->rc;
}

enum rc event_feed_read(struct db *db, int64_t after, int64_t limit, struct arena *a,
                        struct feed_rows *out, struct err *e)
{
    TRY(read_events(db, after, limit, a, out, e));
    return read_people(db, out, a, e);
}

enum rc event_feed_last(struct db *db, int64_t *id, struct err *e)
{
    return db_query_int(db, "SELECT coalesce((SELECT id FROM events ORDER BY id DESC LIMIT 1), 0)",
                        DB_NO_ARGS, id, e);
}

enum rc event_feed_token_lives(struct db *db, int64_t token_id, int64_t now_us, bool *yes,
                               struct err *e)
{
    int64_t n;

    TRY(db_query_int(db,
                     "SELECT count(*) FROM api_tokens WHERE id = $1 AND revoked_us IS NULL"
                     " AND (expires_us IS NULL OR expires_us > $2)",
                     DB_ARGS(DB_INT(token_id), DB_INT(now_us)), &n, e));
    *yes = n > 0;
    return RC_OK;
}
