#include "desk/audit_verify.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum {
    CHUNK = 500,
    WITNESS_MAX = 256 * 1024 * 1024,
    WITNESS_LINE_MAX = 256,
    CHUNK_BYTES = 256 * 1024 * 1024
};

static const struct {
    const char *name, *words;
} findings[] = {
    [AUDIT_WHOLE] = { "whole", "every entry is as it was written" },
    [AUDIT_ALTERED] = { "altered", "this entry is not what was written" },
    [AUDIT_REMOVED] = { "removed", "this entry is missing" },
    [AUDIT_INSERTED] = { "inserted", "this entry was put in afterwards" },
    [AUDIT_MOVED] = { "moved", "this entry stood elsewhere" },
    [AUDIT_CUT] = { "cut", "the entries from this one on are missing" },
    [AUDIT_HEAD] = { "head", "the head of the chain was altered behind this entry" },
    [AUDIT_OLDER] = { "older", "this entry was witnessed but is missing: the end was cut, or an "
                               "older database restored" },
    [AUDIT_REWRITTEN] = { "rewritten", "this entry is not the one that was witnessed: the log was "
                                       "written anew" },
};

const char *audit_finding_name(enum audit_finding f)
{
    return findings[f].name;
}

const char *audit_finding_words(enum audit_finding f)
{
    return findings[f].words;
}

/* ── walking ── */

struct walk {
    struct db *db;
    struct arena *chunk; /* rows; emptied at each chunk */
    struct audit_row *rows;
    size_t n, i;
    int64_t key; /* n of the last row read, */
    bool has_key;
};

/* The next row, or NULL at the end (e->rc RC_OK) or on failure.  It lives until the chunk ends. */
static const struct audit_row *walk_next(struct walk *w, struct err *e)
{
    struct audit_filter f = {
        .has_key = w->has_key, .key = w->key, .ascending = true, .limit = CHUNK
    };

    if (w->i == w->n) {
        arena_reset(w->chunk);
        w->i = w->n = 0;
        if (audit_rows_list(w->db, &f, w->chunk, &w->rows, &w->n, e) != RC_OK || w->n == 0)
            return NULL;
        w->key = w->rows[w->n - 1].n;
        w->has_key = true;
    }
    return &w->rows[w->i++];
}

/* ── what kind of wrong ── */

/* One row tried at another place. */
static bool fits(const struct audit_row *row, int64_t n, struct str prev, struct str hash,
                 struct arena *a)
{
    struct audit_row other = *row;

    other.n = n;
    return str_eq(audit_hash(&other, prev, a), hash);
}

static bool is_swapped_with(const struct audit_row *bad, const struct audit_row *prev,
                            const struct audit_row *there, struct arena *a)
{
    if (there->n == bad->n + 1) /* neighbours: the hash between them moved too */
        return fits(bad, there->n, there->hash, bad->hash, a)
               || fits(bad, there->n, bad->hash, there->hash, a);
    return there->n != bad->n
           && (fits(bad, there->n, prev->hash, bad->hash, a)
               || fits(bad, there->n, prev->hash, there->hash, a));
}

struct verifying {
    struct db *db;
    struct arena *a, *scratch;
    struct audit_verdict *out;
    struct str witness; /* the lines not yet compared */
    struct str hash;    /* of the row before, in hash_text */
    char hash_text[2 * SHA256_LEN + 1];
    int64_t expected; /* n of the next row */
};

/* A second walk: did this row stand where another one stands now? */
static enum rc find_moved(struct verifying *v, const struct audit_row *bad, bool *moved,
                          struct err *e)
{
    struct arena *chunk CLEAN(arena_clean) = arena_new(CHUNK_BYTES);
    struct walk w = { .db = v->db, .chunk = chunk };
    struct audit_row prev = { .hash = STR("") };
    char prev_hash[2 * SHA256_LEN + 1];
    const struct audit_row *row;

