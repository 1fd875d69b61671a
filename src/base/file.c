#include "base/file.h"

#include "base/arena.h"
#include "base/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE_BYTES = 16 * 1024 };

void fd_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static enum rc file_error(struct err *e, const char *what, const char *path)
{
    enum rc rc = errno == ENOENT ? RC_NOT_FOUND : errno == ENOSPC ? RC_FULL : RC_FAIL;

    return err_set(e, rc, "file", "cannot %s %.100s: %s", what, path, strerror(errno));
}

enum rc file_read(const char *path, size_t max, struct arena *a, struct str *out, struct err *e)
{
    int fd CLEAN(fd_close) = open(path, O_RDONLY | O_CLOEXEC);
    struct buf b = BUF_ARENA(a, max + 1);
    char piece[PIECE_BYTES];

    if (fd < 0)
        return file_error(e, "open", path);
    for (;;) {
        ssize_t got = read(fd, piece, sizeof(piece));

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return file_error(e, "read", path);
        if (got == 0)
            break;
        buf_add(&b, piece, (size_t)got);
        if (b.overflow || b.n > max)
            return err_set(e, RC_TOO_BIG, "file", "%.100s is larger than %zu bytes", path, max);
    }
    *out = buf_view(&b);
    buf_char(&b, '\0');
    out->p = b.p;
    return RC_OK;
}

bool fd_write_all(int fd, struct str bytes)
{
    size_t done = 0;

    while (done < bytes.n) {
        ssize_t n = write(fd, bytes.p + done, bytes.n - done);

        if (n < 0 && errno != EINTR)
            return false;
        done += n > 0 ? (size_t)n : 0;
    }
    return true;
}

static enum rc dir_sync(const char *path, struct err *e)
{
    char copy[PATH_MAX];
    int fd CLEAN(fd_close) = -1;

    snprintf(copy, sizeof(copy), "%s", path);
    fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0)
        return file_error(e, "sync the folder of", path);
    return RC_OK;
}

enum rc file_replace(const char *path, struct str bytes, unsigned mode, struct err *e)
{
    char temp[PATH_MAX];
    int fd CLEAN(fd_close) = -1;

    if (snprintf(temp, sizeof(temp), "%s.new", path) >= (int)sizeof(temp))
        return err_set(e, RC_FAIL, "file", "the path is too long");
    fd = open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);
    if (fd < 0 || fchmod(fd, mode) != 0 || !fd_write_all(fd, bytes) || fsync(fd) != 0)
        return file_error(e, "write", temp);
    if (rename(temp, path) != 0)
        return file_error(e, "rename", temp);
    return dir_sync(path, e);
}

enum rc dir_make(const char *path, unsigned mode, struct err *e)
{
    char copy[PATH_MAX];

    if (snprintf(copy, sizeof(copy), "%s", path) >= (int)sizeof(copy))
        return err_set(e, RC_FAIL, "file", "the path is too long");
    for (char *p = copy + 1; *p; p++) {
        if (*p != '/')
            continue;
        *p = '\0';
        if (mkdir(copy, mode) != 0 && errno != EEXIST)
            return file_error(e, "make the folder", copy);
        *p = '/';
    }
    if (mkdir(copy, mode) != 0 && errno != EEXIST)
        return file_error(e, "make the folder", copy);
    return RC_OK;
}
