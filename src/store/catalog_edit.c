#include "store/catalog_edit.h"

static enum rc was_stale(int64_t changed, struct err *e)
{
    return changed ? RC_OK : err_set(e, RC_STALE, "", "It was changed in the meantime.");
}

enum rc states_save(struct db *db, struct cat_state *s, struct str name_fold, struct err *e)
{
    int64_t changed = 0;

    if (!s->id)
        return db_query_int(
            db,
            "INSERT INTO states (name, name_fold, customer_name, type, clock_stops, until_rule,"
            " at_until_state_id, default_new, default_follow_up, default_close, position, active,"
            " created_us, updated_us)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13) RETURNING id",
            DB_ARGS(DB_TEXT(s->name), DB_TEXT(name_fold), DB_TEXT(s->customer_name),
                    DB_INT(s->type), DB_INT(s->clock_stops), DB_INT(s->until_rule),
                    DB_ID(s->at_until_state_id), DB_INT(s->default_new),
                    DB_INT(s->default_follow_up), DB_INT(s->default_close), DB_INT(s->position),
                    DB_INT(s->active), DB_INT(s->updated_us)),
            &s->id, e);
    TRY(db_exec(db,
                "UPDATE states SET version = version + 1, name = $1, name_fold = $2,"
                " customer_name = $3, clock_stops = $4, until_rule = $5, at_until_state_id = $6,"
                " default_new = $7, default_follow_up = $8, default_close = $9, position = $10,"
                " active = $11, updated_us = $12 WHERE id = $13 AND version = $14",
                DB_ARGS(DB_TEXT(s->name), DB_TEXT(name_fold), DB_TEXT(s->customer_name),
                        DB_INT(s->clock_stops), DB_INT(s->until_rule),
                        DB_ID(s->at_until_state_id), DB_INT(s->default_new),
                        DB_INT(s->default_follow_up), DB_INT(s->default_close),
                        DB_INT(s->position), DB_INT(s->active), DB_INT(s->updated_us),
                        DB_INT(s->id), DB_INT(s->version)),
                &changed, e));
    return was_stale(changed, e);
}

enum rc priorities_save(struct db *db, struct cat_priority *p, struct str name_fold, struct err *e)
{
    int64_t changed = 0;

    if (!p->id)
        return db_query_int(db,
                            "INSERT INTO priorities (name, name_fold, rank, color, is_default,"
                            " active, created_us, updated_us)"
                            " VALUES ($1, $2, $3, $4, $5, $6, $7, $7) RETURNING id",
                            DB_ARGS(DB_TEXT(p->name), DB_TEXT(name_fold), DB_INT(p->rank),
                                    DB_TEXT(p->color), DB_INT(p->is_default), DB_INT(p->active),
                                    DB_INT(p->updated_us)),
                            &p->id, e);
    TRY(db_exec(db,
                "UPDATE priorities SET version = version + 1, name = $1, name_fold = $2, rank = $3,"
                " color = $4, is_default = $5, active = $6, updated_us = $7"
                " WHERE id = $8 AND version = $9",
                DB_ARGS(DB_TEXT(p->name), DB_TEXT(name_fold), DB_INT(p->rank), DB_TEXT(p->color),
                        DB_INT(p->is_default), DB_INT(p->active), DB_INT(p->updated_us),
                        DB_INT(p->id), DB_INT(p->version)),
                &changed, e));
    return was_stale(changed, e);
}

enum rc states_delete(struct db *db, int64_t id, struct err *e)
{
    TRY(db_exec(db, "DELETE FROM ticket_counts WHERE state_id = $1", DB_ARGS(DB_INT(id)), NULL, e));
    return db_exec(db, "DELETE FROM states WHERE id = $1", DB_ARGS(DB_INT(id)), NULL, e);
}

enum rc priorities_delete(struct db *db, int64_t id, struct err *e)
{
    return db_exec(db, "DELETE FROM priorities WHERE id = $1", DB_ARGS(DB_INT(id)), NULL, e);
}

enum rc catalog_only_default(struct db *db, enum default_kind kind, int64_t id, struct err *e)
{
    struct db_args one = DB_ARGS(DB_INT(id));

    switch (kind) {
    case DEFAULT_NEW:
        return db_exec(db, "UPDATE states SET default_new = 0, version = version + 1"
                           " WHERE default_new = 1 AND id <> $1", one, NULL, e);
    case DEFAULT_FOLLOW_UP:
        return db_exec(db, "UPDATE states SET default_follow_up = 0, version = version + 1"
                           " WHERE default_follow_up = 1 AND id <> $1", one, NULL, e);
    case DEFAULT_CLOSE:
        return db_exec(db, "UPDATE states SET default_close = 0, version = version + 1"
                           " WHERE default_close = 1 AND id <> $1", one, NULL, e);
    case DEFAULT_PRIORITY:
        break;
    }
    return db_exec(db, "UPDATE priorities SET is_default = 0, version = version + 1"
                       " WHERE is_default = 1 AND id <> $1", one, NULL, e);
}

enum rc states_used(struct db *db, int64_t id, bool *used, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    /* ticket_counts knows without walking the tickets. */
    TRY(db_query(db, &r,
                 "SELECT 1 FROM ticket_counts WHERE state_id = $1 AND n > 0 UNION ALL"
                 " SELECT 1 FROM states WHERE at_until_state_id = $1 AND id <> $1",
                 DB_ARGS(DB_INT(id)), e));
    *used = db_next(&r, e);
    return e->rc;
}

enum rc priorities_used(struct db *db, int64_t id, bool *used, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    TRY(db_query(db, &r, "SELECT 1 FROM tickets WHERE priority_id = $1 LIMIT 1", DB_ARGS(DB_INT(id)),
                 e));
    *used = db_next(&r, e);
    return e->rc;
}
