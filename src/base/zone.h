/* Days and hours as people in a time zone count them, from the system's time zone database (RFC 8536).
 * zone_open() reads a file; the rest is pure.  Any thread; a zone lives in its arena. */
#ifndef BASE_ZONE_H
#define BASE_ZONE_H

#include "base/err.h"
#include "base/str.h"

struct arena;

/* When the clocks change, year after year: the w-th weekday of a month (5: the last), and the second of
 * that day by the clock that was right until then. */
struct zone_rule {
    int month, week, weekday;
    int64_t at_s;
};
struct zone {
    const int64_t *times_s; /* ascending; from times_s[i] on offsets_s[i] holds */
    const int64_t *offsets_s;
    size_t n;
    int64_t first_s;        /* the offset before all of them */
    bool has_rules;         /* behind the last one: */
    int64_t std_s, dst_s;
    bool has_dst;
    struct zone_rule begins, ends;
};

/* RC_NOT_FOUND: the database has no such zone, or its file makes no sense.  "UTC" is always there. */
enum rc zone_open(struct str name, struct arena *a, struct zone *out, struct err *e) MUST_USE;
/* The bytes of a file of the database.  Pure; false: they make no sense. */
bool zone_read(struct str bytes, struct arena *a, struct zone *out);

/* Seconds that the clocks there are ahead of UTC. */
int64_t zone_offset_s(const struct zone *z, int64_t t_s);
/* Days are numbered from 1970-01-01. */
int64_t zone_day(const struct zone *z, int64_t t_us);
/* When that day begins there. */
int64_t zone_day_begins(const struct zone *z, int64_t day);

#endif
