/* One value of a setting: reading it, and writing it masked. */
#include "base/config_priv.h"

#include "base/arena.h"
#include "base/utf8.h"

/* An offending value is shown unless it is secret. */
static struct str shown(const struct config_def *d, struct str value, struct arena *a)
{
    if (d->flags & CF_SECRET)
        return STR("the value");
    return str_printf(a, "\"%.*s\"", STR_ARG(utf8_cut(utf8_repair(value, a), 80)));
}

struct value {
    const struct config_def *d;
    void *at;
    struct str text;
    const char *where;
    struct arena *keep, *a;
    struct config_issues *issues;
};

static void set_text(const struct value *v)
{
    if (v->text.n > (size_t)v->d->max)
        config_issue(v->issues, v->a, true, "%s (%s) is longer than %lld bytes: shorten it",
                     v->d->name, v->where, (long long)v->d->max);
    else if (!utf8_is_valid(v->text) || utf8_has_control(v->text, false))
        config_issue(v->issues, v->a, true,
                     "%s (%s) holds control characters or is not UTF-8: remove them", v->d->name,
                     v->where);
    else
        *(struct str *)v->at = str_dup(v->text, v->keep);
}

static void set_int(const struct value *v)
{
    if (!str_i64(v->text, v->d->min, v->d->max, v->at))
        config_issue(v->issues, v->a, true,
                     "%s (%s): %.*s is not allowed; give a whole number from %lld to %lld",
                     v->d->name, v->where, STR_ARG(shown(v->d, v->text, v->a)),
                     (long long)v->d->min, (long long)v->d->max);
}

static void set_bool(const struct value *v)
{
    static const struct {
        const char *word;
        bool value;
    } words[] = {
        { "true", true }, { "false", false }, { "1", true },  { "0", false },
        { "yes", true },  { "no", false },    { "on", true }, { "off", false },
    };

    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (str_ieq(v->text, str_of(words[i].word))) {
            *(bool *)v->at = words[i].value;
            return;
        }
    }
    config_issue(v->issues, v->a, true, "%s (%s): %.*s is not allowed; give true or false",
                 v->d->name, v->where, STR_ARG(shown(v->d, v->text, v->a)));
}

static void set_choice(const struct value *v)
{
    struct str rest = str_of(v->d->choices);

    for (int64_t i = 0; rest.p; i++) {
        if (str_eq(str_cut(&rest, '|'), v->text)) {
            *(int64_t *)v->at = i;
            return;
        }
    }
    config_issue(v->issues, v->a, true, "%s (%s): %.*s is not allowed; give one of %s", v->d->name,
                 v->where, STR_ARG(shown(v->d, v->text, v->a)), v->d->choices);
}

void config_set(struct config *cfg, size_t i, struct str value, const char *where, struct arena *a,
                struct config_issues *issues)
{
    static void (*const setters[])(const struct value *) = {
        [CONFIG_TEXT] = set_text,
        [CONFIG_INT] = set_int,
        [CONFIG_BOOL] = set_bool,
        [CONFIG_CHOICE] = set_choice,
    };
    struct config_issues none = { 0 };
    struct value v = {
        &config_defs[i],         (char *)cfg + config_defs[i].off, value, where, cfg->own->a, a,
        issues ? issues : &none,
    };

    setters[v.d->type](&v);
    INVARIANT(none.n_errors == 0); /* the table's own defaults are well formed */
}
