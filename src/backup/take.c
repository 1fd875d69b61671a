#include "backup/backup.h"

#include "backup/pgbackrest.h"

#include "base/clock.h"
#include "base/enc.h"
#include "base/file.h"
#include "base/version.h"
#include "store/blobs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum { WITNESS_MAX = 256 * 1024 * 1024 };

struct take {
    const struct repo *r;
    const struct backup_from *from;
    struct arena *a;
    const char *path; /* of the unfinished set */
    struct manifest *m;
    struct wal_reader *log;
    struct box_writer *list;
    struct arena *scratch; /* one attachment */
};

static void note_file(struct take *t, const char *name, const struct box_sum *sum)
{
    INVARIANT(t->m->n_files < REPO_FILES_MAX);
    t->m->files[t->m->n_files++] = (struct manifest_file){ str_of(name), str_dup(str_of(sum->sha256), t->a),
                                                           sum->size };
    t->m->new_bytes += sum->size;
}

static enum rc box_in(struct take *t, const char *name, struct box_writer **out, struct err *e)
{
    return box_create(str_printf(t->a, "%s/%s", t->path, name).p, &t->r->key, out, e);
}

static enum rc box_end(struct take *t, const char *name, struct box_writer **box, struct err *e)
{
    struct box_sum sum;

    TRY(box_finish(box, true, &sum, e));
    note_file(t, name, &sum);
    return RC_OK;
}

static enum rc copy_pages(struct take *t, const struct wal_view *view, struct box_writer *box,
                          struct err *e)
{
    char *page = malloc(view->page_size);
    enum rc rc = RC_OK;

    INVARIANT(page);
    for (uint32_t i = 1; rc == RC_OK && i <= view->n_pages; i++) {
        rc = wal_page(t->log, i, page, e);
        if (rc == RC_OK)
            rc = box_add(box, page, view->page_size, e);
    }
    free(page);
    return rc;
}

static enum rc copy_database(struct take *t, struct err *e)
{
    struct box_writer *box CLEAN(box_drop) = NULL;
    struct wal_view view;

    TRY(wal_reader_open(t->from->database, &t->log, e));
    TRY(wal_hold(t->log, &view, e));
    t->m->at_us = clock_now_us();
    t->m->place = view.place;
    t->m->page_size = view.page_size;
    t->m->database_bytes = (int64_t)view.n_pages * view.page_size;
    TRY(box_in(t, "database.box", &box, e));
    TRY(copy_pages(t, &view, box, e));
    return box_end(t, "database.box", &box, e);
}

/* An older repository must not hide behind a key that only seals what lies beside it. */
static enum rc check_cipher(struct take *t, struct err *e)
{
    struct pg_info info;

    TRY(pgbackrest_info(t->from->pg, t->a, &info, e));
    if (!t->r->key.set || info.is_encrypted)
        return RC_OK;
    return err_set(e, RC_INVALID, "backup_key",
                   "BACKUP_KEY is set, but pgBackRest's repository is not encrypted: set repo1-cipher-type and "
                   "repo1-cipher-pass and make the stanza anew (deploy/postgresql)");
}

static enum rc copy_postgres(struct take *t, struct err *e)
{
    struct pg_backup b;

    TRY(check_cipher(t, e));
    TRY(pgbackrest_backup(t->from->pg, !t->from->is_step, t->a, &b, e));
    t->m->at_us = b.stop_us;
    t->m->label = b.label;
    t->m->is_step = !b.is_full;
    t->m->database_bytes = b.bytes;
    t->m->new_bytes += b.new_bytes;
    return RC_OK;
}

/* A row whose file is gone: nothing names it any more, or the installation has lost it, which a
 * backup cannot mend and must not hide. */
static void note_missing(struct take *t, int64_t refs)
{
    t->m->missing += refs > 0;
}

static enum rc copy_attachment(void *arg, struct str hash, int64_t size, int64_t refs, struct err *e)
{
    struct take *t = arg;
    struct str line;
    const char *path;
    int64_t bytes;
    int fd CLEAN(fd_close) = -1;

    arena_reset(t->scratch);
    path = str_printf(t->scratch, "%s/attachments/%.2s/%.*s", t->from->data_dir, hash.p, STR_ARG(hash)).p;
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 && errno == ENOENT) {
        note_missing(t, refs);
        return RC_OK;
    }
    if (fd < 0)
        return err_set(e, RC_FAIL, "backup_source", "cannot open attachment %.*s: %s", STR_ARG(hash),
                       strerror(errno));
    TRY(repo_file_add(t->r, hash, fd, t->scratch, &bytes, e));
    t->m->attachments++;
    t->m->attachment_bytes += size;
    t->m->new_bytes += bytes;
    line = str_printf(t->scratch, "%.*s %lld\n", STR_ARG(hash), (long long)size);
    return box_add(t->list, line.p, line.n, e);
}

