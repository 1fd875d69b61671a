#include "store/user_merges.h"

enum rc user_merges_lock(struct db *db, int64_t one, int64_t other, struct arena *a, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };
    struct sql q = sql_new(a);

    sql_add(&q, "SELECT id FROM users WHERE id IN (?, ?) ORDER BY id", DB_ARGS(DB_INT(one), DB_INT(other)));
    sql_for_update(&q, db);
    TRY(db_query_sql(db, &r, &q, e));
    while (db_next(&r, e))
        continue;
    return e->rc;
}

enum rc user_merges_insert(struct db *db, struct user_merge *m, struct err *e)
{
    return db_query_int(db,
                        "INSERT INTO user_merges (source_id, target_id, before_json, merged_by,"
                        " merged_us) VALUES ($1, $2, $3, $4, $5) RETURNING id",
                        DB_ARGS(DB_INT(m->source_id), DB_INT(m->target_id), DB_TEXT(m->before_json),
                                DB_ID(m->merged_by), DB_INT(m->merged_us)),
                        &m->id, e);
}

enum rc user_merges_active(struct db *db, int64_t source_id, struct arena *a, struct user_merge *out,
                           struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    TRY(db_query(db, &r,
                 "SELECT id, source_id, target_id, before_json, merged_by, merged_us FROM user_merges"
                 " WHERE source_id = $1 AND undone_us IS NULL ORDER BY id DESC LIMIT 1",
                 DB_ARGS(DB_INT(source_id)), e));
    if (!db_next(&r, e))
        return e->rc != RC_OK ? e->rc : RC_NOT_FOUND;
    *out = (struct user_merge){ .id = db_int(&r, 0),
                                .source_id = db_int(&r, 1),
                                .target_id = db_int(&r, 2),
                                .before_json = db_text(&r, 3, a),
                                .merged_by = db_int(&r, 4),
                                .merged_us = db_int(&r, 5) };
    return RC_OK;
}

enum rc user_merges_undone(struct db *db, int64_t id, int64_t now_us, struct err *e)
{
    return db_exec(db, "UPDATE user_merges SET undone_us = $2 WHERE id = $1",
                   DB_ARGS(DB_INT(id), DB_INT(now_us)), NULL, e);
}

enum rc user_merges_point(struct db *db, int64_t user_id, int64_t to, struct err *e)
{
    return db_exec(db, "UPDATE users SET merged_into_id = $2 WHERE id = $1",
                   DB_ARGS(DB_INT(user_id), DB_ID(to)), NULL, e);
}

enum rc user_merges_end(struct db *db, int64_t user_id, int64_t *target_id, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    TRY(db_query(db, &r, "SELECT merged_into_id FROM users WHERE id = $1", DB_ARGS(DB_INT(user_id)), e));
    *target_id = db_next(&r, e) ? db_int(&r, 0) : 0;
    return e->rc;
}

/* What merging and taking it back bind: $1 the merge, $2 the source, $3 the target. */
#define MERGE_PEOPLE(m) DB_ARGS(DB_INT((m)->id), DB_INT((m)->source_id), DB_INT((m)->target_id))
#define MERGE_SOURCE(m) DB_ARGS(DB_INT((m)->id), DB_INT((m)->source_id))
/* $1 becomes $2. */
#define FROM_TO(m) DB_ARGS(DB_INT((m)->source_id), DB_INT((m)->target_id))
/* Remembers rows of a ticket before they are moved: kind (enum merge_part), row, ticket, from
 * where. */
#define NOTE_ROWS                                                                                  \
    "INSERT INTO user_merge_rows (merge_id, kind, row_id, ticket_id) SELECT CAST($1 AS BIGINT), "
#define NOTE_WATCHES                                                                               \
    "INSERT INTO user_merge_rows (merge_id, kind, row_id, since_us) SELECT CAST($1 AS BIGINT), "

/* ── there ── */

