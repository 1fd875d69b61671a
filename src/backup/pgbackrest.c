#include "backup/pgbackrest.h"

#include "base/clock.h"
#include "base/command.h"
#include "base/file.h"
#include "base/json.h"

#include <poll.h>
#include <sys/mman.h>

enum { OUTPUT_MAX = 16 * 1024 * 1024, ARGS_MAX = 20, POLL_MS = 20, END_MS = 5000, WORDS = 150 };
enum { CRYPTO_ERROR = 95 };
enum { LONG_MS = 12 * 3600 * 1000, ASK_MS = 300 * 1000 };

/* ---- what it says ---- */

/* By its exit code (which is the number of its error), or by words in what it said; the first line
 * that fits.  words NULL: its own. */
static const struct {
    int code;
    const char *said;
    enum rc rc;
    const char *name, *words;
} meanings[] = {
    { 0, "No space left on device", RC_FULL, "backup_target", "there is no space left for pgBackRest's repository" },
    { 0, "Disk quota exceeded", RC_FULL, "backup_target", "there is no space left for pgBackRest's repository" },
    { 0, "unable to write '", RC_FULL, "backup_target", "pgBackRest's repository cannot be written to: it is full, or belongs to somebody else" },
    { 50, NULL, RC_CONFLICT, "backup_running", "another run of pgBackRest is at work; try again when it is done" },
    { 62, NULL, RC_CONFLICT, "backup_running", "pgBackRest was stopped (pgbackrest stop); pgbackrest start lets it work again" },
    { CRYPTO_ERROR, NULL, RC_FAIL, "backup_key", "pgBackRest's repository is encrypted with another key than its repo1-cipher-pass" },
    { 0, "cipher", RC_FAIL, "backup_key", "pgBackRest's repository is encrypted with another key than its repo1-cipher-pass" },
    { 0, "expected format", RC_FAIL, "backup_newer", "the repository was made by another version of pgBackRest" },
    { 29, NULL, RC_FAIL, "backup_damaged", NULL },
    { 26, NULL, RC_FAIL, "backup_damaged", NULL },
    { 82, NULL, RC_FAIL, "backup_archive", "PostgreSQL's write-ahead log does not arrive in the repository: see archive_mode, archive_command and PostgreSQL's log" },
    { 87, NULL, RC_FAIL, "backup_archive", "PostgreSQL does not archive its write-ahead log: set archive_mode and archive_command (deploy/postgresql)" },
    { 49, NULL, RC_FAIL, "backup_reach", NULL },
    { 56, NULL, RC_FAIL, "backup_reach", NULL },
    { 0, "stanza-create", RC_NOT_FOUND, "backup_none", "pgBackRest knows no such stanza: pgbackrest --stanza=… stanza-create (deploy/postgresql)" },
    { 75, NULL, RC_NOT_FOUND, "backup_none", NULL },
    { 0, "has no valid backup", RC_NOT_FOUND, "backup_none", "pgBackRest has no backup yet" },
    { 0, "no backup set", RC_NOT_FOUND, "backup_none", NULL },
};

/* "P00  ERROR: [050]: words" without what stands before the words. */
static struct str error_line(struct str output)
{
    struct str line, found = STR("");

    while (output.p) {
        line = str_cut(&output, '\n');
        size_t at = str_find(line, STR("ERROR: "));

        if (at == SIZE_MAX)
            continue;
        found = str_trim(str_sub(line, at + strlen("ERROR: "), line.n));
        break;
    }
    return str_sub(found, 0, WORDS);
}

enum rc pgbackrest_judge(int exit_code, struct str output, struct err *e)
{
    struct str said = error_line(output);

    if (exit_code == 0)
        return RC_OK;
    if (!said.n)
        said = str_sub(str_trim(output), 0, WORDS);
    for (size_t i = 0; i < ARRAY_LEN(meanings); i++) {
        if (meanings[i].code ? meanings[i].code != exit_code
                             : str_find(output, str_of(meanings[i].said)) == SIZE_MAX)
            continue;
        if (meanings[i].words)
            return err_set(e, meanings[i].rc, meanings[i].name, "%s", meanings[i].words);
        return err_set(e, meanings[i].rc, meanings[i].name, "pgBackRest: %.*s", STR_ARG(said));
    }
    return err_set(e, RC_FAIL, "pgbackrest", "pgBackRest failed (exit code %d): %.*s", exit_code, STR_ARG(said));
}

/* ---- running it ---- */

struct run {
    const struct pgbackrest *p;
    struct arena *a;
    const char *argv[ARGS_MAX];
    size_t n;
    struct str output;
};

static void add(struct run *r, const char *arg)
{
    INVARIANT(r->n + 1 < ARGS_MAX);
    r->argv[r->n++] = arg;
}

static struct run run_of(const struct pgbackrest *p, const char *what, struct arena *a)
{
    struct run r = { .p = p, .a = a };

