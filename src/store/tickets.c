#include "store/tickets.h"

#include "base/str.h"

static struct str text_of(struct db_rows *r, int col, struct arena *a)
{
    return a ? db_text(r, col, a) : db_view(r, col);
}

static struct db_val opt_text(struct str s)
{
    return s.p ? DB_TEXT(s) : DB_NULL;
}

#define ALL_COLUMNS                                                                                \
    "SELECT t.id, t.version, t.number, t.title, t.state_id, t.state_type, t.until_us,"             \
    " t.priority_id, t.group_id, t.owner_id, t.customer_id, t.organization_id, t.channel,"         \
    " t.tags_json, t.fields_json, t.created_us, t.updated_us, t.first_response_us,"                \
    " t.waiting_since_us, t.solved_us, t.closed_us, t.due_first_us, t.due_next_us,"                \
    " t.due_solution_us, t.next_due_us, t.message_count, t.public_message_count,"                  \
    " t.attachment_count, t.merged_into_id, t.public_attachment_count, t.public_updated_us,"       \
    " t.public_version, t.created_by, t.last_customer_us, t.last_agent_us, t.first_close_us, t.last_close_us,"    \
    " t.reopen_count, t.sla_id, t.external_source, t.external_id FROM tickets t WHERE t.id = ?"

static void shown_columns(struct db_rows *r, struct arena *a, struct ticket *t)
{
    t->id = db_int(r, 0);
    t->version = db_int(r, 1);
    t->number = text_of(r, 2, a);
    t->title = text_of(r, 3, a);
    t->state_id = db_int(r, 4);
    t->state_type = (enum state_type)db_int(r, 5);
    t->until_us = db_int(r, 6);
    t->priority_id = db_int(r, 7);
    t->group_id = db_int(r, 8);
    t->owner_id = db_int(r, 9);
    t->customer_id = db_int(r, 10);
    t->organization_id = db_int(r, 11);
    t->channel = (enum channel)db_int(r, 12);
    t->tags_json = text_of(r, 13, a);
    t->fields_json = text_of(r, 14, a);
    t->created_us = db_int(r, 15);
    t->updated_us = db_int(r, 16);
    t->first_response_us = db_int(r, 17);
    t->waiting_since_us = db_int(r, 18);
    t->solved_us = db_int(r, 19);
    t->closed_us = db_int(r, 20);
    t->due_first_us = db_int(r, 21);
    t->due_next_us = db_int(r, 22);
    t->due_solution_us = db_int(r, 23);
    t->next_due_us = db_int(r, 24);
    t->message_count = db_int(r, 25);
    t->public_message_count = db_int(r, 26);
    t->attachment_count = db_int(r, 27);
    t->merged_into_id = db_int(r, 28);
    t->public_attachment_count = db_int(r, 29);
    t->public_updated_us = db_int(r, 30);
    t->public_version = db_int(r, 31);
}

void ticket_from_row(struct db_rows *r, struct arena *a, struct ticket *out)
{
    *out = (struct ticket){ 0 };
    shown_columns(r, a, out);
    out->customer_name = text_of(r, 32, a);
    out->owner_name = text_of(r, 33, a);
    out->organization_name = text_of(r, 34, a);
    out->created_by = db_int(r, 35);
}

enum rc tickets_load(struct db *db, int64_t id, bool lock, struct arena *a, struct ticket *out,
                     struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };
    struct sql q = sql_new(a);
    struct ticket t = { 0 };

    sql_add(&q, ALL_COLUMNS, DB_ARGS(DB_INT(id)));
    if (lock)
        sql_for_update(&q, db);
    TRY(db_query_sql(db, &r, &q, e));
    if (!db_next(&r, e))
        return e->rc != RC_OK ? e->rc : err_set(e, RC_NOT_FOUND, "", "There is no such ticket.");
    shown_columns(&r, a, &t);
    t.created_by = db_int(&r, 32);
    t.last_customer_us = db_int(&r, 33);
    t.last_agent_us = db_int(&r, 34);
    t.first_close_us = db_int(&r, 35);
    t.last_close_us = db_int(&r, 36);
    t.reopen_count = db_int(&r, 37);
    t.sla_id = db_int(&r, 38);
    t.external_source = db_text(&r, 39, a);
    t.external_id = db_text(&r, 40, a);
    *out = t;
    return RC_OK;
}

