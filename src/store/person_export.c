#include "store/person_export.h"

enum type { TEXT, INT, BOOL, TIME, JSON };
enum { COLUMNS_MAX = 16 };

struct column {
    const char *name;
    enum type type;
};
struct part {
    const char *name;
    const char *sql;
    size_t n;
    struct column columns[COLUMNS_MAX];
};

/* Messages that the person may see as a customer, or wrote as one. */
#define HIS_MESSAGES                                                                               \
    " FROM messages m JOIN tickets t ON t.id = m.ticket_id WHERE m.id IN"                          \
    " (SELECT x.id FROM tickets y JOIN messages x ON x.ticket_id = y.id AND x.visibility = 0"      \
    " WHERE y.customer_id = $1 UNION SELECT z.id FROM messages z WHERE z.author_id = $1 AND z.sender = 0)"

#define SQL(text) text, sizeof(text) - 1
static const struct part parts[] = {
    { "person",
      SQL("SELECT id, name, email, phone, locale, zone, vip, note, fields_json, preferences_json, active,"
          " last_login_us, external_source, external_id, created_us, updated_us FROM users WHERE id = $1"),
      { { "id", INT }, { "name", TEXT }, { "email", TEXT }, { "phone", TEXT }, { "locale", TEXT }, { "zone", TEXT },
        { "vip", BOOL }, { "note", TEXT }, { "fields", JSON }, { "preferences", JSON }, { "active", BOOL },
        { "last_login_at", TIME }, { "external_source", TEXT }, { "external_id", TEXT }, { "created_at", TIME },
        { "updated_at", TIME } } },
    { "addresses",
      SQL("SELECT value, CASE kind WHEN 0 THEN 'email' WHEN 1 THEN 'phone' ELSE 'chat' END, verified_us,"
          " is_primary, created_us FROM identities WHERE user_id = $1 ORDER BY id"),
      { { "value", TEXT }, { "kind", TEXT }, { "verified_at", TIME }, { "primary", BOOL }, { "created_at", TIME } } },
    { "organizations",
      SQL("SELECT name FROM organizations WHERE id IN (SELECT organization_id FROM users WHERE id = $1 UNION"
          " SELECT organization_id FROM user_organizations WHERE user_id = $1) ORDER BY id"),
      { { "name", TEXT } } },
    { "roles",
      SQL("SELECT r.name FROM user_roles u JOIN roles r ON r.id = u.role_id WHERE u.user_id = $1 ORDER BY r.id"),
      { { "name", TEXT } } },
    { "merged",
      SQL("SELECT source_id, merged_us FROM user_merges WHERE target_id = $1 AND undone_us IS NULL ORDER BY id"),
      { { "person", INT }, { "merged_at", TIME } } },
    { "sessions",
      SQL("SELECT address, user_agent, created_us, seen_us, expires_us, ended_us FROM sessions WHERE user_id = $1"
          " ORDER BY id"),
      { { "address", TEXT }, { "browser", TEXT }, { "created_at", TIME }, { "seen_at", TIME }, { "expires_at", TIME },
        { "ended_at", TIME } } },
    { "api_tokens",
      SQL("SELECT name, created_us, last_used_us, expires_us, revoked_us FROM api_tokens WHERE user_id = $1 ORDER BY id"),
      { { "name", TEXT }, { "created_at", TIME }, { "last_used_at", TIME }, { "expires_at", TIME }, { "revoked_at", TIME } } },
    { "tickets",
      SQL("SELECT t.number, t.title, s.customer_name, t.created_us, t.public_updated_us, t.closed_us FROM tickets t"
          " JOIN states s ON s.id = t.state_id WHERE t.customer_id = $1 ORDER BY t.id"),
      { { "number", TEXT }, { "title", TEXT }, { "state", TEXT }, { "created_at", TIME }, { "updated_at", TIME },
        { "closed_at", TIME } } },
    { "takes_part_in",
      SQL("SELECT t.number, p.created_us FROM participants p JOIN tickets t ON t.id = p.ticket_id WHERE p.user_id = $1"
          " ORDER BY t.id"),
      { { "number", TEXT }, { "since", TIME } } },
    { "messages",
      SQL("SELECT m.id, t.number, CASE WHEN m.author_id = $1 THEN 'the person' WHEN m.sender = 0 THEN 'somebody else'"
          " ELSE 'the help desk' END, m.created_us, m.subject, m.body_text" HIS_MESSAGES " ORDER BY m.id"),
      { { "id", INT }, { "ticket", TEXT }, { "from", TEXT }, { "created_at", TIME }, { "subject", TEXT }, { "text", TEXT } } },
    { "attachments",
      SQL("SELECT a.id, m.id, a.name, a.content_type, a.size, a.hash FROM attachments a JOIN messages m"
          " ON m.id = a.message_id WHERE m.id IN (SELECT m.id" HIS_MESSAGES ") ORDER BY a.id"),
      { { "file", INT }, { "message", INT }, { "name", TEXT }, { "type", TEXT }, { "size", INT }, { "sha256", TEXT } } },
    { "drafts",
      SQL("SELECT data_json, created_us, updated_us FROM drafts WHERE user_id = $1 ORDER BY id"),
      { { "data", JSON }, { "created_at", TIME }, { "updated_at", TIME } } },
    { "actions",
      SQL("SELECT n, at_us, action, address, object, object_id FROM audit WHERE actor_id = $1 ORDER BY n"),
      { { "n", INT }, { "at", TIME }, { "action", TEXT }, { "address", TEXT }, { "object", TEXT }, { "object_id", INT } } },
    { "mail",
      SQL("SELECT kind, subject, created_us, sent_us FROM outbox WHERE lower(recipient) IN"
          " (SELECT value_fold FROM identities WHERE user_id = $1) ORDER BY id"),
      { { "kind", TEXT }, { "subject", TEXT }, { "created_at", TIME }, { "sent_at", TIME } } },
};

