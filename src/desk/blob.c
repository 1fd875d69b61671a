#include "desk/blob.h"

#include "base/enc.h"
#include "base/file.h"
#include "base/rand.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct blobs {
    char path[PATH_MAX];
    int dir;
    int tmp;
    pthread_mutex_t lock; /* a file's age is looked at and acted on as one step */
    pthread_mutex_t told; /* guards on_put */
    void (*on_put)(void *arg, const char *hash);
    void *on_put_arg;
};

enum { SHARD_LEN = 2, TMP_NAME_LEN = 32, FILE_MODE = 0600, DIR_MODE = 0700 };

static const char hex_digits[] = "0123456789abcdef";

static enum rc io_fail(struct err *e, const char *what)
{
    int why = errno;

    if (why == ENOSPC || why == EDQUOT)
        return err_set(e, RC_FULL, "disk_full", "There is no space left to store the file.");
    return err_fail(e, "blob: %s: errno %d", what, why);
}

static void hex_of(const unsigned char *raw, size_t n, char *out)
{
    for (size_t i = 0; i < n; i++) {
        out[2 * i] = hex_digits[raw[i] >> 4];
        out[2 * i + 1] = hex_digits[raw[i] & 15];
    }
    out[2 * n] = '\0';
}

static bool is_hash(struct str s)
{
    if (s.n != BLOB_HASH_LEN)
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (!s.p[i] || !strchr(hex_digits, s.p[i]))
            return false;
    return true;
}

/* A path below the directory, "ab/abcdef…", or just the shard. */
struct blob_path {
    char shard[SHARD_LEN + 1];
    char file[SHARD_LEN + 1 + BLOB_HASH_LEN + 1];
};

static struct blob_path path_of(const char *hash)
{
    struct blob_path p = { 0 };

    memcpy(p.shard, hash, SHARD_LEN);
    memcpy(p.file, hash, SHARD_LEN);
    p.file[SHARD_LEN] = '/';
    memcpy(p.file + SHARD_LEN + 1, hash, BLOB_HASH_LEN);
    return p;
}

enum rc blobs_open(struct str dir, struct blobs **out, struct err *e)
{
    char path[PATH_MAX] = "";
    struct blobs *b;

    if (dir.n >= sizeof path)
        return err_fail(e, "blob: directory name too long");
    if (dir.n)
        memcpy(path, dir.p, dir.n);
    TRY(dir_make(path, DIR_MODE, e));
    b = calloc(1, sizeof *b);
    INVARIANT(b);
    pthread_mutex_init(&b->lock, NULL);
    pthread_mutex_init(&b->told, NULL);
    b->tmp = -1;
    memcpy(b->path, path, sizeof path);
    b->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (b->dir >= 0 && (!mkdirat(b->dir, "tmp", DIR_MODE) || errno == EEXIST))
        b->tmp = openat(b->dir, "tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (b->tmp < 0) {
        blobs_close(&b);
        return io_fail(e, "open directory");
    }
    *out = b;
    return RC_OK;
}

void blobs_close(struct blobs **b)
{
    int why = errno;

    if (!*b)
        return;
    fd_close(&(*b)->dir);
    fd_close(&(*b)->tmp);
    pthread_mutex_destroy(&(*b)->lock);
    pthread_mutex_destroy(&(*b)->told);
    free(*b);
    *b = NULL;
    errno = why;
}

static enum rc write_tmp(struct blobs *b, const char *name, struct str bytes, struct err *e)
{
    int fd CLEAN(fd_close) =
        openat(b->tmp, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);

    if (fd < 0)
        return io_fail(e, "create");
    if (!fd_write_all(fd, bytes))
        return io_fail(e, "write");
    return fsync(fd) ? io_fail(e, "sync") : RC_OK;
}

