/* server hold: legal holds on people, organisations and tickets. */
#include "desk/hold.h"

#include "base/arena.h"
#include "base/clock.h"
#include "cli/cli.h"
#include "store/store.h"

enum { LIST_PAGE = 200, TOLD_MAX = 1024 * 1024 };

struct work {
    struct cli *c;
    struct hold hold;
    int64_t id;
};

/* ── add ── */

static const struct {
    const char *option;
    enum hold_object object;
} objects[] = { { "--user", HOLD_USER },
                { "--organization", HOLD_ORGANIZATION },
                { "--ticket", HOLD_TICKET } };

static bool read_object(struct cli *c, struct hold *h)
{
    int given = 0;

    for (size_t i = 0; i < ARRAY_LEN(objects); i++) {
        if (!cli_is_given(c, objects[i].option))
            continue;
        h->object = objects[i].object;
        given++;
        if (!cli_number(c, objects[i].option, 1, INT64_MAX, &h->object_id))
            return false;
    }
    if (given != 1)
        cli_usage(c, "add needs one of --user, --organization, --ticket");
    return given == 1;
}

/* A day counts to its end. */
static bool read_until(struct cli *c, int64_t *out)
{
    struct str text = cli_value(c, "--until");

    if (!text.p || clock_parse(text, out))
        return true;
    if (text.n == 10 && clock_parse(str_printf(c->a, "%.*sT23:59:59Z", STR_ARG(text)), out))
        return true;
    cli_usage(c, "--until takes a day such as 2027-12-31");
    return false;
}

static enum rc add_run(struct db *db, void *arg, struct err *e)
{
    struct work *w = arg;

    return hold_add(db, &cli_console, &w->hold, w->c->a, e);
}

static int add(struct cli *c, struct work *w)
{
    struct err e = { 0 };

    w->hold = (struct hold){ .reason = cli_value(c, "--why"), .asked_by = cli_value(c, "--by") };
    if (!read_object(c, &w->hold) || !read_until(c, &w->hold.until_us))
        return CLI_USAGE;
    if (!cli_is_given(c, "--why") || !cli_is_given(c, "--by"))
        return cli_usage(c, "add needs --why and --by");
    if (store_write(c->store, add_run, w, &e) != RC_OK)
        return cli_fail(&e);
    printf("legal hold %lld on %s %lld\n", (long long)w->hold.id,
           hold_object_names[w->hold.object], (long long)w->hold.object_id);
    return CLI_OK;
}

/* ── release ── */

static enum rc release_run(struct db *db, void *arg, struct err *e)
{
    const struct work *w = arg;

    return hold_release(db, &cli_console, w->id, cli_value(w->c, "--why"), w->c->a, e);
}

static int release(struct cli *c, struct work *w)
{
    struct err e = { 0 };

    if (c->n_args < 2 || !str_i64(c->args[1], 1, INT64_MAX, &w->id) || !cli_is_given(c, "--why"))
        return cli_usage(c, "expected: release ID --why TEXT");
    if (store_write(c->store, release_run, w, &e) != RC_OK)
        return cli_fail(&e);
    printf("legal hold %lld is released\n", (long long)w->id);
    return CLI_OK;
}

/* ── list ── */

static void print_hold(const struct hold *h)
{
    char until[CLOCK_TEXT_MAX] = "open end";

    if (h->until_us)
        clock_format(h->until_us, until);
    printf("%5lld  %s %lld, %s%s, for %.*s: %.*s\n", (long long)h->id, hold_object_names[h->object],
           (long long)h->object_id, h->until_us ? "until " : "", until, STR_ARG(h->asked_by),
           STR_ARG(h->reason));
}

static int print_page(struct cli *c, const struct hold_rows *rows)
{
    struct buf b = BUF_ARENA(c->a, TOLD_MAX);
    struct jw w = jw_to(&b);

    if (!cli_is_given(c, "--json")) {
        for (size_t i = 0; i < rows->n; i++)
            print_hold(&rows->v[i]);
        return CLI_OK;
    }
    for (size_t i = 0; i < rows->n; i++) {
        w.comma = false;
        hold_write(&w, &rows->v[i]);
        buf_char(&b, '\n');
    }
    return cli_print(buf_view(&b));
}

static int list(struct cli *c, struct work *w)
{
    struct hold_filter f = { .only_active = !cli_is_given(c, "--all"),
                             .now_us = clock_now_us(),
                             .limit = LIST_PAGE };
    struct hold_rows rows = { .n = LIST_PAGE };
    struct db *db = NULL;
    struct err e = { 0 };
    int status = CLI_OK;

    (void)w;
    if (store_connect(c->store, DB_READ, &db, &e) != RC_OK)
        return cli_fail(&e);
    while (status == CLI_OK && rows.n == LIST_PAGE && holds_list(db, &f, c->a, &rows, &e) == RC_OK) {
        status = print_page(c, &rows);
        f.before_id = rows.n ? rows.v[rows.n - 1].id : f.before_id;
    }
    db_close(&db);
    return e.rc == RC_OK ? status : cli_fail(&e);
}

static const struct {
    const char *name;
    int (*run)(struct cli *c, struct work *w);
} actions[] = { { "add", add }, { "release", release }, { "list", list } };

static int run(struct cli *c)
{
    struct work w = { .c = c };
    size_t i = CLI_ACTION(c, actions);

    if (i == ARRAY_LEN(actions))
        return CLI_USAGE;
    return cli_store_current(c) == CLI_OK ? actions[i].run(c, &w) : CLI_FAILED;
}

static const struct cli_opt opts[] = {
    { "--user", "ID", "add: the person" },
    { "--organization", "ID", "add: the organisation" },
    { "--ticket", "ID", "add: the ticket" },
    { "--why", "TEXT", "add, release: the reason" },
    { "--by", "NAME", "add: who asks for it" },
    { "--until", "DAY", "add: the last day; without: until it is released" },
    { "--all", NULL, "list: also those that are over" },
    { "--json", NULL, "list: one JSON object a line" },
};

const struct command cmd_hold = {
    .name = "hold",
    .args = "add|list|release [ID]",
    .summary = "Legal holds: what may not be deleted or erased",
    .help = "A hold on a person, an organisation or a ticket keeps everything of it from retention, erasure,\n"
            "redaction, merging and the removal of addresses until it is released or its day is over.",
    .opts = opts,
    .n_opts = ARRAY_LEN(opts),
    .min_args = 1,
    .max_args = 2,
    .run = run,
};
