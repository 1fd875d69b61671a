#include "backup/repo.h"

#include "base/clock.h"
#include "base/enc.h"
#include "base/file.h"
#include "base/rand.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sodium.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAMES_FIRST = 64, PIECE = 256 * 1024, TREE_FDS = 16, HASH_LEN = 64 };
enum { LOCK_TRIES = 30, LOCK_PAUSE_US = 100 * 1000 }; /* what ends soon is waited for */

static enum rc io_fail(struct err *e, const char *what, const char *path)
{
    enum rc rc = errno == ENOSPC || errno == EDQUOT ? RC_FULL : RC_FAIL;

    return err_set(e, rc, "backup_target", "cannot %s %.100s: %s", what, path, strerror(errno));
}

/* One behind the other, in the order of the words. */
static const struct box_key *former_keys(struct str words, struct arena *a)
{
    struct box_key *first = NULL, *last = NULL;

    while (words.p) {
        struct str word = str_trim(str_cut(&words, ' '));
        struct box_key *k;

        if (!word.n)
            continue;
        k = ARENA_NEW(a, struct box_key);
        box_key_make(word, k);
        if (last)
            last->former = k;
        else
            first = k;
        last = k;
    }
    return first;
}

enum rc repo_open(struct str dir, struct repo_keys keys, bool make, struct arena *a, struct repo *out,
                  struct err *e)
{
    static const char *const parts[] = { "sets", "files", "wal" };

    *out = (struct repo){ .dir = str_z(dir, a), .lock = -1 };
    if (dir.n == 0)
        return err_set(e, RC_INVALID, "backup_dir",
                       "BACKUP_DIR is not set: it is the folder of the backups");
    box_key_make(keys.key, &out->key);
    out->key.former = former_keys(keys.former, a);
    if (!make && access(str_printf(a, "%s/sets", out->dir).p, F_OK) != 0)
        return err_set(e, RC_NOT_FOUND, "backup_dir", "there are no backups in %.150s", out->dir);
    for (size_t i = 0; make && i < ARRAY_LEN(parts); i++)
        TRY(dir_make(str_printf(a, "%s/%s", out->dir, parts[i]).p, 0700, e));
    return RC_OK;
}

void repo_close(struct repo *r)
{
    fd_close(&r->lock);
    sodium_memzero(&r->key, sizeof(r->key));
}

enum rc repo_lock(struct repo *r, bool to_write, struct err *e)
{
    char path[4096];

    snprintf(path, sizeof(path), "%s/lock", r->dir);
    r->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (r->lock < 0)
        return to_write ? io_fail(e, "open", path) : RC_OK;
    for (int i = 0; i <= LOCK_TRIES; i++) {
        if (flock(r->lock, (to_write ? LOCK_EX : LOCK_SH) | LOCK_NB) == 0)
            return RC_OK;
        usleep(LOCK_PAUSE_US);
    }
    fd_close(&r->lock);
    return err_set(e, RC_CONFLICT, "backup_running",
                   "another backup, restore or pruning is at work in %.150s; try again when it is "
                   "done",
                   r->dir);
}

/* ---- sets ---- */

static void set_read(const struct repo *r, struct arena *a, struct set *s)
{
    struct err e = { 0 };

    if (str_ends(s->id, STR(".tmp"))) {
        s->state = SET_UNFINISHED;
        snprintf(s->why, sizeof(s->why), "unfinished: it was interrupted, or still runs");
        return;
    }
    if (manifest_read(r, s->path, a, &s->m, &e) == RC_OK) {
        s->state = SET_GOOD;
        return;
    }
    s->state = strcmp(e.code, "backup_key") == 0 || strcmp(e.code, "backup_newer") == 0
                   ? SET_FOREIGN
                   : SET_DAMAGED;
    snprintf(s->why, sizeof(s->why), "%s", e.detail);
    snprintf(s->code, sizeof(s->code), "%s", e.code);
}

enum rc repo_sets(const struct repo *r, struct arena *a, struct set **out, size_t *n,
                  struct err *e)
{
    const char *sets = str_printf(a, "%s/sets", r->dir).p, **names;

    TRY(dir_names(sets, a, &names, n, e));
    *out = ARENA_ARRAY(a, struct set, *n + 1);
    for (size_t i = 0; i < *n; i++) {
        struct set *s = &(*out)[*n - 1 - i];

        s->id = str_of(names[i]);
        s->path = str_printf(a, "%s/%s", sets, names[i]).p;
        set_read(r, a, s);
    }
    return RC_OK;
}

static bool is_named(struct str id, const struct set *s)
{
    return str_eq(id, s->id) || (id.n >= 8 && str_starts(s->id, id));
}

