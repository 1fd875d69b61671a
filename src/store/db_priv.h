/* Inside of the store: the front (db.c) and its two drivers (db_sqlite.c, db_pg.c).
 * The front owns the statement cache, transactions, failure injection and time keeping; a driver
 * prepares, runs and reads.  Used only by files of src/store. */
#ifndef STORE_DB_PRIV_H
#define STORE_DB_PRIV_H

#include "store/db.h"
#include "store/stmt_stats.h"
#include "store/store.h"

#include <pthread.h>

enum {
    DB_CACHE_MAX = 256,     /* prepared statements a connection keeps */
    DB_CACHE_BUCKETS = 512,
    DB_DEPTH_MAX = 8,       /* a transaction and the savepoints inside it */
    DB_PARAMS_MAX = 999,
};

struct db_stmt {
    struct db_stmt *hash_next, *lru_prev, *lru_next;
    const char *text;   /* NUL-terminated: the literal, or owned when composed */
    size_t n;
    bool composed;
    bool cached;        /* in the cache; else freed at the end of its rows */
    bool busy;          /* a struct db_rows reads it */
    uint64_t hash;
    int64_t started_us;
    struct stmt_stat *stat; /* the store's */
    void *h;            /* the driver's */
    bool gives_rowid;   /* SQLite's: RETURNING id is answered by the driver */
};

/* db_ask_ahead(): asked for, then sent along, then here. */
struct db_ahead {
    struct str sql; /* p == NULL: nothing */
    struct db_val v[DB_AHEAD_VALUES];
    size_t n;
    struct db_rows rows; /* st != NULL: it is here */
};

struct db_driver {
    enum db_kind kind;
    /* Makes sure that there is a connection. */
    enum rc (*ready)(struct db *db, struct err *e);
    /* Prepares st->text; args tell the types. */
    enum rc (*prepare)(struct db *db, struct db_stmt *st, struct db_args args, struct err *e);
    void (*finalize)(struct db *db, struct db_stmt *st);
    /* Binds and runs up to the first row; r->st is set. */
    enum rc (*run)(struct db *db, struct db_rows *r, struct db_args args, struct err *e);
    /* The same, and with one round trip the ahead statement, whose st and res are set (res NULL: it
     * failed); NULL: it would save nothing. */
    enum rc (*run_both)(struct db *db, struct db_rows *r, struct db_args args, struct db_ahead *ahead, struct err *e);
    bool (*next)(struct db_rows *r, struct err *e);
    void (*reset)(struct db_rows *r);
    int64_t (*changed)(const struct db_rows *r);
    int64_t (*col_int)(const struct db_rows *r, int col);
    bool (*col_null)(const struct db_rows *r, int col);
    struct str (*col_view)(const struct db_rows *r, int col);
    /* Several statements without parameters; z ends in a NUL. */
    enum rc (*script)(struct db *db, const char *z, struct err *e);
    /* Whether the engine still has the transaction that the front believes in. */
    bool (*in_tx)(const struct db *db);
    /* Whether there is no connection now (NULL: there always is). */
    bool (*is_gone)(const struct db *db);
    void (*close)(struct db *db);
};

struct db_level {
    bool is_virtual;    /* began before its parent ran anything: needs no savepoint */
    int64_t began_at;   /* db->tx_statements when it began */
    size_t words_at;    /* db->n_words then */
    size_t late_at;     /* db->n_late then */
};

struct db {
    const struct db_driver *drv;
    struct store *store;
    enum db_access access;
    void *conn;         /* the driver's */
    int64_t limit_ms;   /* of one statement; 0: none. Read when connecting */

    struct db_stmt *buckets[DB_CACHE_BUCKETS];
    struct db_stmt *lru_first, *lru_last; /* first: used last */
    size_t n_cached;

    unsigned depth;
    struct db_level levels[DB_DEPTH_MAX];
    int64_t tx_statements;
    struct db_tx snapshot;
    struct db_ahead ahead;
    bool is_reading;    /* between db_snapshot_begin() and its end, on both engines */
    int64_t noted;      /* db_snapshot_note(); 0: nothing */
    struct err undo_err; /* nobody is told of these; too large to be made each time */
    enum rc lost;       /* the engine ended the transaction: all else in it gets this */

