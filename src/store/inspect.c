#include "store/inspect.h"

#include "base/arena.h"
#include "base/buf.h"
#include "store/migrate.h"

enum { NAMES_MAX = 64 * 1024, ROLE_ADMIN = 1 };

/* ── what the migrations make ── */

struct names {
    struct str *v;
    size_t n, cap;
    struct arena *a;
};

static void names_add(struct names *l, struct str name)
{
    if (l->n == l->cap) {
        size_t cap = l->cap ? 2 * l->cap : 64;

        l->v = arena_grow(l->a, l->v, l->cap * sizeof(*l->v), cap * sizeof(*l->v));
        l->cap = cap;
    }
    l->v[l->n++] = name;
}

static void names_drop(struct names *l, struct str name)
{
    for (size_t i = 0; i < l->n; i++) {
        if (str_eq(l->v[i], name))
            l->v[i--] = l->v[--l->n];
    }
}

static struct str next_word(struct str *line)
{
    struct str word;

    do {
        word = str_cut(line, ' ');
    } while (line->p && !word.n);
    while (word.n && (word.p[word.n - 1] == ';' || word.p[word.n - 1] == '\r'))
        word.n--;
    return word;
}

/* "CREATE [UNIQUE] INDEX name …" and "DROP INDEX name;" stand at the beginning of their lines. */
static void read_line(struct names *l, struct str line, struct str noun)
{
    struct str verb = next_word(&line), word = next_word(&line);

    if (str_eq(word, STR("UNIQUE")))
        word = next_word(&line);
    if (!str_eq(word, noun))
        return;
    word = next_word(&line);
    if (str_eq(verb, STR("CREATE")))
        names_add(l, word);
    else if (str_eq(verb, STR("DROP")))
        names_drop(l, word);
}

static void read_migrations(struct names *l, struct str noun, enum db_kind kind)
{
    for (size_t i = 0; i < migrations_built_in.n; i++) {
        struct str rest = migration_up(&migrations_built_in.v[i], kind, l->a);

        while (rest.p)
            read_line(l, str_cut(&rest, '\n'), noun);
    }
}

/* ── what the database has ── */

static enum rc query_names(struct db *db, struct db_rows *r, enum inspect_kind kind, struct err *e)
{
    if (db_kind(db) == DB_SQLITE && kind == INSPECT_INDEX)
        return db_query(db, r, "SELECT name FROM sqlite_master WHERE type = 'index'", DB_NO_ARGS, e);
    if (db_kind(db) == DB_SQLITE)
        return db_query(db, r, "SELECT name FROM sqlite_master WHERE type = 'trigger'", DB_NO_ARGS,
                        e);
    if (kind == INSPECT_INDEX)
        return db_query(db, r,
                        "SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
                        " WHERE i.indisvalid",
                        DB_NO_ARGS, e);
    return db_query(db, r,
                    "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'",
                    DB_NO_ARGS, e);
}

enum rc inspect_missing(struct db *db, enum inspect_kind kind, struct arena *a, struct str *missing,
                        size_t *n, struct err *e)
{
    struct names l = { .a = a };
    struct buf b = BUF_ARENA(a, NAMES_MAX);
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    read_migrations(&l, kind == INSPECT_INDEX ? STR("INDEX") : STR("TRIGGER"), db_kind(db));
    *n = l.n;
    TRY(query_names(db, &r, kind, e));
    while (db_next(&r, e))
        names_drop(&l, db_view(&r, 0));
    for (size_t i = 0; i < l.n; i++)
        buf_printf(&b, "%s%.*s", i ? ", " : "", STR_ARG(l.v[i]));
    *missing = buf_view(&b);
    return e->rc;
}

enum rc inspect_sound(struct db *db, struct arena *a, struct str *words, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    *words = STR("ok");
    if (db_kind(db) == DB_POSTGRES)
        return RC_OK;
    TRY(db_query(db, &r, "PRAGMA quick_check(1)", DB_NO_ARGS, e));
    if (db_next(&r, e))
        *words = db_text(&r, 0, a);
    return e->rc;
}

enum rc inspect_connections(struct db *db, int64_t *allowed, int64_t *used, struct err *e)
{
    *allowed = *used = 0;
    if (db_kind(db) == DB_SQLITE)
        return RC_OK;
    TRY(db_query_int(db, "SELECT CAST(current_setting('max_connections') AS BIGINT)", DB_NO_ARGS,
                     allowed, e));
    return db_query_int(db, "SELECT count(*) FROM pg_stat_activity", DB_NO_ARGS, used, e);
}

enum rc inspect_is_encrypted(struct db *db, bool *encrypted, struct err *e)
{
    int64_t n = 0;

    if (db_kind(db) == DB_POSTGRES)
        TRY(db_query_int(db,
                         "SELECT count(*) FROM pg_stat_ssl WHERE pid = pg_backend_pid() AND ssl",
                         DB_NO_ARGS, &n, e));
    *encrypted = n > 0;
    return RC_OK;
}

static enum rc size_of(struct db *db, int64_t *bytes, struct err *e)
{
    int64_t pages, page;

    if (db_kind(db) == DB_POSTGRES)
        return db_query_int(db, "SELECT pg_database_size(current_database())", DB_NO_ARGS, bytes, e);
    TRY(db_query_int(db, "PRAGMA page_count", DB_NO_ARGS, &pages, e));
    TRY(db_query_int(db, "PRAGMA page_size", DB_NO_ARGS, &page, e));
    *bytes = pages * page;
    return RC_OK;
}

static enum rc maybe(enum rc rc, struct err *e)
{
    if (rc != RC_NOT_FOUND)
        return rc;
    err_clear(e);
    return RC_OK;
}

enum rc inspect_facts(struct db *db, int64_t since_us, struct inspect_facts *out, struct err *e)
{
    *out = (struct inspect_facts){ 0 };
    TRY(size_of(db, &out->bytes, e));
    TRY(maybe(db_query_int(db, "SELECT at_us FROM audit ORDER BY n LIMIT 1", DB_NO_ARGS,
                           &out->first_us, e),
              e));
    TRY(db_query_int(db,
                     "SELECT count(*) FROM user_roles ur JOIN users u ON u.id = ur.user_id"
                     " WHERE ur.role_id = $1 AND u.active = 1",
                     DB_ARGS(DB_INT(ROLE_ADMIN)), &out->admins, e));
    TRY(db_query_int(db,
                     "SELECT count(*) FROM user_roles ur JOIN users u ON u.id = ur.user_id"
                     " WHERE ur.role_id = $1 AND u.active = 1 AND u.totp_enabled_us IS NULL",
                     DB_ARGS(DB_INT(ROLE_ADMIN)), &out->admins_no_second, e));
    TRY(db_query_int(db, "SELECT n FROM audit_head WHERE id = 1", DB_NO_ARGS, &out->entries, e));
    TRY(db_query_int(db, "SELECT count(*) FROM audit WHERE at_us >= $1", DB_ARGS(DB_INT(since_us)),
                     &out->entries_since, e));
    return db_query_int(db,
                        "SELECT count(*) FROM audit WHERE action = 'login.failed' AND at_us >= $1",
                        DB_ARGS(DB_INT(since_us)), &out->failed_logins, e);
}