/* Why none will do: the newest of those that are not good. */
static enum rc none_good(const struct set *sets, size_t n, int64_t before_us, struct err *e)
{
    for (size_t i = 0; i < n; i++)
        if (sets[i].state != SET_GOOD)
            return err_set(e, RC_FAIL, "backup_none",
                           "there is no good backup; %.*s: %.150s", STR_ARG(sets[i].id), sets[i].why);
    return err_set(e, RC_NOT_FOUND, "backup_none", "%s",
                   n && before_us ? "there is no backup from before this time"
                                  : "there is no backup yet");
}

enum rc repo_choose(const struct repo *r, struct str id, int64_t before_us, struct arena *a,
                    struct set *out, struct err *e)
{
    struct set *sets;
    size_t n;

    TRY(repo_sets(r, a, &sets, &n, e));
    for (size_t i = 0; i < n; i++) {
        struct set *s = &sets[i];

        if (id.n ? !is_named(id, s)
                 : s->state != SET_GOOD || (before_us && s->m.at_us > before_us))
            continue;
        if (s->state != SET_GOOD)
            return err_set(e, RC_FAIL, s->state == SET_FOREIGN ? s->code : "backup_damaged",
                           "backup %.*s cannot be used: %.150s", STR_ARG(s->id), s->why);
        *out = *s;
        return RC_OK;
    }
    if (id.n)
        return err_set(e, RC_NOT_FOUND, "backup_none", "there is no backup \"%.*s\"", STR_ARG(id));
    return none_good(sets, n, before_us, e);
}

int64_t repo_next_number(const struct set *sets, size_t n)
{
    int64_t most = 0, number;

    for (size_t i = 0; i < n; i++)
        if (str_i64(str_sub(sets[i].id, 0, 8), 0, INT64_MAX, &number) && number > most)
            most = number;
    return most + 1;
}

/* ---- files of attachments ---- */

/* With a key the name tells nothing of the file. */
const char *repo_file_path(const struct repo *r, const struct box_key *key, struct str hash, struct arena *a)
{
    unsigned char sum[32];
    char name[65];

    if (!key->set)
        return str_printf(a, "%s/files/%.2s/%.*s", r->dir, hash.p, STR_ARG(hash)).p;
    box_key_sum(key, hash, sum);
    sodium_bin2hex(name, sizeof(name), sum, sizeof(sum));
    return str_printf(a, "%s/files/%.2s/%s", r->dir, name, name).p;
}

static bool is_hash(struct str s)
{
    return s.n == HASH_LEN && strspn(s.p, "0123456789abcdef") >= HASH_LEN;
}

struct copy {
    int from, to;
    struct box_writer *box;
    crypto_hash_sha256_state sha;
    int64_t n;
};

static enum rc check_hash(struct copy *c, struct str hash, struct err *e)
{
    unsigned char raw[crypto_hash_sha256_BYTES];
    char hex[2 * sizeof(raw) + 1];

    crypto_hash_sha256_final(&c->sha, raw);
    sodium_bin2hex(hex, sizeof(hex), raw, sizeof(raw));
    if (str_eq(str_of(hex), hash))
        return RC_OK;
    return err_set(e, RC_FAIL, "attachment_damaged", "attachment %.*s is not what it was",
                   STR_ARG(hash));
}

static enum rc copy_in(struct copy *c, struct err *e)
{
    char *piece = malloc(PIECE);
    enum rc rc = RC_OK;
    ssize_t got;

    INVARIANT(piece);
    crypto_hash_sha256_init(&c->sha);
    while (rc == RC_OK && (got = pread(c->from, piece, PIECE, c->n)) > 0) {
        crypto_hash_sha256_update(&c->sha, (unsigned char *)piece, (size_t)got);
        rc = box_add(c->box, piece, (size_t)got, e);
        c->n += got;
    }
    free(piece);
    if (rc == RC_OK && got < 0)
        rc = err_set(e, RC_FAIL, "attachment_damaged", "an attachment cannot be read: %s",
                     strerror(errno));
    return rc;
}

enum rc repo_file_add(const struct repo *r, struct str hash, int from, struct arena *a,
                      int64_t *bytes, struct err *e)
{
    const char *path, *temp;
    struct copy c = { .from = from };
    struct box_sum sum;
    enum rc rc;

    *bytes = 0;
    if (!is_hash(hash))
        return err_fail(e, "not a hash");
    path = repo_file_path(r, &r->key, hash, a);
    if (access(path, F_OK) == 0)
        return RC_OK;
    TRY(dir_make(str_z(str_sub(str_of(path), 0, strlen(path) - HASH_LEN - 1), a), 0700, e));
    temp = str_printf(a, "%s.%.*s.tmp", path, STR_ARG(rand_token(6, a))).p;
    TRY(box_create(temp, &r->key, &c.box, e));
    rc = copy_in(&c, e);
    if (rc == RC_OK)
        rc = check_hash(&c, hash, e);
    if (rc == RC_OK)
        rc = box_finish(&c.box, true, &sum, e);
    if (rc == RC_OK && rename(temp, path) != 0)
        rc = io_fail(e, "rename", temp);
    if (rc != RC_OK)
        unlink(temp);
    else
        *bytes = sum.size;
    box_drop(&c.box);
    return rc;
}

