#include "store/wal.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    LOG_HEAD = 32,          /* of the log file */
    LOG_SEQUENCE_AT = 12,
    INDEX_BYTES = 32 * 1024, /* the first part of the index, which SQLite maps */
    INDEX_HEAD = 48,        /* twice, then the number of frames that are in the file */
    HEAD_PAGE_SIZE = 14,
    HEAD_FRAMES = 16,
    HEAD_PAGES = 20,
    HEAD_SALT = 32,
    TRIES = 10000, /* each lasts microseconds; a commit in between spoils one */
    BUSY_MS = 5000,
};

struct wal_reader {
    sqlite3 *h;
    bool held;
    struct wal_view view;  /* of the held place */
    uint32_t *frame_of;    /* owner; per page its last frame up to the place, 0: in the file */
};

static enum rc fail(struct wal_reader *r, const char *what, struct err *e)
{
    int code = r->h ? sqlite3_extended_errcode(r->h) : 0;

    err_fail(e, "%s: sqlite %d: %s", what, code, r->h ? sqlite3_errmsg(r->h) : "no memory");
    snprintf(e->detail, sizeof(e->detail), "The database cannot be read for the backup.");
    return e->rc;
}

static enum rc run(struct wal_reader *r, const char *sql, struct err *e)
{
    return sqlite3_exec(r->h, sql, NULL, NULL, NULL) == SQLITE_OK ? RC_OK : fail(r, sql, e);
}

enum rc wal_reader_open(const char *path, struct wal_reader **out, struct err *e)
{
    struct wal_reader *r;
    enum rc rc;

    if (access(path, F_OK) != 0)
        return err_set(e, RC_NOT_FOUND, "", "There is no database %.100s.", path);
    r = calloc(1, sizeof(*r));
    INVARIANT(r);
    if (sqlite3_open_v2(path, &r->h, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL)
        != SQLITE_OK) {
        rc = fail(r, "open", e);
        wal_reader_close(&r);
        return rc;
    }
    sqlite3_busy_timeout(r->h, BUSY_MS);
    sqlite3_db_config(r->h, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    rc = run(r, "PRAGMA query_only = ON; PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -256", e);
    if (rc != RC_OK)
        wal_reader_close(&r);
    *out = r;
    return rc;
}

void wal_reader_close(struct wal_reader **rp)
{
    struct wal_reader *r = *rp;

    if (!r)
        return;
    wal_release(r);
    sqlite3_close(r->h);
    free(r);
    *rp = NULL;
}

/* ---- the place ---- */

static sqlite3_file *file_of(struct wal_reader *r, int which)
{
    sqlite3_file *f = NULL;

    sqlite3_file_control(r->h, "main", which, &f);
    return f && f->pMethods ? f : NULL;
}

/* The index of the log, in memory that all readers and writers share. */
static const volatile unsigned char *index_of(struct wal_reader *r)
{
    sqlite3_file *f = file_of(r, SQLITE_FCNTL_FILE_POINTER);
    void volatile *p = NULL;

    if (!f || f->pMethods->iVersion < 2 || !f->pMethods->xShmMap
        || f->pMethods->xShmMap(f, 0, INDEX_BYTES, 0, &p) != SQLITE_OK)
        return NULL;
    return p;
}

static void copy_out(unsigned char *to, const volatile unsigned char *from, size_t n)
{
    for (size_t i = 0; i < n; i++)
        to[i] = from[i];
}

static uint32_t native32(const unsigned char *p)
{
    uint32_t v;

    memcpy(&v, p, sizeof(v));
    return v;
}

static void read_head(const unsigned char *head, struct wal_view *out)
{
    uint16_t size;

    memcpy(&size, head + HEAD_PAGE_SIZE, sizeof(size));
    out->page_size = size == 1 ? WAL_PAGE_MAX : size;
    out->place.frame = native32(head + HEAD_FRAMES);
    out->n_pages = native32(head + HEAD_PAGES);
    memcpy(out->place.salt, head + HEAD_SALT, WAL_SALT_LEN);
}

/* The head of the index was the same before and after the transaction began: that is its place.
 * Returns false when somebody committed in between. */
static bool begin_once(struct wal_reader *r, enum rc *rc, struct err *e)
{
    unsigned char before[INDEX_HEAD], after[INDEX_HEAD], done[sizeof(uint32_t)];
    const volatile unsigned char *index = index_of(r);

    if (index)
        copy_out(before, index, INDEX_HEAD);
    *rc = run(r, "BEGIN; SELECT count(*) FROM sqlite_schema WHERE rowid = 1", e);
    if (*rc != RC_OK)
        return true;
    if (!index) { /* the first time: now it is mapped */
        wal_release(r);
        return index_of(r) == NULL ? (*rc = fail(r, "not in WAL mode", e), true) : false;
    }
    copy_out(done, index + 2 * (size_t)INDEX_HEAD, sizeof(done));
    copy_out(after, index, INDEX_HEAD);
    if (memcmp(before, after, INDEX_HEAD) != 0)
        return false;
    read_head(after, &r->view);
    r->view.backfilled = native32(done);
    return true;
}

enum rc wal_hold(struct wal_reader *r, struct wal_view *out, struct err *e)
{
    enum rc rc = RC_OK;