    add(&r, "pgbackrest");
    add(&r, str_printf(a, "--config=%.*s", STR_ARG(p->config)).p);
    add(&r, str_printf(a, "--stanza=%.*s", STR_ARG(p->stanza)).p);
    add(&r, "--log-level-file=off");
    add(&r, "--log-level-stderr=off");
    add(&r, what);
    return r;
}

/* Into a file in memory, since a list of copies may be longer than the last words of a program. */
static enum rc finish(struct run *r, int64_t limit_ms, int *code, struct err *e)
{
    int memory CLEAN(fd_close) = memfd_create("pgbackrest", MFD_CLOEXEC);
    const char *path = str_printf(r->a, "/proc/self/fd/%d", memory).p;
    const struct command_run c = { .argv = r->argv };
    int64_t until = clock_mono_us() + limit_ms * US_PER_MS;
    bool late = false;
    pid_t pid = 0;

    TRY(command_start(&c, path, &pid, e));
    while (command_alive(pid) && !(late = clock_mono_us() > until))
        poll(NULL, 0, POLL_MS);
    *code = command_end(&pid, END_MS);
    TRY(file_read(path, OUTPUT_MAX, r->a, &r->output, e));
    return late ? err_set(e, RC_TIMEOUT, "program_slow", "pgBackRest took longer than %lld s",
                          (long long)(limit_ms / 1000))
                : RC_OK;
}

static enum rc must(struct run *r, int64_t limit_ms, struct err *e)
{
    int code;

    TRY(finish(r, limit_ms, &code, e));
    return pgbackrest_judge(code, r->output, e);
}

/* ---- info ---- */

static int64_t int_at(const json_t *v, const char *group, const char *name)
{
    return json_integer_value(json_object_get(json_object_get(v, group), name));
}

/* With another key it quotes what it deciphered: bytes that are no text. */
static enum rc not_understood(struct str json, struct err *e)
{
    err_clear(e);
    for (size_t i = 0; i < json.n; i++)
        if ((unsigned char)json.p[i] >= 0x80 || ((unsigned char)json.p[i] < ' ' && json.p[i] != '\n'))
            return pgbackrest_judge(CRYPTO_ERROR, STR(""), e);
    return err_set(e, RC_FAIL, "backup_newer", "what pgBackRest tells of its backups is not understood");
}

static enum rc read_backup(const json_t *v, struct arena *a, struct pg_backup *out, struct err *e)
{
    const char *label = json_string_value(json_object_get(v, "label"));
    const char *type = json_string_value(json_object_get(v, "type"));

    if (!label || !type)
        return not_understood(STR(""), e);
    *out = (struct pg_backup){
        .label = str_dup(str_of(label), a),
        .is_full = strcmp(type, "full") == 0,
        .is_bad = json_is_true(json_object_get(v, "error")),
        .stop_us = int_at(v, "timestamp", "stop") * US_PER_S,
        .bytes = int_at(v, "info", "size"),
        .new_bytes = int_at(json_object_get(v, "info"), "repository", "delta"),
    };
    return RC_OK;
}

static void read_archive(const json_t *archives, struct arena *a, struct pg_info *out)
{
    const json_t *newest = json_array_get(archives, json_array_size(archives) ? json_array_size(archives) - 1 : 0);
    const char *from = json_string_value(json_object_get(newest, "min"));
    const char *to = json_string_value(json_object_get(newest, "max"));

    out->wal_from = str_dup(str_of(from ? from : ""), a);
    out->wal_to = str_dup(str_of(to ? to : ""), a);
}

/* Status 2: the stanza is there and has no backup yet; others: it is not there, or cannot be read. */
static enum rc check_status(const json_t *stanza, struct str name, struct err *e)
{
    enum { FINE = 0, EMPTY = 2 };
    const json_t *status = json_object_get(stanza, "status");
    int64_t code = json_integer_value(json_object_get(status, "code"));
    const char *words = json_string_value(json_object_get(status, "message"));
    const json_t *repos = json_object_get(stanza, "repo");
    const json_t *of_repo = json_object_get(json_array_get(repos, 0), "status");
    const char *more = json_string_value(json_object_get(of_repo, "message"));

    if (code == FINE || code == EMPTY)
        return RC_OK;
    if (more && pgbackrest_judge(1, str_of(more), e) != RC_OK && strcmp(e->code, "pgbackrest") != 0)
        return e->rc;
    err_clear(e);
    return err_set(e, RC_NOT_FOUND, "backup_none",
                   "pgBackRest's stanza \"%.*s\" cannot be used: %.100s (stanza-create, deploy/postgresql)",
                   STR_ARG(name), more ? more : words ? words : "no status");
}

enum rc pgbackrest_read_info(struct str json, struct str stanza, struct arena *a, struct pg_info *out,
                             struct err *e)
{
    json_t *all CLEAN(json_clean) = NULL;
    const json_t *one, *backups;
    const char *cipher;

