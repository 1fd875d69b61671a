#include "backup/backup.h"

#include "backup/pgbackrest.h"

#include "base/clock.h"

enum { LINE_MAX_BYTES = 256 };

static enum rc name_it(const struct set *s, struct err *e)
{
    char words[sizeof(e->detail)];

    snprintf(words, sizeof(words), "%s", e->detail);
    snprintf(e->detail, sizeof(e->detail), "backup %.*s: %.200s", STR_ARG(s->id), words);
    return e->rc;
}

static enum rc read_through(const struct repo *r, const char *path, struct err *e)
{
    struct box_reader *box CLEAN(box_close) = NULL;
    struct str piece;
    char type = BOX_DATA;

    TRY(box_open(path, &r->key, &box, e));
    while (type != BOX_END)
        TRY(box_next(box, &type, &piece, e));
    return RC_OK;
}

static enum rc verify_file(const struct repo *r, const struct set *s, const struct manifest_file *f,
                           struct arena *a, struct err *e)
{
    const char *path = str_printf(a, "%s/%.*s", s->path, STR_ARG(f->name)).p;
    char sum[65];
    int64_t size;

    TRY(file_sum(path, sum, &size, e));
    if (size < f->size)
        return err_set(e, RC_FAIL, "backup_truncated", "%.*s is truncated: %lld of %lld bytes",
                       STR_ARG(f->name), (long long)size, (long long)f->size);
    if (size != f->size || !str_eq(str_of(sum), f->sha256))
        return err_set(e, RC_FAIL, "backup_damaged", "%.*s is damaged: not the bytes that were written",
                       STR_ARG(f->name));
    return read_through(r, path, e);
}

struct reading {
    char line[LINE_MAX_BYTES];
    size_t n;
    enum rc (*each)(void *arg, struct str hash, int64_t size, struct err *e);
    void *arg;
};

static enum rc take_line(struct reading *l, struct err *e)
{
    struct str rest = { l->line, l->n }, hash = str_cut(&rest, ' ');
    int64_t size;

    l->n = 0;
    if (!str_i64(rest, 0, INT64_MAX, &size))
        return err_set(e, RC_FAIL, "backup_damaged", "its list of attachments cannot be read");
    return l->each(l->arg, hash, size, e);
}

static enum rc take_piece(struct reading *l, struct str piece, struct err *e)
{
    for (size_t i = 0; i < piece.n; i++) {
        if (piece.p[i] == '\n')
            TRY(take_line(l, e));
        else if (l->n < sizeof(l->line))
            l->line[l->n++] = piece.p[i];
    }
    return RC_OK;
}

enum rc backup_attachments(const struct repo *r, const struct set *s,
                           enum rc (*each)(void *arg, struct str hash, int64_t size, struct err *e),
                           void *arg, struct err *e)
{
    struct box_reader *box CLEAN(box_close) = NULL;
    struct reading l = { .each = each, .arg = arg };
    char path[4096], type = BOX_DATA;
    struct str piece;

    snprintf(path, sizeof(path), "%s/attachments.box", s->path);
    TRY(box_open(path, &r->key, &box, e));
    for (;;) {
        TRY(box_next(box, &type, &piece, e));
        if (type == BOX_END)
            return RC_OK;
        TRY(take_piece(&l, piece, e));
    }
}

struct verifying {
    const struct repo *r;
    struct arena *scratch;
    struct backup_verdict *out;
};

static enum rc verify_attachment(void *arg, struct str hash, int64_t size, struct err *e)
{
    struct verifying *v = arg;

    arena_reset(v->scratch);
    TRY(repo_file_get(v->r, hash, size, -1, v->scratch, e));
    v->out->attachments++;
    v->out->bytes += size;
    return RC_OK;
}

static enum rc verify_label(const struct pgbackrest *pg, const struct set *s, struct arena *a, struct err *e)
{
    struct pg_info info;

    if (!pg || !s->m.label.n)
        return RC_OK;
    TRY(pgbackrest_info(pg, a, &info, e));
    if (pg_info_find(&info, s->m.label))
        return RC_OK;
    return err_set(e, RC_FAIL, "backup_damaged", "pgBackRest has no backup %.*s any more", STR_ARG(s->m.label));
}

enum rc backup_verify(const struct repo *r, const struct pgbackrest *pg, const struct set *s,
                      struct arena *a, struct backup_verdict *out, struct err *e)
{
    struct arena *scratch CLEAN(arena_clean) = arena_new(MIB);
    struct verifying v = { r, scratch, out };

    *out = (struct backup_verdict){ 0 };
    if (s->state != SET_GOOD) {
        err_set(e, RC_FAIL, s->code[0] ? s->code : "backup_damaged", "%.200s", s->why);
        return name_it(s, e);
    }
    for (size_t i = 0; i < s->m.n_files; i++) {
        if (verify_file(r, s, &s->m.files[i], a, e) != RC_OK)
            return name_it(s, e);
        out->files++;
        out->bytes += s->m.files[i].size;
    }
    if (verify_label(pg, s, a, e) != RC_OK)
        return name_it(s, e);
    return backup_attachments(r, s, verify_attachment, &v, e) == RC_OK ? RC_OK : name_it(s, e);
}