static enum rc copy_attachments(struct take *t, struct err *e)
{
    enum rc rc = box_in(t, "attachments.box", &t->list, e);

    t->scratch = arena_new(4 * MIB);
    if (rc == RC_OK)
        rc = t->log ? wal_blobs(t->log, copy_attachment, t, e)
                    : blobs_each(t->from->db, copy_attachment, t, e);
    if (rc == RC_OK)
        rc = box_end(t, "attachments.box", &t->list, e);
    box_drop(&t->list);
    arena_free(&t->scratch);
    return rc;
}

static enum rc copy_bytes(struct take *t, const char *name, struct str bytes, struct err *e)
{
    struct box_writer *box CLEAN(box_drop) = NULL;

    TRY(box_in(t, name, &box, e));
    TRY(box_add(box, bytes.p, bytes.n, e));
    return box_end(t, name, &box, e);
}

static enum rc copy_witness(struct take *t, struct err *e)
{
    struct arena *a CLEAN(arena_clean) = arena_new(2 * (size_t)WITNESS_MAX);
    const char *path = str_printf(t->a, "%s/audit-head", t->from->data_dir).p;
    struct str bytes;
    enum rc rc = file_read(path, WITNESS_MAX, a, &bytes, e);

    if (rc == RC_NOT_FOUND) {
        err_clear(e);
        return RC_OK;
    }
    return rc == RC_OK ? copy_bytes(t, "audit-head.box", bytes, e) : rc;
}

/* What a broken run left behind. */
static enum rc remove_unfinished(const struct set *sets, size_t n, struct err *e)
{
    for (size_t i = 0; i < n; i++)
        if (sets[i].state == SET_UNFINISHED)
            TRY(tree_remove(sets[i].path, e));
    return RC_OK;
}

static struct str newest_good(const struct set *sets, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (sets[i].state == SET_GOOD)
            return sets[i].id;
    return STR("");
}

static enum rc begin(struct take *t, struct err *e)
{
    struct set *sets;
    size_t n;

    TRY(repo_sets(t->r, t->a, &sets, &n, e));
    TRY(remove_unfinished(sets, n, e));
    t->m->number = repo_next_number(sets, n);
    t->m->parent = newest_good(sets, n);
    t->m->id = str_printf(t->a, "%08lld-%.*s", (long long)t->m->number,
                          STR_ARG(time_name(clock_now_us(), t->a)));
    t->path = str_printf(t->a, "%s/sets/%.*s.tmp", t->r->dir, STR_ARG(t->m->id)).p;
    return dir_make(t->path, 0700, e);
}

static enum rc fill(struct take *t, struct err *e)
{
    int64_t began_us = clock_mono_us();

    TRY(copy_bytes(t, "configuration.box", t->from->configuration, e));
    if (t->from->pg) {
        TRY(copy_witness(t, e)); /* first: it must witness nothing that the copy does not know yet */
        TRY(copy_postgres(t, e));
        TRY(copy_attachments(t, e));
    } else {
        TRY(copy_database(t, e));
        TRY(copy_attachments(t, e));
        wal_release(t->log);
        TRY(copy_witness(t, e));
    }
    t->m->took_us = clock_mono_us() - began_us;
    return manifest_write(t->r, t->path, t->m, t->a, e);
}

static enum rc publish(struct take *t, struct err *e)
{
    const char *final = str_printf(t->a, "%s/sets/%.*s", t->r->dir, STR_ARG(t->m->id)).p;

    TRY(repo_sync(t->r, e));
    if (rename(t->path, final) != 0)
        return err_set(e, RC_FAIL, "backup_target", "cannot finish the backup: %s", strerror(errno));
    t->path = NULL;
    return repo_sync(t->r, e);
}

enum rc backup_take(const struct repo *r, const struct backup_from *from, struct arena *a,
                    struct manifest *out, struct err *e)
{
    struct take t = { .r = r, .from = from, .a = a, .m = out };
    struct err ignored = { 0 };
    enum rc rc;

    *out = (struct manifest){ .format = from->pg ? REPO_FORMAT : REPO_FORMAT_SQLITE, .schema = from->schema,
                              .product = STR(VERSION), .key_id = STR(""), .label = STR("") };
    if (r->key.set)
        out->key_id = enc_hex((struct str){ (const char *)r->key.id, BOX_KEY_ID_LEN }, a);
    rc = begin(&t, e);
    if (rc == RC_OK)
        rc = fill(&t, e);
    if (rc == RC_OK)
        rc = publish(&t, e);
    wal_reader_close(&t.log);
    if (rc != RC_OK && t.path && tree_remove(t.path, &ignored) != RC_OK)
        return rc; /* it stays as unfinished */
    return rc;
}
