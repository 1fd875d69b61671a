#include "base/config_priv.h"

#include "base/arena.h"
#include "base/err.h"
#include "base/file.h"
#include "base/near.h"
#include "base/rand.h"

#include <stdarg.h>
#include <stdatomic.h>

enum { CONFIG_FILE_MAX = 256 * 1024, CONFIG_SECRET_FILE_MAX = 16 * 1024 };

const struct config_def config_defs[CONFIG_N] = {
#define S(field, nm, def, mx, fl, hlp)                                                             \
    { .name = nm,                                                                                  \
      .type = CONFIG_TEXT,                                                                         \
      .flags = (fl),                                                                               \
      .text = def,                                                                                 \
      .max = (mx),                                                                                 \
      .help = hlp,                                                                                 \
      .off = offsetof(struct config, field) },
#define I(field, nm, def, mn, mx, fl, un, hlp)                                                     \
    { .name = nm,                                                                                  \
      .type = CONFIG_INT,                                                                          \
      .flags = (fl),                                                                               \
      .number = (def),                                                                             \
      .min = (mn),                                                                                 \
      .max = (mx),                                                                                 \
      .unit = un,                                                                                  \
      .help = hlp,                                                                                 \
      .off = offsetof(struct config, field) },
#define B(field, nm, def, fl, hlp)                                                                 \
    { .name = nm,                                                                                  \
      .type = CONFIG_BOOL,                                                                         \
      .flags = (fl),                                                                               \
      .number = (def),                                                                             \
      .help = hlp,                                                                                 \
      .off = offsetof(struct config, field) },
#define E(field, nm, def, chs, fl, hlp)                                                            \
    { .name = nm,                                                                                  \
      .type = CONFIG_CHOICE,                                                                       \
      .flags = (fl),                                                                               \
      .text = def,                                                                                 \
      .choices = chs,                                                                              \
      .help = hlp,                                                                                 \
      .off = offsetof(struct config, field) },
#include "base/config.def"
#undef S
#undef I
#undef B
#undef E
};

void config_issue(struct config_issues *l, struct arena *a, bool is_error, const char *fmt, ...)
{
    struct buf b = BUF_ARENA(a, 4096);
    char text[1024];
    va_list args;
    int n;

    va_start(args, fmt);
    n = vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    buf_add(&b, text, n < (int)sizeof(text) ? (size_t)n : sizeof(text) - 1);
    if (l->n == l->cap) {
        size_t cap = l->cap ? 2 * l->cap : 8;

        l->v = arena_grow(a, l->v, l->cap * sizeof(*l->v), cap * sizeof(*l->v));
        l->cap = cap;
    }
    l->v[l->n++] = (struct config_issue){ is_error, buf_view(&b) };
    l->n_errors += is_error;
}

static struct config *config_new(void)
{
    struct arena *mem = arena_new(4 * MIB);
    struct config *cfg = ARENA_NEW(mem, struct config);

    cfg->own = ARENA_NEW(mem, struct config_own);
    cfg->own->a = mem;
    return cfg;
}

static void set_defaults(struct config *cfg)
{
    for (size_t i = 0; i < CONFIG_N; i++) {
        const struct config_def *d = &config_defs[i];
        char *at = (char *)cfg + d->off;

        if (d->type == CONFIG_INT)
            memcpy(at, &d->number, sizeof(d->number));
        else if (d->type == CONFIG_BOOL)
            *(bool *)at = d->number != 0;
        else
            config_set(cfg, i, str_of(d->text), "by default", cfg->own->a, NULL);
    }
}

static size_t def_find(struct str name)
{
    size_t i = 0;

    while (i < CONFIG_N && !str_eq(str_of(config_defs[i].name), name))
        i++;
    return i;
}

/* The setting that "JWT_SECRET_FILE" belongs to; CONFIG_N when there is none. */
static size_t def_find_file(struct str name)
{
    size_t i;

    if (!str_ends(name, STR("_FILE")))
        return CONFIG_N;
    i = def_find(str_sub(name, 0, name.n - strlen("_FILE")));
    return i < CONFIG_N && (config_defs[i].flags & CF_SECRET) ? i : CONFIG_N;
}

static struct str trim_newline(struct str s)
{
    while (s.n && (s.p[s.n - 1] == '\n' || s.p[s.n - 1] == '\r'))
        s.n--;
    return s;
}

/* Where each value was found last, and the value: all sources are merged before any is read. */
struct found {
    struct str value;
    const char *where;
    enum config_source source;
    struct str file; /* path in NAME_FILE */
};

struct loading {
    struct config *cfg;
    struct arena *a;
    struct config_issues *issues;
    struct found found[CONFIG_N];
};

static bool take(struct loading *l, struct str name, struct str value, enum config_source source,
                 const char *where)
{
    size_t i = def_find(name), f = def_find_file(name);

    if (i < CONFIG_N)
        l->found[i] = (struct found){ value, where, source, l->found[i].file };
    else if (f < CONFIG_N)
        l->found[f].file = value;
    return i < CONFIG_N || f < CONFIG_N;
}

