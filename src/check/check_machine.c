/* Lines about this machine: files, programs, the unit. */
#include "check/check_priv.h"

#include "base/file.h"
#include "base/version.h"
#include "check/unit_file.h"
#include "desk/reseal.h"
#include "store/store.h"
#include "text/html.h"

#include <dirent.h>
#include <linux/fscrypt.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum { GIT_MS = 5000, RUN_MS = 5000, UNIT_MAX = 64 * 1024, UNITS_MAX = 1024 * 1024, SECRET_BITS = 128, SECRET_FILES_MAX = 32 };

/* ── .env and git ── */

enum { GIT_ARGS_MAX = 8 };

/* git in the server's folder; its exit code, -1 without git. */
static int git(struct check_run *r, const char *const *args, struct str *out)
{
    const char *argv[GIT_ARGS_MAX + 4] = { "git", "-C", str_z(r->o->folder, r->a) };
    int status;

    for (size_t i = 0; i < GIT_ARGS_MAX && args[i]; i++)
        argv[3 + i] = args[i];
    status = run_program(r, argv, GIT_MS, out);
    *out = str_trim(*out);
    return status;
}

/* A checkout here or above; git does not read one of another owner, and need not be asked to. */
static bool is_checkout(struct check_run *r)
{
    char *folder = realpath(str_z(r->o->folder, r->a), NULL);
    bool found = false;

    while (folder && *folder && !found) {
        struct str path = str_printf(r->a, "%s/.git", folder);

        found = access(path.p, F_OK) == 0;
        *strrchr(folder, '/') = '\0';
    }
    free(folder);
    return found;
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
    if (status != 0 && is_checkout(r))
        find_warn(f, "this is a checkout that git does not read here: run this line as its owner");
    else if (status == -1)
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

static bool are_good_secrets(struct check_run *r, struct finding *f)
{
    const struct {
        const char *name;
        struct str value;
    } secrets[] = { { "JWT_SECRET", r->cfg->jwt_secret },
                    { "SECRET_KEY", r->cfg->secret_key },
                    { "JWT_SECRET_FORMER", r->cfg->jwt_secret_former },
                    { "SECRET_KEY_FORMER", r->cfg->secret_key_former },
                    { "METRICS_TOKEN", r->cfg->metrics_token },
                    { "BACKUP_KEY", r->cfg->backup_key },
                    { "BACKUP_OFFSITE_PASSWORD", r->cfg->backup_offsite_password } };

    for (size_t i = 0; i < ARRAY_LEN(secrets); i++) {
        if (secrets[i].value.n && config_secret_bits(secrets[i].value) < SECRET_BITS) {
            find_fail(f, "%s is too easy to guess (about %lld bits, %d are needed)", secrets[i].name,
                      (long long)config_secret_bits(secrets[i].value), SECRET_BITS);
            return false;
        }
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

/* The files that secrets come from (NAME_FILE). */
static bool are_files_private(struct check_run *r, struct finding *f)
{
    const char *files[SECRET_FILES_MAX];
    size_t n = config_files(r->cfg, files, SECRET_FILES_MAX);

    for (size_t i = 0; i < n && i < SECRET_FILES_MAX; i++) {
        if (!is_private(r, str_of(files[i]), "the secret's file", f))
            return false;
    }
    return true;
}

/* A database apart from DATA_DIR, whose mode says nothing of it. */
static bool is_database_private(struct check_run *r, struct finding *f)
{
    struct str path = r->o->store ? store_path(r->o->store) : STR("");

    return str_starts(path, r->cfg->data_dir) || is_private(r, path, "the database", f);
}

/* What the database has sealed opens, and hangs on no key that was to go. */
static bool is_sealed_well(struct check_run *r, struct finding *f)
{
    struct secret_keys keys;
    struct reseal_report report;
    struct err e = { 0 };

    secret_keys_of(r->cfg, &keys);
    if (!r->db || !keys.n || reseal_look(r->db, &keys, &report, &e) != RC_OK)
        return true; /* lines of the database say so */
    if (report.unreadable)
        find_fail(f, "%lld of %lld sealed texts open with none of the keys: %.*s", (long long)report.unreadable,
                  (long long)report.rows, STR_ARG(reseal_names(&report, r->a)));
    else if (report.former)
        find_warn(f, "%lld sealed texts still need a former key: run server secrets rotate",
                  (long long)report.former);
    else if (r->cfg->secret_key_former.n)
        find_warn(f, "SECRET_KEY_FORMER seals nothing any more: remove it");
    else if (r->cfg->jwt_secret_former.n)
        find_warn(f, "JWT_SECRET_FORMER still lets people in: remove it a day after JWT_SECRET was replaced");
    return !report.unreadable && !report.former && !r->cfg->secret_key_former.n && !r->cfg->jwt_secret_former.n;
}

void check_secrets(struct check_run *r, const char *of, struct finding *f)
{
    struct str env = str_printf(r->a, "%.*s/.env", STR_ARG(r->o->folder));

    (void)of;
    if (!is_private(r, env, "the file", f) || !is_private(r, r->cfg->tls_key, "the key", f)
        || !is_private(r, r->cfg->data_dir, "the folder", f)
        || !is_private(r, r->cfg->backup_dir, "the folder", f) || !is_database_private(r, f)
        || !are_files_private(r, f) || !are_good_secrets(r, f) || !is_sealed_well(r, f))
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
    struct str out;
    int status = run_program(r, argv, RUN_MS, &out);

    (void)of;
    if (status != 0)
        find_fail(f, "%s version ended with %d", r->o->program, status);
    else if (!str_eq(str_trim(out), STR(VERSION)))
        find_fail(f, "%s is version %.*s, this is %s", r->o->program, STR_ARG(str_trim(out)),
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

/* The version that a binary tells; n == 0: it does not run. */
static struct str version_of(struct check_run *r, const char *program)
{
    const char *argv[] = { program, "version", NULL };
    struct str out;

    return run_program(r, argv, RUN_MS, &out) == 0 ? str_trim(out) : STR("");
}

/* deploy/upgrade keeps former releases under releases/, beside the one in use: the versions other than
 * this one that still run. */
static struct str former_versions(struct check_run *r, struct str folder)
{
    DIR *d = opendir(str_z(folder, r->a));
    const struct dirent *entry;
    struct buf b = BUF_ARENA(r->a, 64 * KIB);

    while (d && (entry = readdir(d))) {
        struct str path = str_printf(r->a, "%.*s/%s/server", STR_ARG(folder), entry->d_name), version;

        if (entry->d_name[0] == '.' || access(path.p, X_OK) != 0)
            continue;
        version = version_of(r, path.p);
        if (version.n && !str_eq(version, STR(VERSION)))
            buf_printf(&b, "%s%.*s", b.n ? ", " : "", STR_ARG(version));
    }
    if (d)
        closedir(d);
    return buf_view(&b);
}

void check_former_binary(struct check_run *r, const char *of, struct finding *f)
{
    struct str home = str_dir(str_of(r->o->program));
    struct str folder = str_printf(r->a, "%.*sreleases", STR_ARG(home));
    struct str versions = former_versions(r, folder);
    const char *kept = str_printf(r->a, "%.*s/" VERSION "/server", STR_ARG(folder)).p;

    (void)of;
    if (!versions.n && access(kept, X_OK) == 0 && str_eq(version_of(r, kept), STR(VERSION)))
        find_na(f, "%s is the first release here, and kept in %.*s", VERSION, STR_ARG(folder));
    else if (!versions.n)
        find_fail(f, "no former release that still runs in %.*s", STR_ARG(folder));
    else
        find_pass(f, "%.*s in %.*s", STR_ARG(versions), STR_ARG(folder));
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

/* ── the unit ── */

/* The drop-ins beside a unit, in the order systemd reads them. */
static void add_drop_ins(struct check_run *r, const char *unit, struct buf *out)
{
    struct str folder = str_printf(r->a, "%s.d", unit);
    struct dirent **names = NULL;
    int n = scandir(folder.p, &names, NULL, alphasort);

    for (int i = 0; i < n; i++) {
        struct str path = str_printf(r->a, "%.*s/%s", STR_ARG(folder), names[i]->d_name), text;
        struct err e = { 0 };

        if (str_ends(path, STR(".conf")) && file_read(path.p, UNIT_MAX, r->a, &text, &e) == RC_OK)
            buf_printf(out, "\n%.*s\n", STR_ARG(text));
        free(names[i]);
    }
    free(names);
}

bool unit_is_sound(struct check_run *r, struct finding *f)
{
    const char *path = str_z(r->cfg->check_unit, r->a);
    struct buf all = BUF_ARENA(r->a, UNITS_MAX);
    struct str text, words;
    struct err e = { 0 };

    if (run_in_container(r))
        return true; /* nothing of systemd's here */
    if (file_read(path, UNIT_MAX, r->a, &text, &e) != RC_OK) {
        find_warn(f, "%s cannot be read: as whom and how confined the server runs is not known (CHECK_UNIT)",
                  path);
        return false;
    }
    buf_str(&all, text);
    add_drop_ins(r, path, &all);
    words = unit_weakness(buf_view(&all), r->a);
    if (words.n)
        find_fail(f, "%s is weaker than ours: %.*s", path, STR_ARG(words));
    return !words.n;
}
