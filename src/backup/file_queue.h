/* Attachments that were put and are not shipped yet: named by the threads that put them, taken by
 * the one that ships. */
#ifndef BACKUP_FILE_QUEUE_H
#define BACKUP_FILE_QUEUE_H

#include "base/arena.h"
#include "base/defs.h"
#include "base/str.h"
#include "desk/blob.h"

#include <pthread.h>

struct file_queue {
    pthread_mutex_t lock;
    char (*hashes)[BLOB_HASH_LEN]; /* owner */
    size_t n, cap;
};

void file_queue_init(struct file_queue *q);
void file_queue_free(struct file_queue *q);

/* Any thread; q is a struct file_queue: what blobs_on_put() calls. */
void file_queue_put(void *q, const char *hash);
/* After a crash: names again those in data_dir that were put since (Unix time). */
void file_queue_put_since(struct file_queue *q, struct str data_dir, int64_t since_us);

bool file_queue_has(struct file_queue *q);
/* The hashes, one after the other, copied into a; they stay until they are dropped. */
struct str file_queue_list(struct file_queue *q, struct arena *a);
/* The first n are shipped. */
void file_queue_drop(struct file_queue *q, size_t n);

#endif