    *out = (struct pg_info){ .wal_from = STR(""), .wal_to = STR("") };
    if (json_read(json, &all, e) != RC_OK || !json_is_array(all))
        return not_understood(json, e);
    one = json_array_get(all, 0);
    if (!one)
        return err_set(e, RC_NOT_FOUND, "backup_none", "pgBackRest knows no stanza \"%.*s\"", STR_ARG(stanza));
    TRY(check_status(one, stanza, e));
    cipher = json_string_value(json_object_get(one, "cipher"));
    out->is_encrypted = cipher && strcmp(cipher, "none") != 0;
    backups = json_object_get(one, "backup");
    out->v = ARENA_ARRAY(a, struct pg_backup, json_array_size(backups) + 1);
    for (size_t i = 0; i < json_array_size(backups); i++)
        TRY(read_backup(json_array_get(backups, i), a, &out->v[out->n++], e));
    read_archive(json_object_get(one, "archive"), a, out);
    return RC_OK;
}

enum rc pgbackrest_info(const struct pgbackrest *p, struct arena *a, struct pg_info *out, struct err *e)
{
    struct run r = run_of(p, "info", a);

    add(&r, "--output=json");
    TRY(must(&r, ASK_MS, e));
    return pgbackrest_read_info(r.output, p->stanza, a, out, e);
}

const struct pg_backup *pg_info_find(const struct pg_info *info, struct str label)
{
    for (size_t i = 0; i < info->n; i++)
        if (str_eq(info->v[i].label, label))
            return &info->v[i];
    return NULL;
}

/* ---- the rest ---- */

enum rc pgbackrest_backup(const struct pgbackrest *p, bool full, struct arena *a, struct pg_backup *out,
                          struct err *e)
{
    struct run r = run_of(p, "backup", a);
    struct pg_info info;

    add(&r, full ? "--type=full" : "--type=diff");
    add(&r, "--start-fast");
    add(&r, "--no-expire-auto"); /* what is kept we decide (prune.c) */
    add(&r, "--log-level-console=warn");
    TRY(must(&r, LONG_MS, e));
    TRY(pgbackrest_info(p, a, &info, e));
    if (info.n == 0)
        return err_set(e, RC_FAIL, "backup_none", "pgBackRest took a backup and does not know it");
    *out = info.v[info.n - 1];
    if (out->is_bad)
        return err_set(e, RC_FAIL, "database_damaged", "the database has pages with wrong checksums: backup %.*s holds them",
                       STR_ARG(out->label));
    return RC_OK;
}

enum rc pgbackrest_verify(const struct pgbackrest *p, struct arena *a, struct err *e)
{
    struct run r = run_of(p, "verify", a);
    int code;

    add(&r, "--output=text");
    add(&r, "--log-level-console=warn");
    TRY(finish(&r, LONG_MS, &code, e));
    TRY(pgbackrest_judge(code, r.output, e));
    if (str_find(r.output, STR("status: error")) == SIZE_MAX)
        return RC_OK;
    return err_set(e, RC_FAIL, "backup_damaged", "pgBackRest's repository is damaged: %.*s",
                   STR_ARG(str_sub(str_trim(r.output), 0, WORDS)));
}

enum rc pgbackrest_remove(const struct pgbackrest *p, struct str label, struct arena *a, struct err *e)
{
    struct run r = run_of(p, "expire", a);

    add(&r, str_printf(a, "--set=%.*s", STR_ARG(label)).p);
    add(&r, "--log-level-console=error");
    return must(&r, LONG_MS, e);
}

enum rc pgbackrest_trim(const struct pgbackrest *p, int64_t n, struct arena *a, struct err *e)
{
    struct run r = run_of(p, "expire", a);

    add(&r, "--repo1-retention-archive-type=full");
    add(&r, str_printf(a, "--repo1-retention-archive=%lld", (long long)n).p);
    add(&r, "--log-level-console=error");
    return must(&r, LONG_MS, e);
}

/* "2026-11-23 18:30:05.123+00" */
static const char *target(int64_t t_us, struct arena *a)
{
    char text[CLOCK_TEXT_MAX];

    clock_format(t_us, text);
    return str_printf(a, "--target=%.10s %.12s+00", text, text + 11).p;
}

enum rc pgbackrest_restore(const struct pgbackrest *p, struct str label, int64_t until_us, const char *dir,
                           struct arena *a, struct err *e)
{
    struct run r = run_of(p, "restore", a);

    add(&r, "--reset-pg1-host"); /* into a folder here, wherever the database runs */
    add(&r, str_printf(a, "--pg1-path=%s", dir).p);
    add(&r, str_printf(a, "--set=%.*s", STR_ARG(label)).p);
    add(&r, "--log-level-console=warn");
    if (until_us) {
        add(&r, "--type=time");
        add(&r, target(until_us, a));
        add(&r, "--target-action=promote");
    }
    return must(&r, LONG_MS, e);
}