/* As the newest key has it that has it at all. */
static enum rc open_stored(const struct repo *r, struct str hash, struct arena *a, struct box_reader **out,
                           struct err *e)
{
    enum rc rc = RC_NOT_FOUND;

    for (const struct box_key *k = &r->key; k && rc == RC_NOT_FOUND; k = k->former) {
        err_clear(e);
        rc = box_open(repo_file_path(r, k, hash, a), &r->key, out, e);
    }
    return rc;
}

enum rc repo_file_get(const struct repo *r, struct str hash, int64_t size, int to, struct arena *a,
                      struct err *e)
{
    struct box_reader *box CLEAN(box_close) = NULL;
    struct copy c = { .to = to };
    struct str piece;
    char type = BOX_DATA;

    if (!is_hash(hash))
        return err_set(e, RC_FAIL, "attachment_damaged", "an attachment without a proper name");
    if (open_stored(r, hash, a, &box, e) != RC_OK)
        return e->rc == RC_NOT_FOUND ? err_set(e, RC_FAIL, "attachment_missing",
                                               "attachment %.*s is not in the backup", STR_ARG(hash))
                                     : e->rc;
    crypto_hash_sha256_init(&c.sha);
    while (type != BOX_END) {
        TRY(box_next(box, &type, &piece, e));
        if (type == BOX_END)
            break;
        crypto_hash_sha256_update(&c.sha, (const unsigned char *)piece.p, piece.n);
        c.n += (int64_t)piece.n;
        if (to >= 0 && !fd_write_all(to, piece))
            return io_fail(e, "write", "an attachment");
    }
    TRY(check_hash(&c, hash, e));
    return c.n == size || size < 0 ? RC_OK
                                   : err_set(e, RC_FAIL, "attachment_damaged",
                                             "attachment %.*s has another length", STR_ARG(hash));
}

/* ---- folders ---- */

enum rc repo_sync(const struct repo *r, struct err *e)
{
    int fd CLEAN(fd_close) = open(r->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    return fd >= 0 && syncfs(fd) == 0 ? RC_OK : io_fail(e, "sync", r->dir);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
    (void)st, (void)type, (void)where;
    return remove(path);
}

enum rc tree_remove(const char *path, struct err *e)
{
    if (nftw(path, remove_one, TREE_FDS, FTW_DEPTH | FTW_PHYS) == 0 || errno == ENOENT)
        return RC_OK;
    return io_fail(e, "remove", path);
}

static int by_name(const void *x, const void *y)
{
    return strcmp(*(const char *const *)x, *(const char *const *)y);
}

enum rc dir_names(const char *path, struct arena *a, const char ***out, size_t *n, struct err *e)
{
    size_t cap = NAMES_FIRST;
    DIR *d = opendir(path);

    *n = 0;
    *out = ARENA_ARRAY(a, const char *, cap);
    if (!d)
        return errno == ENOENT || errno == ENOTDIR ? RC_OK : io_fail(e, "read", path);
    for (struct dirent *at; (at = readdir(d));) {
        if (at->d_name[0] == '.')
            continue;
        if (*n == cap) {
            *out = arena_grow(a, *out, cap * sizeof(**out), 2 * cap * sizeof(**out));
            cap *= 2;
        }
        (*out)[(*n)++] = str_z(str_of(at->d_name), a);
    }
    closedir(d);
    qsort(*out, *n, sizeof(**out), by_name);
    return RC_OK;
}

enum rc file_sum(const char *path, char sha256[65], int64_t *size, struct err *e)
{
    int fd CLEAN(fd_close) = open(path, O_RDONLY | O_CLOEXEC);
    crypto_hash_sha256_state sha;
    unsigned char raw[crypto_hash_sha256_BYTES];
    char *piece = malloc(PIECE);
    ssize_t got = -1;

    INVARIANT(piece);
    crypto_hash_sha256_init(&sha);
    *size = 0;
    while (fd >= 0 && (got = read(fd, piece, PIECE)) > 0) {
        crypto_hash_sha256_update(&sha, (unsigned char *)piece, (size_t)got);
        *size += got;
    }
    free(piece);
    if (got < 0)
        return io_fail(e, "read", path);
    crypto_hash_sha256_final(&sha, raw);
    sodium_bin2hex(sha256, 65, raw, sizeof(raw));
    return RC_OK;
}

struct str time_name(int64_t t_us, struct arena *a)
{
    char text[CLOCK_TEXT_MAX];

    clock_format(t_us, text);
    return str_printf(a, "%.4s%.2s%.2sT%.2s%.2s%.2sZ", text, text + 5, text + 8, text + 11, text + 14,
                      text + 17);
}
