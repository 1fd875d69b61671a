#include "store/search.h"

#include "base/buf.h"
#include "base/tokens.h"
#include "base/utf8.h"
#include "store/search_words.h"

enum {
    BODY_BYTES_MAX = 256 * 1024, /* of a message's text that are indexed */
    HEAD_BYTES_MAX = 64 * 1024,
    TOKENS_BYTES_MAX = 1024 * 1024,
    TSVECTOR_POSITION_MAX = 16383, /* PostgreSQL's limit; later words share the last place */
    MERGE_CHAIN_MAX = 64,
    RECENT = 2000, /* PostgreSQL: messages that are looked through before its index is asked */
};

struct doc {
    int64_t message_id, ticket_id, group_id;
    bool internal;
    struct buf head;
    struct str body; /* tokens */
};

/* No buf_printf() in here and below: it was a tenth of what a message costs. */
static void add_words(struct buf *b, struct str mark, struct str tokens)
{
    while (tokens.p) {
        struct str token = str_cut(&tokens, ' ');

        if (token.n == 0)
            continue;
        buf_str(b, mark);
        buf_str(b, token);
        buf_char(b, ' ');
    }
}

/* A field's words plainly, and again with its mark; "_" keeps phrases from running on. */
static void add_field(struct buf *b, const char *mark, struct str text, struct arena *a)
{
    struct str tokens;

    if (text.n == 0)
        return;
    tokens = text_tokens(text, TOKENS_DOCUMENT, a);
    add_words(b, STR(""), tokens);
    BUF_LIT(b, "_ ");
    if (mark[0] == '\0')
        return;
    add_words(b, str_of(mark), tokens);
    BUF_LIT(b, "_ ");
}

static void add_scope(struct buf *b, const char *mark, int64_t id)
{
    if (id)
        buf_printf(b, "%s%lld ", mark, (long long)id);
}

static enum rc add_attachments(struct db *db, int64_t message_id, struct doc *d, struct arena *a,
                               struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    TRY(db_query(db, &r, "SELECT name FROM attachments WHERE message_id = $1 ORDER BY id",
                 DB_ARGS(DB_INT(message_id)), e));
    while (db_next(&r, e))
        add_field(&d->head, SEARCH_MARK_FILE, db_view(&r, 0), a);
    return e->rc;
}

static enum rc add_participants(struct db *db, int64_t ticket_id, struct doc *d, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    TRY(db_query(db, &r, "SELECT user_id FROM participants WHERE ticket_id = $1 ORDER BY user_id",
                 DB_ARGS(DB_INT(ticket_id)), e));
    while (db_next(&r, e))
        add_scope(&d->head, SEARCH_MARK_USER, db_int(&r, 0));
    return e->rc;
}

/* The row of the ticket that the message is shown in: the end of its chain of merges. */
static enum rc shown_in(struct db *db, struct db_rows *r, int64_t *ticket_id, struct err *e)
{
    for (int i = 1;; i++) {
        int64_t next;

        TRY(db_query(db, r,
                     "SELECT t.number, t.title, t.group_id, t.customer_id, t.organization_id, c.name,"
                     " c.email, t.merged_into_id FROM tickets t JOIN users c ON c.id = t.customer_id"
                     " WHERE t.id = $1",
                     DB_ARGS(DB_INT(*ticket_id)), e));
        if (!db_next(r, e))
            return e->rc ? e->rc : err_fail(e, "search: ticket %lld is gone", (long long)*ticket_id);
        next = db_int(r, 7);
        if (!next || i == MERGE_CHAIN_MAX)
            return RC_OK;
        *ticket_id = next;
        db_rows_end(r);
    }
}

/* What the message says, and who wrote it. */
static void doc_message(struct doc *d, const struct search_source *s, struct arena *a)
{
    d->internal = s->internal;
    d->body = text_tokens(str_sub(s->text, 0, utf8_cut_bytes(s->text, BODY_BYTES_MAX)), TOKENS_DOCUMENT, a);
    add_field(&d->head, SEARCH_MARK_FROM, s->author_name, a);
    add_field(&d->head, SEARCH_MARK_FROM, s->author_email, a);
    add_field(&d->head, SEARCH_MARK_FROM, s->mail_from, a);
    add_field(&d->head, SEARCH_MARK_TO, s->mail_to, a);
    add_field(&d->head, SEARCH_MARK_CC, s->mail_cc, a);
}

