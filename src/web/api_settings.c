/* Settings that administrators change while the server runs (the table is desk/settings.def), and
 * what the process was started with (base/config.def), which they can only read. */
#include "base/config.h"
#include "desk/settings.h"
#include "web/app.h"
#include "web/ctx.h"

/* One member a setting, in the table's order: all are read through setting_input(). */
union input {
    struct j_int number;
    struct j_text text;
};
struct patch {
    union input v[SETTING_COUNT_];
};
#define AT(id) (offsetof(struct patch, v) + SETTING_##id * sizeof(union input))

static const struct jfield patch_fields[] = {
#define I(id, nm, def, mn, mx, hlp)                                                                \
    { .name = nm,                                                                                  \
      .type = J_INT,                                                                               \
      .flags = JF_NULLABLE,                                                                        \
      .min = mn,                                                                                   \
      .max = mx,                                                                                   \
      .off = AT(id),                                                                               \
      .help = hlp "; null: the default." },
#define B(id, nm, def, hlp)                                                                        \
    { .name = nm,                                                                                  \
      .type = J_BOOL,                                                                              \
      .flags = JF_NULLABLE,                                                                        \
      .off = AT(id),                                                                               \
      .help = hlp "; null: the default." },
#define C(id, nm, def, chs, hlp)                                                                   \
    { .name = nm,                                                                                  \
      .type = J_TEXT,                                                                              \
      .flags = JF_NULLABLE,                                                                        \
      .max = 64,                                                                                   \
      .off = AT(id),                                                                               \
      .help = hlp " (" chs "); null: the default." },
#define T(id, nm, def, mx, hlp)                                                                    \
    { .name = nm,                                                                                  \
      .type = J_TEXT,                                                                              \
      .flags = JF_NULLABLE,                                                                        \
      .max = mx,                                                                                   \
      .off = AT(id),                                                                               \
      .help = hlp "; null: the default." },
#include "desk/settings.def"
#undef I
#undef B
#undef C
#undef T
};
static const struct jspec patch_body = JSPEC("SettingsChange", patch_fields, struct patch);

static const struct jfield setting_fields[] = {
    { .name = "name", .type = J_TEXT, .help = "Name of the setting." },
    { .name = "type", .type = J_TEXT, .help = "integer, boolean, choice or text." },
    { .name = "value", .type = J_JSON, .help = "The value in force." },
    { .name = "default", .type = J_JSON, .help = "The value without a change." },
    { .name = "min", .type = J_INT, .flags = JF_NULLABLE, .help = "Least number." },
    { .name = "max",
      .type = J_INT,
      .flags = JF_NULLABLE,
      .help = "Largest number, or most characters." },
    { .name = "choices", .type = J_TEXTS, .flags = JF_NULLABLE, .help = "What a choice may be." },
    { .name = "help", .type = J_TEXT, .help = "What it is for." },
    { .name = "updated_at", .type = J_TIME, .flags = JF_NULLABLE, .help = "When it was changed." },
    { .name = "updated_by", .type = J_ID, .flags = JF_NULLABLE, .help = "Who changed it." },
};
static const struct jspec setting_answer = JSPEC_ANSWER("Setting", setting_fields);

static const char *const type_names[] = {
    [SETTING_T_INT] = "integer",
    [SETTING_T_BOOL] = "boolean",
    [SETTING_T_CHOICE] = "choice",
    [SETTING_T_TEXT] = "text",
};

static struct str choice_at(const struct setting_def *d, int64_t index)
{
    struct str rest = str_of(d->choices), one = str_cut(&rest, '|');

    while (index-- > 0)
        one = str_cut(&rest, '|');
    return one;
}

static void put_value(struct jw *w, const struct setting_def *d, int64_t number, struct str text)
{
    if (d->type == SETTING_T_TEXT)
        jw_text(w, text);
    else if (d->type == SETTING_T_CHOICE)
        jw_text(w, choice_at(d, number));
    else if (d->type == SETTING_T_BOOL)
        jw_bool(w, number != 0);
    else
        jw_int(w, number);
}

static void put_limits(struct jw *w, const struct setting_def *d)
{
    struct str rest = str_of(d->choices);

    jw_key(w, "min");
    d->type == SETTING_T_INT ? jw_int(w, d->min) : jw_null(w);
    jw_key(w, "max");
    d->type == SETTING_T_INT || d->type == SETTING_T_TEXT ? jw_int(w, d->max) : jw_null(w);
    jw_key(w, "choices");
    if (d->type != SETTING_T_CHOICE) {
        jw_null(w);
        return;
    }
    jw_arr(w);
    while (rest.p)
        jw_text(w, str_cut(&rest, '|'));
    jw_arr_end(w);
}

