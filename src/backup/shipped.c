/* Segments: their names, writing them. */
#include "backup/shipped.h"

#include "base/enc.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAME_PARTS_OPEN = 4, NAME_PARTS_SEALED = 6, PATH_BYTES = 4096 };

struct shipped_writer {
    const struct repo *r;
    struct box_writer *box;
    struct segment s;
    char path[PATH_BYTES], dir[PATH_BYTES];
    uint32_t page_size, frame;
    int64_t at_us;
    unsigned char head[WAL_FRAME_HEAD];
    unsigned char *piece; /* owner; BOX_RECORD_MAX */
};

/* ---- names ---- */

static bool parse_number(struct str s, int64_t *out)
{
    return str_i64(s, 0, INT64_MAX, out);
}

static bool parse_name(struct str name, struct arena *a, struct segment *s)
{
    int64_t v[NAME_PARTS_SEALED] = { 0 };
    struct str raw, rest = name;
    size_t n = 0;

    s->sealed = str_ends(name, STR(".seg"));
    if (!s->sealed && !str_ends(name, STR(".open")))
        return false;
    rest.n -= s->sealed ? 4 : 5;
    for (; rest.p && n < NAME_PARTS_SEALED; n++) {
        struct str part = str_cut(&rest, '-');

        if (n == 1 ? !dec_hex(part, a, &raw) || raw.n != WAL_SALT_LEN : !parse_number(part, &v[n]))
            return false;
    }
    if (n != (s->sealed ? NAME_PARTS_SEALED : NAME_PARTS_OPEN) || rest.p || v[2] > UINT32_MAX
        || v[4] > UINT32_MAX)
        return false;
    memcpy(s->salt, raw.p, WAL_SALT_LEN);
    s->number = v[0], s->first = (uint32_t)v[2], s->from_us = v[3];
    s->last = (uint32_t)v[4], s->to_us = v[5];
    return true;
}

static enum rc list_row(const struct repo *r, const char *row, struct arena *a, struct segment **out,
                        size_t *n, struct err *e)
{
    const char *dir = str_printf(a, "%s/wal/%s", r->dir, row).p, **names;
    size_t n_names;

    TRY(dir_names(dir, a, &names, &n_names, e));
    *out = arena_grow(a, *out, *n * sizeof(**out), (*n + n_names) * sizeof(**out));
    for (size_t i = 0; i < n_names; i++) {
        struct segment s = { .row = str_of(row), .name = str_of(names[i]) };

        if (!parse_name(s.name, a, &s))
            continue;
        s.path = str_printf(a, "%s/%s", dir, names[i]).p;
        (*out)[(*n)++] = s;
    }
    return RC_OK;
}

enum rc shipped_list(const struct repo *r, struct arena *a, struct segment **out, size_t *n,
                    struct err *e)
{
    const char **rows;
    size_t n_rows;

    *n = 0;
    *out = ARENA_ARRAY(a, struct segment, 1);
    TRY(dir_names(str_printf(a, "%s/wal", r->dir).p, a, &rows, &n_rows, e));
    for (size_t i = 0; i < n_rows; i++)
        TRY(list_row(r, rows[i], a, out, n, e));
    return RC_OK;
}

enum rc shipped_again(const struct repo *r, struct arena *a, struct segment **v, size_t *n, size_t *i,
                      struct err *e)
{
    const struct segment gone = (*v)[*i];

    if (gone.sealed)
        return e->rc;
    err_clear(e);
    TRY(shipped_list(r, a, v, n, e));
    for (*i = 0; *i < *n; ++*i)
        if (str_eq((*v)[*i].row, gone.row) && (*v)[*i].number == gone.number)
            return RC_OK;
    return err_set(e, RC_NOT_FOUND, "backup_damaged", "segment %.*s of the shipped log is gone",
                   STR_ARG(gone.name));
}

size_t shipped_find(const struct segment *v, size_t n, const struct wal_place *place)
{
    size_t found = n;

    for (size_t i = 0; i < n; i++) {
        bool same = memcmp(v[i].salt, place->salt, WAL_SALT_LEN) == 0;

        if (same && v[i].first <= place->frame + 1
            && (found == n || !str_eq(v[found].row, v[i].row) || v[i].first > v[found].first))
            found = i;
    }
    return found;
}

int64_t shipped_until(const struct segment *v, size_t n)
{
    struct stat st;

    if (n == 0)
        return 0;
    if (v[n - 1].sealed || stat(v[n - 1].path, &st) != 0)
        return v[n - 1].to_us;
    return (int64_t)st.st_mtim.tv_sec * US_PER_S + st.st_mtim.tv_nsec / 1000;
}

/* ---- writing ---- */

static void put32(unsigned char *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (unsigned char)(v >> (24 - 8 * i));
}

static void put64(unsigned char *p, int64_t v)
{
    put32(p, (uint32_t)((uint64_t)v >> 32));
    put32(p + 4, (uint32_t)v);
}

static enum rc put(struct shipped_writer *w, char type, const void *p, size_t n, struct err *e)
{
    return box_put(w->box, type, (struct str){ p, n }, e);
}

static void hex_salt(const unsigned char *salt, char out[2 * WAL_SALT_LEN + 1])
{
    for (size_t i = 0; i < WAL_SALT_LEN; i++)
        snprintf(out + 2 * i, 3, "%02x", salt[i]);
}

