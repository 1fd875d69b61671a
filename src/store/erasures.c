#include "store/erasures.h"

#include "base/buf.h"

enum { ERASURES_MAX = 100000, IDS_MAX = 100000, ADDRESSES_MAX = 400 };

static enum rc read_ids(struct db_rows *r, size_t max, struct arena *a, struct erase_ids *out,
                        struct err *e)
{
    size_t cap = 64;

    *out = (struct erase_ids){ .v = ARENA_ARRAY(a, int64_t, cap) };
    while (out->n < max && db_next(r, e)) {
        if (out->n == cap) {
            out->v = arena_grow(a, out->v, cap * sizeof(*out->v), 2 * cap * sizeof(*out->v));
            cap *= 2;
        }
        out->v[out->n++] = db_int(r, 0);
    }
    return e->rc;
}

/* ── the list ── */

enum rc erasures_list(struct db *db, struct arena *a, struct erasure_rows *out, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };
    int64_t n;

    TRY(db_query_int(db, "SELECT count(*) FROM erasures", DB_NO_ARGS, &n, e));
    if (n > ERASURES_MAX)
        return err_fail(e, "%lld erasures", (long long)n);
    *out = (struct erasure_rows){ .v = ARENA_ARRAY(a, struct erasure, (size_t)n + 1) };
    TRY(db_query(db, &r, "SELECT user_id, user_created_us, at_us FROM erasures ORDER BY user_id", DB_NO_ARGS, e));
    while (out->n < (size_t)n && db_next(&r, e))
        out->v[out->n++] = (struct erasure){ db_int(&r, 0), db_int(&r, 1), db_int(&r, 2) };
    return e->rc;
}

enum rc erasures_insert(struct db *db, const struct erasure *x, struct err *e)
{
    return db_exec(db,
                   "INSERT INTO erasures (user_id, user_created_us, at_us) VALUES ($1, $2, $3)"
                   " ON CONFLICT (user_id) DO NOTHING",
                   DB_ARGS(DB_INT(x->user_id), DB_INT(x->user_created_us), DB_INT(x->at_us)), NULL, e);
}

/* ── who ── */

enum rc erasures_people(struct db *db, int64_t user_id, struct arena *a, struct erase_ids *out,
                        struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    TRY(db_query(db, &r,
                 "WITH RECURSIVE one (id) AS (SELECT CAST($1 AS BIGINT) UNION"
                 " SELECT m.source_id FROM user_merges m JOIN one ON m.target_id = one.id"
                 " WHERE m.undone_us IS NULL) SELECT id FROM one ORDER BY id",
                 DB_ARGS(DB_INT(user_id)), e));
    return read_ids(&r, IDS_MAX, a, out, e);
}

enum rc erasures_addresses(struct db *db, int64_t user_id, struct arena *a, struct erase_texts *out,
                           struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    *out = (struct erase_texts){ .v = ARENA_ARRAY(a, struct str, ADDRESSES_MAX) };
    TRY(db_query(db, &r,
                 "SELECT value FROM identities WHERE user_id = $1"
                 " UNION SELECT value_fold FROM identities WHERE user_id = $1"
                 " UNION SELECT email FROM users WHERE id = $1 AND email IS NOT NULL"
                 " UNION SELECT phone FROM users WHERE id = $1 AND phone IS NOT NULL",
                 DB_ARGS(DB_INT(user_id)), e));
    while (out->n < ADDRESSES_MAX && db_next(&r, e))
        out->v[out->n++] = db_text(&r, 0, a);
    return e->rc;
}

/* ── his own rows ── */

#define SQL(text) { text, sizeof(text) - 1 }
/* $1: the person.  Rows that others refer to are emptied, the others deleted. */
static const struct {
    const char *sql;
    size_t n;
} wipes[] = {
    /* of the outbox and failed logins while the addresses are still known */
    SQL("DELETE FROM outbox WHERE lower(recipient) IN (SELECT value_fold FROM identities WHERE user_id = $1)"),
    SQL("DELETE FROM login_failures WHERE what IN"
        " (SELECT 'account:' || value_fold FROM identities WHERE user_id = $1)"),
    SQL("DELETE FROM one_time_tokens WHERE user_id = $1"),
    SQL("DELETE FROM recovery_codes WHERE user_id = $1"),
    SQL("UPDATE sessions SET address = '', user_agent = '' WHERE user_id = $1"),
    SQL("UPDATE api_tokens SET name = 'erased', hint = '' WHERE user_id = $1"),
    SQL("DELETE FROM drafts WHERE user_id = $1"),
    SQL("DELETE FROM watches WHERE user_id = $1"),
    SQL("DELETE FROM views WHERE owner_id = $1"),
    SQL("DELETE FROM jobs WHERE user_id = $1 AND finished_us IS NOT NULL"),
    SQL("DELETE FROM user_organizations WHERE user_id = $1"),
    SQL("DELETE FROM user_roles WHERE user_id = $1"),
    SQL("DELETE FROM user_groups WHERE user_id = $1"),
    SQL("DELETE FROM user_words WHERE user_id = $1"),
    SQL("DELETE FROM field_values WHERE object_id = $1 AND field_id IN (SELECT id FROM fields WHERE object = 1)"),
    SQL("DELETE FROM identities WHERE user_id = $1"),
    SQL("UPDATE access_log SET address = '' WHERE user_id = $1"),
    SQL("UPDATE users SET stand_in_id = NULL WHERE stand_in_id = $1"),
};

