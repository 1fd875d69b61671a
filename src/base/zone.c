#include "base/zone.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/file.h"

enum { FILE_MAX = 256 * 1024, HEAD = 44, TYPE = 6, SHIFT_MAX_S = 26 * 3600, DAY_S = 86400 };

/* ── the file ── */

struct counts {
    size_t isut, isstd, leap, time, type, text;
};

static uint64_t big(const char *p, size_t n)
{
    uint64_t v = 0;

    for (size_t i = 0; i < n; i++)
        v = v << 8 | (unsigned char)p[i];
    return v;
}

static bool read_head(struct str s, struct counts *n)
{
    if (s.n < HEAD || !str_starts(s, STR("TZif")))
        return false;
    *n = (struct counts){ big(s.p + 20, 4), big(s.p + 24, 4), big(s.p + 28, 4),
                          big(s.p + 32, 4), big(s.p + 36, 4), big(s.p + 40, 4) };
    return n->time < FILE_MAX && n->type < FILE_MAX && n->type > 0;
}

static size_t block_size(const struct counts *n, size_t time_bytes)
{
    return n->time * (time_bytes + 1) + n->type * TYPE + n->text + n->leap * (time_bytes + 4) + n->isstd + n->isut;
}

static int64_t offset_of_type(const char *types, size_t i)
{
    return (int32_t)big(types + i * TYPE, 4);
}

/* s: what stands behind the head. */
static bool read_block(struct str s, const struct counts *n, struct arena *a, struct zone *out)
{
    int64_t *times = ARENA_ARRAY(a, int64_t, n->time + 1), *offsets = ARENA_ARRAY(a, int64_t, n->time + 1);
    const char *index, *types;

    if (s.n < block_size(n, 8))
        return false;
    index = s.p + n->time * 8;
    types = index + n->time;
    for (size_t i = 0; i < n->time; i++) {
        size_t type = (unsigned char)index[i];

        times[i] = (int64_t)big(s.p + i * 8, 8);
        if (type >= n->type || (i && times[i] <= times[i - 1]))
            return false;
        offsets[i] = offset_of_type(types, type);
    }
    *out = (struct zone){ .times_s = times, .offsets_s = offsets, .n = n->time, .first_s = offset_of_type(types, 0) };
    return true;
}

/* ── the rules behind the last change: "CET-1CEST,M3.5.0,M10.5.0/3" ── */

static bool take(struct str *s, char c)
{
    if (s->n == 0 || s->p[0] != c)
        return false;
    *s = str_sub(*s, 1, s->n);
    return true;
}

static bool take_number(struct str *s, int64_t max, int64_t *out)
{
    size_t n = 0;

    while (n < s->n && n < 3 && s->p[n] >= '0' && s->p[n] <= '9')
        n++;
    if (!str_i64(str_sub(*s, 0, n), 0, max, out))
        return false;
    *s = str_sub(*s, n, s->n);
    return true;
}

/* [+-]hours[:minutes[:seconds]] */
static bool take_hours(struct str *s, int64_t *out)
{
    int64_t h, m = 0, sec = 0;
    bool minus = take(s, '-');

    if (!minus)
        (void)take(s, '+');
    if (!take_number(s, 167, &h) || (take(s, ':') && !take_number(s, 59, &m))
        || (take(s, ':') && !take_number(s, 59, &sec)))
        return false;
    *out = (h * 3600 + m * 60 + sec) * (minus ? -1 : 1);
    return true;
}

static bool take_name(struct str *s)
{
    size_t n = 0;

    if (s->n && s->p[0] == '<') {
        n = str_chr(*s, '>');
        if (n == SIZE_MAX)
            return false;
        *s = str_sub(*s, n + 1, s->n);
        return true;
    }
    while (n < s->n && ((s->p[n] | 0x20) >= 'a' && (s->p[n] | 0x20) <= 'z'))
        n++;
    *s = str_sub(*s, n, s->n);
    return n > 0;
}

static bool take_rule(struct str *s, struct zone_rule *out)
{
    int64_t month, week, weekday;

    *out = (struct zone_rule){ .at_s = 2 * 3600 };
    if (!take(s, ',') || !take(s, 'M') || !take_number(s, 12, &month) || !take(s, '.') || !take_number(s, 5, &week)
        || !take(s, '.') || !take_number(s, 6, &weekday) || month == 0 || week == 0)
        return false;
    out->month = (int)month;
    out->week = (int)week;
    out->weekday = (int)weekday;
    return !take(s, '/') || take_hours(s, &out->at_s);
}

