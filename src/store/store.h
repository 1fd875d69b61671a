/* The database as a whole: connections for readers, and the write lane.
 *
 * SQLite: every write runs on one thread with group commit.  It opens a transaction, runs each
 * waiting job inside its own savepoint, commits once (one fsync), and only then calls the jobs'
 * done().  A job that fails rolls back to its savepoint alone.
 * PostgreSQL: a pool of writer connections, one transaction a job, rerun on RC_RETRY. */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/defs.h"
#include "base/err.h"
#include "base/str.h"
#include "store/db.h"

struct arena;
struct store;

struct store_opts {
    struct str url;          /* "sqlite:///relative.db", "sqlite:////abs/path.db", "postgres://…" */
    size_t writers;          /* PostgreSQL: writer connections (SQLite has one) */
    size_t queue_cap;        /* write jobs waiting, at most */
    int64_t statement_ms;    /* time-out of one statement; 0: 10 s, below 0: none */
    int64_t connect_ms;
    size_t batch_max;        /* SQLite: jobs in one commit, at most (64) */
    const char *trace_path;  /* tests: each prepared statement is appended to this file; NULL: none */
    bool read_only;          /* takes no changes: store_submit() refuses all */
    bool keep_log;           /* SQLite: the last one to close leaves the log, for backup/ship.h */
};

enum rc store_open(const struct store_opts *o, struct store **out, struct err *e) MUST_USE;
void store_close(struct store **s); /* lets queued writes finish */

/* The files that an address of PostgreSQL names (certificates, keys, password file): at most max. */
size_t store_url_files(struct str url, struct arena *a, const char **out, size_t max);

/* The first host of an address of PostgreSQL that is another machine, empty: none; and its sslmode. */
struct str store_url_remote(struct str url, struct arena *a, struct str *sslmode);
/* The same database and user of PostgreSQL, but of a server that listens on the Unix socket in folder. */
enum rc store_url_at(struct str url, const char *folder, struct arena *a, struct str *out, struct err *e) MUST_USE;

/* A connection of one's own; readers are refused writes by the engine.  PostgreSQL is connected to
 * at the first statement, and again after it was lost, with back-off: meanwhile statements get
 * RC_BUSY at once. */
enum db_access { DB_READ, DB_WRITE };
enum rc store_connect(struct store *s, enum db_access access, struct db **out, struct err *e) MUST_USE;
void db_close(struct db **db);
enum db_kind store_kind(const struct store *s);
struct str store_path(const struct store *s); /* SQLite's file, else empty */
/* One cheap statement over its own connection: latency, or RC_BUSY. */
enum rc store_ping(struct store *s, int64_t *latency_us, struct err *e) MUST_USE;

/* Work that writes.  run() may be called more than once (RC_RETRY, or a batch that is run again):
 * it must start from its inputs each time.  It runs inside a transaction and must not commit.
 * done() is called exactly once, after the commit (or failure), on the writer's thread, without a
 * transaction; rc and err are final. */
struct write_job {
    struct write_job *next;
    enum rc (*run)(struct write_job *j, struct db *db, struct err *e);
    void (*done)(struct write_job *j, enum rc rc);
    struct err *err; /* the owner's; run() fills it */
    bool apart;      /* run() gets no transaction: the lane's own */
    int64_t queued_us, db_us; /* set by the lane: when queued, database time of the run */
};
/* False when the queue is full or the store is closing: nothing was taken. */
bool store_submit(struct store *s, struct write_job *j) MUST_USE;
/* Blocking form for jobs and the command line: runs fn inside a write transaction. */
enum rc store_write(struct store *s, enum rc (*fn)(struct db *db, void *arg, struct err *e), void *arg,
                    struct err *e) MUST_USE;

/* SQLite: moves the write-ahead log into the file and lets the engine look at its statistics.
 * Nothing on PostgreSQL, which does so itself. */
enum rc store_tidy(struct store *s, struct err *e) MUST_USE;

/* SQLite: runs fn on the writer's thread while no transaction is open, and waits for it.  Not from
 * that thread.  Nothing when the store closes. */
void store_between_commits(struct store *s, void (*fn)(void *arg), void *arg);
/* SQLite: from now on the store makes no checkpoints of its own; instead grown() is told, from a
 * writing thread and without waiting, how many frames the log has when it has grown long.  NULL: as
 * before; after that call returned grown() is not called any more. */
void store_own_checkpoints(struct store *s, void (*grown)(void *arg, int frames), void *arg);

struct store_stats {
    size_t waiting, cap, readers, writers;
    int64_t commits, jobs, refused, retries, reconnects, errors, wait_us_total;
};
void store_stats(struct store *s, struct store_stats *out);

/* Statements by what they do, for the metrics: at most cap of them into out; returns how many. */
struct store_statement {
    const char *label; /* "select tickets"; lives as long as the store */
    int64_t calls, time_us;
};
size_t store_statements(struct store *s, struct store_statement *out, size_t cap);

#endif