/* Who may find it, by that ticket. */
static void doc_ticket(struct doc *d, const struct search_source *s, struct arena *a)
{
    d->ticket_id = s->ticket_id;
    d->group_id = s->group_id;
    add_scope(&d->head, SEARCH_MARK_GROUP, s->group_id);
    add_scope(&d->head, SEARCH_MARK_USER, s->customer_id);
    add_scope(&d->head, SEARCH_MARK_ORG, s->organization_id);
    BUF_LIT(&d->head, "_ ");
    add_field(&d->head, "", s->number, a);
    add_field(&d->head, SEARCH_MARK_TITLE, s->title, a);
    add_field(&d->head, "", s->customer_name, a);
    add_field(&d->head, "", s->customer_email, a);
}

static enum rc read_message(struct db *db, int64_t message_id, struct doc *d, struct search_source *s,
                            struct arena *a, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    TRY(db_query(db, &r,
                 "SELECT m.ticket_id, m.visibility, m.attachment_count, m.body_text, u.name,"
                 " u.email, m.mail_from, m.mail_to, m.mail_cc FROM messages m"
                 " LEFT JOIN users u ON u.id = m.author_id WHERE m.id = $1",
                 DB_ARGS(DB_INT(message_id)), e));
    if (!db_next(&r, e))
        return e->rc ? e->rc
                     : err_fail(e, "search: message %lld is gone", (long long)message_id);
    *s = (struct search_source){ .message_id = message_id,
                                 .ticket_id = db_int(&r, 0),
                                 .internal = db_int(&r, 1) != 0,
                                 .has_files = db_int(&r, 2) != 0,
                                 .text = db_view(&r, 3),
                                 .author_name = db_view(&r, 4),
                                 .author_email = db_view(&r, 5),
                                 .mail_from = db_view(&r, 6),
                                 .mail_to = db_view(&r, 7),
                                 .mail_cc = db_view(&r, 8) };
    doc_message(d, s, a);
    return RC_OK;
}

static enum rc read_ticket(struct db *db, struct doc *d, struct search_source *s, struct arena *a,
                           struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    TRY(shown_in(db, &r, &s->ticket_id, e));
    s->number = db_view(&r, 0);
    s->title = db_view(&r, 1);
    s->group_id = db_int(&r, 2);
    s->customer_id = db_int(&r, 3);
    s->organization_id = db_int(&r, 4);
    s->customer_name = db_view(&r, 5);
    s->customer_email = db_view(&r, 6);
    doc_ticket(d, s, a);
    return RC_OK;
}

static struct doc doc_of(int64_t message_id, struct arena *a)
{
    return (struct doc){ .message_id = message_id, .head = BUF_ARENA(a, HEAD_BYTES_MAX) };
}

static enum rc doc_read(struct db *db, int64_t message_id, struct doc *d, struct arena *a,
                        struct err *e)
{
    struct search_source s = { 0 };

    *d = doc_of(message_id, a);
    TRY(read_message(db, message_id, d, &s, a, e));
    TRY(read_ticket(db, d, &s, a, e));
    if (s.has_files)
        TRY(add_attachments(db, message_id, d, a, e));
    return add_participants(db, d->ticket_id, d, e);
}

/* 'word':1A 'other':2 … */
static void tsvector_part(struct buf *b, struct str tokens, const char *weight, int *position)
{
    while (tokens.p) {
        struct str token = str_cut(&tokens, ' ');

        if (token.n == 0)
            continue;
        if (*position < TSVECTOR_POSITION_MAX)
            ++*position;
        buf_char(b, '\'');
        buf_str(b, token);
        BUF_LIT(b, "':");
        buf_i64(b, *position);
        buf_str(b, str_of(weight));
        buf_char(b, ' ');
    }
}

static struct str tsvector_of(const struct doc *d, struct arena *a)
{
    struct buf v = BUF_ARENA(a, TOKENS_BYTES_MAX);
    int position = 0;

    tsvector_part(&v, buf_view(&d->head), "A", &position);
    tsvector_part(&v, d->body, "", &position);
    return buf_view(&v);
}

static enum rc doc_put_postgres(struct db *db, struct doc *d, struct arena *a, struct err *e)
{
    return db_exec(db,
                   "INSERT INTO search_docs (message_id, ticket_id, group_id, internal, doc)"
                   " VALUES ($1, $2, $3, $4, CAST($5 AS tsvector)) ON CONFLICT (message_id) DO"
                   " UPDATE SET ticket_id = excluded.ticket_id, group_id = excluded.group_id,"
                   " internal = excluded.internal, doc = excluded.doc",
                   DB_ARGS(DB_INT(d->message_id), DB_INT(d->ticket_id), DB_INT(d->group_id),
                           DB_INT(d->internal), DB_TEXT(tsvector_of(d, a))),
                   NULL, e);
}

