#include "backup/offsite.h"

#include "base/clock.h"
#include "base/command.h"

enum { SEND_MS = 6 * 3600 * 1000, ASK_MS = 120 * 1000, ARGS = 12, WORDS = 160 };

struct restic {
    struct arena *a;
    const char *const *env;
    struct str output;
};

static struct restic restic_of(struct str repository, struct str password, struct arena *a)
{
    const char **env = ARENA_ARRAY(a, const char *, 4);

    env[0] = str_printf(a, "RESTIC_REPOSITORY=%.*s", STR_ARG(repository)).p;
    env[1] = str_printf(a, "RESTIC_PASSWORD=%.*s", STR_ARG(password)).p;
    env[2] = "RESTIC_PROGRESS_FPS=0";
    return (struct restic){ .a = a, .env = env };
}

/* The last line that says something: that is where restic puts why it gave up. */
static struct str last_line(struct str text)
{
    struct str line, last = STR("");

    while (text.p) {
        line = str_trim(str_cut(&text, '\n'));
        if (line.n)
            last = line;
    }
    return str_sub(last, 0, WORDS);
}

static enum rc restic(struct restic *r, const char *const *args, int64_t ms, int *code, struct err *e)
{
    const char *argv[ARGS] = { "restic" };
    struct command_run c = { .argv = argv, .more_env = r->env, .timeout_ms = ms };

    for (size_t i = 0; args[i]; i++)
        argv[i + 1] = args[i];
    TRY(command_run(&c, r->a, e));
    r->output = c.output;
    *code = c.exit_code;
    return RC_OK;
}

static enum rc must(struct restic *r, const char *const *args, int64_t ms, struct err *e)
{
    int code;

    TRY(restic(r, args, ms, &code, e));
    if (code == 0)
        return RC_OK;
    return err_set(e, RC_FAIL, "offsite", "off-site: restic %s failed (exit code %d): %.*s", args[0], code,
                   STR_ARG(last_line(r->output)));
}

/* A repository that cannot be reached and one that is not there look alike: making one tells. */
static enum rc make_ready(struct restic *r, struct err *e)
{
    static const char *const ask[] = { "cat", "config", NULL };
    static const char *const make[] = { "init", NULL };
    int code;

    TRY(restic(r, ask, ASK_MS, &code, e));
    if (code == 0)
        return RC_OK;
    if (str_find(r->output, STR("wrong password")) != SIZE_MAX)
        return err_set(e, RC_FAIL, "offsite", "off-site: BACKUP_OFFSITE_PASSWORD is not the repository's");
    return must(r, make, ASK_MS, e);
}

enum rc offsite_send(struct str dir, struct str repository, struct str password, struct arena *a,
                     struct offsite_sent *out, struct err *e)
{
    struct restic r = restic_of(repository, password, a);
    const char *send[] = { "backup", "--json", "--tag", "ticketing-system", "--exclude", "*.tmp",
                           "--exclude", "lock", str_z(dir, a), NULL };
    int64_t began_us = clock_mono_us();

    *out = (struct offsite_sent){ .figures = STR("") };
    if (password.n == 0)
        return err_set(e, RC_INVALID, "offsite", "off-site: BACKUP_OFFSITE_PASSWORD is not set");
    TRY(make_ready(&r, e));
    TRY(must(&r, send, SEND_MS, e));
    out->took_us = clock_mono_us() - began_us;
    out->figures = str_printf(a, "{\"took_ms\":%lld}", (long long)(out->took_us / US_PER_MS));
    return RC_OK;
}

enum rc offsite_fetch(struct str repository, struct str password, const char *dir, struct arena *a,
                      struct err *e)
{
    struct restic r = restic_of(repository, password, a);
    const char *fetch[] = { "restore", "latest", "--tag", "ticketing-system", "--target", dir, "--verify", NULL };

    return must(&r, fetch, SEND_MS, e);
}
