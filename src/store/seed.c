#include "store/seed.h"

#include "base/utf8.h"
#include "store/db_priv.h"

enum { ID_BLOCK = 1000, LEVELS_ALL = 31, ROLE_ADMIN = 1, ROLE_AGENT = 2, IDENTITY_EMAIL = 0 };

/* The id that the query finds, or 0. */
#define FIND(db, sql, args, id, e) found(db_query_int(db, sql, args, id, e), id, e)
static enum rc found(enum rc rc, int64_t *id, struct err *e)
{
    if (rc != RC_NOT_FOUND)
        return rc;
    err_clear(e);
    *id = 0;
    return RC_OK;
}

enum rc seed_put_group(struct db *db, struct str name, int64_t now_us, struct arena *a, int64_t *id,
                       struct err *e)
{
    struct str fold = utf8_fold(name, a);

    TRY(FIND(db, "SELECT id FROM groups WHERE name_fold = $1", DB_ARGS(DB_TEXT(fold)), id, e));
    if (*id)
        return RC_OK;
    TRY(db_query_int(db,
                     "INSERT INTO groups (name, name_fold, created_us, updated_us)"
                     " VALUES ($1, $2, $3, $3) RETURNING id",
                     DB_ARGS(DB_TEXT(name), DB_TEXT(fold), DB_INT(now_us)), id, e));
    return db_exec(db,
                   "INSERT INTO role_groups (role_id, group_id, levels)"
                   " VALUES ($1, $3, $4), ($2, $3, $4)",
                   DB_ARGS(DB_INT(ROLE_ADMIN), DB_INT(ROLE_AGENT), DB_INT(*id), DB_INT(LEVELS_ALL)),
                   NULL, e);
}

enum rc seed_put_org(struct db *db, struct str name, struct str domain, int64_t now_us,
                     struct arena *a, int64_t *id, struct err *e)
{
    struct str fold = utf8_fold(name, a);

    TRY(FIND(db, "SELECT id FROM organizations WHERE name_fold = $1", DB_ARGS(DB_TEXT(fold)), id, e));
    if (*id)
        return RC_OK;
    TRY(db_query_int(db,
                     "INSERT INTO organizations (name, name_fold, shared, domain_assignment,"
                     " created_us, updated_us) VALUES ($1, $2, $3, 1, $4, $4) RETURNING id",
                     DB_ARGS(DB_TEXT(name), DB_TEXT(fold), DB_INT((int64_t)(name.n % 2)),
                             DB_INT(now_us)),
                     id, e));
    return db_exec(db,
                   "INSERT INTO organization_domains (domain, organization_id) VALUES ($1, $2)"
                   " ON CONFLICT DO NOTHING",
                   DB_ARGS(DB_TEXT(domain), DB_INT(*id)), NULL, e);
}

enum rc seed_put_user(struct db *db, struct seed_user *u, struct arena *a, struct err *e)
{
    struct str fold = utf8_fold(u->name, a);

    TRY(FIND(db, "SELECT user_id FROM identities WHERE kind = $1 AND value_fold = $2",
             DB_ARGS(DB_INT(IDENTITY_EMAIL), DB_TEXT(u->email)), &u->id, e));
    if (u->id)
        return RC_OK;
    TRY(db_query_int(db,
                     "INSERT INTO users (name, name_fold, email, organization_id, locale, created_us,"
                     " updated_us) VALUES ($1, $2, $3, $4, $5, $6, $6) RETURNING id",
                     DB_ARGS(DB_TEXT(u->name), DB_TEXT(fold), DB_TEXT(u->email),
                             DB_ID(u->organization_id), DB_TEXT(u->locale), DB_INT(u->created_us)),
                     &u->id, e));
    TRY(db_exec(db,
                "INSERT INTO identities (user_id, kind, value, value_fold, verified_us, is_primary,"
                " created_us) VALUES ($1, $2, $3, $3, $4, 1, $4)",
                DB_ARGS(DB_INT(u->id), DB_INT(IDENTITY_EMAIL), DB_TEXT(u->email),
                        DB_INT(u->created_us)),
                NULL, e));
    TRY(db_exec(db, "INSERT INTO user_roles (user_id, role_id) VALUES ($1, $2)",
                DB_ARGS(DB_INT(u->id), DB_INT(u->role_id)), NULL, e));
    return search_put_person(db, u->id, fold, e);
}

enum rc seed_put_tag(struct db *db, struct str name, int64_t now_us, int64_t *id, struct err *e)
{
    TRY(FIND(db, "SELECT id FROM tags WHERE name = $1", DB_ARGS(DB_TEXT(name)), id, e));
    if (*id)
        return RC_OK;
    return db_query_int(db, "INSERT INTO tags (name, created_us) VALUES ($1, $2) RETURNING id",
                        DB_ARGS(DB_TEXT(name), DB_INT(now_us)), id, e);
}

/* ── rows of tickets ── */

void seed_rows_begin(struct seed_rows *r, struct db *db, struct arena *a)
{
    r->db = db;
    r->a = a;
    r->tickets = sql_new(a);
    r->tags = sql_new(a);
    r->messages = sql_new(a);
    r->docs = sql_new(a);
    r->events = sql_new(a);
}

enum rc seed_flush(struct seed_rows *r, struct err *e)
{
    const struct sql *in_order[] = { &r->tickets, &r->tags, &r->messages, &r->docs, &r->events };

