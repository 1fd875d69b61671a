/* server checklist: judges every line of the deployment checklist, takes signatures, writes the report. */
#include "cli/cli.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/enc.h"
#include "base/file.h"
#include "check/checklist.h"
#include "check/signature.h"
#include "desk/evidence.h"
#include "store/audit.h"
#include "store/store.h"

#include <time.h>
#include <unistd.h>

enum { OUT_MAX = 16 * 1024 * 1024, WATCH_S = 30, WATCH_MAX_S = 86400, PROGRAM_MAX = 4096, PASSWORD_FILE_MAX = 4096 };

struct job {
    struct cli *c;
    struct config_issues issues;
    struct check_opts o;
    char program[PROGRAM_MAX];
};

static int read_password(struct job *j)
{
    struct err e = { 0 };

    if (!cli_is_given(j->c, "--password-file"))
        return CLI_OK;
    if (file_read(str_z(cli_value(j->c, "--password-file"), j->c->a), PASSWORD_FILE_MAX, j->c->a,
                  &j->o.password, &e)
        != RC_OK)
        return cli_fail(&e);
    j->o.password = str_trim(j->o.password);
    return CLI_OK;
}

/* The settings as they are, and the database when they lead to one. */
static int set_up(struct job *j)
{
    struct cli *c = j->c;
    const struct config_from from = { ".env", c->environ, true };
    struct err e = { 0 };
    ssize_t n = readlink("/proc/self/exe", j->program, sizeof(j->program) - 1);

    j->issues = (struct config_issues){ 0 };
    config_inspect(&from, c->a, &c->cfg, &j->issues);
    j->program[n > 0 ? n : 0] = '\0';
    j->o = (struct check_opts){
        .cfg = c->cfg,
        .issues = &j->issues,
        .url = cli_is_given(c, "--url") ? cli_value(c, "--url") : c->cfg->base_url,
        .outside_only = cli_is_given(c, "--url"),
        .section = cli_is_given(c, "--section") ? cli_value(c, "--section") : STR(""),
        .folder = STR("."),
        .program = j->program,
        .a = c->a,
    };
    if (cli_is_given(c, "--email"))
        j->o.email = cli_value(c, "--email");
    while (j->o.url.n && j->o.url.p[j->o.url.n - 1] == '/')
        j->o.url.n--;
    if (!j->o.outside_only) {
        if (cli_store_of(c, c->cfg, &e) == RC_OK)
            j->o.store = c->store;
        else
            j->o.store_words = str_dup(str_of(*e.internal ? e.internal : e.detail), c->a);
    }
    return read_password(j);
}

static int print_outcome(struct job *j, const struct checklist *list)
{
    struct buf out = BUF_ARENA(j->c->a, OUT_MAX);

    if (cli_is_given(j->c, "--json"))
        checklist_json(list, &out);
    else if (cli_is_given(j->c, "--junit"))
        checklist_junit(list, &out);
    else
        checklist_text(list, isatty(STDOUT_FILENO), &out);
    if (cli_print(buf_view(&out)) != CLI_OK)
        return CLI_FAILED;
    return list->count[CHECK_FAIL] ? CLI_FAILED : CLI_OK;
}

static int run_once(struct job *j)
{
    struct checklist list;

    checklist_run(&j->o, &list);
    if (list.n == 0)
        return cli_usage(j->c, "no section or line is called \"%.*s\"", STR_ARG(j->o.section));
    return print_outcome(j, &list);
}

/* Again and again until it is interrupted; each round reads the settings anew, in a clean arena. */
static int watch(struct job *j)
{
    struct cli *c = j->c;
    struct arena *kept = c->a;
    int64_t every = WATCH_S;

    if (cli_is_given(c, "--every") && !cli_number(c, "--every", 1, WATCH_MAX_S, &every))
        return CLI_USAGE;
    for (;;) {
        struct arena *a CLEAN(arena_clean) = arena_new(256 * MIB);
        int status;

        c->a = a;
        status = set_up(j);
        if (isatty(STDOUT_FILENO))
            printf("\033[H\033[2J");
        if (status == CLI_OK)
            status = run_once(j);
        store_close(&c->store);
        config_free(&c->cfg);
        c->a = kept;
        if (status == CLI_USAGE)
            return status;
        nanosleep(&(struct timespec){ .tv_sec = every }, NULL);
    }
}