/* The setting that was probably meant: one or two slips away.  NULL: none. */
static const char *meant(struct str name)
{
    enum { SHORT = 8 };
    bool is_file = str_ends(name, STR("_FILE"));
    struct str stem = is_file ? str_sub(name, 0, name.n - strlen("_FILE")) : name;
    size_t best = stem.n < SHORT ? 2 : 3;
    const char *found = NULL;

    for (size_t i = 0; i < CONFIG_N; i++) {
        size_t d = near_distance(stem, str_of(config_defs[i].name));

        if (d >= best || (is_file && !(config_defs[i].flags & CF_SECRET)))
            continue;
        best = d;
        found = config_defs[i].name;
    }
    return found;
}

static void warn_unknown(struct loading *l, struct str name, const char *where)
{
    const char *other = meant(name);

    config_issue(l->issues, l->a, false, "%.*s (%s) is not a setting and is ignored%s%s%s", STR_ARG(name), where,
                 other ? "; did you mean " : "", other ? other : "", other ? "?" : "");
}

static void take_env_file(struct loading *l, const char *path)
{
    struct env_lines lines = { 0 };
    struct str text;
    struct err e;

    err_clear(&e);
    switch (file_read(path, CONFIG_FILE_MAX, l->a, &text, &e)) {
    case RC_OK:
        break;
    case RC_NOT_FOUND:
        return;
    default:
        config_issue(l->issues, l->a, true, "%s", e.detail);
        return;
    }
    env_read(text, path, l->a, &lines, l->issues);
    for (size_t i = 0; i < lines.n; i++) {
        struct str where = str_printf(l->a, "%s, line %zu", path, lines.v[i].line);

        if (!take(l, lines.v[i].name, lines.v[i].value, FROM_ENV_FILE, where.p))
            warn_unknown(l, lines.v[i].name, where.p);
    }
}

static void take_environment(struct loading *l, const char *const *environ)
{
    for (; environ && *environ; environ++) {
        struct str rest = str_of(*environ), name = str_cut(&rest, '=');

        if (!take(l, name, rest, FROM_ENVIRONMENT, "environment") && meant(name))
            warn_unknown(l, name, "environment"); /* all else there is other programs' */
    }
}

static struct str environment_get(const char *const *environ, struct str want)
{
    for (; environ && *environ; environ++) {
        struct str rest = str_of(*environ), name = str_cut(&rest, '=');

        if (str_eq(name, want))
            return rest;
    }
    return STR_NONE;
}

/* False: there is no such file, and there need not be one. */
static bool take_secret_file(struct loading *l, size_t i, struct str path, bool may_be_absent)
{
    struct str text;
    struct err e;
    enum rc rc;

    err_clear(&e);
    rc = file_read(str_z(path, l->a), CONFIG_SECRET_FILE_MAX, l->a, &text, &e);
    if (rc == RC_NOT_FOUND && may_be_absent)
        return false;
    if (rc != RC_OK) {
        config_issue(l->issues, l->a, true, "%s_FILE: %s", config_defs[i].name, e.detail);
        return true;
    }
    l->found[i] = (struct found){ trim_newline(text), str_z(path, l->a), FROM_FILE, STR_NONE };
    return true;
}

/* A credential comes before NAME_FILE: the service then reads what systemd hands it, and an
 * administrator's command in the same folder the file that only root may read. */
static void take_secret_files(struct loading *l, const char *const *environ)
{
    struct str dir = environment_get(environ, STR("CREDENTIALS_DIRECTORY"));

    for (size_t i = 0; i < CONFIG_N; i++) {
        struct found *f = &l->found[i];

        if (!(config_defs[i].flags & CF_SECRET))
            continue;
        if (f->file.n && f->where && f->value.n)
            config_issue(l->issues, l->a, true, "%s and %s_FILE are both set: remove one of them",
                         config_defs[i].name, config_defs[i].name);
        if (dir.n
            && take_secret_file(l, i, str_printf(l->a, "%.*s/%s", STR_ARG(dir), config_defs[i].name),
                                true))
            continue;
        if (f->file.n)
            take_secret_file(l, i, f->file, false);
    }
}

static void apply(struct loading *l)
{
    struct config_own *own = l->cfg->own;

    for (size_t i = 0; i < CONFIG_N; i++) {
        own->files[i] = l->found[i].file.n ? str_z(l->found[i].file, own->a) : NULL;
        if (!l->found[i].where)
            continue;
        own->from[i] = l->found[i].source;
        config_set(l->cfg, i, l->found[i].value, l->found[i].where, l->a, l->issues);
    }
}

/* A default that is handy in development must not open a real help desk to made-up addresses. */
static void prove_addresses(struct loading *l)
{
    size_t i = def_find(STR("REGISTRATION"));

    if (config_is_production(l->cfg) && !l->found[i].where)
        config_set(l->cfg, i, STR("verify"), "by default", l->a, NULL);
}

