/* The front of both drivers: statement cache, rows, transactions, failure injection. */
#include "store/db.h"

#include "base/buf.h"
#include "base/clock.h"
#include "store/db_priv.h"

#include <stdatomic.h>
#include <stdlib.h>

static uint64_t hash_bytes(const void *p, size_t n)
{
    const unsigned char *c = p;
    uint64_t h = 0xcbf29ce484222325u;

    for (size_t i = 0; i < n; i++)
        h = (h ^ c[i]) * 0x100000001b3u;
    return h;
}

static uint64_t hash_address(const char *p)
{
    return ((uint64_t)(uintptr_t)p * 0x9e3779b97f4a7c15u) >> 20;
}

struct db *db_new(struct store *s, const struct db_driver *drv, enum db_access access)
{
    struct db *db = calloc(1, sizeof(*db));

    INVARIANT(db);
    db->drv = drv;
    db->store = s;
    db->access = access;
    db->limit_ms = s->opts.statement_ms > 0 ? s->opts.statement_ms : 0;
    return db;
}

void db_close(struct db **db)
{
    struct db *d = *db;

    if (!d)
        return;
    db_carry(d, NULL, NULL);
    db_ahead_forget(d);
    d->drv->close(d); /* first: a server drops the statements with the connection */
    db_cache_flush(d);
    if (d->access == DB_READ)
        d->store->readers--;
    late_forget(d, 0);
    known_words_forget(d);
    free(d->late);
    free(d);
    *db = NULL;
}

void *db_carried(const struct db *db)
{
    return db->carried;
}

void db_carry(struct db *db, void *p, void (*free_fn)(void *))
{
    if (db->carried)
        db->carried_free(db->carried);
    db->carried = p;
    db->carried_free = free_fn;
}

enum db_kind db_kind(const struct db *db)
{
    return db->drv->kind;
}

int64_t db_reconnects(const struct db *db)
{
    return db->store->reconnects;
}

/* ---- Statement cache ---- */

static void lru_unlink(struct db *db, struct db_stmt *st)
{
    *(st->lru_prev ? &st->lru_prev->lru_next : &db->lru_first) = st->lru_next;
    *(st->lru_next ? &st->lru_next->lru_prev : &db->lru_last) = st->lru_prev;
    st->lru_prev = st->lru_next = NULL;
}

static void lru_push(struct db *db, struct db_stmt *st)
{
    st->lru_next = db->lru_first;
    *(db->lru_first ? &db->lru_first->lru_prev : &db->lru_last) = st;
    db->lru_first = st;
}

static void stmt_free(struct db *db, struct db_stmt *st)
{
    db->drv->finalize(db, st);
    if (st->composed)
        free((void *)(uintptr_t)st->text);
    free(st);
}

static void cache_remove(struct db *db, struct db_stmt *st)
{
    struct db_stmt **at = &db->buckets[st->hash % DB_CACHE_BUCKETS];

    while (*at != st)
        at = &(*at)->hash_next;
    *at = st->hash_next;
    lru_unlink(db, st);
    st->cached = false;
    db->n_cached--;
    if (!st->busy)
        stmt_free(db, st);
}

void db_cache_flush(struct db *db)
{
    while (db->lru_first)
        cache_remove(db, db->lru_first);
}

static void cache_add(struct db *db, struct db_stmt *st)
{
    struct db_stmt **bucket = &db->buckets[st->hash % DB_CACHE_BUCKETS];

    if (db->n_cached == DB_CACHE_MAX)
        cache_remove(db, db->lru_last);
    st->hash_next = *bucket;
    *bucket = st;
    lru_push(db, st);
    st->cached = true;
    db->n_cached++;
}

static struct db_stmt *cache_find(struct db *db, struct str text, bool composed, uint64_t hash)
{
    struct db_stmt *st = db->buckets[hash % DB_CACHE_BUCKETS];

    for (; st; st = st->hash_next) {
        if (st->hash != hash || st->composed != composed || st->n != text.n)
            continue;
        if (composed ? memcmp(st->text, text.p, text.n) == 0 : st->text == text.p)
            return st;
    }
    return NULL;
}

/* A statement that is being read cannot be run a second time: then one for this use alone. */
static enum rc stmt_get(struct db *db, struct str text, bool composed, struct db_args args,
                        struct db_stmt **out, struct err *e)
{
    uint64_t hash = composed ? hash_bytes(text.p, text.n) : hash_address(text.p);
    struct db_stmt *st = cache_find(db, text, composed, hash), *made;
    enum rc rc;

    if (st && !st->busy) {
        if (st != db->lru_first) {
            lru_unlink(db, st);
            lru_push(db, st);
        }
        *out = st;
        return RC_OK;
    }
    made = calloc(1, sizeof(*made));
    INVARIANT(made);
    made->text = text.p;
    made->n = text.n;
    made->hash = hash;
    made->composed = composed;
    made->stat = stmt_stats_place(&db->store->stmts, text);
    if (composed) {
        made->text = strndup(text.p, text.n);
        INVARIANT(made->text);
    }
    rc = db->drv->prepare(db, made, args, e);
    if (rc != RC_OK) {
        stmt_free(db, made);
        return rc;
    }
    trace_statement(db, made, args);
    if (!st)
        cache_add(db, made);
    *out = made;
    return RC_OK;
}

