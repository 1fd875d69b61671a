#include "backup/restore_priv.h"

#include "backup/shipped.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/rand.h"
#include "base/version.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { ROOM_SPARE = 16 * 1024 * 1024, NOTES_MAX = 8 * 1024 };

static enum rc io_fail(struct err *e, const char *what, const char *path)
{
    return err_set(e, errno == ENOSPC || errno == EDQUOT ? RC_FULL : RC_FAIL, "restore_target",
                   "cannot %s %.120s: %s", what, path, strerror(errno));
}

/* ---- what the copy holds ---- */

struct out {
    int fd;
    int64_t n;
};

static enum rc box_out(const struct restore_work *w, const char *name, int fd, int64_t *n, struct err *e)
{
    struct box_reader *box CLEAN(box_close) = NULL;
    struct str piece;
    char type;

    TRY(box_open(str_printf(w->a, "%s/%s", w->set.path, name).p, &w->r->key, &box, e));
    for (;;) {
        TRY(box_next(box, &type, &piece, e));
        if (type == BOX_END)
            return RC_OK;
        if (!fd_write_all(fd, piece))
            return io_fail(e, "write", name);
        *n += (int64_t)piece.n;
    }
}

static int file_new(const struct restore_work *w, const char *name)
{
    return open(str_printf(w->a, "%s/%s", w->temp, name).p,
                O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
}

static bool set_has(const struct set *s, const char *name)
{
    for (size_t i = 0; i < s->m.n_files; i++)
        if (str_eq(s->m.files[i].name, str_of(name)))
            return true;
    return false;
}

static enum rc small_file(const struct restore_work *w, const char *box, const char *name, struct err *e)
{
    int fd CLEAN(fd_close) = -1;
    int64_t n = 0;

    if (!set_has(&w->set, box))
        return RC_OK;
    fd = file_new(w, name);
    return fd < 0 ? io_fail(e, "make", name) : box_out(w, box, fd, &n, e);
}

enum rc restore_beside(struct restore_work *w, struct err *e)
{
    TRY(dir_make(str_printf(w->a, "%s/attachments", w->temp).p, 0700, e));
    TRY(small_file(w, "audit-head.box", "audit-head", e));
    return small_file(w, "configuration.box", "configuration.env", e);
}

static enum rc write_database(struct restore_work *w, struct err *e)
{
    int64_t n = 0;

    w->fd = file_new(w, w->to->database);
    if (w->fd < 0)
        return io_fail(e, "make", w->to->database);
    TRY(box_out(w, "database.box", w->fd, &n, e));
    if (n != w->set.m.database_bytes)
        return err_set(e, RC_FAIL, "backup_damaged", "its database has %lld bytes instead of %lld",
                       (long long)n, (long long)w->set.m.database_bytes);
    return RC_OK;
}

/* ---- the log behind it ---- */

static enum rc on_frames(void *arg, const void *frames, uint32_t n, struct err *e)
{
    struct restore_work *w = arg;

    w->out->changes += n;
    return wal_apply(w->fd, frames, n, (uint32_t)w->set.m.page_size, &w->pages, e);
}

static bool follows(const struct segment *before, const struct segment *next)
{
    bool same_log = memcmp(before->salt, next->salt, WAL_SALT_LEN) == 0;

    return str_eq(before->row, next->row) && next->number == before->number + 1
           && next->first == (same_log ? before->last + 1 : 1);
}

static enum rc gap(struct restore_work *w, const struct segment *s, struct err *e)
{
    return err_set(e, RC_FAIL, "backup_truncated",
                   "the shipped log has a gap before segment %.*s of %.*s: nothing later than that "
                   "can be restored from backup %.*s",
                   STR_ARG(s->name), STR_ARG(s->row), STR_ARG(w->set.id));
}

static enum rc apply_log(struct restore_work *w, struct err *e)
{
    struct shipped_to to = { .frames = on_frames, .arg = w, .page_size = (uint32_t)w->set.m.page_size,
                            .after = w->set.m.place.frame, .until_us = w->to->until_us };
    struct shipped_went went = { 0 };
    struct segment *v;
    size_t n, i;

    TRY(shipped_list(w->r, w->a, &v, &n, e));
    i = shipped_find(v, n, &w->set.m.place);
    for (size_t at = i; at < n && str_eq(v[at].row, v[i].row) && !went.reached; at++) {
        if (at > i && !follows(&v[at - 1], &v[at]))
            return gap(w, &v[at], e);
        if (memcmp(v[at].salt, w->set.m.place.salt, WAL_SALT_LEN) != 0)
            to.after = 0;
        while (shipped_read(w->r, &v[at], &to, &went, e) != RC_OK) {
            if (e->rc != RC_NOT_FOUND)
                return e->rc;
            TRY(shipped_again(w->r, w->a, &v, &n, &at, e));
            i = at; /* of the same row */
        }
        w->out->has_log = true;
        if (!v[at].sealed || v[at].to_us > w->out->at_us)
            w->out->at_us = went.at_us > w->out->at_us ? went.at_us : w->out->at_us;
    }
    w->out->clock_went_back = went.clock_went_back;
    return RC_OK;
}

/* The file is as long as the last commit says. */
static enum rc end_database(struct restore_work *w, struct err *e)
{
    if (w->pages && ftruncate(w->fd, (off_t)w->pages * w->set.m.page_size) != 0)
        return io_fail(e, "cut", w->to->database);
    if (fsync(w->fd) != 0)
        return io_fail(e, "sync", w->to->database);
    w->out->database_bytes = lseek(w->fd, 0, SEEK_END);
    fd_close(&w->fd); /* before SQLite opens it: closing drops its locks */
    return RC_OK;
}

/* ---- attachments ---- */

enum rc restore_attachment(void *arg, struct str hash, int64_t size, int64_t refs, struct err *e)
{
    struct restore_work *w = arg;
    struct arena *a CLEAN(arena_clean) = arena_new(MIB);
    int fd CLEAN(fd_close) = -1;
    const char *dir;
    enum rc rc;

    if (hash.n < 2)
        return err_set(e, RC_FAIL, "attachment_damaged", "an attachment without a proper name");
    dir = str_printf(a, "%s/attachments/%.2s", w->temp, hash.p).p;
    if (mkdir(dir, 0700) != 0 && errno != EEXIST)
        return io_fail(e, "make", dir);
    fd = open(str_printf(a, "%s/%.*s", dir, STR_ARG(hash)).p, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return io_fail(e, "make an attachment in", dir);
    rc = repo_file_get(w->r, hash, size, fd, a, e);
    if (rc != RC_OK && strcmp(e->code, "attachment_missing") == 0 && (refs == 0 || w->set.m.missing)) {
        unlink(str_printf(a, "%s/%.*s", dir, STR_ARG(hash)).p);
        w->out->missing += refs > 0;
        err_clear(e);
        return RC_OK;
    }
    w->out->attachments++;
    w->out->attachment_bytes += size;
    return rc;
}

static enum rc get_attachments(struct restore_work *w, struct err *e)
{
    struct wal_reader *db = NULL;
    struct wal_view v;
    enum rc rc;

    TRY(wal_reader_open(str_printf(w->a, "%s/%s", w->temp, w->to->database).p, &db, e));
    rc = wal_hold(db, &v, e);
    if (rc == RC_OK)
        rc = wal_blobs(db, restore_attachment, w, e);
    wal_reader_close(&db);
    return rc;
}

/* ---- the folder ---- */

static enum rc room_for(struct restore_work *w, struct err *e)
{
    int64_t need = w->set.m.database_bytes + w->set.m.attachment_bytes + ROOM_SPARE;
    struct statvfs v;

    if (statvfs(w->temp, &v) != 0)
        return io_fail(e, "look at", w->temp);
    if ((int64_t)(v.f_bavail * v.f_frsize) >= need)
        return RC_OK;
    return err_set(e, RC_FULL, "restore_room",
                   "there is not enough space for %.100s: %lld MiB are needed, %lld MiB are free",
                   w->to->dir, (long long)(need >> 20), (long long)(v.f_bavail * v.f_frsize >> 20));
}

static bool exists(const char *path)
{
    const char **names;
    struct arena *a CLEAN(arena_clean) = arena_new(16 * MIB);
    struct err ignored = { 0 };
    struct stat st;
    size_t n = 0;

    if (lstat(path, &st) != 0)
        return false;
    if (!S_ISDIR(st.st_mode) || dir_names(path, a, &names, &n, &ignored) != RC_OK)
        return true;
    return n > 0; /* an empty folder is in nobody's way */
}

static enum rc begin(struct restore_work *w, struct err *e)
{
    if (exists(w->to->dir) && !w->to->force)
        return err_set(e, RC_CONFLICT, "restore_exists",
                       "%.150s exists: name another folder with --to, or --force to have it moved aside",
                       w->to->dir);
    w->temp = str_printf(w->a, "%s.restoring-%.*s", w->to->dir, STR_ARG(rand_token(6, w->a))).p;
    TRY(dir_make(w->temp, 0700, e));
    w->began = true;
    return room_for(w, e);
}

static struct str told(const struct restore_work *w)
{
    struct buf b = BUF_ARENA(w->a, NOTES_MAX);
    struct jw j = jw_to(&b);

    jw_obj(&j);
    jw_kv_text(&j, "backup", w->set.id);
    jw_kv_time(&j, "backup_at", w->out->set_at_us);
    jw_kv_time(&j, "restored_to", w->out->at_us);
    jw_kv_time(&j, "asked_for", w->to->until_us);
    jw_kv_text(&j, "backup_version", w->set.m.product);
    jw_kv_text(&j, "version", STR(VERSION));
    jw_kv_int(&j, "changed_pages", w->out->changes);
    jw_kv_int(&j, "attachments", w->out->attachments);
    jw_obj_end(&j);
    buf_char(&b, '\n');
    return buf_view(&b);
}

static enum rc publish(struct restore_work *w, struct err *e)
{
    int fd CLEAN(fd_close) = -1;

    TRY(file_replace(str_printf(w->a, "%s/restored.json", w->temp).p, told(w), 0600, e));
    fd = open(w->temp, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || syncfs(fd) != 0)
        return io_fail(e, "sync", w->temp);
    if (exists(w->to->dir)) {
        w->out->moved_to = str_printf(w->a, "%s.before-%.*s", w->to->dir,
                                      STR_ARG(time_name(clock_now_us(), w->a)));
        if (rename(w->to->dir, w->out->moved_to.p) != 0)
            return io_fail(e, "move aside", w->to->dir);
    }
    if (rename(w->temp, w->to->dir) != 0)
        return io_fail(e, "rename to", w->to->dir);
    w->began = false;
    return syncfs(fd) == 0 ? RC_OK : io_fail(e, "sync", w->to->dir);
}

static struct str sqlite_url(const char *dir, const struct restore_work *w)
{
    return str_printf(w->a, "sqlite:///%s/%s", dir, w->to->database);
}

static enum rc restore_sqlite(struct restore_work *w, struct err *e)
{
    TRY(write_database(w, e));
    TRY(apply_log(w, e));
    TRY(end_database(w, e));
    TRY(restore_beside(w, e));
    TRY(get_attachments(w, e));
    return restore_check(w->temp, sqlite_url(w->temp, w), !w->to->trust_attachments, w->out, e);
}

static enum rc make(struct restore_work *w, struct err *e)
{
    TRY(begin(w, e));
    w->out->is_postgres = w->set.m.label.n > 0;
    TRY((w->out->is_postgres ? restore_postgres : restore_sqlite)(w, e));
    return publish(w, e);
}

static enum rc lock_dir(const struct restore_work *w, int *fd, struct err *e)
{
    const char *path = str_printf(w->a, "%s.restore-lock", w->to->dir).p;

    *fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (*fd < 0)
        return io_fail(e, "make", path);
    if (flock(*fd, LOCK_EX | LOCK_NB) == 0)
        return RC_OK;
    fd_close(fd);
    return err_set(e, RC_CONFLICT, "restore_running", "another restore into %.150s is at work",
                   w->to->dir);
}

enum rc restore_run(const struct repo *r, const struct restore_to *to, struct arena *a,
                    struct restored *out, struct err *e)
{
    struct restore_work w = { .r = r, .to = to, .a = a, .out = out, .fd = -1 };
    struct err ignored = { 0 };
    int64_t began_us = clock_mono_us();
    int lock CLEAN(fd_close) = -1;
    enum rc rc;

    *out = (struct restored){ .moved_to = STR("") };
    TRY(repo_choose(r, to->set, to->until_us, a, &w.set, e));
    out->set = w.set.id;
    out->set_at_us = out->at_us = w.set.m.at_us;
    TRY(lock_dir(&w, &lock, e));
    rc = make(&w, e);
    if (rc == RC_OK && !out->is_postgres && to->settle)
        rc = to->settle(to->settle_arg, sqlite_url(to->dir, &w), e);
    fd_close(&w.fd);
    if (w.began && rc != RC_OK)
        (void)!tree_remove(w.temp, &ignored);
    unlink(str_printf(a, "%s.restore-lock", to->dir).p);
    out->took_us = clock_mono_us() - began_us;
    return rc;
}