enum rc erasures_wipe(struct db *db, int64_t user_id, int64_t now_us, struct err *e)
{
    for (size_t i = 0; i < ARRAY_LEN(wipes); i++)
        TRY(db_exec_(db, wipes[i].sql, wipes[i].n, DB_ARGS(DB_INT(user_id)), NULL, e));
    /* What undoing a merge would bring back. */
    TRY(db_exec(db,
                "UPDATE user_merges SET before_json = '{}', undone_us = COALESCE(undone_us, $2)"
                " WHERE source_id = $1 OR target_id = $1",
                DB_ARGS(DB_INT(user_id), DB_INT(now_us)), NULL, e));
    TRY(db_exec(db,
                "UPDATE api_tokens SET revoked_us = $2 WHERE user_id = $1 AND revoked_us IS NULL",
                DB_ARGS(DB_INT(user_id), DB_INT(now_us)), NULL, e));
    TRY(db_exec(db,
                "UPDATE attachments SET expires_us = $2 WHERE user_id = $1 AND expires_us > $2",
                DB_ARGS(DB_INT(user_id), DB_INT(now_us)), NULL, e));
    return db_exec(db,
                   "UPDATE users SET email = NULL, phone = NULL, fields_json = '{}', password_hash = NULL,"
                   " password_changed_us = NULL, totp_sealed = NULL, totp_enabled_us = NULL,"
                   " last_login_us = NULL, external_source = NULL, external_id = NULL WHERE id = $1",
                   DB_ARGS(DB_INT(user_id)), NULL, e);
}

/* ── sender fields ── */

#define HAS(col) "replace(" col ", $2, $3) <> " col
#define REPLACED                                                                                   \
    "UPDATE messages SET mail_from = replace(mail_from, $2, $3), mail_to = replace(mail_to, $2, $3),"  \
    " mail_cc = replace(mail_cc, $2, $3), mail_bcc = replace(mail_bcc, $2, $3),"                   \
    " reply_to = replace(reply_to, $2, $3), version = version + 1 WHERE (" HAS("mail_from")        \
    " OR " HAS("mail_to") " OR " HAS("mail_cc") " OR " HAS("mail_bcc") " OR " HAS("reply_to") ") AND "

enum rc erasures_senders(struct db *db, const struct erase_text *t, int64_t *n, struct err *e)
{
    int64_t wrote, others;
    const struct db_args args = DB_ARGS(DB_INT(t->user_id), DB_TEXT(t->from), DB_TEXT(t->to));

    TRY(db_exec(db, REPLACED "(author_id = $1 OR on_behalf_id = $1)", args, &wrote, e));
    TRY(db_exec(db,
                REPLACED "ticket_id IN (SELECT id FROM tickets WHERE customer_id = $1"
                         " UNION SELECT ticket_id FROM participants WHERE user_id = $1)",
                args, &others, e));
    *n += wrote + others;
    return RC_OK;
}

enum rc erasures_part_in(struct db *db, int64_t user_id, struct arena *a, struct erase_ids *out,
                         struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    TRY(db_query(db, &r, "SELECT ticket_id FROM participants WHERE user_id = $1 ORDER BY ticket_id",
                 DB_ARGS(DB_INT(user_id)), e));
    return read_ids(&r, IDS_MAX, a, out, e);
}

/* ── history and audit ── */

static struct str like(struct str text, struct arena *a)
{
    struct buf b = BUF_ARENA(a, 2 * text.n + 2);

    buf_char(&b, '%');
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '%' || text.p[i] == '_' || text.p[i] == '\\')
            buf_char(&b, '\\');
        buf_char(&b, text.p[i]);
    }
    buf_char(&b, '%');
    return buf_view(&b);
}