/* ---- Running ---- */

void db_fail_in(struct db *db, int64_t n, enum rc rc)
{
    db->fail_in = n < 0 ? -n : n;
    db->fail_rc = rc;
    db->fail_on = n < 0;
}

static enum rc fail_injected(struct db *db, struct err *e)
{
    if (db->fail_in == 0 || --db->fail_in > 0)
        return RC_OK;
    if (db->fail_on)
        db->fail_in = 1;
    return err_set(e, db->fail_rc, "", "%s", "The database could not do this.");
}

/* An engine may end the whole transaction on an error (disk full, lost connection): what the
 * caller still runs in it must not run outside of it. */
static void note_lost(struct db *db, enum rc rc)
{
    if (rc != RC_OK && db->depth > 0 && !db->lost && !db->drv->in_tx(db))
        db->lost = rc;
}

static enum rc check_lost(struct db *db, struct err *e)
{
    if (db->depth == 0 || db->lost == RC_OK)
        return RC_OK;
    return err_set(e, db->lost, "", "%s", "The database ended the transaction.");
}

void db_rows_end(struct db_rows *r)
{
    struct db_stmt *st = r->st;
    int64_t took_us;

    if (!st)
        return;
    r->st = NULL;
    r->db->drv->reset(&(struct db_rows){ .db = r->db, .st = st, .res = r->res });
    r->res = NULL;
    took_us = clock_mono_us() - st->started_us;
    r->db->time_us += took_us;
    atomic_fetch_add_explicit(&st->stat->time_us, took_us, memory_order_relaxed);
    atomic_fetch_add_explicit(&st->stat->calls, 1, memory_order_relaxed);
    st->busy = false;
    if (!st->cached)
        stmt_free(r->db, st);
}

static enum rc start(struct db *db, struct db_rows *r, struct str text, bool composed, struct db_args args,
                     struct err *e)
{
    struct db_stmt *st;

    TRY(stmt_get(db, text, composed, args, &st, e));
    st->started_us = clock_mono_us();
    st->busy = true;
    r->st = st;
    db->statements++;
    db->tx_statements++;
    return RC_OK;
}

/* ---- One statement ahead ---- */

void db_ahead_forget(struct db *db)
{
    db_rows_end(&db->ahead.rows);
    db->ahead.sql = STR_NONE;
}

void db_ask_ahead(struct db *db, const char *sql, size_t n, struct db_args args)
{
    INVARIANT(args.n <= DB_AHEAD_VALUES);
    if (!db->drv->run_both || !db->is_reading)
        return;
    db_ahead_forget(db);
    db->ahead.sql = (struct str){ sql, n };
    db->ahead.n = args.n;
    for (size_t i = 0; i < args.n; i++) {
        INVARIANT(args.v[i].type == DB_T_INT);
        db->ahead.v[i] = args.v[i];
    }
}

/* The rows of a statement that was sent ahead. */
static bool take_ahead(struct db *db, struct db_rows *r, struct str text, struct db_args args)
{
    struct db_ahead *ah = &db->ahead;
    bool is_it = ah->rows.st && ah->sql.p == text.p && ah->n == args.n;

    for (size_t i = 0; is_it && i < args.n; i++)
        is_it = args.v[i].type == DB_T_INT && args.v[i].i == ah->v[i].i;
    if (!is_it)
        return false;
    *r = ah->rows;
    r->st->started_us = clock_mono_us();
    ah->rows = (struct db_rows){ 0 };
    ah->sql = STR_NONE;
    return true;
}

/* Whether something is to go along with what runs next. */
static bool start_ahead(struct db *db)
{
    struct db_ahead *ah = &db->ahead;

    if (!ah->sql.p || ah->rows.st)
        return false;
    err_clear(&db->undo_err);
    ah->rows = (struct db_rows){ .db = db };
    if (start(db, &ah->rows, ah->sql, false, (struct db_args){ ah->v, ah->n }, &db->undo_err) == RC_OK)
        return true;
    ah->sql = STR_NONE;
    return false;
}

static enum rc run_once(struct db *db, struct db_rows *r, struct str text, bool composed,
                        struct db_args args, struct err *e)
{
    enum rc rc;

    TRY(db->drv->ready(db, e));
    TRY(start(db, r, text, composed, args, e));
    if (!start_ahead(db))
        rc = db->drv->run(db, r, args, e);
    else if ((rc = db->drv->run_both(db, r, args, &db->ahead, e)) != RC_OK || !db->ahead.rows.res)
        db_ahead_forget(db);
    if (rc != RC_OK)
        db_rows_end(r);
    return rc;
}