/* The shard's directory must be on disk before a file in it counts as stored. */
static enum rc sync_shard(struct blobs *b, const struct blob_path *p, struct err *e)
{
    int shard CLEAN(fd_close) = openat(b->dir, p->shard, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    return shard < 0 || fsync(shard) ? io_fail(e, "sync shard") : RC_OK;
}

static enum rc move_in(struct blobs *b, const char *tmp, const struct blob_path *p, struct err *e)
{
    if (!mkdirat(b->dir, p->shard, DIR_MODE)) {
        if (fsync(b->dir))
            return io_fail(e, "sync directory");
    } else if (errno != EEXIST) {
        return io_fail(e, "mkdir");
    }
    if (renameat(b->tmp, tmp, b->dir, p->file))
        return io_fail(e, "rename");
    return sync_shard(b, p, e);
}

/* True when the file is there with this size; it is then young again. */
static bool touch(struct blobs *b, const struct blob_path *p, int64_t size)
{
    struct stat st;
    bool there;

    pthread_mutex_lock(&b->lock);
    there = !fstatat(b->dir, p->file, &st, AT_SYMLINK_NOFOLLOW) && S_ISREG(st.st_mode)
            && st.st_size == size && !utimensat(b->dir, p->file, NULL, 0);
    pthread_mutex_unlock(&b->lock);
    return there;
}

void blobs_on_put(struct blobs *b, void (*fn)(void *arg, const char *hash), void *arg)
{
    pthread_mutex_lock(&b->told);
    b->on_put = fn;
    b->on_put_arg = arg;
    pthread_mutex_unlock(&b->told);
}

static void tell(struct blobs *b, const char *hash)
{
    pthread_mutex_lock(&b->told);
    if (b->on_put)
        b->on_put(b->on_put_arg, hash);
    pthread_mutex_unlock(&b->told);
}

static enum rc put(struct blobs *b, struct str bytes, struct blob *out, struct err *e)
{
    struct sha256 h = hash_sha256(bytes);
    char tmp[2 * (TMP_NAME_LEN / 2) + 1];
    unsigned char noise[TMP_NAME_LEN / 2];
    struct blob_path p;
    enum rc rc;

    hex_of(h.b, sizeof h.b, out->hash);
    out->size = (int64_t)bytes.n;
    p = path_of(out->hash);
    if (touch(b, &p, out->size))
        return sync_shard(b, &p, e); /* another thread may have renamed it only just now */
    rand_bytes(noise, sizeof noise);
    hex_of(noise, sizeof noise, tmp);
    rc = write_tmp(b, tmp, bytes, e);
    if (rc == RC_OK)
        rc = move_in(b, tmp, &p, e);
    if (rc != RC_OK)
        unlinkat(b->tmp, tmp, 0);
    return rc;
}

enum rc blob_put(struct blobs *b, struct str bytes, struct blob *out, struct err *e)
{
    TRY(put(b, bytes, out, e));
    tell(b, out->hash);
    return RC_OK;
}

const char *blob_scratch(struct blobs *b, struct arena *a)
{
    return str_printf(a, "%s/tmp/%.*s", b->path, STR_ARG(rand_name(TMP_NAME_LEN / 2, a))).p;
}

void blob_unscratch(const char *path)
{
    unlink(path);
}

static enum rc hash_file(int fd, int64_t size, struct blob *out, struct err *e)
{
    struct sha256 h;
    void *p = size ? mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, fd, 0) : NULL;

    if (p == MAP_FAILED)
        return io_fail(e, "map");
    h = hash_sha256((struct str){ p ? p : "", (size_t)size });
    if (p)
        munmap(p, (size_t)size);
    hex_of(h.b, sizeof h.b, out->hash);
    out->size = size;
    return RC_OK;
}

enum rc blob_take(struct blobs *b, const char *path, struct blob *out, struct err *e)
{
    int fd CLEAN(fd_close) = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    const char *name = strrchr(path, '/');
    struct blob_path p;
    struct stat st;

