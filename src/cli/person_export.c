#include "cli/person_export.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/file.h"
#include "desk/blob.h"
#include "desk/person_export.h"
#include "store/person_export.h"
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DATA_MAX = 1024 * 1024 * 1024, FILES_AT_ONCE = 100, BLOCK = 1 << 16 };

struct export {
    struct cli *c;
    const struct actor *who;
    struct person_export what;
    const char *dir;
};

static enum rc audit_run(struct db *db, void *arg, struct err *e)
{
    const struct export *x = arg;

    return person_export_audit(db, x->who, &x->what, e);
}

static enum rc copy_bytes(int from, const char *path, struct err *e)
{
    int to CLEAN(fd_close) = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    char block[BLOCK];
    ssize_t n = 1;

    while (to >= 0 && n > 0) {
        n = read(from, block, sizeof(block));
        if (n > 0 && !fd_write_all(to, (struct str){ block, (size_t)n }))
            n = -1;
    }
    return to >= 0 && n == 0 ? RC_OK : err_set(e, RC_FAIL, "", "%s cannot be written: %s", path, strerror(errno));
}

static enum rc copy_file(struct export *x, struct blobs *blobs, const struct export_file *f, struct err *e)
{
    int fd CLEAN(fd_close) = -1;
    int64_t size;

    TRY(blob_get(blobs, f->hash, &fd, &size, e));
    x->what.files++;
    return copy_bytes(fd, str_printf(x->c->a, "%s/attachments/%lld", x->dir, (long long)f->id).p, e);
}

static enum rc copy_files(struct export *x, struct err *e)
{
    struct export_files files = { .n = FILES_AT_ONCE };
    struct blobs *blobs = NULL;
    int64_t after = 0;
    enum rc rc;

    TRY(dir_make(str_printf(x->c->a, "%s/attachments", x->dir).p, 0700, e));
    rc = blobs_open(str_printf(x->c->a, "%.*s/attachments", STR_ARG(x->c->cfg->data_dir)), &blobs, e);
    while (rc == RC_OK && files.n == FILES_AT_ONCE) {
        rc = person_export_files(x->what.db, x->what.user_id, after, FILES_AT_ONCE, x->c->a, &files, e);
        for (size_t i = 0; rc == RC_OK && i < files.n; i++) {
            after = files.v[i].id;
            rc = copy_file(x, blobs, &files.v[i], e);
        }
    }
    blobs_close(&blobs);
    return rc;
}

static enum rc write_data(struct export *x, struct err *e)
{
    struct buf data CLEAN(buf_release) = BUF_HEAP(DATA_MAX);

    TRY(person_export_data(&x->what, &data, e));
    if (mkdir(x->dir, 0700) != 0)
        return err_set(e, RC_CONFLICT, "", "%s cannot be made: %s", x->dir, strerror(errno));
    return file_replace(str_printf(x->c->a, "%s/data.json", x->dir).p, buf_view(&data), 0600, e);
}

int person_export(struct cli *c, int64_t user_id, const struct actor *who)
{
    struct export x = { .c = c, .who = who, .what = { .user_id = user_id, .a = c->a } };
    struct err e = { 0 };
    enum rc rc;

    if (!cli_is_given(c, "--out"))
        return cli_usage(c, "export needs --out DIR");
    x.dir = str_z(cli_value(c, "--out"), c->a);
    rc = store_connect(c->store, DB_READ, &x.what.db, &e);
    if (rc == RC_OK)
        rc = write_data(&x, &e);
    if (rc == RC_OK)
        rc = copy_files(&x, &e);
    db_close(&x.what.db);
    if (rc != RC_OK || store_write(c->store, audit_run, &x, &e) != RC_OK)
        return cli_fail(&e);
    printf("%lld rows and %lld files about person %lld in %s, SHA-256 of data.json %.*s\n", (long long)x.what.rows,
           (long long)x.what.files, (long long)user_id, x.dir, STR_ARG(x.what.sha256));
    return CLI_OK;
}