    *moved = false;
    while (!*moved && (row = walk_next(&w, e))) {
        *moved = is_swapped_with(bad, &prev, row, v->scratch);
        if (row->hash.n >= sizeof(prev_hash))
            break;
        memcpy(prev_hash, row->hash.p, row->hash.n);
        prev.hash = (struct str){ prev_hash, row->hash.n };
        arena_reset(v->scratch);
    }
    return e->rc;
}

static struct audit_row row_copy(const struct audit_row *r, struct arena *a)
{
    struct audit_row c = *r;

    c.address = str_dup(r->address, a);
    c.request_id = str_dup(r->request_id, a);
    c.action = str_dup(r->action, a);
    c.object = str_dup(r->object, a);
    c.salt = str_dup(r->salt, a);
    c.details_hash = str_dup(r->details_hash, a);
    c.hash = str_dup(r->hash, a);
    return c;
}

/* The row bad is the first whose hash does not fit. */
static enum rc classify(struct verifying *v, const struct audit_row *row, struct walk *w,
                        struct err *e)
{
    struct audit_row bad = row_copy(row, v->a);
    struct str prev = str_dup(v->hash, v->a);
    const struct audit_row *next;
    bool moved;

    v->out->n = bad.n;
    v->out->finding = AUDIT_ALTERED;
    TRY(find_moved(v, &bad, &moved, e));
    if (moved) {
        v->out->finding = AUDIT_MOVED;
        return RC_OK;
    }
    next = walk_next(w, e);
    if (next && fits(next, bad.n, prev, next->hash, v->scratch))
        v->out->finding = AUDIT_INSERTED; /* what stood here was pushed down */
    else if (next && fits(next, next->n + 1, bad.hash, next->hash, v->scratch))
        v->out->finding = AUDIT_REMOVED; /* what follows was pulled up */
    return e->rc;
}

/* ── the witness ── */

/* "n hash time"; false when there is none left that can be read. */
static bool witness_peek(struct str lines, struct audit_head *out, struct str *rest)
{
    while (lines.p) {
        struct str line = str_cut(&lines, '\n'), n = str_cut(&line, ' '),
                   hash = str_cut(&line, ' ');

        if (str_i64(n, 1, INT64_MAX, &out->n) && hash.n == 2 * SHA256_LEN) {
            out->hash = hash;
            *rest = lines;
            return true;
        }
    }
    return false;
}

static bool witness_agrees(struct verifying *v, const struct audit_row *row)
{
    struct audit_head seen;
    struct str rest;

    while (witness_peek(v->witness, &seen, &rest) && seen.n <= row->n) {
        if (seen.n == row->n && !str_eq(seen.hash, row->hash))
            return false;
        v->out->witnessed += seen.n == row->n;
        v->witness = rest;
    }
    return true;
}

/* ── verifying ── */

static void found(struct verifying *v, enum audit_finding f, int64_t n)
{
    v->out->finding = f;
    v->out->n = n;
}

static bool details_fit(struct verifying *v, const struct audit_row *row)
{
    v->out->erased += !row->details.p;
    return !row->details.p
           || str_eq(audit_details_hash(row->salt, row->details, v->scratch), row->details_hash);
}

static enum rc check_row(struct verifying *v, const struct audit_row *row, struct walk *w,
                         struct err *e)
{
    if (row->n < v->expected)
        found(v, AUDIT_INSERTED, row->n);
    else if (row->n > v->expected)
        found(v, AUDIT_REMOVED, v->expected);
    else if (row->hash.n != 2 * SHA256_LEN)
        found(v, AUDIT_ALTERED, row->n); /* NOLINT(bugprone-branch-clone): the tests after it need this one first */
    else if (!fits(row, row->n, v->hash, row->hash, v->scratch))
        return classify(v, row, w, e);
    else if (!details_fit(v, row))
        found(v, AUDIT_ALTERED, row->n);
    else if (!witness_agrees(v, row))
        found(v, AUDIT_REWRITTEN, row->n);
    arena_reset(v->scratch);
    return RC_OK;
}