enum rc tickets_show(struct db *db, int64_t id, struct arena *a, struct ticket *out, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    TRY(db_query(db, &r,
                 "SELECT " TICKET_COLUMNS ", EXISTS (SELECT 1 FROM tickets x WHERE x.merged_into_id = t.id)"
                 ", " SHOWN_NUMBER " FROM tickets t" TICKET_JOINS " WHERE t.id = $1",
                 DB_ARGS(DB_INT(id)), e));
    if (!db_next(&r, e))
        return e->rc != RC_OK ? e->rc : err_set(e, RC_NOT_FOUND, "", "There is no such ticket.");
    ticket_from_row(&r, a, out);
    out->has_merged = db_int(&r, TICKET_COLUMNS_N) != 0;
    out->shown = db_int(&r, TICKET_COLUMNS_N + 1);
    return RC_OK;
}

static const char mark_sql[] =
    "SELECT t.version, t.public_version, EXISTS (SELECT 1 FROM tickets x WHERE x.merged_into_id = t.id)"
    ", " SHOWN_NUMBER " FROM tickets t WHERE t.id = $1";

void ticket_mark_ahead(struct db *db, int64_t id)
{
    db_ask_ahead(db, mark_sql, sizeof(mark_sql) - 1, DB_ARGS(DB_INT(id)));
}

enum rc ticket_mark_read(struct db *db, int64_t id, struct ticket_mark *out, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    TRY(db_query_(db, &r, mark_sql, sizeof(mark_sql) - 1, DB_ARGS(DB_INT(id)), e));
    if (!db_next(&r, e))
        return e->rc != RC_OK ? e->rc : RC_NOT_FOUND;
    *out = (struct ticket_mark){ .version = db_int(&r, 0), .public_version = db_int(&r, 1),
                                  .has_merged = db_int(&r, 2) != 0, .shown = db_int(&r, 3) };
    return RC_OK;
}

/* The ids are filled up to a power of two with the last one again: few statements to be prepared. */
static void add_ids(struct sql *q, const int64_t *ids, size_t n, struct arena *a)
{
    size_t room = 1;
    int64_t *v;

    while (room < n)
        room *= 2;
    v = ARENA_ARRAY(a, int64_t, room);
    for (size_t i = 0; i < room; i++)
        v[i] = ids[i < n ? i : n - 1];
    sql_add_ints(q, v, room);
}

enum rc tickets_show_some(struct db *db, const int64_t *ids, size_t n, const struct scope *scope,
                          struct arena *a, struct ticket_rows *out, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };
    struct sql q = sql_new(a);

    *out = (struct ticket_rows){ ARENA_ARRAY(a, struct ticket, n + 1), 0 };
    if (n == 0)
        return RC_OK;
    sql_add(&q, "SELECT " TICKET_COLUMNS " FROM tickets t" TICKET_JOINS " WHERE t.id IN (", DB_NO_ARGS);
    add_ids(&q, ids, n, a);
    sql_add(&q, ")", DB_NO_ARGS);
    scope_where(&q, scope);
    TRY(db_query_sql(db, &r, &q, e));
    while (out->n < n && db_next(&r, e))
        ticket_from_row(&r, a, &out->v[out->n++]);
    return e->rc;
}

enum rc tickets_id_by_number(struct db *db, struct str number, int64_t *id, struct err *e)
{
    enum rc rc = db_query_int(db, "SELECT id FROM tickets WHERE number = $1",
                              DB_ARGS(DB_TEXT(number)), id, e);

    return rc == RC_NOT_FOUND ? err_set(e, rc, "", "There is no such ticket.") : rc;
}

#define INSERT_COLUMNS                                                                             \
    "number, title, state_id, state_type, until_us, priority_id, group_id,"                        \
    " owner_id, customer_id, organization_id, channel, tags_json, fields_json, created_by,"        \
    " created_us, updated_us, first_response_us, last_customer_us, last_agent_us,"                 \
    " waiting_since_us, first_close_us, last_close_us, solved_us, closed_us, message_count,"       \
    " public_message_count, attachment_count, external_source, external_id,"                       \
    " public_attachment_count, public_updated_us"