/* ── sign ── */

struct signing {
    struct job *j;
    const struct check_line *line;
    struct signature s;
};

static enum rc sign_run(struct db *db, void *arg, struct err *e)
{
    const struct signing *w = arg;

    return signature_add(db, w->line, &w->s, &cli_console, w->j->c->a, e);
}

static int sign(struct job *j)
{
    struct cli *c = j->c;
    struct check_line *all;
    size_t n = checklist_lines(c->a, &all), i = 0;
    struct signing w = { j, NULL, { cli_value(c, "--by"), cli_value(c, "--role"), STR(""),
                                    cli_is_given(c, "--not-applicable") } };
    struct err e = { 0 };

    if (c->n_args != 2 || !cli_is_given(c, "--by") || !cli_is_given(c, "--role"))
        return cli_usage(c, "sign takes the id of a line, --by NAME and --role ROLE");
    if (cli_is_given(c, "--note"))
        w.s.note = cli_value(c, "--note");
    while (i < n && !str_eq(c->args[1], str_of(all[i].id)))
        i++;
    if (i == n)
        return cli_usage(c, "no line is called \"%.*s\"", STR_ARG(c->args[1]));
    w.line = &all[i];
    if (cli_store_current(c) != CLI_OK)
        return CLI_FAILED;
    if (store_write(c->store, sign_run, &w, &e) != RC_OK)
        return cli_fail(&e);
    printf("signed: %s (%s)\n", all[i].text, all[i].id);
    return CLI_OK;
}

/* ── report ── */

struct sealing {
    struct job *j;
    const struct checklist *list;
    struct str digest, seal;
};

/* The report's digest goes into the audit chain, the chain's head into the report. */
static enum rc seal_run(struct db *db, void *arg, struct err *e)
{
    struct sealing *w = arg;
    struct arena *a = w->j->c->a;
    struct audit_head head;

    TRY(evidence_add(
        db, &cli_console,
        &(struct evidence){
            .kind = "checklist.report",
            .ok = w->list->count[CHECK_FAIL] == 0,
            .summary = str_printf(a, "%zu of %zu lines pass, %zu fail, %zu wait for signature",
                                  w->list->count[CHECK_PASS], w->list->n,
                                  w->list->count[CHECK_FAIL], w->list->count[CHECK_SIGN]),
            .figures = str_printf(a, "{\"sha256\":\"%.*s\"}", STR_ARG(w->digest)),
        },
        a, e));
    TRY(audit_head_load(db, false, a, &head, e));
    w->seal = str_printf(a, "content SHA-256 %.*s, recorded as entry %lld of the audit log (%.*s)",
                         STR_ARG(w->digest), (long long)head.n, STR_ARG(head.hash));
    return RC_OK;
}

static int report(struct job *j)
{
    struct cli *c = j->c;
    struct buf lines = BUF_ARENA(c->a, OUT_MAX), page = BUF_ARENA(c->a, OUT_MAX);
    struct checklist list;
    struct sealing w = { j, &list, STR(""), STR("") };
    struct err e = { 0 };
    struct str path;

    if (!j->o.store)
        return cli_usage(c, "a report is sealed in the audit log: the database cannot be opened");
    checklist_run(&j->o, &list);
    checklist_json(&list, &lines);
    w.digest = sha256_hex(hash_sha256(buf_view(&lines)), c->a);
    if (store_write(c->store, seal_run, &w, &e) != RC_OK)
        return cli_fail(&e);
    checklist_html(&list, w.seal, &page);
    path = cli_is_given(c, "--out") ? cli_value(c, "--out")
                                    : str_printf(c->a, "checklist-%lld.html",
                                                 (long long)(list.started_us / US_PER_S));
    if (file_replace(str_z(path, c->a), buf_view(&page), 0600, &e) != RC_OK
        || file_replace(str_printf(c->a, "%.*s.json", STR_ARG(path)).p, buf_view(&lines), 0600, &e)
               != RC_OK)
        return cli_fail(&e);
    printf("%.*s, and what the seal is of: %.*s.json\n", STR_ARG(path), STR_ARG(path));
    return list.count[CHECK_FAIL] ? CLI_FAILED : CLI_OK;
}