static enum rc check_rows(struct verifying *v, struct walk *w, struct err *e)
{
    const struct audit_row *row;

    while (v->out->finding == AUDIT_WHOLE && (row = walk_next(w, e))) {
        v->out->checked++;
        TRY(check_row(v, row, w, e));
        if (v->out->finding != AUDIT_WHOLE)
            return RC_OK;
        memcpy(v->hash_text, row->hash.p, row->hash.n);
        v->hash = (struct str){ v->hash_text, row->hash.n };
        v->expected = row->n + 1;
    }
    return e->rc;
}

/* A gap may end at the head: then it is the end that was cut, not an entry in the middle. */
static void check_end(struct verifying *v)
{
    const struct audit_head *head = &v->out->head;
    struct audit_head seen;
    struct str rest;

    if (head->n >= v->expected)
        found(v, AUDIT_CUT, v->expected);
    else if (head->n < v->expected - 1)
        found(v, AUDIT_INSERTED, head->n + 1);
    else if (!str_eq(head->hash, v->hash))
        found(v, AUDIT_HEAD, head->n);
    else if (witness_peek(v->witness, &seen, &rest))
        found(v, AUDIT_OLDER, v->expected);
}

enum rc audit_verify(struct db *db, struct str witness, struct arena *a, struct audit_verdict *out,
                     struct err *e)
{
    struct arena *chunk CLEAN(arena_clean) = arena_new(CHUNK_BYTES);
    struct arena *scratch CLEAN(arena_clean) = arena_new(CHUNK_BYTES);
    struct verifying v = {
        .db = db, .a = a, .scratch = scratch, .out = out, .witness = witness, .expected = 1
    };
    struct walk w = { .db = db, .chunk = chunk };

    *out = (struct audit_verdict){ 0 };
    v.hash = STR("");
    for (int64_t before = 0; v.expected != before;) { /* again while others append */
        before = v.expected;
        TRY(check_rows(&v, &w, e));
        TRY(audit_head_load(db, false, a, &out->head, e));
        if (out->finding != AUDIT_WHOLE || out->head.n < v.expected)
            break;
    }
    if (out->finding == AUDIT_WHOLE)
        check_end(&v);
    return RC_OK;
}

/* ── witnessing ── */

static enum rc last_line(int fd, char *line, size_t cap, struct str *out, struct err *e)
{
    off_t size = lseek(fd, 0, SEEK_END);
    size_t n = size > (off_t)cap ? cap : (size_t)(size > 0 ? size : 0);
    struct str text = { line, n };

    if (size < 0 || pread(fd, line, n, size - (off_t)n) != (ssize_t)n)
        return err_fail(e, "audit witness: %s", strerror(errno));
    text = str_trim(text);
    for (size_t nl; (nl = str_chr(text, '\n')) != SIZE_MAX;)
        text = str_sub(text, nl + 1, text.n);
    *out = text;
    return RC_OK;
}

enum rc audit_witness(struct db *db, const char *path, struct arena *a, struct err *e)
{
    int fd CLEAN(fd_close) = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    char line[WITNESS_LINE_MAX], time[CLOCK_TEXT_MAX];
    struct audit_head head;
    struct str last, text;

    if (fd < 0)
        return err_fail(e, "audit witness: cannot open %s: %s", path, strerror(errno));
    TRY(audit_head_load(db, false, a, &head, e));
    TRY(last_line(fd, line, sizeof(line), &last, e));
    clock_format(clock_now_us(), time);
    text = str_printf(a, "%lld %.*s ", (long long)head.n, STR_ARG(head.hash));
    if (head.n == 0 || str_starts(last, text))
        return RC_OK;
    text = str_printf(a, "%.*s%s\n", STR_ARG(text), time);
    if (!fd_write_all(fd, text) || fdatasync(fd) != 0)
        return err_fail(e, "audit witness: %s", strerror(errno));
    LOG(LOG_INFO, "audit.head", KV_INT("n", head.n), KV_TEXT("hash", head.hash));
    return RC_OK;
}