    for (int i = 0; i < TRIES; i++) {
        r->held = true;
        if (begin_once(r, &rc, e)) {
            if (rc != RC_OK)
                wal_release(r);
            *out = r->view;
            return rc;
        }
        wal_release(r);
    }
    return err_set(e, RC_BUSY, "", "The database changes too fast to be looked at.");
}

void wal_release(struct wal_reader *r)
{
    if (r->held)
        sqlite3_exec(r->h, "ROLLBACK", NULL, NULL, NULL);
    r->held = false;
    free(r->frame_of);
    r->frame_of = NULL;
}

/* ---- bytes ---- */

static int64_t frame_at(const struct wal_reader *r, uint32_t number)
{
    return LOG_HEAD + (int64_t)(number - 1) * (WAL_FRAME_HEAD + (int64_t)r->view.page_size);
}

static enum rc read_at(struct wal_reader *r, int which, void *out, size_t n, int64_t at,
                       struct err *e)
{
    sqlite3_file *f = file_of(r, which);

    if (!f || f->pMethods->xRead(f, out, (int)n, at) != SQLITE_OK)
        return fail(r, which == SQLITE_FCNTL_FILE_POINTER ? "read the file" : "read the log", e);
    return RC_OK;
}

static enum rc check_salt(const struct wal_reader *r, const unsigned char *head, struct err *e)
{
    if (memcmp(head + 8, r->view.place.salt, WAL_SALT_LEN) != 0)
        return err_fail(e, "the log was begun anew under its reader");
    return RC_OK;
}

enum rc wal_frames(struct wal_reader *r, uint32_t first, uint32_t n, void *out, struct err *e)
{
    size_t each = WAL_FRAME_HEAD + (size_t)r->view.page_size;

