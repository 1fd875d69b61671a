#include "desk/settings.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/utf8.h"
#include "desk/audit.h"
#include "store/catalog.h"
#include "store/catalog.h"
#include "store/settings.h"

enum { DETAILS_MAX = 16 * 1024 };

const struct setting_def setting_defs[SETTING_COUNT_] = {
#define I(id, nm, def, mn, mx, hlp) { nm, SETTING_T_INT, def, NULL, mn, mx, NULL, hlp },
#define B(id, nm, def, hlp) { nm, SETTING_T_BOOL, def, NULL, 0, 1, NULL, hlp },
#define C(id, nm, def, chs, hlp) { nm, SETTING_T_CHOICE, def, NULL, 0, 0, chs, hlp },
#define T(id, nm, def, mx, hlp) { nm, SETTING_T_TEXT, 0, def, 0, mx, NULL, hlp },
#include "desk/settings.def"
#undef I
#undef B
#undef C
#undef T
};

enum setting setting_find(struct str name)
{
    enum setting id = 0;

    while (id < SETTING_COUNT_ && !str_eq(str_of(setting_defs[id].name), name))
        id++;
    return id;
}

enum rc setting_int(struct db *db, enum setting id, int64_t *out, struct err *e)
{
    *out = setting_defs[id].number;
    return settings_load_int(db, str_of(setting_defs[id].name), out, e);
}

enum rc setting_text(struct db *db, enum setting id, struct arena *a, struct str *out,
                     struct err *e)
{
    struct setting_row row;

    TRY(settings_load(db, str_of(setting_defs[id].name), a, &row, e));
    *out = row.value.p ? row.value : str_of(setting_defs[id].text);
    return RC_OK;
}

static struct str choice_name(const struct setting_def *d, int64_t index)
{
    struct str rest = str_of(d->choices), one = str_cut(&rest, '|');

    while (index-- > 0)
        one = str_cut(&rest, '|');
    return one;
}

static bool choice_find(const struct setting_def *d, struct str name, int64_t *index)
{
    struct str rest = str_of(d->choices);

    for (*index = 0; rest.p; ++*index) {
        if (str_eq(str_cut(&rest, '|'), name))
            return true;
    }
    return false;
}

enum rc setting_load(struct db *db, enum setting id, struct arena *a, struct setting_value *out,
                     struct err *e)
{
    const struct setting_def *d = &setting_defs[id];
    struct setting_row row;

    TRY(settings_load(db, str_of(d->name), a, &row, e));
    *out = (struct setting_value){ .number = d->number,
                                   .is_default = !row.value.p,
                                   .updated_us = row.updated_us,
                                   .updated_by = row.updated_by };
    if (d->type == SETTING_T_TEXT)
        out->text = row.value.p ? row.value : str_of(d->text);
    else if (row.value.p && !str_i64(row.value, INT64_MIN, INT64_MAX, &out->number))
        return err_fail(e, "setting %s is not a number", d->name);
    if (d->type == SETTING_T_CHOICE)
        out->text = choice_name(d, out->number);
    return RC_OK;
}

/* The value as the table keeps it, or a field error. */
static enum rc checked(const struct setting_def *d, const struct setting_change *ch,
                       struct arena *a, struct str *value, struct err *e)
{
    const char *pointer = str_printf(a, "/%s", d->name).p;
    int64_t number = ch->number;

    if (d->type == SETTING_T_TEXT) {
        if (utf8_count(ch->text) > (size_t)d->max || !utf8_is_line(ch->text))
            return err_field(e, pointer, "length",
                             str_printf(a, "up to %lld characters", (long long)d->max).p,
                             "is too long, or holds control characters");
        *value = ch->text;
        return RC_OK;
    }
    if (d->type == SETTING_T_CHOICE && !choice_find(d, ch->text, &number))
        return err_field(e, pointer, "choice", d->choices, "is not one of the choices");
    if (d->type != SETTING_T_CHOICE && (number < d->min || number > d->max))
        return err_field(e, pointer, "range",
                         str_printf(a, "%lld to %lld", (long long)d->min, (long long)d->max).p,
                         "is out of range");
    *value = str_printf(a, "%lld", (long long)number);
    return RC_OK;
}

static void put_side(struct jw *w, const struct setting_def *d, struct str value)
{
    int64_t number = d->number;

    jw_obj(w);
    jw_key_str(w, str_of(d->name));
    if (d->type == SETTING_T_TEXT) {
        jw_text(w, value.p ? value : str_of(d->text));
    } else {
        INVARIANT(!value.p || str_i64(value, INT64_MIN, INT64_MAX, &number));
        if (d->type == SETTING_T_CHOICE)
            jw_text(w, choice_name(d, number));
        else if (d->type == SETTING_T_BOOL)
            jw_bool(w, number != 0);
        else
            jw_int(w, number);
    }
    jw_obj_end(w);
}

static enum rc audit_change(struct db *db, const struct actor *who, const struct setting_def *d,
                            struct str before, struct str after, struct arena *a, struct err *e)
{
    struct buf b = BUF_ARENA(a, DETAILS_MAX);
    struct jw w = jw_to(&b);

    jw_obj(&w);
    jw_key(&w, "before");
    put_side(&w, d, before);
    jw_key(&w, "after");
    put_side(&w, d, after);
    jw_obj_end(&w);
    return audit_add(db, who,
                     &(struct audit_entry){
                         .action = "setting.update", .object = "setting", .details = buf_view(&b) },
                     a, e);
}

enum rc setting_save(struct db *db, const struct actor *who, const struct setting_change *ch,
                     struct arena *a, struct err *e)
{
    const struct setting_def *d = &setting_defs[ch->id];
    struct str name = str_of(d->name), value = STR_NONE;
    struct setting_row old;

    if (!ch->is_reset)
        TRY(checked(d, ch, a, &value, e));
    TRY(settings_load(db, name, a, &old, e));
    if (!old.value.p == !value.p && str_eq(old.value, value))
        return RC_OK;
    if (ch->is_reset)
        TRY(settings_delete(db, name, e));
    else
        TRY(settings_save(db, name, value, clock_now_us(), who->user_id, e));
    TRY(catalog_changed(db, e)); /* the snapshot holds the settings of tickets */
    return audit_change(db, who, d, old.value, value, a, e);
}