static void put_setting(struct jw *w, const struct setting_def *d, const struct setting_value *v)
{
    jw_obj(w);
    jw_kv_text(w, "name", str_of(d->name));
    jw_kv_text(w, "type", str_of(type_names[d->type]));
    jw_key(w, "value");
    put_value(w, d, v->number, v->text);
    jw_key(w, "default");
    put_value(w, d, d->number, str_of(d->text));
    put_limits(w, d);
    jw_kv_text(w, "help", str_of(d->help));
    jw_kv_time(w, "updated_at", v->updated_us);
    jw_kv_id(w, "updated_by", v->updated_by);
    jw_obj_end(w);
}

/* The table is short: always one page. */
static enum rc settings_list(struct ctx *c, struct err *e)
{
    struct jw *w = &c->out;

    jw_obj(w);
    jw_key(w, "data");
    jw_arr(w);
    for (enum setting id = 0; id < SETTING_COUNT_; id++) {
        struct setting_value v;

        TRY(setting_load(c->db, id, c->a, &v, e));
        put_setting(w, &setting_defs[id], &v);
    }
    jw_arr_end(w);
    ctx_page_whole(c);
    jw_obj_end(w);
    return RC_OK;
}

static bool is_text(enum setting id)
{
    return setting_defs[id].type == SETTING_T_TEXT || setting_defs[id].type == SETTING_T_CHOICE;
}

static enum rc settings_change(struct ctx *c, struct err *e)
{
    const struct patch *p = c->body;

    for (enum setting id = 0; id < SETTING_COUNT_; id++) {
        const union input *in = &p->v[id];
        struct setting_change ch = { .id = id };

        if (is_text(id) ? !in->text.set : !in->number.set)
            continue;
        ch.is_reset = is_text(id) ? in->text.null : in->number.null;
        if (is_text(id))
            ch.text = in->text.v;
        else
            ch.number = in->number.v;
        TRY(setting_save(c->db, &c->who, &ch, c->a, e));
    }
    return settings_list(c, e);
}

static const struct jfield configuration_fields[] = {
    { .name = "name", .type = J_TEXT, .help = "Name of the environment variable." },
    { .name = "type", .type = J_TEXT, .help = "integer, boolean, choice or text." },
    { .name = "value", .type = J_JSON, .help = "The value in force; null for a secret." },
    { .name = "default", .type = J_JSON, .help = "The value when nobody sets it." },
    { .name = "min", .type = J_INT, .flags = JF_NULLABLE, .help = "Least number." },
    { .name = "max", .type = J_INT, .flags = JF_NULLABLE, .help = "Largest number, or most bytes." },
    { .name = "unit", .type = J_TEXT, .help = "What the number counts; may be empty." },
    { .name = "choices", .type = J_TEXTS, .help = "What a choice may be." },
    { .name = "help", .type = J_TEXT, .help = "What it is for." },
    { .name = "secret", .type = J_BOOL, .help = "Its value is never told." },
    { .name = "reloads", .type = J_BOOL, .help = "SIGHUP takes over a change; others need a restart." },
    { .name = "set", .type = J_BOOL, .help = "Somebody set it; else the default holds." },
    { .name = "source", .type = J_TEXT, .help = "Where it was set: default, .env, environment or file." },
};
static const struct jspec configuration_answer = JSPEC_ANSWER("ConfigurationSetting", configuration_fields);

static enum rc configuration_list(struct ctx *c, struct err *e)
{
    (void)e;
    jw_obj(&c->out);
    jw_key(&c->out, "data");
    config_json(c->app->cfg, &c->out);
    ctx_page_whole(c);
    jw_obj_end(&c->out);
    return RC_OK;
}

static const struct route routes[] = {
    { .method = HTTP_GET,
      .path = "/api/v1/configuration",
      .op = "configuration_list",
      .tag = "Settings",
      .summary = "What the server was started with (environment, .env, files); read only, without secrets.",
      .handle = configuration_list,
      .flags = R_LIST,
      .perm = PERM_ADMIN_SETTING,
      .answer = &configuration_answer,
      .status = 200 },
    { .method = HTTP_GET,
      .path = "/api/v1/settings",
      .op = "settings_list",
      .tag = "Settings",
      .summary = "All settings that can be changed while the server runs.",
      .handle = settings_list,
      .flags = R_LIST,
      .perm = PERM_ADMIN_SETTING,
      .answer = &setting_answer,
      .status = 200 },
    { .method = HTTP_PATCH,
      .path = "/api/v1/settings",
      .op = "settings_update",
      .tag = "Settings",
      .summary = "Changes settings, all of them or none.",
      .handle = settings_change,
      .flags = R_LIST | R_WRITE,
      .perm = PERM_ADMIN_SETTING,
      .body = &patch_body,
      .answer = &setting_answer,
      .status = 200 },
};
const struct route_table routes_settings = { routes, ARRAY_LEN(routes) };
