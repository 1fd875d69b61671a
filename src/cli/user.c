/* server user: makes people, lists them, gives out a link that sets a password. */
#include "cli/cli.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/rand.h"
#include "desk/password.h"
#include "desk/signup.h"
#include "desk/user.h"
#include "store/store.h"
#include "web/app.h"

#include <unistd.h>

enum { LIST_PAGE = 200, PASSWORD_BYTES = 15 };

/* The built-in roles; others are given in the administration. */
static const struct {
    const char *name;
    int64_t id;
} roles[] = { { "admin", 1 }, { "agent", 2 }, { "customer", 3 } };

struct work {
    struct cli *c;
    struct auth *au;
    struct user_new new_user;
    struct str email_fold;
    int64_t id;
};

static struct account account_of(const struct work *w, struct db *db)
{
    return (struct account){ w->au, db, &cli_console, w->c->a, clock_now_us() };
}

/* ── create ── */

static enum rc create_run(struct db *db, void *arg, struct err *e)
{
    struct work *w = arg;
    const struct account c = account_of(w, db);

    TRY(roles_ready(db, e));
    return user_create(&c, &w->new_user, &w->id, e);
}

static int64_t role_id(struct str name)
{
    for (size_t i = 0; i < ARRAY_LEN(roles); i++) {
        if (str_eq(name, str_of(roles[i].name)))
            return roles[i].id;
    }
    return 0;
}

/* The first line of standard input, or one made here and told once. */
static struct str new_password(struct cli *c, bool *made)
{
    char line[PASSWORD_MAX_BYTES + 2];

    *made = !cli_is_given(c, "--password-stdin");
    if (*made)
        return rand_token(PASSWORD_BYTES, c->a);
    if (!fgets(line, sizeof(line), stdin))
        return STR("");
    return str_dup(str_sub(str_of(line), 0, strcspn(line, "\r\n")), c->a);
}

static int create(struct cli *c, struct work *w)
{
    struct str role = cli_is_given(c, "--role") ? cli_value(c, "--role") : STR("customer"),
               password;
    struct err e = { 0 };
    int64_t id = role_id(role);
    bool made;

    if (!cli_is_given(c, "--email") || !cli_is_given(c, "--name"))
        return cli_usage(c, "create needs --email and --name");
    if (!id)
        return cli_usage(c, "--role is admin, agent or customer");
    password = new_password(c, &made);
    w->new_user = (struct user_new){
        .fields = { .has_name = true,
                    .name = cli_value(c, "--name"),
                    .has_roles = true,
                    .role_ids = &id,
                    .n_roles = 1 },
        .email = cli_value(c, "--email"),
        .verified = true,
    };
    if (password_check(password, w->new_user.email, w->new_user.fields.name, "--password-stdin", &e)
            != RC_OK
        || password_hash(password, c->cfg->argon2_kib, c->cfg->argon2_passes, c->a,
                         &w->new_user.password_hash, &e)
               != RC_OK
        || store_write(c->store, create_run, w, &e) != RC_OK)
        return cli_fail(&e);
    printf("created user %lld, %.*s\n", (long long)w->id, STR_ARG(role));
    if (made)
        printf("password: %.*s\n", STR_ARG(password));
    return CLI_OK;
}

/* ── list ── */

static void print_user(const struct user_row *u)
{
    printf("%6lld  %-8s  %-32.*s  %.*s\n", (long long)u->id, u->active ? "active" : "off",
           STR_ARG(u->email), STR_ARG(u->name));
}

static int list(struct cli *c, struct work *w)
{
    struct user_filter f = { .active = -1, .limit = LIST_PAGE };
    struct user_rows rows = { .n = LIST_PAGE };
    struct db *db = NULL;
    struct err e = { 0 };

    if (cli_is_given(c, "--role") && !(f.role_id = role_id(cli_value(c, "--role"))))
        return cli_usage(c, "--role is admin, agent or customer");
    (void)w;
    if (store_connect(c->store, DB_READ, &db, &e) != RC_OK)
        return cli_fail(&e);
    while (rows.n == LIST_PAGE && users_list(db, &f, c->a, &rows, &e) == RC_OK) {
        for (size_t i = 0; i < rows.n; i++)
            print_user(&rows.v[i]);
        if (rows.n == 0)
            break;
        f.has_after = true;
        f.after_name = rows.v[rows.n - 1].name;
        f.after_id = rows.v[rows.n - 1].id;
    }
    db_close(&db);
    return e.rc == RC_OK ? CLI_OK : cli_fail(&e);
}

/* ── switch on and off ── */

static enum rc switch_run(struct db *db, void *arg, struct err *e)
{
    struct work *w = arg;
    const struct account c = account_of(w, db);
    struct user_login login;
    enum rc rc = users_login_by_email(db, w->email_fold, w->c->a, &login, e);

    if (rc == RC_NOT_FOUND)
        return err_set(e, RC_NOT_FOUND, "", "there is nobody with this address");
    TRY(rc);
    return user_change(&c, login.id, 0, &w->new_user.fields, e);
}

static int switch_to(struct cli *c, struct work *w, bool active)
{
    struct err e = { 0 };

    if (!cli_is_given(c, "--email"))
        return cli_usage(c, "--email is needed");
    w->new_user.fields = (struct user_change){ .has_active = true, .active = active };
    if (email_check(cli_value(c, "--email"), "--email", c->a, &w->email_fold, &e) != RC_OK
        || store_write(c->store, switch_run, w, &e) != RC_OK)
        return cli_fail(&e);
    return CLI_OK;
}

static int enable(struct cli *c, struct work *w)
{
    return switch_to(c, w, true);
}

static int disable(struct cli *c, struct work *w)
{
    return switch_to(c, w, false);
}

/* ── the link for the first administrator ── */

static int show_setup_link(struct cli *c, struct work *w)
{
    struct err e = { 0 };
    struct str link;

    if (setup_link_at_start(w->au, c->store, c->a, &link, &e) != RC_OK)
        return cli_fail(&e);
    printf("%.*s\n", STR_ARG(link.n ? link : STR("there is an administrator already")));
    return link.n ? CLI_OK : CLI_FAILED;
}

static const struct {
    const char *name;
    int (*run)(struct cli *c, struct work *w);
} actions[] = {
    { "create", create },
    { "list", list },
    { "enable", enable },
    { "disable", disable },
    { "setup-link", show_setup_link },
};

static int run(struct cli *c)
{
    struct work w = { .c = c };
    struct err e = { 0 };
    size_t i = CLI_ACTION(c, actions);
    int status;

    if (i == ARRAY_LEN(actions))
        return CLI_USAGE;
    if (cli_store_current(c) != CLI_OK)
        return CLI_FAILED;
    if (app_auth(c->cfg, &w.au, &e) != RC_OK)
        return cli_fail(&e);
    status = actions[i].run(c, &w);
    auth_close(&w.au);
    return status;
}

static const struct cli_opt opts[] = {
    { "--email", "ADDRESS", "address of the person" },
    { "--name", "NAME", "create: the person's name" },
    { "--role", "ROLE", "admin, agent or customer (create: customer unless told)" },
    { "--password-stdin", NULL,
      "create: read the password from standard input; else one is made and told" },
};

const struct command cmd_user = {
    .name = "user",
    .args = "create|list|enable|disable|setup-link",
    .summary = "Make and look up people",
    .help = "create makes somebody who can log in at once. setup-link prints a one-time link for "
            "the first\n"
            "administrator, as long as there is none. disable ends all sessions of the person.",
    .opts = opts,
    .n_opts = ARRAY_LEN(opts),
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