static void write_value(struct jw *w, struct db_rows *r, int col, enum type type)
{
    struct str text;

    if (db_is_null(r, col) || type == TIME) {
        jw_time(w, db_is_null(r, col) ? 0 : db_int(r, col));
        return;
    }
    if (type == INT) {
        jw_int(w, db_int(r, col));
        return;
    }
    if (type == BOOL) {
        jw_bool(w, db_int(r, col) != 0);
        return;
    }
    text = db_view(r, col);
    if (type == JSON)
        jw_raw(w, text.n ? text : STR("null"));
    else
        jw_text(w, text);
}

static enum rc write_part(struct db *db, const struct part *p, int64_t user_id, struct jw *w, int64_t *rows,
                          struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    TRY(db_query_(db, &r, p->sql, p->n, DB_ARGS(DB_INT(user_id)), e));
    jw_key_str(w, str_of(p->name));
    jw_arr(w);
    for (; db_next(&r, e); ++*rows) {
        jw_obj(w);
        for (int i = 0; i < COLUMNS_MAX && p->columns[i].name; i++) {
            jw_key_str(w, str_of(p->columns[i].name));
            write_value(w, &r, i, p->columns[i].type);
        }
        jw_obj_end(w);
    }
    jw_arr_end(w);
    return e->rc;
}

enum rc person_export_write(struct db *db, int64_t user_id, struct jw *w, int64_t *rows, struct err *e)
{
    *rows = 0;
    for (size_t i = 0; i < ARRAY_LEN(parts); i++)
        TRY(write_part(db, &parts[i], user_id, w, rows, e));
    return RC_OK;
}

enum rc person_export_files(struct db *db, int64_t user_id, int64_t after, int64_t limit, struct arena *a,
                            struct export_files *out, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    *out = (struct export_files){ .v = ARENA_ARRAY(a, struct export_file, (size_t)limit) };
    TRY(db_query(db, &r,
                 "SELECT a.id, a.hash FROM attachments a WHERE a.message_id IN (SELECT m.id" HIS_MESSAGES
                 ") AND a.id > $2 ORDER BY a.id LIMIT $3",
                 DB_ARGS(DB_INT(user_id), DB_INT(after), DB_INT(limit)), e));
    while (out->n < (size_t)limit && db_next(&r, e))
        out->v[out->n++] = (struct export_file){ db_int(&r, 0), db_text(&r, 1, a) };
    return e->rc;
}