static enum rc move_tickets(struct db *db, const struct user_merge *m, struct err *e)
{
    TRY(db_exec(db, NOTE_ROWS "0, t.id, t.id FROM tickets t WHERE t.customer_id = $2",
                MERGE_SOURCE(m), NULL, e));
    return db_exec(db,
                   "UPDATE tickets SET customer_id = $2, version = version + 1,"
                   " public_version = public_version + 1 WHERE customer_id = $1",
                   FROM_TO(m), NULL, e);
}

static enum rc move_messages(struct db *db, const struct user_merge *m, struct err *e)
{
    TRY(db_exec(db, NOTE_ROWS "1, m.id, m.ticket_id FROM messages m WHERE m.author_id = $2",
                MERGE_SOURCE(m), NULL, e));
    TRY(db_exec(db, NOTE_ROWS "2, m.id, m.ticket_id FROM messages m WHERE m.on_behalf_id = $2",
                MERGE_SOURCE(m), NULL, e));
    TRY(db_exec(db, "UPDATE messages SET author_id = $2 WHERE author_id = $1", FROM_TO(m), NULL,
                e));
    return db_exec(db, "UPDATE messages SET on_behalf_id = $2 WHERE on_behalf_id = $1", FROM_TO(m),
                   NULL, e);
}

/* After the tickets: nobody takes part in his own. */
static enum rc move_participants(struct db *db, const struct user_merge *m, struct err *e)
{
    TRY(db_exec(
        db,
        "INSERT INTO user_merge_rows (merge_id, kind, row_id, ticket_id, n, since_us)"
        " SELECT CAST($1 AS BIGINT), 4, p.ticket_id, p.ticket_id, p.role, p.created_us"
        " FROM participants p WHERE p.user_id = $2 AND (EXISTS (SELECT 1 FROM participants x"
        " WHERE x.ticket_id = p.ticket_id AND x.user_id = $3) OR EXISTS (SELECT 1 FROM tickets t"
        " WHERE t.id = p.ticket_id AND t.customer_id = $3))",
        MERGE_PEOPLE(m), NULL, e));
    TRY(db_exec(db,
                "DELETE FROM participants WHERE user_id = $2 AND ticket_id IN (SELECT row_id FROM"
                " user_merge_rows WHERE merge_id = $1 AND kind = 4)",
                MERGE_SOURCE(m), NULL, e));
    TRY(db_exec(db,
                NOTE_ROWS "3, p.ticket_id, p.ticket_id FROM participants p WHERE p.user_id = $2",
                MERGE_SOURCE(m), NULL, e));
    return db_exec(db, "UPDATE participants SET user_id = $2 WHERE user_id = $1", FROM_TO(m), NULL,
                   e);
}

static enum rc move_watches(struct db *db, const struct user_merge *m, struct err *e)
{
    TRY(db_exec(db,
                NOTE_WATCHES
                "6, w.ticket_id, w.created_us FROM watches w"
                " WHERE w.user_id = $2 AND EXISTS (SELECT 1 FROM watches x WHERE x.user_id = $3"
                " AND x.ticket_id = w.ticket_id)",
                MERGE_PEOPLE(m), NULL, e));
    TRY(db_exec(db,
                "DELETE FROM watches WHERE user_id = $2 AND ticket_id IN (SELECT row_id FROM"
                " user_merge_rows WHERE merge_id = $1 AND kind = 6)",
                MERGE_SOURCE(m), NULL, e));
    TRY(db_exec(db,
                NOTE_WATCHES "5, w.ticket_id, w.created_us FROM watches w WHERE w.user_id = $2",
                MERGE_SOURCE(m), NULL, e));
    return db_exec(db, "UPDATE watches SET user_id = $2 WHERE user_id = $1", FROM_TO(m), NULL, e);
}

enum rc user_merges_renamed(struct db *db, const struct user_merge *m, struct err *e)
{
    return db_exec(db,
                   NOTE_ROWS "11, x.id, x.id FROM (SELECT t.id FROM tickets t"
                             " WHERE t.customer_id = $2 UNION SELECT m.ticket_id FROM messages m"
                             " WHERE m.author_id = $2) x",
                   DB_ARGS(DB_INT(m->id), DB_INT(m->target_id)), NULL, e);
}

