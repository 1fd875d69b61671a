#include "cli/erased.h"

#include "base/arena.h"
#include "desk/erase.h"
#include "store/migrate.h"
#include "store/store.h"
#include "web/app.h"

#include <unistd.h>

enum { LISTS = 2 };

/* NULL: there is no such folder. */
static const char *list_path(struct cli *c, const struct config *cfg, size_t i)
{
    struct str dir = i ? cfg->backup_dir : cfg->data_dir;

    return dir.n ? str_printf(c->a, "%.*s/erasures", STR_ARG(dir)).p : NULL;
}

static enum rc sync_lists(struct cli *c, const struct config *cfg, struct err *e)
{
    struct db *db = NULL;
    enum rc rc = store_connect(c->store, DB_READ, &db, e);

    if (rc == RC_OK)
        rc = erase_lists_sync(db, cfg->data_dir, cfg->backup_dir, c->a, e);
    db_close(&db);
    return rc;
}

enum rc erased_note(struct cli *c, struct err *e)
{
    return sync_lists(c, c->cfg, e);
}

static enum rc apply(struct cli *c, const struct config *cfg, struct auth *au, int64_t *n, struct err *e)
{
    TRY(store_migrate(c->store, &(struct migrate_opts){ 0 }, e));
    for (size_t i = 0; i < LISTS; i++) {
        const char *path = list_path(c, cfg, i);
        int64_t again = 0;

        if (path)
            TRY(erase_replay(c->store, au, path, c->a, &again, e));
        *n += again;
    }
    return sync_lists(c, cfg, e);
}

enum rc erased_apply(struct cli *c, const struct config *cfg, int64_t *n, struct err *e)
{
    struct auth *au = NULL;
    bool any = false;
    enum rc rc;

    *n = 0;
    for (size_t i = 0; i < LISTS; i++) {
        const char *path = list_path(c, cfg, i);

        any = any || (path && access(path, F_OK) == 0);
    }
    if (!any)
        return RC_OK;
    TRY(app_auth(cfg, &au, e));
    rc = cli_store_of(c, cfg, e);
    if (rc == RC_OK)
        rc = apply(c, cfg, au, n, e);
    store_close(&c->store);
    auth_close(&au);
    return rc;
}
