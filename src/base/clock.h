/* The only source of time.  Replaceable in tests. Any thread. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include "base/defs.h"
#include "base/str.h"

#include <stdbool.h>

int64_t clock_now_us(void);  /* wall clock, microseconds since 1970 UTC */
int64_t clock_mono_us(void); /* for durations and deadlines */
/* Tests: from now on clock_now_us() answers t (0: the real clock again). */
void clock_fake(int64_t t_us);

enum { CLOCK_TEXT_MAX = 32 };
/* RFC 3339 UTC with milliseconds, "2026-11-23T15:21:42.123Z"; returns the length. */
size_t clock_format(int64_t t_us, char out[CLOCK_TEXT_MAX]);
/* RFC 3339 with any offset and 0 to 9 fraction digits; years 1970 to 9999. */
bool clock_parse(struct str s, int64_t *t_us);
/* RFC 9110 IMF-fixdate, "Mon, 23 Nov 2026 15:21:42 GMT"; returns the length. */
size_t clock_http_date(int64_t t_us, char out[CLOCK_TEXT_MAX]);
/* Days since 1970-01-01 of a Gregorian date. */
int64_t clock_days(int year, int month, int day);
/* The year of that day. */
int clock_year(int64_t days);
enum { CLOCK_DATE_MAX = 11 };
/* "2026-11-23"; returns the length. */
size_t clock_date(int64_t days, char out[CLOCK_DATE_MAX]);
/* A name of the time zone database, "Europe/Berlin" (where the system has none: any sound name). */
bool clock_zone_known(struct str name);

#endif
