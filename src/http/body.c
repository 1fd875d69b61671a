/* The body of a request: in the arena, or spooled to a file without a name. */
#include "http/http_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum { BODY_FIRST = 4096 };

static enum rc write_all(int fd, const char *p, size_t n)
{
    while (n) {
        ssize_t w = write(fd, p, n);

        if (w < 0 && errno == EINTR)
            continue;
        if (w < 0)
            return errno == ENOSPC || errno == EDQUOT || errno == EFBIG ? RC_FULL : RC_FAIL;
        p += w;
        n -= (size_t)w;
    }
    return RC_OK;
}

/* Some file systems know no O_TMPFILE: a file that is unlinked at once is as good. */
static int open_spool(struct str dir, struct arena *a)
{
    int fd = open(str_z(dir, a), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    char *name;

    if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR))
        return fd;
    name = (char *)(uintptr_t)str_printf(a, "%.*s/spool-XXXXXX", STR_ARG(dir)).p;
    fd = mkostemp(name, O_CLOEXEC);
    if (fd >= 0)
        unlink(name);
    return fd;
}

static enum rc to_file(struct exchange_io *io)
{
    io->x.body_fd = open_spool(server_spool_dir(io->hl->srv), io->x.arena);
    if (io->x.body_fd < 0)
        return errno == ENOSPC ? RC_FULL : RC_FAIL;
    TRY(write_all(io->x.body_fd, io->x.body.p, io->x.body.n));
    io->x.body = STR_NONE;
    return RC_OK;
}

/* Grows by doubling with what has come, so that a length that is only announced costs nothing. */
static char *room(struct exchange_io *io, size_t n)
{
    size_t want = io->x.body.n + n, cap = io->body_cap ? io->body_cap : BODY_FIRST;

    while (cap < want)
        cap *= 2;
    if (io->has_length && io->expect <= SPOOL_FROM && cap > io->expect)
        cap = io->expect;
    if (cap > io->body_cap) {
        io->x.body.p = arena_grow(io->x.arena, (char *)(uintptr_t)io->x.body.p, io->body_cap, cap);
        io->body_cap = cap;
    }
    return (char *)(uintptr_t)io->x.body.p;
}

enum rc body_add(struct exchange_io *io, const char *p, size_t n)
{
    struct exchange *x = &io->x;

    if (n > io->max_body || x->body_len > io->max_body - n)
        return RC_TOO_BIG;
    if (io->spool && x->body_fd < 0 && x->body_len + n > SPOOL_FROM)
        TRY(to_file(io));
    if (x->body_fd >= 0)
        TRY(write_all(x->body_fd, p, n));
    else if (n) {
        memcpy(room(io, n) + x->body.n, p, n); /* ANALYZER-OK: room() makes it when there is none */
        x->body.n += n;
    }
    x->body_len += n;
    return RC_OK;
}

enum rc body_end(struct exchange_io *io)
{
    io->body_done = true;
    if (io->x.body_fd >= 0 && lseek(io->x.body_fd, 0, SEEK_SET) != 0)
        return RC_FAIL;
    return RC_OK;
}