static enum rc read_rows(struct db *db, const struct sql *q, int64_t limit, struct arena *a,
                         struct erase_rows *out, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    *out = (struct erase_rows){ .v = ARENA_ARRAY(a, struct erase_row, (size_t)limit) };
    TRY(db_query_sql(db, &r, q, e));
    while (out->n < (size_t)limit && db_next(&r, e))
        out->v[out->n++] = (struct erase_row){ db_int(&r, 0), db_text(&r, 1, a) };
    return e->rc;
}

enum rc erasures_events(struct db *db, const struct erase_search *s, struct arena *a,
                        struct erase_rows *out, struct err *e)
{
    struct sql q = sql_new(a);

    sql_add(&q, "SELECT id, changes_json FROM events WHERE id > ? AND (1 = 0", DB_ARGS(DB_INT(s->after)));
    for (size_t i = 0; i < s->n_texts; i++)
        sql_add(&q, " OR lower(changes_json) LIKE lower(?) ESCAPE '\\'", DB_ARGS(DB_TEXT(like(s->texts[i], a))));
    sql_add(&q, ") ORDER BY id LIMIT ?", DB_ARGS(DB_INT(s->limit)));
    return read_rows(db, &q, s->limit, a, out, e);
}

enum rc erasures_event_set(struct db *db, int64_t id, struct str json, struct err *e)
{
    return db_exec(db, "UPDATE events SET changes_json = $2 WHERE id = $1",
                   DB_ARGS(DB_INT(id), DB_TEXT(json)), NULL, e);
}

enum rc erasures_audit(struct db *db, const struct erase_search *s, struct arena *a,
                       struct erase_rows *out, struct err *e)
{
    struct sql q = sql_new(a);

    sql_add(&q, "SELECT n, details FROM audit WHERE n > ? AND details IS NOT NULL AND (1 = 0",
            DB_ARGS(DB_INT(s->after)));
    for (size_t i = 0; i < s->n_texts; i++)
        sql_add(&q, " OR lower(details) LIKE lower(?) ESCAPE '\\'", DB_ARGS(DB_TEXT(like(s->texts[i], a))));
    sql_add(&q, ") ORDER BY n LIMIT ?", DB_ARGS(DB_INT(s->limit)));
    return read_rows(db, &q, s->limit, a, out, e);
}

enum rc erasures_audit_clear(struct db *db, int64_t n, struct err *e)
{
    return db_exec(db, "UPDATE audit SET details = NULL WHERE n = $1", DB_ARGS(DB_INT(n)), NULL, e);
}

enum rc erasures_audit_of(struct db *db, int64_t user_id, int64_t *n, struct err *e)
{
    return db_exec(db,
                   "UPDATE audit SET details = NULL WHERE object = 'user' AND object_id = $1"
                   " AND details IS NOT NULL AND details <> '' AND substr(action, 1, 5) <> 'hold.'",
                   DB_ARGS(DB_INT(user_id)), n, e);
}

/* ── attachments ── */

enum rc erasures_attachments(struct db *db, int64_t user_id, int64_t limit, struct arena *a,
                             struct erase_ids *out, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    TRY(db_query(db, &r,
                 "SELECT t.id FROM messages m JOIN attachments t ON t.message_id = m.id"
                 " WHERE m.author_id = $1 ORDER BY t.id LIMIT $2",
                 DB_ARGS(DB_INT(user_id), DB_INT(limit)), e));
    return read_ids(&r, (size_t)limit, a, out, e);
}

enum rc erasures_recount(struct db *db, int64_t user_id, struct err *e)
{
    TRY(db_exec(db,
                "UPDATE messages SET attachment_count = 0, version = version + 1"
                " WHERE author_id = $1 AND attachment_count > 0",
                DB_ARGS(DB_INT(user_id)), NULL, e));
    return db_exec(db,
                   "UPDATE tickets SET attachment_count = (SELECT COALESCE(sum(m.attachment_count), 0)"
                   " FROM messages m WHERE m.ticket_id = tickets.id), public_attachment_count ="
                   " (SELECT COALESCE(sum(m.attachment_count), 0) FROM messages m"
                   " WHERE m.ticket_id = tickets.id AND m.visibility = 0), version = version + 1,"
                   " public_version = public_version + 1 WHERE id IN"
                   " (SELECT ticket_id FROM messages WHERE author_id = $1) AND attachment_count > 0",
                   DB_ARGS(DB_INT(user_id)), NULL, e);
}
