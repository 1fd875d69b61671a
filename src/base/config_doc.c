/* What people read of the settings: the running values, the document, the example file. */
#include "base/config_priv.h"
#include "base/json.h"

static struct str choice_name(const struct config_def *d, int64_t index)
{
    struct str rest = str_of(d->choices), one = str_cut(&rest, '|');

    while (index-- > 0)
        one = str_cut(&rest, '|');
    return one;
}

/* The password of a URL becomes ***; any other secret is hidden whole. */
static void put_secret(struct buf *out, struct str v)
{
    size_t scheme = str_find(v, STR("://"));
    size_t at = str_chr(v, '@'), colon;

    if (v.n == 0)
        return;
    if (scheme == SIZE_MAX) {
        BUF_LIT(out, "***");
        return;
    }
    colon = str_chr(str_sub(v, scheme + 3, v.n), ':');
    if (at == SIZE_MAX || colon == SIZE_MAX || scheme + 3 + colon > at) {
        buf_str(out, v);
        return;
    }
    buf_str(out, str_sub(v, 0, scheme + 3 + colon + 1));
    BUF_LIT(out, "***");
    while (str_chr(str_sub(v, at + 1, v.n), '@') != SIZE_MAX) /* an @ in the password */
        at += 1 + str_chr(str_sub(v, at + 1, v.n), '@');
    buf_str(out, str_sub(v, at, v.n));
}

static void put_value(struct buf *out, const struct config_def *d, const struct config *cfg)
{
    const char *at = (const char *)cfg + d->off;

    if (d->type == CONFIG_BOOL)
        buf_str(out, *(const bool *)at ? STR("true") : STR("false"));
    else if (d->type == CONFIG_INT)
        buf_i64(out, *(const int64_t *)at);
    else if (d->type == CONFIG_CHOICE)
        buf_str(out, choice_name(d, *(const int64_t *)at));
    else if (d->flags & CF_SECRET)
        put_secret(out, *(const struct str *)at);
    else
        buf_str(out, *(const struct str *)at);
}

static const char *const sources[] = {
    [FROM_DEFAULT] = "default",
    [FROM_ENV_FILE] = ".env",
    [FROM_ENVIRONMENT] = "environment",
    [FROM_FILE] = "file",
};

void config_print(const struct config *cfg, struct buf *out)
{
    for (size_t i = 0; i < CONFIG_N; i++) {
        size_t start = out->n;

        buf_printf(out, "%s=", config_defs[i].name);
        put_value(out, &config_defs[i], cfg);
        buf_printf(out, "%*s# %s\n", out->n - start < 50 ? (int)(50 - (out->n - start)) : 1, "",
                   sources[cfg->own->from[i]]);
    }
}

/* The password of an address is nobody's business either, whatever setting it stands in. */
static void json_text(struct jw *w, struct str v)
{
    struct buf b CLEAN(buf_release) = BUF_HEAP(8 * KIB);

    if (str_find(v, STR("://")) == SIZE_MAX) {
        jw_text(w, v);
        return;
    }
    put_secret(&b, v);
    jw_text(w, buf_view(&b));
}

static void json_value(struct jw *w, const struct config_def *d, const struct config *cfg)
{
    const char *at = (const char *)cfg + d->off;

    if (d->flags & CF_SECRET)
        jw_null(w);
    else if (d->type == CONFIG_BOOL)
        jw_bool(w, *(const bool *)at);
    else if (d->type == CONFIG_INT)
        jw_int(w, *(const int64_t *)at);
    else if (d->type == CONFIG_CHOICE)
        jw_text(w, choice_name(d, *(const int64_t *)at));
    else
        json_text(w, *(const struct str *)at);
}

static void json_allowed(struct jw *w, const struct config_def *d)
{
    struct str rest = d->type == CONFIG_CHOICE ? str_of(d->choices) : STR_NONE;

    jw_key(w, "default");
    if (d->type == CONFIG_BOOL)
        jw_bool(w, d->number != 0);
    else if (d->type == CONFIG_INT)
        jw_int(w, d->number);
    else
        jw_text(w, str_of(d->text));
    jw_key(w, "min");
    d->type == CONFIG_INT ? jw_int(w, d->min) : jw_null(w);
    jw_key(w, "max");
    d->type == CONFIG_INT || d->type == CONFIG_TEXT ? jw_int(w, d->max) : jw_null(w);
    jw_kv_text(w, "unit", str_of(d->type == CONFIG_INT ? d->unit : ""));
    jw_key(w, "choices");
    jw_arr(w);
    while (rest.p)
        jw_text(w, str_cut(&rest, '|'));
    jw_arr_end(w);
}