    for (size_t i = 0; i < ARRAY_LEN(in_order); i++)
        if (in_order[i]->n)
            TRY(db_exec_sql(r->db, in_order[i], NULL, e));
    seed_rows_begin(r, r->db, r->a);
    return RC_OK;
}

/* Room for one more row of any table. */
static enum rc make_room(struct seed_rows *r, struct err *e)
{
    enum { ROW_MAX = 40 };
    const struct sql *all[] = { &r->tickets, &r->tags, &r->messages, &r->docs, &r->events };

    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        if (all[i]->n + ROW_MAX > DB_PARAMS_MAX)
            return seed_flush(r, e);
    return RC_OK;
}

/* The next id of the block at hand, or of a new one. */
static enum rc take_id(struct seed_rows *r, const char *table, int64_t *next, int64_t *left, int64_t *id,
                       struct err *e)
{
    if (*left == 0) {
        TRY(db_query_int(r->db,
                         "SELECT setval(pg_get_serial_sequence($1, 'id'),"
                         " nextval(pg_get_serial_sequence($1, 'id')) + $2) - $2",
                         DB_ARGS(DB_TEXT(str_of(table)), DB_INT(ID_BLOCK)), next, e));
        *left = ID_BLOCK;
    }
    --*left;
    *id = (*next)++;
    return RC_OK;
}

static enum rc tag_ticket(struct db *db, int64_t ticket_id, int64_t tag_id, struct err *e)
{
    return db_exec(db, "INSERT INTO ticket_tags (ticket_id, tag_id) VALUES ($1, $2)",
                   DB_ARGS(DB_INT(ticket_id), DB_INT(tag_id)), NULL, e);
}

static bool one_by_one(const struct seed_rows *r)
{
    return db_kind(r->db) == DB_SQLITE;
}

enum rc seed_put_ticket(struct seed_rows *r, struct ticket *t, int64_t tag_id, struct err *e)
{
    if (one_by_one(r)) {
        TRY(tickets_insert(r->db, t, e));
        return tag_ticket(r->db, t->id, tag_id, e);
    }
    TRY(make_room(r, e));
    TRY(take_id(r, "tickets", &r->ticket_id, &r->n_tickets, &t->id, e));
    tickets_add_row(&r->tickets, t);
    if (r->tags.n == 0)
        sql_add(&r->tags, "INSERT INTO ticket_tags (ticket_id, tag_id) VALUES ", DB_NO_ARGS);
    else
        sql_add(&r->tags, ", ", DB_NO_ARGS);
    sql_add(&r->tags, "(?, ?)", DB_ARGS(DB_INT(t->id), DB_INT(tag_id)));
    return RC_OK;
}

enum rc seed_put_message(struct seed_rows *r, struct message *m, struct err *e)
{
    if (one_by_one(r))
        return messages_insert(r->db, m, e);
    TRY(make_room(r, e));
    TRY(take_id(r, "messages", &r->message_id, &r->n_messages, &m->id, e));
    messages_add_row(&r->messages, m);
    return RC_OK;
}

enum rc seed_put_doc(struct seed_rows *r, const struct search_source *s, struct err *e)
{
    if (one_by_one(r))
        return search_put_known(r->db, s, r->a, e);
    TRY(make_room(r, e));
    search_add_row(&r->docs, s, r->a);
    return RC_OK;
}

enum rc seed_put_event(struct seed_rows *r, struct event *ev, struct err *e)
{
    if (one_by_one(r))
        return events_add(r->db, ev, e);
    TRY(make_room(r, e));
    events_add_row(&r->events, ev);
    return RC_OK;
}

enum rc seed_add_count(struct db *db, int64_t group_id, int64_t state_id, int64_t owner_id, int64_t n,
                       struct err *e)
{
    return db_exec(db,
                   "INSERT INTO ticket_counts (group_id, state_id, owner_id, n) VALUES ($1, $2, $3, $4)"
                   " ON CONFLICT (group_id, state_id, owner_id) DO UPDATE SET n = ticket_counts.n +"
                   " excluded.n",
                   DB_ARGS(DB_INT(group_id), DB_INT(state_id), DB_INT(owner_id), DB_INT(n)), NULL, e);
}

enum rc seed_roomy(struct db *db, struct err *e)
{
    db->limit_ms = 0; /* a commit may merge a large part of the index */
    if (db_kind(db) != DB_SQLITE)
        return RC_OK;
    return db_script(db, STR("PRAGMA cache_size = -131072"), e); /* KiB: a transaction of ours fits */
}

enum rc seed_begin(struct db *db, struct err *e)
{
    if (db_kind(db) != DB_SQLITE)
        return RC_OK;
    /* Few, large merges while a lot is written at once; put back by seed_end(). */
    TRY(db_exec(db, "INSERT INTO search_fts (search_fts, rank) VALUES ('automerge', 0)", DB_NO_ARGS,
                NULL, e));
    return db_exec(db, "INSERT INTO search_fts (search_fts, rank) VALUES ('crisismerge', 256)", DB_NO_ARGS,
                   NULL, e);
}

enum rc seed_end(struct db *db, struct err *e)
{
    if (db_kind(db) != DB_SQLITE)
        return db_exec(db, "ANALYZE", DB_NO_ARGS, NULL, e);
    TRY(db_exec(db, "INSERT INTO search_fts (search_fts, rank) VALUES ('automerge', 4)",
                DB_NO_ARGS, NULL, e));
    return db_exec(db, "INSERT INTO search_fts (search_fts, rank) VALUES ('crisismerge', 16)", DB_NO_ARGS,
                   NULL, e);
}
