/* The database, for subcommands. */
#include "cli/cli.h"

#include "base/arena.h"
#include "base/file.h"
#include "store/migrate.h"
#include "store/store.h"

/* SQLite makes the file, but not its folder. */
enum rc cli_database_folder(struct str url, struct arena *a, struct err *e)
{
    struct str path = str_sub(url, strlen("sqlite:///"), url.n);
    struct str folder = str_dir(path);

    if (!str_starts(url, STR("sqlite:///")))
        return RC_OK;
    return folder.n > 1 ? dir_make(str_z(folder, a), 0700, e) : RC_OK;
}

enum rc cli_store_of(struct cli *c, const struct config *cfg, struct err *e)
{
    const struct store_opts o = {
        .url = cfg->database_url,
        .writers = 1,
        .statement_ms = cfg->db_statement_ms,
        .connect_ms = cfg->db_connect_ms,
        .batch_max = (size_t)cfg->db_batch_max,
        .keep_log = config_ships(cfg),
    };

    return store_open(&o, &c->store, e);
}

int cli_store(struct cli *c)
{
    struct err e = { 0 };
    int status = cli_config(c);

    if (status != CLI_OK)
        return status;
    if (cli_database_folder(c->cfg->database_url, c->a, &e) != RC_OK
        || cli_store_of(c, c->cfg, &e) != RC_OK)
        return cli_fail(&e);
    return CLI_OK;
}

int cli_store_current(struct cli *c)
{
    struct err e = { 0 };
    int status = cli_store(c);

    if (status != CLI_OK)
        return status;
    return store_migrate(c->store, &(struct migrate_opts){ 0 }, &e) == RC_OK ? CLI_OK : cli_fail(&e);
}