static enum rc doc_put_sqlite(struct db *db, struct doc *d, struct err *e)
{
    TRY(db_exec(db,
                "INSERT INTO search_docs (message_id, ticket_id, group_id, internal, head)"
                " VALUES ($1, $2, $3, $4, $5)",
                DB_ARGS(DB_INT(d->message_id), DB_INT(d->ticket_id), DB_INT(d->group_id),
                        DB_INT(d->internal), DB_TEXT(buf_view(&d->head))),
                NULL, e));
    TRY(search_words_put(db, buf_view(&d->head), e));
    TRY(search_words_put(db, d->body, e));
    return db_exec_late(db, "INSERT INTO search_fts (rowid, head, body) VALUES ($1, $2, $3)",
                        DB_ARGS(DB_INT(d->message_id), DB_TEXT(buf_view(&d->head)), DB_TEXT(d->body)), e);
}

static enum rc doc_put(struct db *db, struct doc *d, struct arena *a, struct err *e)
{
    return db_kind(db) == DB_POSTGRES ? doc_put_postgres(db, d, a, e) : doc_put_sqlite(db, d, e);
}

enum rc search_put_new(struct db *db, int64_t message_id, struct arena *a, struct err *e)
{
    struct doc d;

    TRY(doc_read(db, message_id, &d, a, e));
    return doc_put(db, &d, a, e);
}

static struct doc doc_known(const struct search_source *s, struct arena *a)
{
    struct doc d = doc_of(s->message_id, a);

    doc_message(&d, s, a);
    doc_ticket(&d, s, a);
    if (s->file.p)
        add_field(&d.head, SEARCH_MARK_FILE, s->file, a);
    return d;
}

enum rc search_put_known(struct db *db, const struct search_source *s, struct arena *a, struct err *e)
{
    struct doc d = doc_known(s, a);

    return doc_put(db, &d, a, e);
}

void search_add_row(struct sql *q, const struct search_source *s, struct arena *a)
{
    struct doc d = doc_known(s, a);

    if (q->n == 0)
        sql_add(q, "INSERT INTO search_docs (message_id, ticket_id, group_id, internal, doc) VALUES ", DB_NO_ARGS);
    else
        sql_add(q, ", ", DB_NO_ARGS);
    sql_add(q, "(?, ?, ?, ?, CAST(? AS tsvector))",
            DB_ARGS(DB_INT(d.message_id), DB_INT(d.ticket_id), DB_INT(d.group_id), DB_INT(d.internal),
                    DB_TEXT(tsvector_of(&d, a))));
}

/* FTS5 without content wants the words that it is to forget. */
static enum rc remove_sqlite(struct db *db, int64_t message_id, struct arena *a, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };
    struct str head, text, body;

    TRY(db_query(db, &r,
                 "SELECT d.head, m.body_text FROM search_docs d JOIN messages m ON m.id ="
                 " d.message_id WHERE d.message_id = $1",
                 DB_ARGS(DB_INT(message_id)), e));
    if (!db_next(&r, e))
        return e->rc;
    head = db_text(&r, 0, a);
    text = db_view(&r, 1);
    body = text_tokens(str_sub(text, 0, utf8_cut_bytes(text, BODY_BYTES_MAX)), TOKENS_DOCUMENT,
                          a);
    db_rows_end(&r);
    return db_exec_late(db,
                        "INSERT INTO search_fts (search_fts, rowid, head, body)"
                        " VALUES ('delete', $1, $2, $3)",
                        DB_ARGS(DB_INT(message_id), DB_TEXT(head), DB_TEXT(body)), e);
}

enum rc search_remove(struct db *db, int64_t message_id, struct arena *a, struct err *e)
{
    if (db_kind(db) == DB_SQLITE)
        TRY(remove_sqlite(db, message_id, a, e));
    return db_exec(db, "DELETE FROM search_docs WHERE message_id = $1",
                   DB_ARGS(DB_INT(message_id)), NULL, e);
}

enum rc search_put(struct db *db, int64_t message_id, struct arena *a, struct err *e)
{
    TRY(search_remove(db, message_id, a, e));
    return search_put_new(db, message_id, a, e);
}