    struct word *words; /* owner; to be told after the commit (notify.c) */
    size_t n_words;

    struct late *late;  /* owner; to be run before the commit (late.c) */
    size_t n_late, late_cap;

    struct known_words *known_words; /* owner; search_words.c */

    int64_t time_us, statements;
    int64_t fail_in;
    enum rc fail_rc;
    bool fail_on;       /* fails from then on for ever */

    void *carried;      /* db_carry(): owner through carried_free */
    void (*carried_free)(void *);
};

extern const struct db_driver db_sqlite_driver, db_pg_driver;

/* A connection as store_connect() gives, with a driver's conn to be opened by ready(). */
struct db *db_new(struct store *s, const struct db_driver *drv, enum db_access access);
/* Drops all prepared statements (a new connection does not know them). */
void db_cache_flush(struct db *db);
/* A statement whose text is not a literal of ours in memory for ever: prepared by its content. */
enum rc db_run_text(struct db *db, struct db_rows *r, struct str text, struct db_args args, struct err *e) MUST_USE;
/* Several statements without parameters. */
enum rc db_script(struct db *db, struct str text, struct err *e) MUST_USE;

/* What was asked for ahead is not wanted any more. */
void db_ahead_forget(struct db *db);

void db_sqlite_init(void); /* once a process, before the first connection */

struct writer;
struct listener;

/* checkpoint.c, SQLite only */
struct checkpointer {
    struct store *store;
    pthread_mutex_t lock; /* guards wanted, stop, started */
    pthread_cond_t cond;
    bool wanted, stop, started;
    void (*grown)(void *arg, int frames); /* somebody else decides; under the lock too */
    void *grown_arg;
    pthread_t thread;
    struct db *db; /* owner; the thread's */
};
void checkpoint_init(struct checkpointer *c, struct store *s);
/* The log has so many frames: done here beside the writer, told to who decides instead, or (false)
 * so long that the writer does it. */
bool checkpoint_ask(struct checkpointer *c, int frames);
void checkpoint_own(struct checkpointer *c, void (*grown)(void *arg, int frames), void *arg);
bool checkpoint_is_owned(struct checkpointer *c);
void checkpoint_release(struct checkpointer *c);
void db_sqlite_checkpoint(struct db *db); /* without waiting for anybody */

struct store {
    enum db_kind kind;
    struct store_opts opts; /* url points at url_z */
    char *url_z;            /* owner */
    char *path;             /* SQLite's file, owner */
    struct writer *writer;  /* owner */
    struct checkpointer checkpointer;
    pthread_mutex_t ping_lock; /* guards ping */
    struct db *ping;        /* owner; opened at the first ping */
    int trace_fd;           /* -1: none */
    struct listener *listener; /* owner; NULL: nobody listens */
    _Atomic int64_t readers, reconnects, errors;
    struct stmt_stats stmts;
};

/* What was to be told (notify.c): after the commit, or forgotten down to the first keep. */
void words_tell(struct db *db);
void words_forget(struct db *db, size_t keep);
void listener_free(struct listener **l);

/* late.c: runs what db_exec_late() kept; forgets it down to the first keep_n. */
enum rc late_run(struct db *db, struct err *e) MUST_USE;
void late_forget(struct db *db, size_t keep_n);

/* search_words.c: after a rollback nobody knows which words are in the table. */
void known_words_forget(struct db *db);

/* trace.c */
int trace_open(const char *path);
void trace_statement(const struct db *db, const struct db_stmt *st, struct db_args args);

/* The write lane (writer.c). */
enum rc writer_new(struct store *s, struct writer **out, struct err *e) MUST_USE;
void writer_free(struct writer **w); /* runs what is queued */
bool writer_push(struct writer *w, struct write_job *j) MUST_USE;
bool writer_is_self(const struct writer *w); /* called on one of its threads */
void writer_stats(struct writer *w, struct store_stats *out);

#endif
