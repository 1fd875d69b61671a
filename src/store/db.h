/* One database connection: SQLite or PostgreSQL behind one SQL text with $1 parameters.
 *
 * SQL is a literal, or composed from literals and values with struct sql; statements are prepared
 * once per connection (keyed by the literal's address, or by the composed text).  The dialect that
 * both engines share is in c-style.md, section 8.
 * A connection belongs to one thread at a time.  Rows and values borrowed from a struct db_rows
 * live until the next db_next() or db_rows_end(); db_text(…, a) copies into the arena.
 *
 * Errors: RC_RETRY serialisation failure or deadlock (rerun the whole request), RC_BUSY the
 * database cannot be reached or timed out before anything was done, RC_FULL disk full, RC_CONFLICT
 * a unique or foreign key or a check was violated (code "unique", "reference", "check"), RC_FAIL
 * anything else, and a connection that broke while committing. */
#ifndef STORE_DB_H
#define STORE_DB_H

#include "base/arena.h"
#include "base/defs.h"
#include "base/err.h"
#include "base/str.h"

struct db;

enum db_kind { DB_SQLITE, DB_POSTGRES };

enum db_type { DB_T_NULL, DB_T_INT, DB_T_TEXT, DB_T_BLOB };

struct db_val {
    enum db_type type;
    int64_t i;
    struct str s;
};

struct db_args {
    const struct db_val *v;
    size_t n;
};

#define DB_INT(x) ((struct db_val){ .type = DB_T_INT, .i = (x) })
/* A view without an address (STR_NONE) is stored as NULL. */
#define DB_TEXT(x) ((struct db_val){ .type = DB_T_TEXT, .s = (x) })
#define DB_BLOB(x) ((struct db_val){ .type = DB_T_BLOB, .s = (x) })
#define DB_NULL ((struct db_val){ .type = DB_T_NULL })
/* A reference that may be absent: 0 is stored as NULL. */
#define DB_ID(x) db_id_val(x)
static inline struct db_val db_id_val(int64_t id)
{
    return id ? DB_INT(id) : DB_NULL;
}
#define DB_ARGS(...)                                                                               \
    ((struct db_args){ (const struct db_val[]){ __VA_ARGS__ },                                     \
                       sizeof((const struct db_val[]){ __VA_ARGS__ }) / sizeof(struct db_val) })
#define DB_NO_ARGS ((struct db_args){ 0 })

struct db_rows {
    struct db *db;
    struct db_stmt *st; /* NULL: ended */
    void *res;          /* PGresult */
    int row, n_rows;
};

/* Runs a statement that answers rows.  Use CLEAN(db_rows_end). */
#define db_query(db, r, sql, args, e) db_query_((db), (r), "" sql, sizeof(sql) - 1, (args), (e))
/* Runs a statement for its effect; *changed (may be NULL) gets the number of rows. */
#define db_exec(db, sql, args, changed, e) db_exec_((db), "" sql, sizeof(sql) - 1, (args), (changed), (e))
/* One row, one integer (RETURNING id, count(*)): RC_NOT_FOUND without a row. */
#define db_query_int(db, sql, args, out, e) db_query_int_((db), "" sql, sizeof(sql) - 1, (args), (out), (e))

enum rc db_query_(struct db *db, struct db_rows *r, const char *sql, size_t n, struct db_args args,
                  struct err *e) MUST_USE;
enum rc db_exec_(struct db *db, const char *sql, size_t n, struct db_args args, int64_t *changed,
                 struct err *e) MUST_USE;
enum rc db_query_int_(struct db *db, const char *sql, size_t n, struct db_args args, int64_t *out,
                      struct err *e) MUST_USE;

/* True while there is a row.  False at the end, or on a failure: then e->rc is not RC_OK. */
bool db_next(struct db_rows *r, struct err *e);
void db_rows_end(struct db_rows *r);

int64_t db_int(const struct db_rows *r, int col); /* NULL reads as 0 */
bool db_is_null(const struct db_rows *r, int col);
struct str db_view(struct db_rows *r, int col);                    /* borrowed */
struct str db_text(struct db_rows *r, int col, struct arena *a);   /* copied; NULL reads as p == NULL */

/* Readers: the connection's next statement takes this one along, and whoever then runs it with the same
 * values before the snapshot's end finds its rows already here: one round trip to PostgreSQL instead of
 * two.  A hint: SQLite needs none, a failure of it goes unnoticed, and it is forgotten when not asked
 * for.  sql: a static text, the same that is run later; values: integers only. */