enum rc user_merges_move(struct db *db, const struct user_merge *m, struct err *e)
{
    TRY(move_tickets(db, m, e));
    TRY(move_messages(db, m, e));
    TRY(move_participants(db, m, e));
    return move_watches(db, m, e);
}

/* ── and back ──
 *
 * "+ 0" keeps PostgreSQL from going through all rows of a person for each row of the merge: it cannot
 * know yet how many both are.  By their keys the cost is that of the rows. */

static enum rc tickets_back(struct db *db, const struct user_merge *m, struct err *e)
{
    TRY(db_exec(db,
                "UPDATE tickets SET customer_id = $2, version = version + 1,"
                " public_version = public_version + 1 WHERE customer_id + 0 = $3"
                " AND id IN (SELECT row_id FROM user_merge_rows WHERE merge_id = $1 AND kind = 0)",
                MERGE_PEOPLE(m), NULL, e));
    TRY(db_exec(db,
                "UPDATE messages SET author_id = $2 WHERE author_id + 0 = $3"
                " AND id IN (SELECT row_id FROM user_merge_rows WHERE merge_id = $1 AND kind = 1)",
                MERGE_PEOPLE(m), NULL, e));
    return db_exec(db,
                   "UPDATE messages SET on_behalf_id = $2 WHERE on_behalf_id + 0 = $3"
                   " AND id IN (SELECT row_id FROM user_merge_rows WHERE merge_id = $1 AND kind = 2)",
                   MERGE_PEOPLE(m), NULL, e);
}

static enum rc participants_back(struct db *db, const struct user_merge *m, struct err *e)
{
    TRY(db_exec(db,
                "UPDATE participants SET user_id = $2 WHERE user_id + 0 = $3"
                " AND ticket_id IN (SELECT row_id FROM user_merge_rows WHERE merge_id = $1 AND kind = 3)",
                MERGE_PEOPLE(m), NULL, e));
    return db_exec(db,
                   "INSERT INTO participants (ticket_id, user_id, role, created_us)"
                   " SELECT x.ticket_id, CAST($2 AS BIGINT), x.n, x.since_us FROM user_merge_rows x"
                   " WHERE x.merge_id = $1 AND x.kind = 4 ON CONFLICT DO NOTHING",
                   MERGE_SOURCE(m), NULL, e);
}

static enum rc watches_back(struct db *db, const struct user_merge *m, struct err *e)
{
    TRY(db_exec(db,
                "UPDATE watches SET user_id = $2 WHERE user_id + 0 = $3"
                " AND ticket_id IN (SELECT row_id FROM user_merge_rows WHERE merge_id = $1 AND kind = 5)",
                MERGE_PEOPLE(m), NULL, e));
    return db_exec(db,
                   "INSERT INTO watches (user_id, ticket_id, created_us)"
                   " SELECT CAST($2 AS BIGINT), x.row_id, x.since_us FROM user_merge_rows x"
                   " WHERE x.merge_id = $1 AND x.kind = 6 ON CONFLICT DO NOTHING",
                   MERGE_SOURCE(m), NULL, e);
}

enum rc user_merges_move_back(struct db *db, const struct user_merge *m, struct err *e)
{
    TRY(tickets_back(db, m, e));
    TRY(participants_back(db, m, e));
    return watches_back(db, m, e);
}

/* ── rows ── */

enum rc user_merges_note(struct db *db, int64_t merge_id, enum merge_part part, int64_t row_id,
                         int64_t n, struct err *e)
{
    return db_exec(db, "INSERT INTO user_merge_rows (merge_id, kind, row_id, n) VALUES ($1, $2, $3, $4)",
                   DB_ARGS(DB_INT(merge_id), DB_INT(part), DB_INT(row_id), DB_INT(n)), NULL, e);
}