/* Ids of the messages of a ticket and of all tickets merged into it, over any number of steps. */
static enum rc message_ids(struct db *db, int64_t ticket_id, struct arena *a, int64_t **ids,
                           size_t *n, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };
    size_t cap = 16;

    *ids = ARENA_ARRAY(a, int64_t, cap);
    *n = 0;
    TRY(db_query(db, &r,
                 "WITH RECURSIVE shown (id) AS (SELECT CAST($1 AS BIGINT) UNION"
                 " SELECT t.id FROM tickets t JOIN shown s ON t.merged_into_id = s.id)"
                 " SELECT m.id FROM messages m WHERE m.ticket_id IN (SELECT id FROM shown) ORDER BY m.id",
                 DB_ARGS(DB_INT(ticket_id)), e));
    while (db_next(&r, e)) {
        if (*n == cap) {
            *ids = arena_grow(a, *ids, cap * sizeof(**ids), 2 * cap * sizeof(**ids));
            cap *= 2;
        }
        (*ids)[(*n)++] = db_int(&r, 0);
    }
    return e->rc;
}

enum rc search_reindex_ticket(struct db *db, int64_t ticket_id, struct arena *a, struct err *e)
{
    int64_t *ids;
    size_t n;

    TRY(message_ids(db, ticket_id, a, &ids, &n, e));
    for (size_t i = 0; i < n; i++)
        TRY(search_put(db, ids[i], a, e));
    return RC_OK;
}

enum rc search_messages_by(struct db *db, int64_t user_id, int64_t after_id, int64_t limit,
                           struct arena *a, int64_t **ids, int64_t *n, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    *ids = ARENA_ARRAY(a, int64_t, (size_t)limit);
    *n = 0;
    TRY(db_query(db, &r, "SELECT id FROM messages WHERE author_id = $1 AND id > $2 ORDER BY id LIMIT $3",
                 DB_ARGS(DB_INT(user_id), DB_INT(after_id), DB_INT(limit)), e));
    while (db_next(&r, e))
        (*ids)[(*n)++] = db_int(&r, 0);
    return e->rc;
}

enum rc search_tickets_of(struct db *db, int64_t user_id, const struct search_ticket_key *after,
                          int64_t limit, struct arena *a, struct search_ticket_key **out, int64_t *n,
                          struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    *out = ARENA_ARRAY(a, struct search_ticket_key, (size_t)limit);
    *n = 0;
    TRY(db_query(db, &r,
                 "SELECT updated_us, id FROM tickets WHERE customer_id = $1 AND (updated_us, id) > ($2, $3)"
                 " ORDER BY updated_us, id LIMIT $4",
                 DB_ARGS(DB_INT(user_id), DB_INT(after->updated_us), DB_INT(after->id), DB_INT(limit)), e));
    while (db_next(&r, e))
        (*out)[(*n)++] = (struct search_ticket_key){ db_int(&r, 0), db_int(&r, 1) };
    return e->rc;
}

enum rc search_put_person(struct db *db, int64_t user_id, struct str name_fold, struct err *e)
{
    enum { NAME_WORDS_MAX = 8 };

