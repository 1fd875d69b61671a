#include "store/tags.h"

#include "base/json.h"

enum { TAGS_JSON_MAX = 64 * 1024 };

enum rc tags_load(struct db *db, int64_t id, struct arena *a, struct tag *out, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    TRY(db_query(db, &r, "SELECT id, version, created_us, name FROM tags WHERE id = $1",
                 DB_ARGS(DB_INT(id)), e));
    if (!db_next(&r, e))
        return e->rc != RC_OK ? e->rc : err_set(e, RC_NOT_FOUND, "", "There is no such tag.");
    *out = (struct tag){ db_int(&r, 0), db_int(&r, 1), db_int(&r, 2), db_text(&r, 3, a), 0 };
    return RC_OK;
}

enum rc tags_find(struct db *db, struct str name, int64_t *id, bool *found, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    TRY(db_query(db, &r, "SELECT id FROM tags WHERE name = $1", DB_ARGS(DB_TEXT(name)), e));
    *found = db_next(&r, e);
    *id = *found ? db_int(&r, 0) : 0;
    return e->rc;
}

enum rc tags_ensure(struct db *db, struct str name, int64_t now_us, int64_t *id, struct err *e)
{
    bool found;

    TRY(tags_find(db, name, id, &found, e));
    if (found)
        return RC_OK;
    return db_query_int(db,
                        "INSERT INTO tags (name, created_us) VALUES ($1, $2)"
                        " ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING id",
                        DB_ARGS(DB_TEXT(name), DB_INT(now_us)), id, e);
}

enum rc tags_set(struct db *db, int64_t ticket_id, int64_t tag_id, struct err *e)
{
    return db_exec(db,
                   "INSERT INTO ticket_tags (ticket_id, tag_id) VALUES ($1, $2)"
                   " ON CONFLICT (ticket_id, tag_id) DO NOTHING",
                   DB_ARGS(DB_INT(ticket_id), DB_INT(tag_id)), NULL, e);
}

enum rc tags_unset(struct db *db, int64_t ticket_id, int64_t tag_id, struct err *e)
{
    return db_exec(db, "DELETE FROM ticket_tags WHERE ticket_id = $1 AND tag_id = $2",
                   DB_ARGS(DB_INT(ticket_id), DB_INT(tag_id)), NULL, e);
}

enum rc tags_rename(struct db *db, const struct tag *t, struct str name, struct err *e)
{
    int64_t changed = 0;

    TRY(db_exec(db,
                "UPDATE tags SET name = $1, version = version + 1 WHERE id = $2 AND version = $3",
                DB_ARGS(DB_TEXT(name), DB_INT(t->id), DB_INT(t->version)), &changed, e));
    return changed ? RC_OK : err_set(e, RC_STALE, "", "The tag was changed in the meantime.");
}

enum rc tags_delete(struct db *db, int64_t id, struct err *e)
{
    TRY(db_exec(db, "DELETE FROM ticket_tags WHERE tag_id = $1", DB_ARGS(DB_INT(id)), NULL, e));
    return db_exec(db, "DELETE FROM tags WHERE id = $1", DB_ARGS(DB_INT(id)), NULL, e);
}

enum rc tags_tickets(struct db *db, int64_t tag_id, int64_t limit, struct arena *a, int64_t **ids,
                     size_t *n, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    *ids = ARENA_ARRAY(a, int64_t, (size_t)limit);
    *n = 0;
    TRY(db_query(db, &r,
                 "SELECT ticket_id FROM ticket_tags WHERE tag_id = $1 ORDER BY ticket_id LIMIT $2",
                 DB_ARGS(DB_INT(tag_id), DB_INT(limit)), e));
    while (*n < (size_t)limit && db_next(&r, e))
        (*ids)[(*n)++] = db_int(&r, 0);
    return e->rc;
}

enum rc tags_count(struct db *db, int64_t tag_id, int64_t *n, struct err *e)
{
    return db_query_int(db, "SELECT count(*) FROM ticket_tags WHERE tag_id = $1",
                        DB_ARGS(DB_INT(tag_id)), n, e);
}

enum rc tags_rewrite_copy(struct db *db, int64_t ticket_id, struct arena *a, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };
    struct buf b = BUF_ARENA(a, TAGS_JSON_MAX);
    struct jw w = jw_to(&b);

    TRY(db_query(db, &r,
                 "SELECT g.name FROM ticket_tags k JOIN tags g ON g.id = k.tag_id"
                 " WHERE k.ticket_id = $1 ORDER BY g.name, g.id",
                 DB_ARGS(DB_INT(ticket_id)), e));
    jw_arr(&w);
    while (db_next(&r, e))
        jw_text(&w, db_view(&r, 0));
    jw_arr_end(&w);
    TRY(e->rc);
    return db_exec(db, "UPDATE tickets SET tags_json = $1, version = version + 1 WHERE id = $2",
                   DB_ARGS(DB_TEXT(buf_view(&b)), DB_INT(ticket_id)), NULL, e);
}

enum rc tags_list(struct db *db, const struct tags_page *p, struct arena *a, struct db_rows *r,
                  struct err *e)
{
    struct sql q = sql_new(a);

    sql_add(&q, "SELECT id, version, created_us, name", DB_NO_ARGS);
    if (p->uses)
        sql_add(&q,
                ", (SELECT count(*) FROM (SELECT 1 FROM ticket_tags k WHERE k.tag_id = tags.id LIMIT ?) u)",
                DB_ARGS(DB_INT(TAG_USES_MAX)));
    sql_add(&q, " FROM tags WHERE 1 = 1", DB_NO_ARGS);
    if (p->prefix.n) {
        struct str end = str_printf(a, "%.*s\xf4\x8f\xbf\xbf", STR_ARG(p->prefix));

        sql_add(&q, " AND name >= ? AND name <= ?", DB_ARGS(DB_TEXT(p->prefix), DB_TEXT(end)));
    }
    if (p->after.p && p->backward)
        sql_add(&q, " AND name < ?", DB_ARGS(DB_TEXT(p->after)));
    else if (p->after.p)
        sql_add(&q, " AND name > ?", DB_ARGS(DB_TEXT(p->after)));
    if (p->backward)
        sql_add(&q, " ORDER BY name DESC LIMIT ?", DB_ARGS(DB_INT(p->limit)));
    else
        sql_add(&q, " ORDER BY name LIMIT ?", DB_ARGS(DB_INT(p->limit)));
    return db_query_sql(db, r, &q, e);
}