static enum rc read_rows(struct db_rows *r, int64_t limit, struct arena *a, struct merge_rows *out,
                         struct err *e)
{
    *out = (struct merge_rows){ .v = ARENA_ARRAY(a, struct merge_row, (size_t)limit) };
    while (out->n < (size_t)limit && db_next(r, e))
        out->v[out->n++] = (struct merge_row){ db_int(r, 0), db_int(r, 1) };
    return e->rc;
}

enum rc user_merges_rows(struct db *db, const struct merge_page *p, struct arena *a,
                         struct merge_rows *out, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    TRY(db_query(db, &r,
                 "SELECT row_id, n FROM user_merge_rows WHERE merge_id = $1 AND kind = $2"
                 " AND row_id > $3 ORDER BY row_id LIMIT $4",
                 DB_ARGS(DB_INT(p->merge_id), DB_INT(p->part), DB_INT(p->after_id), DB_INT(p->limit)), e));
    return read_rows(&r, p->limit, a, out, e);
}

enum rc user_merges_count(struct db *db, int64_t merge_id, enum merge_part part, int64_t *n,
                          struct err *e)
{
    return db_query_int(db, "SELECT count(*) FROM user_merge_rows WHERE merge_id = $1 AND kind = $2",
                        DB_ARGS(DB_INT(merge_id), DB_INT(part)), n, e);
}

enum rc user_merges_tickets(struct db *db, int64_t merge_id, int64_t after_id, int64_t limit,
                            struct arena *a, struct merge_rows *out, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    TRY(db_query(db, &r,
                 "SELECT DISTINCT ticket_id, 0 FROM user_merge_rows WHERE merge_id = $1"
                 " AND ticket_id > $2 ORDER BY ticket_id LIMIT $3",
                 DB_ARGS(DB_INT(merge_id), DB_INT(after_id), DB_INT(limit)), e));
    return read_rows(&r, limit, a, out, e);
}

enum rc user_merges_identity(struct db *db, int64_t identity_id, int64_t from, int64_t to,
                             bool is_primary, struct err *e)
{
    return db_exec(db, "UPDATE identities SET user_id = $3, is_primary = $4 WHERE id = $1 AND user_id = $2",
                   DB_ARGS(DB_INT(identity_id), DB_INT(from), DB_INT(to), DB_INT(is_primary)), NULL, e);
}

enum rc user_merges_organization_add(struct db *db, int64_t user_id, int64_t organization_id,
                                     struct err *e)
{
    return db_exec(db,
                   "INSERT INTO user_organizations (user_id, organization_id) VALUES ($1, $2)"
                   " ON CONFLICT DO NOTHING",
                   DB_ARGS(DB_INT(user_id), DB_INT(organization_id)), NULL, e);
}

enum rc user_merges_organizations_drop(struct db *db, const struct user_merge *m, struct err *e)
{
    return db_exec(db,
                   "DELETE FROM user_organizations WHERE user_id = $2 AND organization_id IN"
                   " (SELECT row_id FROM user_merge_rows WHERE merge_id = $1 AND kind = 8)",
                   DB_ARGS(DB_INT(m->id), DB_INT(m->target_id)), NULL, e);
}

enum rc user_merges_events(struct db *db, const struct merge_events *ev, struct err *e)
{
    return db_exec(db,
                   "INSERT INTO events (ticket_id, type, actor_id, is_internal, changes_json,"
                   " ticket_version, public_version, request_id, created_us)"
                   " SELECT t.id, 'update', CAST($3 AS BIGINT), 1, CAST($4 AS TEXT), t.version, t.public_version,"
                   " CAST($5 AS TEXT), CAST($6 AS BIGINT) FROM tickets t WHERE t.customer_id + 0 = $2"
                   " AND t.id IN (SELECT row_id FROM user_merge_rows WHERE merge_id = $1 AND kind = 0)",
                   DB_ARGS(DB_INT(ev->merge_id), DB_INT(ev->customer_id), DB_ID(ev->actor_id),
                           DB_TEXT(ev->changes_json), DB_TEXT(ev->request_id.p ? ev->request_id : STR("")),
                           DB_INT(ev->now_us)),
                   NULL, e);
}
