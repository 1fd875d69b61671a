#include "backup/follow.h"

#include "base/file.h"
#include "store/attachments.h"

#include <fcntl.h>

enum { PAGE = 200, SCRATCH = 4 * 1024 * 1024, LATE = 200 /* ids are taken before the commit */ };

/* A file that is not there is the full copy's to tell of. */
static enum rc copy_one(const struct repo *r, struct str hash, const char *data_dir, struct err *e)
{
    struct arena *a CLEAN(arena_clean) = arena_new(SCRATCH);
    const char *path = str_printf(a, "%s/attachments/%.2s/%.*s", data_dir, hash.p, STR_ARG(hash)).p;
    int fd CLEAN(fd_close) = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    int64_t bytes;

    return fd < 0 ? RC_OK : repo_file_add(r, hash, fd, a, &bytes, e);
}

enum rc follow_attachments(const struct repo *r, struct db *db, const char *data_dir, int64_t *after_id,
                           struct err *e)
{
    int64_t at = *after_id > LATE ? *after_id - LATE : 0;
    size_t n;

    do {
        struct arena *a CLEAN(arena_clean) = arena_new(SCRATCH);
        struct attachment_hash v[PAGE];

        TRY(attachments_behind(db, at, a, v, PAGE, &n, e));
        for (size_t i = 0; i < n; i++)
            TRY(copy_one(r, v[i].hash, data_dir, e));
        at = n ? v[n - 1].id : at;
    } while (n == PAGE);
    *after_id = at > *after_id ? at : *after_id;
    return RC_OK;
}
