#include "store/messages.h"

#define MESSAGE_COLUMNS                                                                            \
    "m.id, m.version, m.ticket_id, m.kind, m.sender, m.visibility, m.author_id, m.on_behalf_id,"   \
    " m.format, m.source, m.body_text, m.body_html, m.subject, m.mail_from, m.mail_to, m.mail_cc," \
    " m.message_id, m.in_reply_to, m.language, m.is_auto, m.attachment_count, m.created_us,"       \
    " m.redacted_us, m.redacted_by, m.redaction_reason, m.external_id"

static struct str text_of(struct db_rows *r, int col, struct arena *a)
{
    return a ? db_text(r, col, a) : db_view(r, col);
}

static struct db_val opt_text(struct str s)
{
    return s.p ? DB_TEXT(s) : DB_NULL;
}

static void own_columns(struct db_rows *r, struct arena *a, struct message *m)
{
    m->id = db_int(r, 0);
    m->version = db_int(r, 1);
    m->ticket_id = db_int(r, 2);
    m->kind = (enum message_kind)db_int(r, 3);
    m->sender = (enum message_sender)db_int(r, 4);
    m->visibility = (enum message_visibility)db_int(r, 5);
    m->author_id = db_int(r, 6);
    m->on_behalf_id = db_int(r, 7);
    m->format = (enum message_format)db_int(r, 8);
    m->source = text_of(r, 9, a);
    m->body_text = text_of(r, 10, a);
    m->body_html = text_of(r, 11, a);
    m->subject = text_of(r, 12, a);
    m->mail_from = text_of(r, 13, a);
    m->mail_to = text_of(r, 14, a);
    m->mail_cc = text_of(r, 15, a);
    m->message_id = text_of(r, 16, a);
    m->in_reply_to = text_of(r, 17, a);
    m->language = text_of(r, 18, a);
    m->is_auto = db_int(r, 19) != 0;
    m->attachment_count = db_int(r, 20);
    m->created_us = db_int(r, 21);
    m->redacted_us = db_int(r, 22);
    m->redacted_by = db_int(r, 23);
    m->redaction_reason = text_of(r, 24, a);
    m->external_id = text_of(r, 25, a);
}

void message_from_row(struct db_rows *r, struct arena *a, struct message *out)
{
    *out = (struct message){ 0 };
    own_columns(r, a, out);
    out->author_name = text_of(r, 26, a);
    out->on_behalf_name = text_of(r, 27, a);
}

static enum rc lock_row(struct db *db, int64_t id, struct arena *a, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };
    struct sql q = sql_new(a);

    sql_add(&q, "SELECT id FROM messages WHERE id = ?", DB_ARGS(DB_INT(id)));
    sql_for_update(&q, db);
    TRY(db_query_sql(db, &r, &q, e));
    db_next(&r, e);
    return e->rc;
}

enum rc messages_load(struct db *db, int64_t id, bool lock, struct arena *a, struct message *out,
                      struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    if (lock)
        TRY(lock_row(db, id, a, e));
    TRY(db_query(db, &r,
                 "SELECT " MESSAGE_COLUMNS ", u.name, b.name FROM messages m"
                 " LEFT JOIN users u ON u.id = m.author_id"
                 " LEFT JOIN users b ON b.id = m.on_behalf_id WHERE m.id = $1",
                 DB_ARGS(DB_INT(id)), e));
    if (!db_next(&r, e))
        return e->rc != RC_OK ? e->rc : err_set(e, RC_NOT_FOUND, "", "There is no such message.");
    message_from_row(&r, a, out);
    return RC_OK;
}

#define INSERT_COLUMNS                                                                             \
    "ticket_id, kind, sender, visibility, author_id, on_behalf_id, format,"                        \
    " source, body_text, body_html, subject, mail_from, mail_to, mail_cc, mail_bcc, reply_to,"     \
    " message_id, in_reply_to, mail_references, language, is_auto, attachment_count, created_us,"  \
    " external_id"
