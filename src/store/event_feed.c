#include "store/event_feed.h"

#include "store/event_gate.h"

enum {
    PEOPLE_MAX = 200, /* of one ticket, that streams know of */
    LOOKS_MAX = 3,    /* at what runs, in one read */
    LAST_WINDOW = 1000,
};

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
                 " ev.public_version, t.group_id, t.customer_id, t.organization_id, t.created_by"
                 " FROM events ev"
                 " JOIN tickets t ON t.id = ev.ticket_id LEFT JOIN users u ON u.id = ev.actor_id"
                 " WHERE ev.id > $1 ORDER BY ev.id LIMIT $2",
                 DB_ARGS(DB_INT(after), DB_INT(limit)), e));
    while (db_next(&r, e)) {
        struct feed_row *row = &out->v[out->n++];

        event_from_row(&r, a, &row->ev);
        row->group_id = db_int(&r, 12);
        row->customer_id = db_int(&r, 13);
        row->organization_id = db_int(&r, 14);
        row->created_by = db_int(&r, 15);
    }
    return e->rc;
}

/* The gate: where it stands, and how it is moved, is in event_gate.c. */

/* How many of the rows behind `after` stand in front of the first gap that may still be filled. */
static size_t before_gap(const struct feed_rows *rows, int64_t after, int64_t settled)
{
    size_t i;

    for (i = 0; i < rows->n; i++) {
        int64_t id = rows->v[i].ev.id;

        if (id > after + 1 && id - 1 > settled)
            break;
        after = id;
    }
    return i;
}

static enum rc read_in_order(struct db *db, struct event_gate *g, const struct feed_from *from,
                             struct arena *a, struct feed_rows *out, struct err *e)
{
    for (int i = 0; i < LOOKS_MAX; i++) {
        /* Before the rows: what was settled later may have come after them. */
        int64_t settled = event_gate_settled(g);

        TRY(read_events(db, from->after, from->limit, a, out, e));
        if (db_kind(db) == DB_SQLITE)
            return RC_OK;
        size_t n = before_gap(out, from->after, settled);

        out->held = n < out->n;
        out->n = n;
        if (!out->held)
            return RC_OK;
        TRY(event_gate_look(db, g, a, e));
    }
    return RC_OK;
}

enum rc event_feed_read(struct db *db, struct event_gate *g, const struct feed_from *from,
                        struct arena *a, struct feed_rows *out, struct err *e)
{
    TRY(read_in_order(db, g, from, a, out, e));
    return read_people(db, out, a, e);
}

enum rc event_feed_newest(struct db *db, int64_t *id, struct err *e)
{
    return db_query_int(db, "SELECT coalesce((SELECT id FROM events ORDER BY id DESC LIMIT 1), 0)",
                        DB_NO_ARGS, id, e);
}

/* The end of the ids that follow each other without a gap from *id on; *gap: there is more. */
static enum rc walk(struct db *db, int64_t *id, bool *gap, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    *gap = false;
    TRY(db_query(db, &r, "SELECT id FROM events WHERE id > $1 ORDER BY id LIMIT $2",
                 DB_ARGS(DB_INT(*id), DB_INT(2 * LAST_WINDOW)), e));
    while (!*gap && db_next(&r, e)) {
        *gap = db_int(&r, 0) != *id + 1;
        *id += !*gap;
    }
    return e->rc;
}

enum rc event_feed_last(struct db *db, struct event_gate *g, struct arena *a, int64_t *id,
                        struct err *e)
{
    bool gap = true;

    for (int i = 0; gap && i < LOOKS_MAX; i++) {
        int64_t settled = event_gate_settled(g);

        if (i > 0)
            TRY(event_gate_look(db, g, a, e));
        TRY(event_feed_newest(db, id, e));
        if (db_kind(db) == DB_SQLITE || *id <= settled)
            return RC_OK;
        *id = settled > *id - LAST_WINDOW ? settled : *id - LAST_WINDOW;
        TRY(walk(db, id, &gap, e));
    }
    return RC_OK;
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
