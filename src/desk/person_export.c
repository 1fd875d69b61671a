#include "desk/person_export.h"

#include "base/enc.h"
#include "base/file.h"
#include "base/json.h"
#include "base/zip.h"
#include "desk/audit.h"
#include "desk/later.h"
#include "store/person_export.h"
#include "store/users.h"

enum { DATA_MAX = 1024 * 1024 * 1024, FILES_AT_ONCE = 100, MISSING_MAX = 1024 * 1024 };

static void stay_alive(const struct person_export *x)
{
    if (x->alive)
        x->alive(x->arg);
}

enum rc person_export_data(struct person_export *x, struct buf *out, struct err *e)
{
    struct jw w = jw_to(out);
    struct user_row u;
    enum rc rc = users_load(x->db, x->user_id, x->a, &u, e);

    if (rc == RC_NOT_FOUND)
        return err_set(e, RC_NOT_FOUND, "", "there is no person %lld", (long long)x->user_id);
    TRY(rc);
    jw_obj(&w);
    TRY(person_export_write(x->db, x->user_id, &w, &x->rows, e));
    jw_obj_end(&w);
    buf_char(out, '\n');
    if (out->overflow)
        return err_set(e, RC_TOO_BIG, "", "there is too much data of this person");
    x->sha256 = sha256_hex(hash_sha256(buf_view(out)), x->a);
    return RC_OK;
}

static enum rc add_file(struct person_export *x, struct zip *z, const struct export_file *f, struct buf *missing,
                        struct err *e)
{
    int fd CLEAN(fd_close) = -1;
    int64_t size;
    enum rc rc = blob_get(x->blobs, f->hash, &fd, &size, e);

    if (rc == RC_NOT_FOUND) {
        err_clear(e);
        buf_printf(missing, "attachments/%lld\n", (long long)f->id);
        return RC_OK;
    }
    TRY(rc);
    x->files++;
    stay_alive(x);
    return zip_add_fd(z, str_printf(x->a, "attachments/%lld", (long long)f->id).p, fd, e);
}

static enum rc add_files(struct person_export *x, struct zip *z, struct err *e)
{
    struct buf missing CLEAN(buf_release) = BUF_HEAP(MISSING_MAX);
    struct export_files files = { .n = FILES_AT_ONCE };
    int64_t after = 0;

    while (files.n == FILES_AT_ONCE) {
        TRY(person_export_files(x->db, x->user_id, after, FILES_AT_ONCE, x->a, &files, e));
        for (size_t i = 0; i < files.n; i++) {
            after = files.v[i].id;
            TRY(add_file(x, z, &files.v[i], &missing, e));
        }
    }
    return missing.n ? zip_add(z, "missing.txt", buf_view(&missing), e) : RC_OK;
}

static enum rc add_data(struct person_export *x, struct zip *z, struct err *e)
{
    struct buf data CLEAN(buf_release) = BUF_HEAP(DATA_MAX);

    TRY(person_export_data(x, &data, e));
    stay_alive(x);
    return zip_add(z, "data.json", buf_view(&data), e);
}

enum rc person_export_zip(struct person_export *x, const char *path, struct err *e)
{
    struct zip *z CLEAN(zip_drop) = NULL;

    x->rows = x->files = 0;
    TRY(zip_create(path, &z, e));
    TRY(add_data(x, z, e));
    TRY(add_files(x, z, e));
    return zip_finish(&z, e);
}

enum rc person_export_audit(struct db *db, const struct actor *who, const struct person_export *x, struct err *e)
{
    struct audit_entry entry = { .action = "user.export", .object = "user", .object_id = x->user_id };

    entry.details = str_printf(x->a, "{\"rows\":%lld,\"files\":%lld,\"sha256\":\"%.*s\"}", (long long)x->rows,
                               (long long)x->files, STR_ARG(x->sha256));
    return audit_add(db, who, &entry, x->a, e);
}

enum rc person_export_check(const struct account *c, int64_t user_id, struct err *e)
{
    struct user_row u;
    enum rc rc;

    if (user_id == c->who->user_id && c->who->session_id)
        return RC_OK;
    if (!actor_has(c->who, PERM_ADMIN_USER) || !actor_has(c->who, PERM_ADMIN_TICKET))
        return user_id == c->who->user_id
                   ? err_set(e, RC_DENIED, "session_needed", "This needs a login, not an API token.")
                   : err_set(e, RC_DENIED, "",
                             "The data of a person hold what stands in tickets: this needs admin.user and admin.ticket.");
    rc = users_load(c->db, user_id, c->a, &u, e);
    return rc == RC_NOT_FOUND ? err_set(e, RC_NOT_FOUND, "", "There is no such person.") : rc;
}

enum rc person_export_ask(const struct account *c, int64_t user_id, struct job *out, struct err *e)
{
    TRY(person_export_check(c, user_id, e));
    return later_ask(c, PERSON_EXPORT_JOB, str_printf(c->a, "\"user\":%lld", (long long)user_id), out, e);
}
