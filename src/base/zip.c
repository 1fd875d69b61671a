#include "base/zip.h"

#include <errno.h>
#include <minizip/zip.h>
#include <stdlib.h>
#include <unistd.h>

enum { BLOCK = 1 << 16, LEVEL = 1, YEAR = 1980 };

struct zip {
    zipFile file;
};

static enum rc failed(const char *what, struct err *e)
{
    if (errno == ENOSPC || errno == EDQUOT)
        return err_set(e, RC_FULL, "", "The disk is full.");
    return err_fail(e, "zip: %s: %s", what, strerror(errno));
}

enum rc zip_create(const char *path, struct zip **out, struct err *e)
{
    struct zip *z = calloc(1, sizeof *z);

    INVARIANT(z);
    errno = 0;
    z->file = zipOpen64(path, APPEND_STATUS_CREATE);
    if (!z->file) {
        free(z);
        return failed("create", e);
    }
    *out = z;
    return RC_OK;
}

static enum rc begin(struct zip *z, const char *name, struct err *e)
{
    const zip_fileinfo info = { .tmz_date = { .tm_mday = 1, .tm_year = YEAR } };
    const int is_large = 1; /* ZIP64: its size is not known before */

    errno = 0;
    return zipOpenNewFileInZip64(z->file, name, &info, NULL, 0, NULL, 0, NULL, Z_DEFLATED, LEVEL, is_large) == ZIP_OK
               ? RC_OK
               : failed("begin", e);
}

static enum rc put(struct zip *z, struct str bytes, struct err *e)
{
    while (bytes.n) {
        struct str some = str_sub(bytes, 0, BLOCK);

        if (zipWriteInFileInZip(z->file, some.p, (unsigned)some.n) != ZIP_OK)
            return failed("write", e);
        bytes = str_sub(bytes, some.n, bytes.n);
    }
    return RC_OK;
}

static enum rc end(struct zip *z, struct err *e)
{
    return zipCloseFileInZip(z->file) == ZIP_OK ? RC_OK : failed("end", e);
}

enum rc zip_add(struct zip *z, const char *name, struct str bytes, struct err *e)
{
    TRY(begin(z, name, e));
    TRY(put(z, bytes, e));
    return end(z, e);
}

enum rc zip_add_fd(struct zip *z, const char *name, int fd, struct err *e)
{
    char block[BLOCK];
    ssize_t n;

    TRY(begin(z, name, e));
    while ((n = read(fd, block, sizeof block)) > 0)
        TRY(put(z, (struct str){ block, (size_t)n }, e));
    if (n < 0)
        return failed("read", e);
    return end(z, e);
}

enum rc zip_finish(struct zip **z, struct err *e)
{
    int status;

    errno = 0;
    status = zipClose((*z)->file, NULL);
    free(*z);
    *z = NULL;
    return status == ZIP_OK ? RC_OK : failed("finish", e);
}

void zip_drop(struct zip **z)
{
    struct err ignored = { 0 };

    if (*z)
        (void)!zip_finish(z, &ignored);
}
