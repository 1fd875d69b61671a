/* The SQLite driver. */
#include "base/clock.h"
#include "store/db_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

enum {
    PROGRESS_OPS = 4000, /* virtual machine steps between two looks at the clock */
    BUSY_MS = 5000,      /* another process (a migration, a command) holds the write lock */
    CACHE_READ_KIB = 6 * 1024,
    CACHE_WRITE_KIB = 8 * 1024,
    JOURNAL_IN_MEMORY = 127 * 1024, /* spilled in one write, of which SQLite does 128 KiB at most */
    JOURNAL_MAX_BYTES = 64 * 1024 * 1024, /* a longer log is cut when it begins anew */
};

struct sqlite_conn {
    sqlite3 *h;
    int64_t rowid;       /* of the last insert whose statement gives_rowid */
    int64_t deadline_us; /* of the running step; 0: not looked at the clock yet */
};

static sqlite3 *handle(const struct db *db)
{
    return ((struct sqlite_conn *)db->conn)->h;
}

/* ---- Errors ---- */

struct code {
    int sqlite;
    enum rc rc;
    const char *code, *detail;
};

/* The extended code is looked for first, then the primary one. */
static const struct code codes[] = {
    { SQLITE_CONSTRAINT_UNIQUE, RC_CONFLICT, "unique", "This value is already taken." },
    { SQLITE_CONSTRAINT_PRIMARYKEY, RC_CONFLICT, "unique", "This value is already taken." },
    { SQLITE_CONSTRAINT_ROWID, RC_CONFLICT, "unique", "This value is already taken." },
    { SQLITE_CONSTRAINT_FOREIGNKEY, RC_CONFLICT, "reference", "Something that this refers to is missing, or this is still in use." },
    { SQLITE_CONSTRAINT_CHECK, RC_CONFLICT, "check", "This value is not allowed." },
    { SQLITE_FULL, RC_FULL, "", "There is no space left." },
    { SQLITE_IOERR_WRITE, RC_FULL, "", "The disk refuses to write." },
    { SQLITE_IOERR_SHMSIZE, RC_FULL, "", "There is no space left." },
    { SQLITE_BUSY, RC_BUSY, "", "The database is busy; try again." },
    { SQLITE_LOCKED, RC_BUSY, "", "The database is busy; try again." },
    { SQLITE_INTERRUPT, RC_BUSY, "", "The database took too long." },
    { SQLITE_CANTOPEN, RC_BUSY, "", "The database cannot be opened." },
};

static const struct code *code_find(int sqlite)
{
    for (size_t i = 0; i < ARRAY_LEN(codes); i++)
        if (codes[i].sqlite == sqlite)
            return &codes[i];
    return NULL;
}

static enum rc fail(sqlite3 *h, const char *sql, struct err *e)
{
    int ext = sqlite3_extended_errcode(h);
    const struct code *c = code_find(ext);

    if (!c)
        c = code_find(ext & 0xff);
    if (!c)
        return err_fail(e, "sqlite %d: %s; %.120s", ext, sqlite3_errmsg(h), sql);
    err_set(e, c->rc, c->code, "%s", c->detail);
    snprintf(e->internal, sizeof(e->internal), "sqlite %d: %s; %.120s", ext, sqlite3_errmsg(h), sql);
    return e->rc;
}

/* ---- Opening ---- */

void db_sqlite_init(void)
{
    /* Each connection stays with one thread; accounting memory takes a global lock; what one
     * request of a batch touches should fit into memory, to be undone if need be. */
    sqlite3_config(SQLITE_CONFIG_MULTITHREAD);
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    sqlite3_config(SQLITE_CONFIG_STMTJRNL_SPILL, JOURNAL_IN_MEMORY);
    sqlite3_initialize();
}

static int progress(void *arg)
{
    const struct db *db = arg;
    struct sqlite_conn *c = db->conn;
    int64_t now = clock_mono_us();

    if (c->deadline_us == 0)
        c->deadline_us = now + db->limit_ms * US_PER_MS;
    return db->limit_ms > 0 && now > c->deadline_us;
}