#define INSERT_VALUES(t)                                                                           \
    DB_TEXT((t)->number), DB_TEXT((t)->title), DB_INT((t)->state_id), DB_INT((t)->state_type),     \
        DB_ID((t)->until_us), DB_INT((t)->priority_id), DB_INT((t)->group_id), DB_ID((t)->owner_id), \
        DB_INT((t)->customer_id), DB_ID((t)->organization_id), DB_INT((t)->channel),               \
        DB_TEXT((t)->tags_json), DB_TEXT((t)->fields_json), DB_ID((t)->created_by),                \
        DB_INT((t)->created_us), DB_INT((t)->updated_us), DB_ID((t)->first_response_us),           \
        DB_ID((t)->last_customer_us), DB_ID((t)->last_agent_us), DB_ID((t)->waiting_since_us),     \
        DB_ID((t)->first_close_us), DB_ID((t)->last_close_us), DB_ID((t)->solved_us),              \
        DB_ID((t)->closed_us), DB_INT((t)->message_count), DB_INT((t)->public_message_count),      \
        DB_INT((t)->attachment_count), opt_text((t)->external_source), opt_text((t)->external_id), \
        DB_INT((t)->public_attachment_count), DB_INT((t)->public_updated_us)

enum rc tickets_insert(struct db *db, struct ticket *t, struct err *e)
{
    t->version = t->public_version = 1;
    return db_query_int(
        db,
        "INSERT INTO tickets (" INSERT_COLUMNS ")"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,"
        " $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31) RETURNING id",
        DB_ARGS(INSERT_VALUES(t)), &t->id, e);
}

