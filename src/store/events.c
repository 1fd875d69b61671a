#include "store/events.h"

static struct str text_of(struct db_rows *r, int col, struct arena *a)
{
    return a ? db_text(r, col, a) : db_view(r, col);
}

#define INSERT_COLUMNS                                                                             \
    "ticket_id, type, actor_id, message_id, is_internal,"                                          \
    " changes_json, ticket_version, public_version, request_id, created_us"
#define INSERT_VALUES(ev)                                                                          \
    DB_INT((ev)->ticket_id), DB_TEXT((ev)->type), DB_ID((ev)->actor_id), DB_ID((ev)->message_id),  \
        DB_INT((ev)->is_internal), DB_TEXT((ev)->changes_json), DB_INT((ev)->ticket_version),      \
        DB_INT((ev)->public_version), DB_TEXT((ev)->request_id.p ? (ev)->request_id : STR("")),    \
        DB_INT((ev)->created_us)

enum rc events_add(struct db *db, struct event *ev, struct err *e)
{
    return db_query_int(db,
                        "INSERT INTO events (" INSERT_COLUMNS ")"
                        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING id",
                        DB_ARGS(INSERT_VALUES(ev)), &ev->id, e);
}

void events_add_row(struct sql *q, const struct event *ev)
{
    if (q->n == 0)
        sql_add(q, "INSERT INTO events (" INSERT_COLUMNS ") VALUES ", DB_NO_ARGS);
    else
        sql_add(q, ", ", DB_NO_ARGS);
    sql_add(q, "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", DB_ARGS(INSERT_VALUES(ev)));
}

enum rc events_of_ticket(struct db *db, int64_t ticket_id, const struct event_page *p,
                         struct arena *a, struct db_rows *r, struct err *e)
{
    struct sql q = sql_new(a);

    sql_add(&q,
            "SELECT ev.id, ev.ticket_id, ev.type, ev.actor_id, ev.message_id, ev.is_internal,"
            " ev.changes_json, ev.ticket_version, ev.request_id, ev.created_us, u.name, ev.public_version"
            " FROM events ev LEFT JOIN users u ON u.id = ev.actor_id WHERE ev.ticket_id = ?",
            DB_ARGS(DB_INT(ticket_id)));
    if (!p->internal)
        sql_add(&q, " AND ev.is_internal = 0", DB_NO_ARGS);
    if (p->has_key && p->descending)
        sql_add(&q, " AND ev.id < ?", DB_ARGS(DB_INT(p->key_id)));
    else if (p->has_key)
        sql_add(&q, " AND ev.id > ?", DB_ARGS(DB_INT(p->key_id)));
    if (p->descending)
        sql_add(&q, " ORDER BY ev.id DESC LIMIT ?", DB_ARGS(DB_INT(p->limit)));
    else
        sql_add(&q, " ORDER BY ev.id LIMIT ?", DB_ARGS(DB_INT(p->limit)));
    return db_query_sql(db, r, &q, e);
}

void event_from_row(struct db_rows *r, struct arena *a, struct event *out)
{
    *out = (struct event){ .id = db_int(r, 0), .ticket_id = db_int(r, 1) };
    out->type = text_of(r, 2, a);
    out->actor_id = db_int(r, 3);
    out->message_id = db_int(r, 4);
    out->is_internal = db_int(r, 5) != 0;
    out->changes_json = text_of(r, 6, a);
    out->ticket_version = db_int(r, 7);
    out->request_id = text_of(r, 8, a);
    out->created_us = db_int(r, 9);
    out->actor_name = text_of(r, 10, a);
    out->public_version = db_int(r, 11);
}
