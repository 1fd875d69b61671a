#include "cli/confine.h"

#include "base/arena.h"
#include "base/confine.h"
#include "base/log.h"
#include "cli/cli.h"
#include "store/store.h"

#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

enum { PATHS_MAX = 96, FILES_MAX = 16, PRIVILEGED_PORTS = 1024 };

struct policy {
    struct arena *a;
    struct confine_path v[PATHS_MAX];
    size_t n;
};

/* Libraries, names of hosts and services, time zones, certificates, what the process is told of
 * itself.  /etc as a whole, because resolv.conf and the like are replaced while the server runs. */
static const char *const system_paths[] = {
    "/usr", "/lib", "/lib64", "/etc", "/run/systemd/resolve", "/run/NetworkManager",
    "/run/resolvconf", "/run/nscd", "/proc/self", "/proc/sys", "/proc/stat", "/proc/meminfo",
    "/proc/cpuinfo", "/sys/devices/system/cpu", "/sys/fs/cgroup", "/dev/random", "/dev/urandom",
};

static void add(struct policy *p, const char *path, bool writes)
{
    INVARIANT(p->n < PATHS_MAX);
    p->v[p->n++] = (struct confine_path){ path, writes };
}

/* The folder that holds a file, "." when the path has none. */
static const char *folder_of(struct policy *p, const char *path)
{
    struct str s = str_of(path);

    while (s.n && s.p[s.n - 1] != '/')
        s.n--;
    if (s.n > 1)
        s.n--;
    return s.n ? str_z(s, p->a) : ".";
}

/* A file that is read again later and may have been replaced by then: its folder.  The same for
 * what a link leads to.  Never the whole file system. */
static void add_file(struct policy *p, const char *path)
{
    char real[PATH_MAX];
    const char *folders[] = { folder_of(p, path), realpath(path, real) ? folder_of(p, real) : NULL };

    for (size_t i = 0; i < ARRAY_LEN(folders) && folders[i]; i++)
        add(p, realpath(folders[i], real) && strcmp(real, "/") == 0 ? path : folders[i], false);
}

static void add_database(struct policy *p, struct str url)
{
    struct str file = str_sub(url, strlen("sqlite:///"), url.n);
    const char *home = getenv("HOME"), *files[FILES_MAX];
    size_t n;

    if (str_starts(url, STR("sqlite:///"))) {
        add(p, folder_of(p, str_z(file, p->a)), true);
        return;
    }
    n = store_url_files(url, p->a, files, FILES_MAX);
    for (size_t i = 0; i < n; i++)
        add_file(p, files[i]);
    if (home) {
        add(p, str_printf(p->a, "%s/.postgresql", home).p, false);
        add(p, str_printf(p->a, "%s/.pgpass", home).p, false);
    }
}

static void add_settings(struct policy *p, const struct config *cfg)
{
    const char *files[FILES_MAX], *credentials = getenv("CREDENTIALS_DIRECTORY");
    size_t n = config_files(cfg, files, FILES_MAX);
    struct str rest = cfg->confine_read;

    for (size_t i = 0; i < n; i++)
        add_file(p, files[i]);
    if (credentials)
        add(p, credentials, false);
    if (access(".env", R_OK) == 0)
        add_file(p, ".env");
    if (cfg->tls_cert.n) {
        add_file(p, str_z(cfg->tls_cert, p->a));
        add_file(p, str_z(cfg->tls_key, p->a));
    }
    while (rest.p && p->n < PATHS_MAX) {
        struct str path = str_trim(str_cut(&rest, ','));

        if (path.n)
            add(p, str_z(path, p->a), false);
    }
}

static void add_own(struct policy *p, const struct config *cfg)
{
    add(p, str_z(cfg->data_dir, p->a), true);
    add(p, str_z(cfg->spool_dir, p->a), true);
    add(p, "/dev/null", true);
    if (cfg->backup_dir.n)
        add(p, str_z(cfg->backup_dir, p->a), true);
    if (cfg->unix_socket.n)
        add(p, folder_of(p, str_z(cfg->unix_socket, p->a)), true);
    add_database(p, cfg->database_url);
}

static bool is_low(int64_t port)
{
    return port > 0 && port < PRIVILEGED_PORTS;
}

static void warn_open(unsigned held)
{
    static const struct {
        unsigned bit;
        const char *words;
    } parts[] = {
        { CONFINED_PRIVILEGES, "capabilities were not dropped" },
        { CONFINED_CALLS, "system calls are not filtered (no seccomp here)" },
        { CONFINED_FILES, "files are not confined (no Landlock here)" },
    };

    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        if (!(held & parts[i].bit))
            LOG(LOG_WARN, "server.not_confined", KV_Z("detail", parts[i].words));
    }
}

unsigned serve_confine(struct cli *c)
{
    const struct config *cfg = c->cfg;
    struct policy p = { .a = c->a };
    unsigned held;

    if (!cfg->confine) {
        LOG(LOG_WARN, "server.not_confined", KV_Z("detail", "CONFINE is off"));
        return 0;
    }
    /* SQLite's temporary files must have a place that stays open to it. */
    setenv("SQLITE_TMPDIR", str_z(cfg->spool_dir, c->a), 0);
    for (size_t i = 0; i < ARRAY_LEN(system_paths); i++)
        add(&p, system_paths[i], false);
    add_own(&p, cfg);
    add_settings(&p, cfg);
    held = confine(&(struct confine_opts){
        .paths = p.v, .n = p.n, .low_ports = is_low(cfg->server_port) || is_low(cfg->tls_redirect_port) });
    warn_open(held);
    return held;
}
