/* Lines about this machine: files, programs, the unit. */
#include "check/check_priv.h"

#include "base/file.h"
#include "base/version.h"
#include "check/run.h"
#include "text/html.h"

#include <dirent.h>
#include <linux/fscrypt.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum { GIT_MS = 5000, RUN_MS = 5000, UNIT_MAX = 64 * 1024, NAME_MAX_BYTES = 64 };

/* ── .env and git ── */

enum { GIT_ARGS_MAX = 8 };

/* git in the server's folder; its exit code, -1 without git. */
static int git(struct check_run *r, const char *const *args, struct str *out)
{
    const char *argv[GIT_ARGS_MAX + 4] = { "git", "-C", str_z(r->o->folder, r->a) };
    struct program_out p;

    for (size_t i = 0; i < GIT_ARGS_MAX && args[i]; i++)
        argv[3 + i] = args[i];
    program_run(argv, NULL, GIT_MS, r->a, &p);
    *out = str_trim(p.out);
    return p.status;
}

void check_gitignore(struct check_run *r, const char *of, struct finding *f)
{
    static const char *const is_inside[] = { "rev-parse", "--is-inside-work-tree", NULL };
    static const char *const is_tracked[] = { "ls-files", "--", ".env", NULL };
    static const char *const is_ignored[] = { "check-ignore", "-q", ".env", NULL };
    static const char *const was_committed[] = { "log", "--all", "--format=%h", "-1", "--", ".env",
                                                 NULL };
    struct str out;
    int status;

    (void)of;
    status = git(r, is_inside, &out);
    if (status == -1)
        find_na(f, "git is not installed here, so nothing here is a checkout");
    else if (status != 0 || !str_eq(out, STR("true")))
        find_na(f, "%.*s is no git checkout", STR_ARG(r->o->folder));
    else if (git(r, is_tracked, &out) != 0 || out.n)
        find_fail(f, ".env is in git");
    else if (git(r, was_committed, &out) == 0 && out.n)
        find_fail(f, ".env was committed once, in %.*s: its secrets are known", STR_ARG(out));
    else if (git(r, is_ignored, &out) != 0)
        find_fail(f, ".gitignore does not name .env: the next \"git add\" takes it along");
    else
        find_pass(f, ".env is ignored, and was never committed");
}

/* ── secrets ── */

/* The parts of a PEM key or secret file that others could read. */
static bool is_private(struct check_run *r, struct str path, const char *what, struct finding *f)
{
    struct stat st;

    if (!path.n || stat(str_z(path, r->a), &st) != 0 || !(st.st_mode & (S_IRWXO | S_IWGRP)))
        return true;
    find_fail(f, "%s %.*s has mode %04o: others can read it", what, STR_ARG(path),
              (unsigned)(st.st_mode & 07777));
    return false;
}

static bool are_apart(struct check_run *r, struct finding *f)
{
    const struct {
        const char *name;
        struct str value;
    } secrets[] = { { "JWT_SECRET", r->cfg->jwt_secret },
                    { "SECRET_KEY", r->cfg->secret_key },
                    { "METRICS_TOKEN", r->cfg->metrics_token },
                    { "BACKUP_KEY", r->cfg->backup_key } };

    for (size_t i = 0; i < ARRAY_LEN(secrets); i++) {
        for (size_t k = i + 1; k < ARRAY_LEN(secrets); k++) {
            if (secrets[i].value.n && str_eq(secrets[i].value, secrets[k].value)) {
                find_fail(f, "%s and %s are the same: who has one has both", secrets[i].name,
                          secrets[k].name);
                return false;
            }
        }
    }
    return true;
}

void check_secrets(struct check_run *r, const char *of, struct finding *f)
{
    struct str env = str_printf(r->a, "%.*s/.env", STR_ARG(r->o->folder));

    (void)of;
    if (!is_private(r, env, "the file", f) || !is_private(r, r->cfg->tls_key, "the key", f)
        || !is_private(r, r->cfg->data_dir, "the folder", f) || !are_apart(r, f))
        return;
    if (!config_is_set(r->cfg, "SECRET_KEY"))
        find_warn(f, "SECRET_KEY is not set: what it would seal hangs on JWT_SECRET");
    else
        find_pass(f, "JWT_SECRET from %s; keys and files are readable by the server alone",
                  config_source_name(r->cfg, "JWT_SECRET"));
}

/* ── the binary ── */