/* ── docs ── */

static int print_docs(struct cli *c)
{
    struct buf out = BUF_ARENA(c->a, OUT_MAX);

    checklist_docs(c->a, &out);
    return cli_print(buf_view(&out));
}

static bool is_asked_rightly(const struct cli *c, struct str action)
{
    struct str url = cli_is_given(c, "--url") ? cli_value(c, "--url") : STR("http://");

    if (c->n_args > 1 || (!str_eq(action, STR("run")) && !str_eq(action, STR("report"))))
        return cli_usage(c, "expected: %s", c->cmd->args), false;
    if (!str_istarts(url, STR("http://")) && !str_istarts(url, STR("https://")))
        return cli_usage(c, "--url takes http://… or https://…"), false;
    if (cli_is_given(c, "--email") != cli_is_given(c, "--password-file"))
        return cli_usage(c, "--email and --password-file belong together"), false;
    return true;
}

static int run(struct cli *c)
{
    struct job j = { .c = c };
    struct str action = c->n_args ? c->args[0] : STR("run");

    if (cli_is_given(c, "--docs"))
        return print_docs(c);
    if (str_eq(action, STR("sign")))
        return sign(&j);
    if (!is_asked_rightly(c, action))
        return CLI_USAGE;
    if (cli_is_given(c, "--watch") && str_eq(action, STR("run")))
        return watch(&j);
    if (set_up(&j) != CLI_OK)
        return CLI_FAILED;
    return str_eq(action, STR("report")) ? report(&j) : run_once(&j);
}

static const struct cli_opt opts[] = {
    { "--url", "URL", "only what can be seen from outside of a running server" },
    { "--section", "NAME", "only a section, a group of ids (\"backup\") or one line" },
    { "--email", "ADDRESS", "an account to really sign in with (one without rights is best)" },
    { "--password-file", "FILE", "its password" },
    { "--json", NULL, "print the outcome as JSON" },
    { "--junit", NULL, "print the outcome as JUnit XML" },
    { "--watch", NULL, "run again and again, each time with the settings of that moment" },
    { "--every", "SECONDS", "how often --watch runs (30)" },
    { "--docs", NULL, "print docs/checklist-lines.md: every line, how it is judged, how it is mended" },
    { "--by", "NAME", "sign: who signs" },
    { "--role", "ROLE", "sign: as what" },
    { "--note", "TEXT", "sign: what should be remembered" },
    { "--not-applicable", NULL, "sign: the line does not apply here" },
    { "--out", "FILE", "report: where to (checklist-TIME.html)" },
};

const struct command cmd_checklist = {
    .name = "checklist",
    .args = "[run | sign ID | report]",
    .summary = "Judge every line of the deployment checklist",
    .help = "run (the default) tries each line on this machine and against the server at BASE_URL, "
            "and prints pass, fail,\n"
            "warning, not applicable or waiting for signature, with what was seen and how to mend "
            "it. Exit code 1: a line failed.\n"
            "sign ID --by NAME --role ROLE puts a person's name under a line; it is kept in the "
            "audit chain.\n"
            "report writes a page for an auditor, sealed in the audit chain.",
    .opts = opts,
    .n_opts = ARRAY_LEN(opts),
    .max_args = 2,
    .run = run,
};