    if (fd < 0 || fstat(fd, &st) || fchmod(fd, FILE_MODE) || fsync(fd))
        return io_fail(e, "take");
    TRY(hash_file(fd, st.st_size, out, e));
    p = path_of(out->hash);
    if (touch(b, &p, out->size))
        TRY(sync_shard(b, &p, e));
    else
        TRY(move_in(b, name + 1, &p, e));
    tell(b, out->hash);
    return RC_OK;
}

enum rc blob_get(struct blobs *b, struct str hash, int *fd, int64_t *size, struct err *e)
{
    struct blob_path p;
    struct stat st;
    int got;

    if (!is_hash(hash))
        return err_set(e, RC_NOT_FOUND, "", "There is no such file.");
    p = path_of(hash.p);
    got = openat(b->dir, p.file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (got < 0 && errno == ENOENT)
        return err_set(e, RC_NOT_FOUND, "file_gone", "The file is no longer there.");
    if (got < 0 || fstat(got, &st)) {
        fd_close(&got);
        return io_fail(e, "open");
    }
    *fd = got;
    *size = st.st_size;
    return RC_OK;
}

static int64_t mtime_us(const struct stat *st)
{
    return (int64_t)st->st_mtim.tv_sec * US_PER_S + st->st_mtim.tv_nsec / 1000;
}

/* 1: removed, 0: kept or absent, -1: failed */
static int drop_if_old(struct blobs *b, int dir, const char *name, int64_t older_than_us)
{
    struct stat st;
    int did = 0;

    pthread_mutex_lock(&b->lock);
    if (!fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) && mtime_us(&st) < older_than_us)
        did = unlinkat(dir, name, 0) ? -1 : 1;
    pthread_mutex_unlock(&b->lock);
    return did;
}

enum rc blob_drop(struct blobs *b, struct str hash, int64_t older_than_us, struct err *e)
{
    struct blob_path p;

    if (!is_hash(hash))
        return err_fail(e, "blob: not a hash");
    p = path_of(hash.p);
    return drop_if_old(b, b->dir, p.file, older_than_us) < 0 ? io_fail(e, "unlink") : RC_OK;
}

/* ── sweeping ── */

static void dir_close(DIR **d)
{
    if (*d)
        closedir(*d);
}

static DIR *dir_at(int dir, const char *name)
{
    int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    DIR *d = fd < 0 ? NULL : fdopendir(fd);

    if (!d && fd >= 0)
        close(fd);
    return d;
}

static enum rc sweep_entry(struct blobs *b, int dir, const char *name, const struct blob_sweep *how,
                           int64_t *removed, struct err *e)
{
    struct stat st;
    bool used = false;
    int did;

    if (name[0] == '.' || fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) || !S_ISREG(st.st_mode)
        || mtime_us(&st) >= how->older_than_us)
        return RC_OK;
    if (is_hash(str_of(name)))
        TRY(how->is_used(how->arg, str_of(name), &used, e));
    if (used)
        return RC_OK;
    did = drop_if_old(b, dir, name, how->older_than_us);
    if (did < 0)
        return io_fail(e, "unlink");
    *removed += did;
    return RC_OK;
}

static enum rc sweep_dir(struct blobs *b, const char *name, const struct blob_sweep *how,
                         int64_t *removed, struct err *e)
{
    DIR *d CLEAN(dir_close) = dir_at(b->dir, name);

    if (!d)
        return errno == ENOENT ? RC_OK : io_fail(e, "open directory");
    for (struct dirent *at; (at = readdir(d));)
        TRY(sweep_entry(b, dirfd(d), at->d_name, how, removed, e));
    return RC_OK;
}

enum rc blobs_sweep(struct blobs *b, const struct blob_sweep *how, int64_t *removed, struct err *e)
{
    char shard[SHARD_LEN + 1] = "";

    *removed = 0;
    TRY(sweep_dir(b, "tmp", how, removed, e));
    for (size_t i = 0; i < 256; i++) {
        shard[0] = hex_digits[i >> 4];
        shard[1] = hex_digits[i & 15];
        TRY(sweep_dir(b, shard, how, removed, e));
    }
    return RC_OK;
}