void tickets_add_row(struct sql *q, const struct ticket *t)
{
    if (q->n == 0)
        sql_add(q, "INSERT INTO tickets (id, " INSERT_COLUMNS ") VALUES ", DB_NO_ARGS);
    else
        sql_add(q, ", ", DB_NO_ARGS);
    sql_add(q, "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            DB_ARGS(DB_INT(t->id), INSERT_VALUES(t)));
}

/* Whether nothing differs but what a message more changes. */
static bool only_said(const struct ticket *b, const struct ticket *t)
{
    return b->state_id == t->state_id && b->state_type == t->state_type && b->until_us == t->until_us
           && b->priority_id == t->priority_id && b->group_id == t->group_id && b->owner_id == t->owner_id
           && b->customer_id == t->customer_id && b->organization_id == t->organization_id
           && b->channel == t->channel && b->first_close_us == t->first_close_us
           && b->last_close_us == t->last_close_us && b->solved_us == t->solved_us
           && b->closed_us == t->closed_us && b->reopen_count == t->reopen_count
           && b->merged_into_id == t->merged_into_id && str_eq(b->title, t->title)
           && str_eq(b->tags_json, t->tags_json) && str_eq(b->fields_json, t->fields_json);
}

/* Most updates: no reference is set, so none is looked up again, and fewer indexes are touched. */
static enum rc update_said(struct db *db, const struct ticket *t, int64_t *changed, struct err *e)
{
    return db_exec(db,
                   "UPDATE tickets SET version = version + 1, updated_us = $1, first_response_us = $2,"
                   " last_customer_us = $3, last_agent_us = $4, waiting_since_us = $5, message_count = $6,"
                   " public_message_count = $7, attachment_count = $8, public_attachment_count = $9,"
                   " public_updated_us = $10, public_version = $11 WHERE id = $12 AND version = $13",
                   DB_ARGS(DB_INT(t->updated_us), DB_ID(t->first_response_us), DB_ID(t->last_customer_us),
                           DB_ID(t->last_agent_us), DB_ID(t->waiting_since_us), DB_INT(t->message_count),
                           DB_INT(t->public_message_count), DB_INT(t->attachment_count),
                           DB_INT(t->public_attachment_count), DB_INT(t->public_updated_us),
                           DB_INT(t->public_version), DB_INT(t->id), DB_INT(t->version)),
                   changed, e);
}

static enum rc update_all(struct db *db, const struct ticket *t, int64_t *changed, struct err *e)
{
    return db_exec(
        db,
        "UPDATE tickets SET version = version + 1, title = $1, state_id = $2, state_type = $3,"
        " until_us = $4, priority_id = $5, group_id = $6, owner_id = $7, customer_id = $8,"
        " organization_id = $9, tags_json = $10, fields_json = $11, updated_us = $12,"
        " first_response_us = $13, last_customer_us = $14, last_agent_us = $15,"
        " waiting_since_us = $16, first_close_us = $17, last_close_us = $18, solved_us = $19,"
        " closed_us = $20, reopen_count = $21, message_count = $22, public_message_count = $23,"
        " attachment_count = $24, merged_into_id = $25, channel = $26,"
        " public_attachment_count = $27, public_updated_us = $28, public_version = $29"
        " WHERE id = $30 AND version = $31",
        DB_ARGS(DB_TEXT(t->title), DB_INT(t->state_id), DB_INT(t->state_type), DB_ID(t->until_us),
                DB_INT(t->priority_id), DB_INT(t->group_id), DB_ID(t->owner_id),
                DB_INT(t->customer_id), DB_ID(t->organization_id), DB_TEXT(t->tags_json),
                DB_TEXT(t->fields_json), DB_INT(t->updated_us), DB_ID(t->first_response_us),
                DB_ID(t->last_customer_us), DB_ID(t->last_agent_us), DB_ID(t->waiting_since_us),
                DB_ID(t->first_close_us), DB_ID(t->last_close_us), DB_ID(t->solved_us),
                DB_ID(t->closed_us), DB_INT(t->reopen_count), DB_INT(t->message_count),
                DB_INT(t->public_message_count), DB_INT(t->attachment_count),
                DB_ID(t->merged_into_id), DB_INT(t->channel), DB_INT(t->public_attachment_count),
                DB_INT(t->public_updated_us), DB_INT(t->public_version), DB_INT(t->id),
                DB_INT(t->version)),
        changed, e);
}

enum rc tickets_update(struct db *db, const struct ticket *before, struct ticket *t, struct err *e)
{
    int64_t changed = 0;

    TRY((only_said(before, t) ? update_said : update_all)(db, t, &changed, e));
    if (!changed)
        return err_set(e, RC_STALE, "", "The ticket was changed in the meantime.");
    t->version++;
    return RC_OK;
}

static enum rc counts_add(struct db *db, const struct ticket *t, int64_t by, struct err *e)
{
    return db_exec(db,
                   "INSERT INTO ticket_counts (group_id, state_id, owner_id, n)"
                   " VALUES ($1, $2, $3, $4) ON CONFLICT (group_id, state_id, owner_id)"
                   " DO UPDATE SET n = ticket_counts.n + excluded.n",
                   DB_ARGS(DB_INT(t->group_id), DB_INT(t->state_id), DB_INT(t->owner_id),
                           DB_INT(by)),
                   NULL, e);
}

/* Orders the two rows so that two transactions lock them the same way round. */
static bool counts_before(const struct ticket *a, const struct ticket *b)
{
    if (a->group_id != b->group_id)
        return a->group_id < b->group_id;
    if (a->state_id != b->state_id)
        return a->state_id < b->state_id;
    return a->owner_id < b->owner_id;
}

enum rc ticket_counts_move(struct db *db, const struct ticket *from, const struct ticket *to,
                           struct err *e)
{
    if (!from)
        return to ? counts_add(db, to, 1, e) : RC_OK;
    if (!to)
        return counts_add(db, from, -1, e);
    if (counts_before(from, to)) {
        TRY(counts_add(db, from, -1, e));
        return counts_add(db, to, 1, e);
    }
    if (!counts_before(to, from))
        return RC_OK;
    TRY(counts_add(db, to, 1, e));
    return counts_add(db, from, -1, e);
}

enum rc ticket_participates(struct db *db, int64_t ticket_id, int64_t user_id, bool *out,
                            struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    TRY(db_query(db, &r, "SELECT role FROM participants WHERE ticket_id = $1 AND user_id = $2",
                 DB_ARGS(DB_INT(ticket_id), DB_INT(user_id)), e));
    *out = db_next(&r, e);
    return e->rc;
}

enum rc ticket_link_follow_up(struct db *db, int64_t new_id, int64_t old_id, int64_t user_id,
                              int64_t now_us, struct err *e)
{
    return db_exec(db,
                   "INSERT INTO links (ticket_id, other_id, kind, created_by, created_us)"
                   " VALUES ($1, $2, $3, $4, $5)",
                   DB_ARGS(DB_INT(new_id), DB_INT(old_id), DB_INT(LINK_FOLLOW_UP_OF),
                           DB_ID(user_id), DB_INT(now_us)),
                   NULL, e);
}