void db_sqlite_checkpoint(struct db *db)
{
    ((struct sqlite_conn *)db->conn)->deadline_us = 0;
    (void)sqlite3_wal_checkpoint_v2(handle(db), NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
}

/* After each commit: how long the log is. */
static int log_grew(void *arg, sqlite3 *h, const char *name, int pages)
{
    struct db *db = arg;

    (void)h, (void)name;
    if (!checkpoint_ask(&db->store->checkpointer, pages))
        db_sqlite_checkpoint(db);
    return SQLITE_OK;
}

/* No temp_store in memory: a statement journal wholly in memory is walked from its start whenever a
 * savepoint ends, which made a large transaction quadratic (four fifths of its time). */
static enum rc pragmas(struct db *db, sqlite3 *h, struct err *e)
{
    bool write = db->access == DB_WRITE;
    char text[512];

    snprintf(text, sizeof(text),
             "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
             "PRAGMA trusted_schema = OFF; PRAGMA secure_delete = FAST;"
             "PRAGMA cache_size = -%d; PRAGMA mmap_size = 0; PRAGMA wal_autocheckpoint = 0;"
             "PRAGMA journal_size_limit = %d; PRAGMA query_only = %s",
             write ? CACHE_WRITE_KIB : CACHE_READ_KIB, JOURNAL_MAX_BYTES, write ? "OFF" : "ON");
    if (sqlite3_exec(h, text, NULL, NULL, NULL) != SQLITE_OK)
        return fail(h, text, e);
    return RC_OK;
}

/* The file, its log and its index get the mode of the first: readable by the owner alone.
 * A file that is there is not opened: closing it would drop the locks that this process's other
 * connections hold (POSIX), and another process would then remove the log under them. */
static enum rc create_private(const char *path, struct err *e)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd < 0 && errno == EEXIST)
        return RC_OK;
    if (fd < 0) {
        err_set(e, RC_BUSY, "", "%s", "The database cannot be opened.");
        snprintf(e->internal, sizeof(e->internal), "open %s: %m", path);
        return e->rc;
    }
    close(fd);
    return RC_OK;
}

static enum rc sqlite_open(struct db *db, struct err *e)
{
    const struct store *s = db->store;
    struct sqlite_conn *c;
    sqlite3 *h = NULL;