/* A connection that broke while nothing of ours was under way is made anew unnoticed. */
static bool may_run_again(struct db *db, struct str text)
{
    return db->depth == 0 && db->drv->is_gone && db->drv->is_gone(db)
           && (db->access == DB_READ || str_eq(text, STR("BEGIN")));
}

static enum rc run(struct db *db, struct db_rows *r, struct str text, bool composed,
                   struct db_args args, struct err *e)
{
    bool was_there = db->drv->is_gone && !db->drv->is_gone(db);
    enum rc rc;

    *r = (struct db_rows){ .db = db };
    INVARIANT(args.n <= DB_PARAMS_MAX);
    TRY(check_lost(db, e));
    TRY(fail_injected(db, e));
    if (take_ahead(db, r, text, args))
        return RC_OK;
    rc = run_once(db, r, text, composed, args, e);
    if (rc != RC_OK && was_there && may_run_again(db, text)) {
        err_clear(e);
        rc = run_once(db, r, text, composed, args, e);
    }
    if (rc != RC_OK) {
        db->store->errors++;
        note_lost(db, rc);
    }
    return rc;
}

enum rc db_query_(struct db *db, struct db_rows *r, const char *sql, size_t n, struct db_args args,
                  struct err *e)
{
    return run(db, r, (struct str){ sql, n }, false, args, e);
}

enum rc db_run_text(struct db *db, struct db_rows *r, struct str text, struct db_args args,
                    struct err *e)
{
    return run(db, r, text, true, args, e);
}

enum rc db_query_sql(struct db *db, struct db_rows *r, const struct sql *q, struct err *e)
{
    return run(db, r, (struct str){ q->text->p, q->text->n }, true, (struct db_args){ q->v, q->n }, e);
}

static enum rc exec_rest(struct db_rows *r, int64_t *changed, struct err *e)
{
    while (db_next(r, e))
        ;
    if (!r->st)
        return e->rc;
    if (changed)
        *changed = r->db->drv->changed(r);
    db_rows_end(r);
    return RC_OK;
}

enum rc db_exec_(struct db *db, const char *sql, size_t n, struct db_args args, int64_t *changed,
                 struct err *e)
{
    struct db_rows r;

    TRY(run(db, &r, (struct str){ sql, n }, false, args, e));
    return exec_rest(&r, changed, e);
}

enum rc db_exec_sql(struct db *db, const struct sql *q, int64_t *changed, struct err *e)
{
    struct db_rows r;

    TRY(db_query_sql(db, &r, q, e));
    return exec_rest(&r, changed, e);
}

enum rc db_query_int_(struct db *db, const char *sql, size_t n, struct db_args args, int64_t *out,
                      struct err *e)
{
    struct db_rows r CLEAN(db_rows_end);
    int64_t v;

    TRY(run(db, &r, (struct str){ sql, n }, false, args, e));
    if (!db_next(&r, e))
        return r.st ? err_set(e, RC_NOT_FOUND, "", "%s", "There is no such entry.") : e->rc;
    v = db_int(&r, 0);
    /* SQLite checks foreign keys at the end of an INSERT … RETURNING, behind its rows. */
    while (db_next(&r, e))
        ;
    if (!r.st)
        return e->rc;
    *out = v;
    return RC_OK;
}

enum rc db_script(struct db *db, struct str text, struct err *e)
{
    char *z = strndup(text.p ? text.p : "", text.n);
    enum rc rc;

    INVARIANT(z);
    rc = check_lost(db, e);
    if (rc == RC_OK)
        rc = fail_injected(db, e);
    if (rc == RC_OK)
        rc = db->drv->ready(db, e);
    if (rc == RC_OK) {
        rc = db->drv->script(db, z, e);
        db->tx_statements++;
        note_lost(db, rc);
    }
    free(z);
    return rc;
}

/* ---- Rows ---- */

/* At the end r->st stays, so that a failure (which ends the rows) can be told from it. */
bool db_next(struct db_rows *r, struct err *e)
{
    if (!r->st)
        return false;
    if (r->db->drv->next(r, e))
        return true;
    if (r->row < 0) {
        r->db->store->errors++;
        note_lost(r->db, e->rc);
        db_rows_end(r);
    }
    return false;
}

int64_t db_int(const struct db_rows *r, int col)
{
    return r->db->drv->col_int(r, col);
}

bool db_is_null(const struct db_rows *r, int col)
{
    return r->db->drv->col_null(r, col);
}

struct str db_view(struct db_rows *r, int col)
{
    return r->db->drv->col_view(r, col);
}

struct str db_text(struct db_rows *r, int col, struct arena *a)
{
    struct str s = r->db->drv->col_view(r, col);

    return s.p ? str_dup(s, a) : s;
}

int64_t db_take_time_us(struct db *db, int64_t *statements)
{
    int64_t t = db->time_us;

    if (statements)
        *statements = db->statements;
    db->time_us = db->statements = 0;
    return t;
}
