#include "base/clock.h"

#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

static _Atomic int64_t fake_us;

static int64_t read_clock(clockid_t id)
{
    struct timespec ts;

    INVARIANT(clock_gettime(id, &ts) == 0);
    return (int64_t)ts.tv_sec * US_PER_S + ts.tv_nsec / 1000;
}

int64_t clock_now_us(void)
{
    int64_t fake = atomic_load_explicit(&fake_us, memory_order_relaxed);

    return fake ? fake : read_clock(CLOCK_REALTIME);
}

int64_t clock_mono_us(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

void clock_fake(int64_t t_us)
{
    atomic_store(&fake_us, t_us);
}

/* Two digits of v < 100. */
static void put2(char *p, unsigned v)
{
    static const char pairs[] = "00010203040506070809101112131415161718192021222324"
                                "25262728293031323334353637383940414243444546474849"
                                "50515253545556575859606162636465666768697071727374"
                                "75767778798081828384858687888990919293949596979899";

    memcpy(p, pairs + (size_t)2 * v, 2);
}

struct civil {
    int year, month, day, weekday;
};

/* Days since 1970-01-01 to a Gregorian date and back: H. Hinnant, "chrono-compatible low-level
 * date algorithms". */
static struct civil civil_of_days(int64_t z)
{
    int64_t era, doe, yoe, doy, mp;
    struct civil c;

    c.weekday = (int)((z % 7 + 11) % 7); /* 1970-01-01 was a Thursday (4) */
    z += 719468;
    era = (z >= 0 ? z : z - 146096) / 146097;
    doe = z - era * 146097;
    yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    mp = (5 * doy + 2) / 153;
    c.day = (int)(doy - (153 * mp + 2) / 5 + 1);
    c.month = (int)(mp < 10 ? mp + 3 : mp - 9);
    c.year = (int)(yoe + era * 400 + (c.month <= 2));
    return c;
}

static int64_t days_of_civil(int y, int m, int d)
{
    int64_t era, yoe, doy, doe;

    y -= m <= 2;
    era = (y >= 0 ? y : y - 399) / 400;
    yoe = y - era * 400;
    doy = (153 * (m > 2 ? m - 3 : m + 9) + 2) / 5 + d - 1;
    doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    return era * 146097 + doe - 719468;
}

enum { DATE_LEN = 11 };

/* "2026-11-23T".  Answers hold many times of few days: each thread keeps the last ones. */
static const char *date_of(int64_t days)
{
    enum { KEPT = 64 };
    static _Thread_local struct {
        int64_t days;
        char text[DATE_LEN];
    } kept[KEPT];
    size_t i = (uint64_t)days % KEPT;
    char *out = kept[i].text;
    struct civil c;

    if (out[0] && kept[i].days == days)
        return out;
    c = civil_of_days(days);
    kept[i].days = days;
    put2(out, (unsigned)c.year / 100 % 100); /* unsigned: a year below 0 stays inside the table */
    put2(out + 2, (unsigned)c.year % 100);
    out[4] = '-';
    put2(out + 5, (unsigned)c.month);
    out[7] = '-';
    put2(out + 8, (unsigned)c.day);
    out[10] = 'T';
    return out;
}

int64_t clock_days(int year, int month, int day)
{
    return days_of_civil(year, month, day);
}

int clock_year(int64_t days)
{
    return civil_of_days(days).year;
}

size_t clock_date(int64_t days, char out[CLOCK_DATE_MAX])
{
    memcpy(out, date_of(days), DATE_LEN - 1);
    out[DATE_LEN - 1] = '\0';
    return DATE_LEN - 1;
}

size_t clock_format(int64_t t, char out[CLOCK_TEXT_MAX])
{
    int64_t days = t / US_PER_DAY, rest = t % US_PER_DAY;
    unsigned ms, s, min, h;

    if (rest < 0) {
        rest += US_PER_DAY;
        days--;
    }
    ms = (unsigned)(rest / US_PER_MS);
    s = ms / 1000;
    ms -= s * 1000;
    min = s / 60;
    s -= min * 60;
    h = min / 60;
    memcpy(out, date_of(days), DATE_LEN);
    put2(out + 11, h);
    out[13] = ':';
    put2(out + 14, min - h * 60);
    out[16] = ':';
    put2(out + 17, s);
    out[19] = '.';
    out[20] = (char)('0' + ms / 100);
    put2(out + 21, ms % 100);
    out[23] = 'Z';
    out[24] = '\0';
    return 24;
}

size_t clock_http_date(int64_t t, char out[CLOCK_TEXT_MAX])
{
    static const char wday[] = "SunMonTueWedThuFriSat";
    static const char month[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    struct civil c = civil_of_days(t / US_PER_DAY);
    int s = (int)(t % US_PER_DAY / US_PER_S);

    return (size_t)snprintf(out, CLOCK_TEXT_MAX, "%.3s, %02d %.3s %04d %02d:%02d:%02d GMT",
                            wday + c.weekday * 3, c.day, month + (c.month - 1) * 3, c.year,
                            s / 3600, s / 60 % 60, s % 60);
}

/* n digits at *s, advancing it. */
static bool digits(struct str *s, size_t n, int *out)
{
    int64_t v;

    if (s->n < n || s->p[0] == '-' || !str_i64(str_sub(*s, 0, n), 0, 9999, &v))
        return false;
    *out = (int)v;
    *s = str_sub(*s, n, s->n);
    return true;
}

static bool take(struct str *s, char c)
{
    if (s->n == 0 || (s->p[0] | 0x20) != (c | 0x20))
        return false;
    *s = str_sub(*s, 1, s->n);
    return true;
}

static bool fraction(struct str *s, int *us)
{
    int scale = 100000, n = 0;

    *us = 0;
    if (s->n == 0 || s->p[0] != '.')
        return true;
    *s = str_sub(*s, 1, s->n);
    for (; s->n && s->p[0] >= '0' && s->p[0] <= '9'; n++, scale /= 10) {
        *us += (s->p[0] - '0') * scale;
        *s = str_sub(*s, 1, s->n);
    }
    return n >= 1 && n <= 9;
}

static bool offset(struct str *s, int *minutes)
{
    int h, m, sign;

    *minutes = 0;
    if (take(s, 'Z'))
        return true;
    if (s->n == 0 || (s->p[0] != '+' && s->p[0] != '-'))
        return false;
    sign = s->p[0] == '-' ? -1 : 1;
    *s = str_sub(*s, 1, s->n);
    if (!digits(s, 2, &h) || !take(s, ':') || !digits(s, 2, &m) || h > 23 || m > 59)
        return false;
    *minutes = sign * (h * 60 + m);
    return true;
}

static int days_in_month(int y, int m)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;

    return days[m - 1] + (m == 2 && leap);
}

bool clock_parse(struct str s, int64_t *t_us)
{
    int y, mo, d, h, mi, sec, us, off;

    if (!digits(&s, 4, &y) || !take(&s, '-') || !digits(&s, 2, &mo) || !take(&s, '-')
        || !digits(&s, 2, &d) || !take(&s, 'T') || !digits(&s, 2, &h) || !take(&s, ':')
        || !digits(&s, 2, &mi) || !take(&s, ':') || !digits(&s, 2, &sec) || !fraction(&s, &us)
        || !offset(&s, &off) || s.n != 0)
        return false;
    if (y < 1970 || mo < 1 || mo > 12 || d < 1 || d > days_in_month(y, mo) || h > 23 || mi > 59
        || sec > 59)
        return false;
    *t_us = days_of_civil(y, mo, d) * US_PER_DAY + h * US_PER_HOUR + (mi - off) * US_PER_MIN
            + sec * US_PER_S + us;
    return true;
}

/* Letters, digits, '_', '+' and '-' in parts; no part is empty or begins with a dot. */
static bool zone_is_sound(struct str name)
{
    char before = '/';

    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i], low = (char)(c | 0x20);

        if (c == '/' && before == '/')
            return false;
        if (c != '/' && c != '_' && c != '+' && c != '-' && !(c >= '0' && c <= '9')
            && !(low >= 'a' && low <= 'z'))
            return false;
        before = c;
    }
    return name.n && before != '/';
}

bool clock_zone_known(struct str name)
{
    static const char folder[] = "/usr/share/zoneinfo";
    char path[128];
    struct stat st;

    if (!zone_is_sound(name) || name.n + sizeof(folder) + 1 > sizeof(path))
        return false;
    if (str_eq(name, STR("UTC")) || stat(folder, &st) != 0)
        return true;
    snprintf(path, sizeof(path), "%s/%.*s", folder, STR_ARG(name));
    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}