/* Development starts without a secret: tokens then end with the process. */
static void make_secret(struct loading *l, bool serves)
{
    if (l->cfg->jwt_secret.n || config_is_production(l->cfg))
        return;
    l->cfg->jwt_secret = rand_token(48, l->cfg->own->a);
    if (serves)
        config_issue(
            l->issues, l->a, false,
            "JWT_SECRET is not set: a random one is used, and every login ends with this process");
}

void config_inspect(const struct config_from *from, struct arena *a, struct config **out,
                    struct config_issues *issues)
{
    struct config *cfg = config_new();
    struct loading l = { .cfg = cfg, .a = a, .issues = issues };

    set_defaults(cfg);
    if (from->env_file)
        take_env_file(&l, from->env_file);
    take_environment(&l, from->environ);
    take_secret_files(&l, from->environ);
    apply(&l);
    prove_addresses(&l);
    config_check(cfg, a, issues);
    make_secret(&l, from->serves);
    *out = cfg;
}

enum rc config_load(const struct config_from *from, struct arena *a, struct config **out,
                    struct config_issues *issues)
{
    struct config *cfg;

    config_inspect(from, a, &cfg, issues);
    if (issues->n_errors) {
        config_free(&cfg);
        return RC_INVALID;
    }
    *out = cfg;
    return RC_OK;
}

bool config_is_set(const struct config *cfg, const char *name)
{
    size_t i = def_find(str_of(name));

    INVARIANT(i < CONFIG_N);
    return cfg->own->from[i] != FROM_DEFAULT;
}

const char *config_source_name(const struct config *cfg, const char *name)
{
    static const char *const names[] = { [FROM_DEFAULT] = "the default",
                                         [FROM_ENV_FILE] = ".env",
                                         [FROM_ENVIRONMENT] = "the environment",
                                         [FROM_FILE] = "a file of its own" };
    size_t i = def_find(str_of(name));

    INVARIANT(i < CONFIG_N);
    return names[cfg->own->from[i]];
}

int64_t config_secret_bits(struct str secret)
{
    return secret_bits(secret);
}

void config_free(struct config **cfg)
{
    struct config *c = *cfg;

    *cfg = NULL;
    while (c) {
        struct config *older = atomic_load(&c->own->live);
        struct arena *mem = c->own->a;

        older = older ? older : c->own->older;
        arena_free(&mem);
        c = older;
    }
}

static bool same_value(const struct config_def *d, const struct config *x, const struct config *y)
{
    const char *p = (const char *)x + d->off, *q = (const char *)y + d->off;

    if (d->type == CONFIG_TEXT)
        return str_eq(*(const struct str *)p, *(const struct str *)q);
    return memcmp(p, q, d->type == CONFIG_BOOL ? sizeof(bool) : sizeof(int64_t)) == 0;
}

static void copy_value(const struct config_def *d, struct config *to, const struct config *from)
{
    size_t n = d->type == CONFIG_TEXT   ? sizeof(struct str)
               : d->type == CONFIG_BOOL ? sizeof(bool)
                                        : sizeof(int64_t);

    memcpy((char *)to + d->off, (const char *)from + d->off, n);
}

enum rc config_reload(struct config *cfg, const struct config_from *from, struct arena *a,
                      struct config_issues *issues)
{
    struct config *fresh;
    size_t secret = def_find(STR("JWT_SECRET"));

    TRY(config_load(from, a, &fresh, issues));
    for (size_t i = 0; i < CONFIG_N; i++) {
        const struct config_def *d = &config_defs[i];

        if ((d->flags & CF_RELOAD) || same_value(d, fresh, cfg))
            continue;
        if (i != secret || fresh->own->from[i] != FROM_DEFAULT)
            config_issue(issues, a, false, "%s changed, which needs a restart", d->name);
        copy_value(d, fresh, cfg);
    }
    fresh->own->older = atomic_load(&cfg->own->live);
    atomic_store(&cfg->own->live, fresh);
    return RC_OK;
}

size_t config_files(const struct config *cfg, const char **out, size_t max)
{
    size_t n = 0;

    for (size_t i = 0; i < CONFIG_N && n < max; i++) {
        if (cfg->own->files[i])
            out[n++] = cfg->own->files[i];
    }
    return n;
}

size_t config_secrets(const struct config *cfg, struct arena *a, const char **out, size_t max)
{
    size_t n = 0;

    for (size_t i = 0; i < CONFIG_N && n + 1 < max; i++) {
        const struct config_def *d = &config_defs[i];
        const struct str *value = (const struct str *)(const void *)((const char *)cfg + d->off);

        if (!(d->flags & CF_SECRET))
            continue;
        out[n++] = str_printf(a, "%s=%.*s", d->name, STR_ARG(*value)).p;
        out[n++] = str_printf(a, "%s_FILE=", d->name).p;
    }
    return n;
}

const struct config *config_live(const struct config *cfg)
{
    const struct config *live = atomic_load_explicit(&cfg->own->live, memory_order_acquire);

    return live ? live : cfg;
}