void config_json(const struct config *cfg, struct jw *w)
{
    static const char *const types[] = {
        [CONFIG_TEXT] = "text", [CONFIG_INT] = "integer", [CONFIG_BOOL] = "boolean", [CONFIG_CHOICE] = "choice",
    };
    const struct config *live = config_live(cfg);

    jw_arr(w);
    for (size_t i = 0; i < CONFIG_N; i++) {
        const struct config_def *d = &config_defs[i];
        const struct config *now = d->flags & CF_RELOAD ? live : cfg;

        jw_obj(w);
        jw_kv_text(w, "name", str_of(d->name));
        jw_kv_text(w, "type", str_of(types[d->type]));
        jw_key(w, "value");
        json_value(w, d, now);
        json_allowed(w, d);
        jw_kv_text(w, "help", str_of(d->help));
        jw_kv_bool(w, "secret", (d->flags & CF_SECRET) != 0);
        jw_kv_bool(w, "reloads", (d->flags & CF_RELOAD) != 0);
        jw_kv_bool(w, "set", now->own->from[i] != FROM_DEFAULT);
        jw_kv_text(w, "source", str_of(sources[now->own->from[i]]));
        jw_obj_end(w);
    }
    jw_arr_end(w);
}

static void put_default(struct buf *out, const struct config_def *d)
{
    if (d->type == CONFIG_BOOL)
        buf_str(out, d->number ? STR("true") : STR("false"));
    else if (d->type == CONFIG_INT)
        buf_i64(out, d->number);
    else
        buf_str(out, str_of(d->text));
}

static void put_choices(struct buf *out, const struct config_def *d)
{
    struct str rest = str_of(d->choices);

    BUF_LIT(out, "one of ");
    for (bool first = true; rest.p; first = false) {
        if (!first)
            BUF_LIT(out, ", ");
        buf_str(out, str_cut(&rest, '|'));
    }
}

static void put_range(struct buf *out, const struct config_def *d)
{
    if (d->type == CONFIG_CHOICE)
        put_choices(out, d);
    else if (d->type == CONFIG_BOOL)
        BUF_LIT(out, "true or false");
    else if (d->type == CONFIG_TEXT)
        buf_printf(out, "text, at most %lld bytes", (long long)d->max);
    else
        buf_printf(out, "%lld to %lld%s%s", (long long)d->min, (long long)d->max,
                   *d->unit ? " " : "", d->unit);
}

static void put_notes(struct buf *out, const struct config_def *d)
{
    if (d->flags & CF_SECRET)
        buf_printf(out, " Secret: %s_FILE may name a file that holds it.", d->name);
    if (d->flags & CF_RELOAD)
        BUF_LIT(out, " SIGHUP reloads it.");
}

/* A sentence from the table's words. */
static void put_help(struct buf *out, const struct config_def *d)
{
    char first = d->help[0];

    buf_char(out, first >= 'a' && first <= 'z' ? (char)(first - 32) : first);
    buf_str(out, str_of(d->help + 1));
    if (!str_ends(str_of(d->help), STR(".")))
        buf_char(out, '.');
}

void config_docs(struct buf *out)
{
    BUF_LIT(
        out,
        "# Configuration\n\n"
        "Made from `src/base/config.def` by `server config --docs`; a test keeps both the same.\n\n"
        "Each setting is an environment variable. Sources, later ones win: the default, the file "
        "`.env` in "
        "the working directory, the environment, and for secrets a file: `NAME_FILE` holds its "
        "path, or "
        "systemd passes it as the credential `NAME`, which is taken first. `server config` prints what is in force and "
        "where it "
        "comes from. Everything that is wrong is told at once, with how to mend it; with "
        "`ENVIRONMENT=production` unsafe settings are refused.\n\n"
        "| name | default | allowed | meaning |\n| --- | --- | --- | --- |\n");
    for (size_t i = 0; i < CONFIG_N; i++) {
        const struct config_def *d = &config_defs[i];
        size_t start;

        buf_printf(out, "| `%s` | ", d->name);
        start = out->n;
        put_default(out, d);
        if (out->n == start)
            BUF_LIT(out, "empty");
        BUF_LIT(out, " | ");
        put_range(out, d);
        BUF_LIT(out, " | ");
        put_help(out, d);
        put_notes(out, d);
        BUF_LIT(out, " |\n");
    }
}

void config_env_example(struct buf *out)
{
    BUF_LIT(out, "# Settings with their defaults; copy to .env and change what you need.\n"
                 "# Made from src/base/config.def by `server config --env-example`. Meanings: "
                 "docs/configuration.md\n");
    for (size_t i = 0; i < CONFIG_N; i++) {
        const struct config_def *d = &config_defs[i];

        BUF_LIT(out, "\n# ");
        put_help(out, d);
        BUF_LIT(out, " Allowed: ");
        put_range(out, d);
        BUF_LIT(out, ".");
        put_notes(out, d);
        if (strcmp(d->name, "JWT_SECRET") == 0)
            buf_printf(out, "\nJWT_SECRET=" CONFIG_EXAMPLE_SECRET "\n");
        else {
            buf_printf(out, "\n%s%s=", d->flags & CF_FIXED ? "" : "#", d->name);
            put_default(out, d);
            buf_char(out, '\n');
        }
    }
}