enum rc shipped_begin(const struct repo *r, const struct segment *s, uint32_t page_size,
                     uint32_t sequence, struct shipped_writer **out, struct err *e)
{
    struct shipped_writer *w = calloc(1, sizeof(*w));
    char salt[2 * WAL_SALT_LEN + 1];
    unsigned char head[8];
    enum rc rc;

    INVARIANT(w);
    *w = (struct shipped_writer){ .r = r, .s = *s, .page_size = page_size, .frame = s->first - 1,
                                 .at_us = s->from_us };
    w->piece = malloc(BOX_RECORD_MAX);
    INVARIANT(w->piece);
    hex_salt(s->salt, salt);
    snprintf(w->dir, sizeof(w->dir), "%s/wal/%.*s", r->dir, STR_ARG(s->row));
    if (snprintf(w->path, sizeof(w->path), "%s/%08lld-%s-%u-%lld.open", w->dir, (long long)s->number,
                 salt, s->first, (long long)s->from_us)
        >= (int)sizeof(w->path))
        rc = err_set(e, RC_FAIL, "backup_target", "the path is too long");
    else
        rc = dir_make(w->dir, 0700, e);
    if (rc == RC_OK)
        rc = box_create(w->path, &r->key, &w->box, e);
    put32(head, page_size);
    put32(head + 4, sequence);
    if (rc == RC_OK)
        rc = put(w, SHIPPED_HEAD, head, sizeof(head), e);
    if (rc != RC_OK)
        shipped_drop(&w);
    *out = w;
    return rc;
}

enum rc shipped_round(struct shipped_writer *w, int64_t at_us, uint32_t up_to, struct err *e)
{
    unsigned char b[12];

    w->at_us = at_us;
    put64(b, at_us);
    put32(b + 8, up_to);
    return put(w, SHIPPED_ROUND, b, sizeof(b), e);
}

enum rc shipped_frames(struct shipped_writer *w, struct wal_reader *log, uint32_t first, uint32_t n,
                      struct err *e)
{
    size_t each = WAL_FRAME_HEAD + (size_t)w->page_size;
    uint32_t at_once = (uint32_t)((BOX_RECORD_MAX - 8) / each);

    INVARIANT(first == w->frame + 1);
    while (n > 0) {
        uint32_t part = n < at_once ? n : at_once;

        put32(w->piece, first);
        put32(w->piece + 4, part);
        TRY(wal_frames(log, first, part, w->piece + 8, e));
        TRY(put(w, SHIPPED_FRAMES, w->piece, 8 + part * each, e));
        memcpy(w->head, w->piece + 8 + (part - 1) * each, WAL_FRAME_HEAD);
        first += part, n -= part, w->frame += part;
    }
    return RC_OK;
}

enum rc shipped_files(struct shipped_writer *w, struct str hashes, struct err *e)
{
    return put(w, SHIPPED_FILES, hashes.p, hashes.n, e);
}

enum rc shipped_done(struct shipped_writer *w, bool sync, struct err *e)
{
    unsigned char b[12 + WAL_FRAME_HEAD];

    put64(b, w->at_us);
    put32(b + 8, w->frame);
    memcpy(b + 12, w->head, WAL_FRAME_HEAD);
    TRY(put(w, SHIPPED_DONE, b, sizeof(b), e));
    return sync ? box_sync(w->box, e) : RC_OK;
}

void shipped_alive(struct shipped_writer *w, int64_t at_us)
{
    const struct timespec at = { at_us / US_PER_S, at_us % US_PER_S * 1000 };

    w->at_us = at_us;
    (void)utimensat(AT_FDCWD, w->path, (const struct timespec[]){ at, at }, 0);
}

int64_t shipped_bytes(const struct shipped_writer *w)
{
    return box_size(w->box);
}

uint32_t shipped_last(const struct shipped_writer *w)
{
    return w->frame;
}

static enum rc rename_sealed(const char *dir, const char *path, const struct segment *s, uint32_t last,
                             int64_t to_us, struct err *e)
{
    char to[2 * PATH_BYTES], salt[2 * WAL_SALT_LEN + 1];

    hex_salt(s->salt, salt);
    snprintf(to, sizeof(to), "%s/%08lld-%s-%u-%lld-%u-%lld.seg", dir, (long long)s->number, salt,
             s->first, (long long)s->from_us, last, (long long)to_us);
    if (rename(path, to) != 0)
        return err_set(e, RC_FAIL, "backup_target", "cannot finish a segment: %s", strerror(errno));
    return RC_OK;
}

enum rc shipped_seal(struct shipped_writer **wp, struct err *e)
{
    struct shipped_writer *w = *wp;
    enum rc rc = box_finish(&w->box, true, NULL, e);

    if (rc == RC_OK)
        rc = rename_sealed(w->dir, w->path, &w->s, w->frame, w->at_us, e);
    if (rc == RC_OK)
        rc = repo_sync(w->r, e);
    shipped_drop(wp);
    return rc;
}

void shipped_drop(struct shipped_writer **wp)
{
    struct shipped_writer *w = *wp;

    if (!w)
        return;
    box_drop(&w->box);
    free(w->piece);
    free(w);
    *wp = NULL;
}

enum rc shipped_mend(const struct repo *r, const struct segment *s, struct shipped_end *out,
                    struct err *e)
{
    char dir[PATH_BYTES];

    TRY(shipped_look(r, s, out, e));
    if (s->sealed)
        return RC_OK;
    if (out->rounds == 0) { /* nothing in it */
        out->frame = s->first - 1;
        out->at_us = s->from_us;
    }
    if (truncate(s->path, out->sound_bytes) != 0)
        return err_set(e, RC_FAIL, "backup_target", "cannot cut a segment: %s", strerror(errno));
    snprintf(dir, sizeof(dir), "%s/wal/%.*s", r->dir, STR_ARG(s->row));
    return rename_sealed(dir, s->path, s, out->frame, out->at_us, e);
}