    INVARIANT(r->held && first > 0 && first + n - 1 <= r->view.place.frame);
    TRY(read_at(r, SQLITE_FCNTL_JOURNAL_POINTER, out, n * each, frame_at(r, first), e));
    for (uint32_t i = 0; i < n; i++)
        TRY(check_salt(r, (unsigned char *)out + i * each, e));
    return RC_OK;
}

static uint32_t big32(const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

enum rc wal_sequence(struct wal_reader *r, uint32_t *out, struct err *e)
{
    unsigned char head[LOG_HEAD];

    TRY(read_at(r, SQLITE_FCNTL_JOURNAL_POINTER, head, sizeof(head), 0, e));
    *out = big32(head + LOG_SEQUENCE_AT);
    return RC_OK;
}

/* Which pages are to be read from the log.  When all frames up to the place are in the file, none
 * is: and then the log may be begun anew at any time. */
static enum rc map_pages(struct wal_reader *r, struct err *e)
{
    unsigned char head[WAL_FRAME_HEAD];

    r->frame_of = calloc((size_t)r->view.n_pages + 1, sizeof(*r->frame_of));
    INVARIANT(r->frame_of);
    if (r->view.backfilled >= r->view.place.frame)
        return RC_OK;
    for (uint32_t i = 1; i <= r->view.place.frame; i++) {
        uint32_t page;

        TRY(read_at(r, SQLITE_FCNTL_JOURNAL_POINTER, head, sizeof(head), frame_at(r, i), e));
        TRY(check_salt(r, head, e));
        page = big32(head);
        if (page <= r->view.n_pages)
            r->frame_of[page] = i;
    }
    return RC_OK;
}

enum rc wal_page(struct wal_reader *r, uint32_t number, void *out, struct err *e)
{
    size_t n = r->view.page_size;
    uint32_t frame;

    INVARIANT(r->held && number > 0 && number <= r->view.n_pages);
    if (!r->frame_of)
        TRY(map_pages(r, e));
    frame = r->frame_of[number];
    if (frame)
        return read_at(r, SQLITE_FCNTL_JOURNAL_POINTER, out, n, frame_at(r, frame) + WAL_FRAME_HEAD,
                       e);
    return read_at(r, SQLITE_FCNTL_FILE_POINTER, out, n, (int64_t)(number - 1) * (int64_t)n, e);
}

enum rc wal_blobs(struct wal_reader *r,
                  enum rc (*each)(void *arg, struct str hash, int64_t size, int64_t refs,
                                  struct err *e),
                  void *arg, struct err *e)
{
    sqlite3_stmt *st = NULL;
    enum rc rc = RC_OK;
    int got;

    if (sqlite3_prepare_v2(r->h, "SELECT hash, size, refs FROM blobs ORDER BY hash", -1, &st, NULL)
        != SQLITE_OK)
        return fail(r, "attachments", e);
    while (rc == RC_OK && (got = sqlite3_step(st)) == SQLITE_ROW) {
        struct str hash = { (const char *)sqlite3_column_text(st, 0),
                            (size_t)sqlite3_column_bytes(st, 0) };

        rc = each(arg, hash, sqlite3_column_int64(st, 1), sqlite3_column_int64(st, 2), e);
    }
    if (rc == RC_OK && got != SQLITE_DONE)
        rc = fail(r, "attachments", e);
    sqlite3_finalize(st);
    return rc;
}

/* ---- checkpoints ---- */

void wal_checkpoint(struct wal_reader *r)
{
    (void)sqlite3_wal_checkpoint_v2(r->h, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
}

enum rc wal_checkpoint_whole(struct wal_reader *r, int64_t ms, uint32_t *frames, struct err *e)
{
    int in_log = -1, done = -1, got;

    INVARIANT(!r->held);
    sqlite3_busy_timeout(r->h, (int)ms);
    got = sqlite3_wal_checkpoint_v2(r->h, NULL, SQLITE_CHECKPOINT_RESTART, &in_log, &done);
    sqlite3_busy_timeout(r->h, BUSY_MS);
    if (got != SQLITE_OK || in_log < 0 || in_log != done)
        return err_set(e, RC_BUSY, "", "The log is still being read.");
    *frames = (uint32_t)in_log;
    return RC_OK;
}

/* ---- frames elsewhere ---- */

static bool write_at(int fd, const unsigned char *p, size_t n, int64_t at)
{
    while (n > 0) {
        ssize_t did = pwrite(fd, p, n, at);

        if (did < 0 && errno == EINTR)
            continue;
        if (did <= 0)
            return false;
        p += did, n -= (size_t)did, at += did;
    }
    return true;
}

enum rc wal_apply(int fd, const void *frames, uint32_t n, uint32_t page_size, uint32_t *pages,
                  struct err *e)
{
    const unsigned char *p = frames;

    for (uint32_t i = 0; i < n; i++, p += WAL_FRAME_HEAD + page_size) {
        uint32_t page = big32(p), commit = big32(p + 4);

        if (page == 0)
            return err_set(e, RC_FAIL, "backup_damaged", "A shipped change names no page.");
        if (!write_at(fd, p + WAL_FRAME_HEAD, page_size, (int64_t)(page - 1) * page_size))
            return err_set(e, errno == ENOSPC ? RC_FULL : RC_FAIL, "file",
                           "cannot write the database: %s", strerror(errno));
        if (commit)
            *pages = commit;
    }
    return RC_OK;
}
