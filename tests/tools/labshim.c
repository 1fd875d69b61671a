/* LD_PRELOAD for tests/http/lab.test.mjs: a disk that syncs slowly (LAB_SYNC_MS) or is nearly full
 * (LAB_DISK_FREE, percent of what it has). */
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

static long figure(const char *name)
{
    const char *text = getenv(name);

    return text ? strtol(text, NULL, 10) : -1;
}

EXPORT int fsync(int fd)
{
    long ms = figure("LAB_SYNC_MS");

    if (ms > 0)
        nanosleep(&(struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 }, NULL);
    return (int)syscall(SYS_fsync, fd);
}

EXPORT int statvfs(const char *path, struct statvfs *out)
{
    static int (*real)(const char *, struct statvfs *);
    long percent = figure("LAB_DISK_FREE");

    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "statvfs");
    if (real(path, out) != 0)
        return -1;
    if (percent >= 0)
        out->f_bavail = out->f_bfree = out->f_blocks / 100 * (unsigned long)percent;
    return 0;
}
