#include "backup/file_queue.h"

#include "backup/repo.h"
#include "base/clock.h"
#include "base/err.h"

#include <stdlib.h>
#include <sys/stat.h>

enum { FIRST_CAP = 64, ARENA_MAX = 64 * 1024 * 1024 };

void file_queue_init(struct file_queue *q)
{
    *q = (struct file_queue){ 0 };
    pthread_mutex_init(&q->lock, NULL);
}

void file_queue_free(struct file_queue *q)
{
    pthread_mutex_destroy(&q->lock);
    free(q->hashes);
}

void file_queue_put(void *arg, const char *hash)
{
    struct file_queue *q = arg;

    pthread_mutex_lock(&q->lock);
    if (q->n == q->cap) {
        q->cap = q->cap ? 2 * q->cap : FIRST_CAP;
        q->hashes = reallocarray(q->hashes, q->cap, sizeof(*q->hashes));
        INVARIANT(q->hashes);
    }
    memcpy(q->hashes[q->n++], hash, BLOB_HASH_LEN);
    pthread_mutex_unlock(&q->lock);
}

static void put_folder(struct file_queue *q, const char *dir, int64_t since_us, struct arena *a)
{
    struct err ignored = { 0 };
    struct stat st;
    const char **names;
    size_t n;

    if (dir_names(dir, a, &names, &n, &ignored) != RC_OK)
        return;
    for (size_t i = 0; i < n; i++)
        if (strlen(names[i]) == BLOB_HASH_LEN
            && stat(str_printf(a, "%s/%s", dir, names[i]).p, &st) == 0
            && (int64_t)st.st_mtim.tv_sec * US_PER_S > since_us)
            file_queue_put(q, names[i]);
}

void file_queue_put_since(struct file_queue *q, struct str data_dir, int64_t since_us)
{
    struct arena *a CLEAN(arena_clean) = arena_new(ARENA_MAX);

    for (unsigned shard = 0; shard < 256; shard++) {
        put_folder(q, str_printf(a, "%.*s/attachments/%02x", STR_ARG(data_dir), shard).p, since_us,
                   a);
        arena_reset(a);
    }
}

bool file_queue_has(struct file_queue *q)
{
    bool some;

    pthread_mutex_lock(&q->lock);
    some = q->n > 0;
    pthread_mutex_unlock(&q->lock);
    return some;
}

struct str file_queue_list(struct file_queue *q, struct arena *a)
{
    struct str list;

    pthread_mutex_lock(&q->lock);
    list = str_dup((struct str){ q->n ? q->hashes[0] : "", q->n * BLOB_HASH_LEN }, a);
    pthread_mutex_unlock(&q->lock);
    return list;
}

void file_queue_drop(struct file_queue *q, size_t n)
{
    pthread_mutex_lock(&q->lock);
    q->n -= n;
    memmove(q->hashes, q->hashes + n, q->n * sizeof(*q->hashes));
    pthread_mutex_unlock(&q->lock);
}
