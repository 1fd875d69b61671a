#include "desk/user.h"

#include "base/json.h"

enum { DIFF_MAX = 64 * 1024 };

void diff_begin(struct diff *d, struct arena *a)
{
    *d = (struct diff){ .before = BUF_ARENA(a, DIFF_MAX), .after = BUF_ARENA(a, DIFF_MAX) };
    d->jb = jw_to(&d->before);
    d->ja = jw_to(&d->after);
    jw_obj(&d->jb);
    jw_obj(&d->ja);
}

void diff_text(struct diff *d, const char *key, struct str before, struct str after)
{
    if (str_eq(before, after))
        return;
    d->n++;
    jw_key_str(&d->jb, str_of(key));
    jw_text(&d->jb, before);
    jw_key_str(&d->ja, str_of(key));
    jw_text(&d->ja, after);
}

void diff_int(struct diff *d, const char *key, int64_t before, int64_t after)
{
    if (before == after)
        return;
    d->n++;
    jw_key_str(&d->jb, str_of(key));
    jw_int(&d->jb, before);
    jw_key_str(&d->ja, str_of(key));
    jw_int(&d->ja, after);
}

struct str diff_end(struct diff *d, struct arena *a)
{
    jw_obj_end(&d->jb);
    jw_obj_end(&d->ja);
    if (!d->n)
        return STR_NONE;
    return str_printf(a, "{\"before\":%.*s,\"after\":%.*s}", STR_ARG(buf_view(&d->before)),
                      STR_ARG(buf_view(&d->after)));
}