static bool read_rules(struct str s, struct zone *z)
{
    int64_t west;

    if (!take_name(&s) || !take_hours(&s, &west))
        return false;
    z->std_s = -west;
    if (s.n == 0)
        return true;
    z->has_dst = true;
    z->dst_s = z->std_s + 3600;
    if (!take_name(&s))
        return false;
    if (s.n && s.p[0] != ',') {
        if (!take_hours(&s, &west))
            return false;
        z->dst_s = -west;
    }
    return take_rule(&s, &z->begins) && take_rule(&s, &z->ends) && s.n == 0;
}

bool zone_read(struct str bytes, struct arena *a, struct zone *out)
{
    struct counts n;
    struct str rest;
    size_t skip;

    if (!read_head(bytes, &n) || bytes.p[4] < '2') /* the first form ends in 2038 */
        return false;
    skip = HEAD + block_size(&n, 4);
    rest = str_sub(bytes, skip, bytes.n);
    if (!read_head(rest, &n) || !read_block(str_sub(rest, HEAD, rest.n), &n, a, out))
        return false;
    rest = str_sub(rest, HEAD + block_size(&n, 8), rest.n);
    if (take(&rest, '\n'))
        out->has_rules = read_rules(str_cut(&rest, '\n'), out);
    return true;
}

enum rc zone_open(struct str name, struct arena *a, struct zone *out, struct err *e)
{
    struct str bytes = STR_NONE;

    *out = (struct zone){ 0 };
    if (str_eq(name, STR("UTC")))
        return RC_OK;
    if (!clock_zone_known(name))
        return err_set(e, RC_NOT_FOUND, "", "%s", "This is no time zone.");
    TRY(file_read(str_printf(a, "/usr/share/zoneinfo/%.*s", STR_ARG(name)).p, FILE_MAX, a, &bytes, e));
    return zone_read(bytes, a, out) ? RC_OK : err_set(e, RC_NOT_FOUND, "", "%s", "This is no time zone.");
}

/* ── what holds when ── */

/* In seconds as the clocks show them. */
static int64_t rule_time(const struct zone_rule *r, int year)
{
    int64_t first = clock_days(year, r->month, 1);
    int64_t next = r->month == 12 ? clock_days(year + 1, 1, 1) : clock_days(year, r->month + 1, 1);
    int64_t weekday = (first % 7 + 11) % 7, day; /* 1970-01-01 was a Thursday (4) */

    day = first + (r->weekday - weekday + 7) % 7 + 7 * (int64_t)(r->week - 1);
    while (day >= next)
        day -= 7;
    return day * DAY_S + r->at_s;
}

static int64_t floor_day(int64_t s)
{
    return s >= 0 ? s / DAY_S : -((-s + DAY_S - 1) / DAY_S);
}

static int64_t offset_by_rules(const struct zone *z, int64_t t_s)
{
    int year = clock_year(floor_day(t_s + z->std_s));
    int64_t begins, ends;

    if (!z->has_dst)
        return z->std_s;
    begins = rule_time(&z->begins, year) - z->std_s;
    ends = rule_time(&z->ends, year) - z->dst_s;
    if (begins < ends)
        return t_s >= begins && t_s < ends ? z->dst_s : z->std_s;
    return t_s >= begins || t_s < ends ? z->dst_s : z->std_s;
}

int64_t zone_offset_s(const struct zone *z, int64_t t_s)
{
    size_t from = 0, to = z->n; /* the first change behind t_s */

    while (from < to) {
        size_t mid = from + (to - from) / 2;

        if (z->times_s[mid] <= t_s)
            from = mid + 1;
        else
            to = mid;
    }
    if (from == z->n && z->has_rules)
        return offset_by_rules(z, t_s);
    return from ? z->offsets_s[from - 1] : z->first_s;
}

static int64_t day_of_s(const struct zone *z, int64_t t_s)
{
    return floor_day(t_s + zone_offset_s(z, t_s));
}

int64_t zone_day(const struct zone *z, int64_t t_us)
{
    return day_of_s(z, t_us >= 0 ? t_us / US_PER_S : -((-t_us + US_PER_S - 1) / US_PER_S));
}

/* Searched, because midnight may be left out where clocks change at midnight. */
int64_t zone_day_begins(const struct zone *z, int64_t day)
{
    int64_t from = day * DAY_S - SHIFT_MAX_S, to = day * DAY_S + SHIFT_MAX_S;

    while (from < to) {
        int64_t mid = from + (to - from) / 2;

        if (day_of_s(z, mid) >= day)
            to = mid;
        else
            from = mid + 1;
    }
    return to * US_PER_S;
}