    TRY(db_exec(db, "DELETE FROM user_words WHERE user_id = $1", DB_ARGS(DB_INT(user_id)), NULL, e));
    str_cut(&name_fold, ' '); /* the first word begins the name, which has its own index */
    for (int i = 0; name_fold.p && i < NAME_WORDS_MAX; i++) {
        struct str word = str_cut(&name_fold, ' ');

        if (word.n == 0)
            continue;
        TRY(db_exec(db,
                    "INSERT INTO user_words (word, user_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                    DB_ARGS(DB_TEXT(word), DB_INT(user_id)), NULL, e));
    }
    return RC_OK;
}

/* What the index says of its segments; it changes with each step of a merge. */
static enum rc structure(struct db *db, struct arena *a, struct str *out, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    TRY(db_query(db, &r, "SELECT block FROM search_fts_data WHERE id = 10", DB_NO_ARGS, e));
    *out = db_next(&r, e) ? db_text(&r, 0, a) : STR("");
    return e->rc;
}

enum rc search_merge(struct db *db, int64_t pages, struct arena *a, bool *more, struct err *e)
{
    struct str before, after;

    *more = false;
    if (db_kind(db) != DB_SQLITE)
        return RC_OK;
    TRY(structure(db, a, &before, e));
    TRY(db_exec(db, "INSERT INTO search_fts (search_fts, rank) VALUES ('merge', $1)", DB_ARGS(DB_INT(pages)),
                NULL, e));
    TRY(structure(db, a, &after, e));
    *more = !str_eq(before, after);
    return RC_OK;
}

/* PostgreSQL's index knows no order: it gives all hits of a word that half of the messages have, to
 * be sorted; and without it every message is looked at for a word that hardly any has.  So the newest
 * messages are looked through first, and when they do not fill the page the index is asked: a sum is
 * no column that another index could give in order. */
static void hits_order(struct sql *q, const struct query_env *env, bool recent, int64_t limit)
{
    if (db_kind(env->db) == DB_SQLITE)
        sql_add(q, " ORDER BY f.rowid DESC LIMIT ?", DB_ARGS(DB_INT(limit)));
    else if (recent)
        sql_add(q,
                " AND d.message_id > (SELECT max(message_id) FROM search_docs) - ?"
                " ORDER BY d.message_id DESC LIMIT ?",
                DB_ARGS(DB_INT(RECENT), DB_INT(limit)));
    else
        sql_add(q, " ORDER BY d.message_id + 0 DESC LIMIT ?", DB_ARGS(DB_INT(limit)));
}

static void hits_where(struct sql *q, const struct query_env *env, struct str match, int64_t before)
{
    if (db_kind(env->db) == DB_SQLITE) {
        sql_add(q,
                "SELECT d.ticket_id, d.message_id FROM search_fts f JOIN search_docs d ON"
                " d.message_id = f.rowid JOIN tickets t ON t.id = d.ticket_id"
                " WHERE search_fts MATCH ?",
                DB_ARGS(DB_TEXT(match)));
        if (before)
            sql_add(q, " AND f.rowid < ?", DB_ARGS(DB_INT(before)));
        return;
    }
    sql_add(q,
            "SELECT d.ticket_id, d.message_id FROM search_docs d JOIN tickets t ON t.id ="
            " d.ticket_id WHERE d.doc @@ CAST(? AS tsquery)",
            DB_ARGS(DB_TEXT(match)));
    if (before)
        sql_add(q, " AND d.message_id < ?", DB_ARGS(DB_INT(before)));
}

/* On later pages: tickets that a page before has shown stay away. */
static void hits_unseen(struct sql *q, const struct query_env *env, struct str match, int64_t from)
{
    if (db_kind(env->db) == DB_SQLITE)
        sql_add(q,
                " AND NOT EXISTS (SELECT 1 FROM search_docs d WHERE d.ticket_id = t.id AND"
                " d.message_id >= ? AND d.message_id IN (SELECT rowid FROM search_fts WHERE"
                " search_fts MATCH ? AND rowid = d.message_id)",
                DB_ARGS(DB_INT(from), DB_TEXT(match)));
    else
        sql_add(q,
                " AND NOT EXISTS (SELECT 1 FROM search_docs d WHERE d.ticket_id = t.id AND"
                " d.message_id >= ? AND d.doc @@ CAST(? AS tsquery)",
                DB_ARGS(DB_INT(from), DB_TEXT(match)));
    query_where_visible(q, env->scope);
    sql_add(q, ")", DB_NO_ARGS);
}

static bool seen(const struct search_hit *hits, size_t n, int64_t ticket_id)
{
    for (size_t i = 0; i < n; i++)
        if (hits[i].ticket_id == ticket_id)
            return true;
    return false;
}

static enum rc hits_among(const struct query_env *env, const struct search_for *what, bool recent,
                          struct search_page *out, struct err *e)
{
    int64_t before = what->before, window = (int64_t)what->limit * 2 + 8, rows;

    out->n = 0;
    out->more = false;
    do {
        struct db_rows r CLEAN(db_rows_end) = { 0 };
        struct sql q = sql_new(env->a);

        hits_where(&q, env, what->match, before);
        query_where_visible(&q, env->scope);
        scope_where(&q, env->scope);
        if (what->before)
            hits_unseen(&q, env, what->match, what->before);
        TRY(query_where(&q, what->rest, env, e));
        hits_order(&q, env, recent, window);
        TRY(db_query_sql(env->db, &r, &q, e));
        for (rows = 0; db_next(&r, e); rows++) {
            before = db_int(&r, 1);
            if (seen(out->hits, out->n, db_int(&r, 0)))
                continue;
            if (out->n == what->limit) {
                out->more = true;
                return RC_OK;
            }
            out->hits[out->n++] = (struct search_hit){ db_int(&r, 0), before };
        }
        TRY(e->rc);
    } while (rows == window);
    return RC_OK;
}

enum rc search_hits(const struct query_env *env, const struct search_for *what,
                    struct search_page *out, struct err *e)
{
    if (db_kind(env->db) == DB_POSTGRES && !what->before) {
        TRY(hits_among(env, what, true, out, e));
        if (out->more)
            return RC_OK;
    }
    return hits_among(env, what, false, out, e);
}
