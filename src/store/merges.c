#include "store/merges.h"

enum { PEOPLE_MAX = 10000, INTO_MAX = 1000 };

enum rc merges_insert(struct db *db, struct merge *m, struct err *e)
{
    return db_query_int(
        db,
        "INSERT INTO merges (source_id, target_id, before_json, merged_by, merged_us)"
        " VALUES ($1, $2, $3, $4, $5) RETURNING id",
        DB_ARGS(DB_INT(m->source_id), DB_INT(m->target_id), DB_TEXT(m->before_json),
                DB_ID(m->merged_by), DB_INT(m->merged_us)),
        &m->id, e);
}

#define MERGE_COLUMNS "id, source_id, target_id, before_json, merged_by, merged_us"

static void read_merge(struct db_rows *r, struct arena *a, struct merge *out)
{
    *out = (struct merge){ .id = db_int(r, 0),
                           .source_id = db_int(r, 1),
                           .target_id = db_int(r, 2),
                           .before_json = db_text(r, 3, a),
                           .merged_by = db_int(r, 4),
                           .merged_us = db_int(r, 5) };
}

enum rc merges_active(struct db *db, int64_t source_id, struct arena *a, struct merge *out,
                      struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    TRY(db_query(db, &r,
                 "SELECT " MERGE_COLUMNS " FROM merges"
                 " WHERE source_id = $1 AND undone_us IS NULL ORDER BY id DESC LIMIT 1",
                 DB_ARGS(DB_INT(source_id)), e));
    if (!db_next(&r, e))
        return e->rc != RC_OK ? e->rc : err_set(e, RC_NOT_FOUND, "", "There is no such merge.");
    read_merge(&r, a, out);
    return RC_OK;
}

enum rc merges_into(struct db *db, int64_t target_id, struct arena *a, struct merge **out, size_t *n,
                    struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    *out = ARENA_ARRAY(a, struct merge, INTO_MAX);
    *n = 0;
    TRY(db_query(db, &r,
                 "SELECT " MERGE_COLUMNS " FROM merges WHERE target_id = $1 AND undone_us IS NULL"
                 " ORDER BY id DESC LIMIT 1000",
                 DB_ARGS(DB_INT(target_id)), e));
    while (*n < INTO_MAX && db_next(&r, e))
        read_merge(&r, a, &(*out)[(*n)++]);
    return e->rc;
}

enum rc merges_set_before(struct db *db, int64_t id, struct str before_json, struct err *e)
{
    return db_exec(db, "UPDATE merges SET before_json = $2 WHERE id = $1",
                   DB_ARGS(DB_INT(id), DB_TEXT(before_json)), NULL, e);
}

enum rc merges_undone(struct db *db, int64_t id, int64_t now_us, struct err *e)
{
    return db_exec(db, "UPDATE merges SET undone_us = $2 WHERE id = $1",
                   DB_ARGS(DB_INT(id), DB_INT(now_us)), NULL, e);
}

enum rc merges_repoint(struct db *db, int64_t from, int64_t to, struct err *e)
{
    return db_exec(db,
                   "UPDATE tickets SET merged_into_id = $2, version = version + 1"
                   " WHERE merged_into_id = $1",
                   DB_ARGS(DB_INT(from), DB_INT(to)), NULL, e);
}

enum rc merges_reclaim(struct db *db, int64_t ticket, struct err *e)
{
    return db_exec(
        db,
        "WITH RECURSIVE below (id) AS (SELECT source_id FROM merges"
        " WHERE target_id = $1 AND undone_us IS NULL UNION SELECT m.source_id FROM merges m"
        " JOIN below ON m.target_id = below.id WHERE m.undone_us IS NULL)"
        " UPDATE tickets SET merged_into_id = $1, version = version + 1"
        " WHERE id IN (SELECT id FROM below)",
        DB_ARGS(DB_INT(ticket)), NULL, e);
}

enum rc merges_unite_people(struct db *db, const struct merge_people *p, struct arena *a,
                            struct merge_ids *added, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    *added = (struct merge_ids){ .v = ARENA_ARRAY(a, int64_t, PEOPLE_MAX) };
    TRY(db_query(db, &r,
                 "INSERT INTO participants (ticket_id, user_id, role, created_us)"
                 " SELECT CAST($2 AS BIGINT), user_id, role, CAST($4 AS BIGINT) FROM participants"
                 " WHERE ticket_id = $1 AND user_id <> $3"
                 " ON CONFLICT (ticket_id, user_id) DO NOTHING RETURNING user_id",
                 DB_ARGS(DB_INT(p->from), DB_INT(p->to), DB_INT(p->except), DB_INT(p->now_us)), e));
    while (db_next(&r, e)) {
        if (added->n == PEOPLE_MAX)
            return err_set(e, RC_CONFLICT, "too_many_people",
                           "The ticket has too many participants.");
        added->v[added->n++] = db_int(&r, 0);
    }
    return e->rc;
}

enum rc merges_part_person(struct db *db, int64_t ticket_id, int64_t user_id, int64_t since_us,
                           struct err *e)
{
    return db_exec(db,
                   "DELETE FROM participants WHERE ticket_id = $1 AND user_id = $2"
                   " AND created_us = $3",
                   DB_ARGS(DB_INT(ticket_id), DB_INT(user_id), DB_INT(since_us)), NULL, e);
}