void check_binary_runs(struct check_run *r, const char *of, struct finding *f)
{
    const char *argv[] = { r->o->program, "version", NULL };
    struct program_out p;

    (void)of;
    program_run(argv, NULL, RUN_MS, r->a, &p);
    if (p.status != 0)
        find_fail(f, "%s version ended with %d", r->o->program, p.status);
    else if (!str_eq(str_trim(p.out), STR(VERSION)))
        find_fail(f, "%s is version %.*s, this is %s", r->o->program, STR_ARG(str_trim(p.out)),
                  VERSION);
    else
        find_pass(f, "%s runs, version %s", r->o->program, VERSION);
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { IS_SANITIZED = 1 };
#else
enum { IS_SANITIZED = 0 };
#endif
#ifdef __OPTIMIZE__
enum { IS_OPTIMIZED = 1 };
#else
enum { IS_OPTIMIZED = 0 };
#endif

void check_release_mode(struct check_run *r, const char *of, struct finding *f)
{
    (void)of;
    if (IS_SANITIZED || !IS_OPTIMIZED)
        find_fail(f, "this binary is %s", IS_SANITIZED ? "a sanitiser build" : "not optimised");
    else if (!config_is_production(r->cfg))
        find_fail(f, "the binary is optimised, but ENVIRONMENT is not production");
    else
        find_pass(f, "an optimised build with ENVIRONMENT=production");
}

/* deploy/upgrade keeps former releases under releases/, beside the one in use. */
static size_t count_releases(struct check_run *r, struct str folder)
{
    DIR *d = opendir(str_z(folder, r->a));
    const struct dirent *entry;
    size_t n = 0;

    while (d && (entry = readdir(d))) {
        struct str path = str_printf(r->a, "%.*s/%s/server", STR_ARG(folder), entry->d_name);

        n += entry->d_name[0] != '.' && access(path.p, X_OK) == 0;
    }
    if (d)
        closedir(d);
    return n;
}

void check_former_binary(struct check_run *r, const char *of, struct finding *f)
{
    struct str program = str_of(r->o->program), folder;
    size_t slash = program.n, n;

    (void)of;
    while (slash > 0 && program.p[slash - 1] != '/')
        slash--;
    folder = str_printf(r->a, "%.*sreleases", STR_ARG(str_sub(program, 0, slash)));
    n = count_releases(r, folder);
    if (n == 0)
        find_fail(f, "no former release in %.*s", STR_ARG(folder));
    else
        find_pass(f, "%zu releases in %.*s", n, STR_ARG(folder));
}

/* ── the sanitiser, tried here ── */

void check_sanitizer(struct check_run *r, const char *of, struct finding *f)
{
    static const struct {
        const char *html, *never;
    } tries[] = {
        { "<script>alert(1)</script>", "script" },
        { "<img src=x onerror=alert(1)>", "onerror" },
        { "<a href=\"jav&#x09;ascript:alert(1)\">x</a>", "ascript:" },
        { "<svg><animate onbegin=alert(1)>", "onbegin" },
        { "<iframe src=//evil.example></iframe>", "iframe" },
        { "<style>@import '//evil.example'</style>", "import" },
        { "<p style=\"background:url(//evil.example)\">x</p>", "evil.example" },
    };

    (void)of;
    for (size_t i = 0; i < ARRAY_LEN(tries); i++) {
        struct html_safe safe;

        html_clean(str_of(tries[i].html), 0, r->a, &safe);
        if (str_find(safe.html, str_of(tries[i].never)) != SIZE_MAX)
            return find_fail(f, "%s came through", tries[i].html);
    }
    find_pass(f, "%zu attacks in HTML came to nothing", ARRAY_LEN(tries));
}

/* ── encryption of the disk ── */

static bool is_below_crypt(dev_t dev, struct arena *a)
{
    struct str path = str_printf(a, "/sys/dev/block/%u:%u/dm/uuid", major(dev), minor(dev)), uuid;
    struct err e = { 0 };

    return file_read(path.p, 4096, a, &uuid, &e) == RC_OK && str_starts(uuid, STR("CRYPT-"));
}

static bool is_fscrypt(const char *path)
{
    struct fscrypt_get_policy_ex_arg policy = { .policy_size = sizeof(policy.policy) };
    int fd CLEAN(fd_close) = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    return fd >= 0 && ioctl(fd, FS_IOC_GET_ENCRYPTION_POLICY_EX, &policy) == 0;
}

void check_encryption_at_rest(struct check_run *r, const char *of, struct finding *f)
{
    const char *path = str_z(r->cfg->data_dir, r->a);
    struct stat st;

    (void)of;
    if (stat(path, &st) != 0)
        find_fail(f, "there is no DATA_DIR %s", path);
    else if (is_below_crypt(st.st_dev, r->a))
        find_pass(f, "%s lies on an encrypted volume (dm-crypt)", path);
    else if (is_fscrypt(path))
        find_pass(f, "%s is encrypted (fscrypt)", path);
    else
        find_sign(f, "%s lies on no volume that this machine encrypts", path);
}

/* ── logs ── */

/* What carries logs away; journald alone keeps them here. */
static const char *const shippers[] = { "vector",     "rsyslogd",  "fluent-bit", "fluentd",
                                        "filebeat",   "promtail",  "alloy",      "syslog-ng",
                                        "systemd-journal-upload" };

static const char *running_shipper(struct arena *a)
{
    DIR *d = opendir("/proc");
    const struct dirent *entry;
    const char *found = NULL;

    while (d && !found && (entry = readdir(d))) {
        struct str path = str_printf(a, "/proc/%s/comm", entry->d_name), name;
        struct err e = { 0 };

        if (entry->d_name[0] < '1' || entry->d_name[0] > '9'
            || file_read(path.p, NAME_MAX_BYTES, a, &name, &e) != RC_OK)
            continue;
        for (size_t i = 0; i < ARRAY_LEN(shippers); i++) {
            /* The kernel keeps 15 bytes of a name. */
            if (str_eq(str_trim(name), str_sub(str_of(shippers[i]), 0, 15)))
                found = shippers[i];
        }
    }
    if (d)
        closedir(d);
    return found;
}

void check_log_shipping(struct check_run *r, const char *of, struct finding *f)
{
    const char *name = running_shipper(r->a);

    (void)of;
    if (run_in_container(r))
        find_na(f, "in a container the engine takes the log from standard output");
    else if (!name)
        find_fail(f, "nothing here carries logs away (vector, rsyslogd, fluent-bit, …)");
    else if (r->cfg->log_format == 2)
        find_warn(f, "%s runs, but LOG_FORMAT=readable cannot be parsed", name);
    else
        find_pass(f, "%s runs, lines are JSON", name);
}

/* ── the unit ── */

/* What deploy/systemd/ticketing-system.service sets; a unit without one of them is weaker than ours. */
static const char *const unit_lines[] = {
    "NoNewPrivileges=yes",       "ProtectSystem=strict",   "ProtectHome=yes",
    "PrivateTmp=yes",            "PrivateDevices=yes",     "ProtectKernelTunables=yes",
    "ProtectKernelModules=yes",  "ProtectKernelLogs=yes",  "ProtectControlGroups=yes",
    "ProtectClock=yes",          "ProtectHostname=yes",    "RestrictSUIDSGID=yes",
    "RestrictNamespaces=yes",    "RestrictRealtime=yes",   "LockPersonality=yes",
    "MemoryDenyWriteExecute=yes", "CapabilityBoundingSet=", "SystemCallFilter=",
    "RestrictAddressFamilies=",
};

/* A setting stands at the beginning of its line; "true" and "yes" mean the same. */
static bool unit_has(struct str text, struct str wanted)
{
    struct str key = str_sub(wanted, 0, str_chr(wanted, '=') + 1);

    while (text.p) {
        struct str line = str_trim(str_cut(&text, '\n'));

        if (str_starts(line, wanted)
            || (str_ends(wanted, STR("=yes")) && str_starts(line, key)
                && (str_ends(line, STR("=true")) || str_ends(line, STR("=on"))
                    || str_ends(line, STR("=1")))))
            return true;
    }
    return false;
}

bool unit_is_sound(struct check_run *r, struct finding *f)
{
    const char *path = str_z(r->cfg->check_unit, r->a);
    struct str text;
    struct err e = { 0 };

    if (run_in_container(r) || file_read(path, UNIT_MAX, r->a, &text, &e) != RC_OK)
        return true; /* nothing of systemd's here */
    if (!unit_has(text, STR("User=")) && !unit_has(text, STR("DynamicUser=yes"))) {
        find_fail(f, "%s names no User: the server runs as root", path);
        return false;
    }
    for (size_t i = 0; i < ARRAY_LEN(unit_lines); i++) {
        if (!unit_has(text, str_of(unit_lines[i]))) {
            find_fail(f, "%s is weaker than ours: %s is missing", path, unit_lines[i]);
            return false;
        }
    }
    return true;
}