enum { DB_AHEAD_VALUES = 4 };
void db_ask_ahead(struct db *db, const char *sql, size_t n, struct db_args args);

/* Composed statements: literals plus values only.  $n is written by sql_add: each '?' of the
 * literal takes the next value.
 *     struct sql q = sql_new(a);
 *     sql_add(&q, "SELECT id FROM tickets WHERE group_id = ?", DB_ARGS(DB_INT(g)));
 *     sql_add(&q, " ORDER BY id LIMIT ?", DB_ARGS(DB_INT(n))); */
struct sql {
    struct arena *a;
    struct buf *text;
    struct db_val *v;
    size_t n, cap;
};
struct sql sql_new(struct arena *a);
#define sql_add(q, lit, args) sql_add_((q), "" lit, sizeof(lit) - 1, (args))
void sql_add_(struct sql *q, const char *lit, size_t n, struct db_args args);
/* Everything of another statement, its values with it. */
void sql_add_sql(struct sql *q, const struct sql *more);
/* "?, ?, ?" for a list, the numbers themselves for a long one; an empty list gives NULL, which
 * matches nothing. */
void sql_add_ints(struct sql *q, const int64_t *v, size_t n);
/* " LIMIT n"; a usual page size is written into the text, so that PostgreSQL can plan the statement
 * once: for an unknown number it makes a new plan each time, which costs more than running it. */
void sql_add_limit(struct sql *q, int64_t n);
/* The upper bound of all texts that begin with prefix, bytewise: x >= prefix AND x < this. */
struct str sql_prefix_end(struct str prefix, struct arena *a);
enum rc db_query_sql(struct db *db, struct db_rows *r, const struct sql *q, struct err *e) MUST_USE;
enum rc db_exec_sql(struct db *db, const struct sql *q, int64_t *changed, struct err *e) MUST_USE;

/* Transactions nest (inner ones are savepoints).  db_tx_end() rolls back unless committed. */
struct db_tx {
    struct db *db;
    bool open;
};
enum rc db_tx_begin(struct db *db, struct db_tx *tx, struct err *e) MUST_USE;
enum rc db_tx_commit(struct db_tx *tx, struct err *e) MUST_USE;
void db_tx_end(struct db_tx *tx);

/* Readers: from here to the end all statements see one state of the database, the one at the first
 * of them.  SQLite takes its locks once, not for each statement (a point read costs 0.3 instead of
 * 4 µs).  PostgreSQL would need two round trips for it: nothing is done there.
 * db_snapshot_end() accepts a connection without one. */
enum rc db_snapshot_begin(struct db *db, struct err *e) MUST_USE;
void db_snapshot_end(struct db *db);
/* One number that whoever read it in passing leaves for who needs it next (the catalog's
 * generation, 0: unknown); forgotten at the snapshot's end, never kept outside of one. */
void db_snapshot_note(struct db *db, int64_t number);
int64_t db_snapshot_noted(const struct db *db);

/* For its effect, at the latest right before the commit of the outermost transaction; forgotten
 * with the savepoint that asked for it.  Why: late.c.  Literals and few values only. */
#define db_exec_late(db, sql, args, e) db_exec_late_((db), "" sql, sizeof(sql) - 1, (args), (e))
enum rc db_exec_late_(struct db *db, const char *sql, size_t n, struct db_args args, struct err *e) MUST_USE;

enum db_kind db_kind(const struct db *db);
/* " FOR UPDATE" on PostgreSQL, "" on SQLite (one writer there): for composed reads before a write. */
void sql_for_update(struct sql *q, const struct db *db);
/* Time spent in the database since the last call, and statements run: for Server-Timing and logs. */
int64_t db_take_time_us(struct db *db, int64_t *statements);
/* How often a connection of this store was made anew: after that another server may answer. */
int64_t db_reconnects(const struct db *db);
/* One thing that a connection carries for a layer above it (the catalog's snapshot); freed with the
 * connection by free_fn, or when another one takes its place. */
void *db_carried(const struct db *db);
void db_carry(struct db *db, void *p, void (*free_fn)(void *));
/* Tests: the n-th statement from now fails with rc (0: never). */
void db_fail_in(struct db *db, int64_t n, enum rc rc);

#endif