    TRY(create_private(s->path, e));
    if (sqlite3_open_v2(s->path, &h, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
        enum rc rc = fail(h, s->path, e);

        sqlite3_close(h);
        return rc;
    }
    sqlite3_extended_result_codes(h, 1);
    sqlite3_busy_timeout(h, BUSY_MS);
    sqlite3_db_config(h, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, s->opts.keep_log, NULL);
    sqlite3_db_config(h, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(h, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
    sqlite3_db_config(h, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
    if (pragmas(db, h, e) != RC_OK) {
        sqlite3_close(h);
        return e->rc;
    }
    c = calloc(1, sizeof(*c));
    INVARIANT(c);
    c->h = h;
    db->conn = c;
    if (db->access == DB_WRITE)
        sqlite3_wal_hook(h, log_grew, db);
    if (db->limit_ms > 0)
        sqlite3_progress_handler(h, PROGRESS_OPS, progress, db);
    return RC_OK;
}

static enum rc ready(struct db *db, struct err *e)
{
    return db->conn ? RC_OK : sqlite_open(db, e);
}

static void close_conn(struct db *db)
{
    struct sqlite_conn *c = db->conn;

    if (!c)
        return;
    sqlite3_close_v2(c->h);
    free(c);
    db->conn = NULL;
}

static bool in_tx(const struct db *db)
{
    return db->conn && !sqlite3_get_autocommit(handle(db));
}

/* ---- Statements ---- */

/* SQLite numbers $1, $2 by where they first stand; ?1, ?2 say which they are.  Same length. */
static void renumber(char *z)
{
    char quote = 0;

    for (; *z; z++) {
        if (quote)
            quote = *z == quote ? 0 : quote;
        else if (*z == '\'' || *z == '"')
            quote = *z;
        else if (*z == '$' && z[1] >= '1' && z[1] <= '9')
            *z = '?';
    }
}

/* For SQLite, RETURNING makes of a plain insert a statement that keeps a journal of its own, and
 * that has FTS5 write down the words it has gathered: 45 µs each time.  The number of the row is at
 * hand anyway.  Only for one row of VALUES; every id of ours is the rowid. */
static bool cut_returning(char *z, size_t n)
{
    static const char end[] = " RETURNING id", begin[] = "INSERT INTO ";
    size_t cut = n - (sizeof(end) - 1);

    if (n < sizeof(end) || strcmp(z + cut, end) != 0 || strncmp(z, begin, sizeof(begin) - 1) != 0
        || strstr(z, "ON CONFLICT") || strstr(z, "SELECT") || strstr(z, "), ("))
        return false;
    z[cut] = '\0';
    return true;
}

static enum rc prepare(struct db *db, struct db_stmt *st, struct db_args args, struct err *e)
{
    char *z = strndup(st->text, st->n);
    sqlite3_stmt *h = NULL;
    enum rc rc = RC_OK;

    INVARIANT(z);
    renumber(z);
    st->gives_rowid = cut_returning(z, st->n);
    if (sqlite3_prepare_v3(handle(db), z, -1, SQLITE_PREPARE_PERSISTENT, &h, NULL) != SQLITE_OK)
        rc = fail(handle(db), st->text, e);
    else if (!h || (size_t)sqlite3_bind_parameter_count(h) != args.n)
        rc = err_fail(e, "%zu values for: %.120s", args.n, st->text);
    free(z);
    st->h = h;
    return rc;
}

static void finalize(struct db *db, struct db_stmt *st)
{
    (void)db;
    sqlite3_finalize(st->h);
    st->h = NULL;
}

/* Borrowed values: they outlive the statement's run only up to the first step of each row, so
 * texts are kept by SQLite unless the statement writes (which is done after the first step). */
static int bind(sqlite3_stmt *h, int at, const struct db_val *v, sqlite3_destructor_type keep)
{
    switch (v->type) {
    case DB_T_INT:
        return sqlite3_bind_int64(h, at, v->i);
    case DB_T_TEXT:
        return v->s.p ? sqlite3_bind_text64(h, at, v->s.p, v->s.n, keep, SQLITE_UTF8)
                      : sqlite3_bind_null(h, at);
    case DB_T_BLOB:
        return v->s.p ? sqlite3_bind_blob64(h, at, v->s.p, v->s.n, keep) : sqlite3_bind_null(h, at);
    case DB_T_NULL:
        break;
    }
    return sqlite3_bind_null(h, at);
}

/* r->n_rows: 1 while a row is there; r->row: 0 until that row has been handed out, -1 failed. */
static enum rc step(struct db_rows *r, struct err *e)
{
    struct sqlite_conn *c = r->db->conn;
    int got;

    c->deadline_us = 0;
    got = sqlite3_step(r->st->h);
    r->n_rows = got == SQLITE_ROW || (got == SQLITE_DONE && r->st->gives_rowid);
    r->row = 0;
    if (got == SQLITE_DONE && r->st->gives_rowid)
        c->rowid = sqlite3_last_insert_rowid(c->h);
    if (got == SQLITE_ROW || got == SQLITE_DONE)
        return RC_OK;
    r->row = -1;
    return fail(handle(r->db), r->st->text, e);
}

static enum rc run(struct db *db, struct db_rows *r, struct db_args args, struct err *e)
{
    sqlite3_stmt *h = r->st->h;
    sqlite3_destructor_type keep = sqlite3_stmt_readonly(h) ? SQLITE_TRANSIENT : SQLITE_STATIC;

    if ((size_t)sqlite3_bind_parameter_count(h) != args.n)
        return err_fail(e, "%zu values for: %.120s", args.n, r->st->text);
    for (size_t i = 0; i < args.n; i++)
        if (bind(h, (int)i + 1, &args.v[i], keep) != SQLITE_OK)
            return fail(handle(db), r->st->text, e);
    return step(r, e);
}

static bool next(struct db_rows *r, struct err *e)
{
    if (r->n_rows == 0)
        return false;
    if (r->row == 0) {
        r->row = 1;
        return true;
    }
    if (r->st->gives_rowid)
        return false; /* a step more would insert again */
    if (step(r, e) != RC_OK || r->n_rows == 0)
        return false;
    r->row = 1;
    return true;
}

static void reset(struct db_rows *r)
{
    sqlite3_reset(r->st->h);
    sqlite3_clear_bindings(r->st->h);
}

static int64_t changed(const struct db_rows *r)
{
    return sqlite3_changes64(handle(r->db));
}

static int64_t col_int(const struct db_rows *r, int col)
{
    return r->st->gives_rowid ? ((struct sqlite_conn *)r->db->conn)->rowid : sqlite3_column_int64(r->st->h, col);
}

static bool col_null(const struct db_rows *r, int col)
{
    return !r->st->gives_rowid && sqlite3_column_type(r->st->h, col) == SQLITE_NULL;
}

/* Through the value at once: each sqlite3_column_ call looks the column up anew.  Texts are read as
 * blobs: the same bytes (the database is UTF-8), but not copied for a NUL at their end. */
static struct str col_view(const struct db_rows *r, int col)
{
    sqlite3_value *v = sqlite3_column_value(r->st->h, col);
    const char *p;

    switch (sqlite3_value_type(v)) {
    case SQLITE_NULL:
        return STR_NONE;
    case SQLITE_TEXT:
    case SQLITE_BLOB:
        p = sqlite3_value_blob(v);
        break;
    default:
        p = (const char *)sqlite3_value_text(v);
    }
    /* An empty one has no address, but it is not NULL. */
    return (struct str){ p ? p : "", (size_t)sqlite3_value_bytes(v) };
}

static enum rc script(struct db *db, const char *z, struct err *e)
{
    ((struct sqlite_conn *)db->conn)->deadline_us = 0;
    if (sqlite3_exec(handle(db), z, NULL, NULL, NULL) != SQLITE_OK)
        return fail(handle(db), z, e);
    return RC_OK;
}

const struct db_driver db_sqlite_driver = {
    .kind = DB_SQLITE, .ready = ready, .prepare = prepare, .finalize = finalize, .run = run,
    .next = next, .reset = reset, .changed = changed, .col_int = col_int, .col_null = col_null,
    .col_view = col_view, .script = script, .in_tx = in_tx, .close = close_conn,
};
