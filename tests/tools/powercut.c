/* LD_PRELOAD: remembers what a power cut would take back.  Before each write to a regular file the
 * old bytes go to a journal of that file in POWERCUT_DIR, named by its inode; a sync of the file
 * empties the journal.  After a kill -9, tests/http/powercut.test.mjs writes the journals back, last
 * record first.  One lock over writes and syncs: what is written during a sync is not taken as synced.
 * A record: offset, old size of the file, length of the old bytes (three uint64_t), the bytes. */
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards the journals and what they tell of */

static bool journal_path(int fd, struct stat *st, char *path, size_t n)
{
    const char *dir = getenv("POWERCUT_DIR");

    if (!dir || fstat(fd, st) != 0 || !S_ISREG(st->st_mode))
        return false;
    return snprintf(path, n, "%s/%llu", dir, (unsigned long long)st->st_ino) < (int)n;
}

static void raw_write(int fd, const void *p, size_t n)
{
    if (syscall(SYS_write, fd, p, n) != (ssize_t)n)
        abort();
}

/* The bytes [off, off + n) as they are now. */
static void remember(int fd, uint64_t off, size_t n)
{
    struct stat st;
    uint64_t head[3];
    char path[4096], *old;
    ssize_t got = 0;
    int journal;

    if (!journal_path(fd, &st, path, sizeof(path)))
        return;
    old = malloc(n + 1);
    if (!old)
        abort();
    if (off < (uint64_t)st.st_size)
        got = syscall(SYS_pread64, fd, old, n, off);
    head[0] = off;
    head[1] = (uint64_t)st.st_size;
    head[2] = got > 0 ? (uint64_t)got : 0;
    journal = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (journal < 0)
        abort();
    raw_write(journal, head, sizeof(head));
    raw_write(journal, old, head[2]);
    syscall(SYS_close, journal);
    free(old);
}

static int synced(int fd, long call)
{
    struct stat st;
    char path[4096];
    int rc;

    pthread_mutex_lock(&lock);
    rc = (int)syscall(call, fd);
    if (rc == 0 && journal_path(fd, &st, path, sizeof(path)))
        unlink(path);
    pthread_mutex_unlock(&lock);
    return rc;
}

EXPORT int fsync(int fd)
{
    return synced(fd, SYS_fsync);
}

EXPORT int fdatasync(int fd)
{
    return synced(fd, SYS_fdatasync);
}

EXPORT ssize_t pwrite64(int fd, const void *p, size_t n, off64_t off)
{
    ssize_t got;

    pthread_mutex_lock(&lock);
    remember(fd, (uint64_t)off, n);
    got = syscall(SYS_pwrite64, fd, p, n, off);
    pthread_mutex_unlock(&lock);
    return got;
}

EXPORT ssize_t write(int fd, const void *p, size_t n)
{
    off_t at = lseek(fd, 0, SEEK_CUR);
    ssize_t got;

    if (at < 0)
        return syscall(SYS_write, fd, p, n);
    pthread_mutex_lock(&lock);
    remember(fd, (uint64_t)at, n);
    got = syscall(SYS_write, fd, p, n);
    pthread_mutex_unlock(&lock);
    return got;
}

EXPORT int ftruncate64(int fd, off64_t size)
{
    struct stat st;
    int rc;

    pthread_mutex_lock(&lock);
    if (fstat(fd, &st) == 0 && st.st_size > size)
        remember(fd, (uint64_t)size, (size_t)(st.st_size - size));
    else
        remember(fd, (uint64_t)size, 0);
    rc = (int)syscall(SYS_ftruncate, fd, size);
    pthread_mutex_unlock(&lock);
    return rc;
}