#define INSERT_VALUES(m)                                                                           \
    DB_INT((m)->ticket_id), DB_INT((m)->kind), DB_INT((m)->sender), DB_INT((m)->visibility),       \
        DB_ID((m)->author_id), DB_ID((m)->on_behalf_id), DB_INT((m)->format), DB_TEXT((m)->source), \
        DB_TEXT((m)->body_text), DB_TEXT((m)->body_html), opt_text((m)->subject),                  \
        opt_text((m)->mail_from), opt_text((m)->mail_to), opt_text((m)->mail_cc),                  \
        opt_text((m)->mail_bcc), opt_text((m)->reply_to), opt_text((m)->message_id),               \
        opt_text((m)->in_reply_to), opt_text((m)->mail_references), opt_text((m)->language),       \
        DB_INT((m)->is_auto), DB_INT((m)->attachment_count), DB_INT((m)->created_us),              \
        opt_text((m)->external_id)

enum rc messages_insert(struct db *db, struct message *m, struct err *e)
{
    m->version = 1;
    return db_query_int(
        db,
        "INSERT INTO messages (" INSERT_COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11,"
        " $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24) RETURNING id",
        DB_ARGS(INSERT_VALUES(m)), &m->id, e);
}

void messages_add_row(struct sql *q, const struct message *m)
{
    if (q->n == 0)
        sql_add(q, "INSERT INTO messages (id, " INSERT_COLUMNS ") VALUES ", DB_NO_ARGS);
    else
        sql_add(q, ", ", DB_NO_ARGS);
    sql_add(q, "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            DB_ARGS(DB_INT(m->id), INSERT_VALUES(m)));
}

static enum rc moved_on(struct message *m, int64_t changed, struct err *e)
{
    if (!changed)
        return err_set(e, RC_STALE, "", "The message was changed in the meantime.");
    m->version++;
    return RC_OK;
}

enum rc messages_update(struct db *db, struct message *m, struct err *e)
{
    int64_t changed = 0;

    TRY(db_exec(db,
                "UPDATE messages SET version = version + 1, format = $1, source = $2,"
                " body_text = $3, body_html = $4, redacted_us = $5, redacted_by = $6,"
                " redaction_reason = $7 WHERE id = $8 AND version = $9",
                DB_ARGS(DB_INT(m->format), DB_TEXT(m->source), DB_TEXT(m->body_text),
                        DB_TEXT(m->body_html), DB_ID(m->redacted_us), DB_ID(m->redacted_by),
                        opt_text(m->redaction_reason), DB_INT(m->id), DB_INT(m->version)),
                &changed, e));
    return moved_on(m, changed, e);
}

enum rc messages_drop_file(struct db *db, struct message *m, struct err *e)
{
    int64_t changed = 0;

    TRY(db_exec(db,
                "UPDATE messages SET version = version + 1, attachment_count = attachment_count - 1"
                " WHERE id = $1 AND version = $2",
                DB_ARGS(DB_INT(m->id), DB_INT(m->version)), &changed, e));
    TRY(moved_on(m, changed, e));
    m->attachment_count--;
    return RC_OK;
}

enum rc messages_move(struct db *db, int64_t id, int64_t to_ticket, struct err *e)
{
    return db_exec(db, "UPDATE messages SET ticket_id = $2, version = version + 1 WHERE id = $1",
                   DB_ARGS(DB_INT(id), DB_INT(to_ticket)), NULL, e);
}

enum { MERGED_MAX = 1000 };

/* The ticket and those merged into it; for most there are none, and *ids stays NULL. */
static enum rc family_of(struct db *db, int64_t ticket_id, struct arena *a, int64_t **ids, size_t *n,
                         struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    *ids = NULL;
    *n = 1;
    TRY(db_query(db, &r, "SELECT id FROM tickets WHERE merged_into_id = $1 ORDER BY id LIMIT 1000",
                 DB_ARGS(DB_INT(ticket_id)), e));
    while (*n <= MERGED_MAX && db_next(&r, e)) {
        if (!*ids) {
            *ids = ARENA_ARRAY(a, int64_t, MERGED_MAX + 1);
            (*ids)[0] = ticket_id;
        }
        (*ids)[(*n)++] = db_int(&r, 0);
    }
    return e->rc;
}

/* Which messages: the end of a statement over messages m. */
static void add_page(struct sql *q, int64_t ticket_id, const int64_t *ids, size_t n, const struct message_page *p)
{
    if (n == 1) { /* the common case walks one index in order */
        sql_add(q, " WHERE m.ticket_id = ?", DB_ARGS(DB_INT(ticket_id)));
    } else {
        sql_add(q, " WHERE m.ticket_id IN (", DB_NO_ARGS);
        sql_add_ints(q, ids, n);
        sql_add(q, ")", DB_NO_ARGS);
    }
    if (!p->internal)
        sql_add(q, " AND m.visibility = 0", DB_NO_ARGS);
    if (p->has_key && p->descending)
        sql_add(q, " AND m.id < ?", DB_ARGS(DB_INT(p->key_id)));
    else if (p->has_key)
        sql_add(q, " AND m.id > ?", DB_ARGS(DB_INT(p->key_id)));
    if (p->descending)
        sql_add(q, " ORDER BY m.id DESC", DB_NO_ARGS);
    else
        sql_add(q, " ORDER BY m.id", DB_NO_ARGS);
    sql_add_limit(q, p->limit);
}

/* The lengths are known without reading the words. */
#define BYTES "octet_length(m.source) + octet_length(m.body_text) + octet_length(m.body_html)"
#define BEFORE " ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS bytes_before FROM (SELECT * FROM messages m"

static void add_cut_page(struct sql *q, int64_t ticket_id, const int64_t *ids, size_t n,
                         const struct message_page *p)
{
    if (p->descending)
        sql_add(q, " FROM (SELECT m.*, sum(" BYTES ") OVER (ORDER BY m.id DESC" BEFORE, DB_NO_ARGS);
    else
        sql_add(q, " FROM (SELECT m.*, sum(" BYTES ") OVER (ORDER BY m.id" BEFORE, DB_NO_ARGS);
    add_page(q, ticket_id, ids, n, p);
    sql_add(q, ") m) m", DB_NO_ARGS);
}

#define NAMES " LEFT JOIN users u ON u.id = m.author_id LEFT JOIN users b ON b.id = m.on_behalf_id"

enum rc messages_of_ticket(struct db *db, int64_t ticket_id, const struct message_page *p,
                           struct arena *a, struct db_rows *r, struct err *e)
{
    struct sql q = sql_new(a);
    int64_t *ids = NULL;
    size_t n = 1;

    if (!p->is_alone)
        TRY(family_of(db, ticket_id, a, &ids, &n, e));
    sql_add(&q, "SELECT " MESSAGE_COLUMNS ", u.name, b.name", DB_NO_ARGS);
    if (!p->max_bytes || db_kind(db) == DB_SQLITE) {
        sql_add(&q, " FROM messages m" NAMES, DB_NO_ARGS);
        add_page(&q, ticket_id, ids, n, p);
        return db_query_sql(db, r, &q, e);
    }
    add_cut_page(&q, ticket_id, ids, n, p);
    sql_add(&q, NAMES " WHERE coalesce(m.bytes_before, 0) <= ?", DB_ARGS(DB_INT(p->max_bytes)));
    if (p->descending)
        sql_add(&q, " ORDER BY m.id DESC", DB_NO_ARGS);
    else
        sql_add(&q, " ORDER BY m.id", DB_NO_ARGS);
    return db_query_sql(db, r, &q, e);
}

enum rc messages_count(struct db *db, int64_t ticket_id, struct message_counts *out, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    TRY(db_query(db, &r,
                 "WITH shown (id) AS (SELECT CAST($1 AS BIGINT) UNION ALL"
                 " SELECT id FROM tickets WHERE merged_into_id = $1)"
                 " SELECT count(*), count(*) FILTER (WHERE m.visibility = 0),"
                 " CAST(COALESCE(sum(m.attachment_count), 0) AS BIGINT),"
                 " CAST(COALESCE(sum(m.attachment_count) FILTER (WHERE m.visibility = 0), 0) AS BIGINT)"
                 " FROM shown s JOIN messages m ON m.ticket_id = s.id",
                 DB_ARGS(DB_INT(ticket_id)), e));
    if (db_next(&r, e))
        *out = (struct message_counts){ db_int(&r, 0), db_int(&r, 1), db_int(&r, 2), db_int(&r, 3) };
    return e->rc;
}

enum rc messages_last_of_customer(struct db *db, int64_t ticket_id, int64_t *id, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    TRY(db_query(db, &r,
                 "SELECT id FROM messages WHERE ticket_id = $1 AND sender = 0"
                 " ORDER BY id DESC LIMIT 1",
                 DB_ARGS(DB_INT(ticket_id)), e));
    *id = db_next(&r, e) ? db_int(&r, 0) : 0;
    return e->rc;
}
