/* Figures of the desk, over the tickets whose content the caller reads as an agent.
 *
 *   created          tickets that came in, by the day
 *   done             tickets that are solved or closed, by the day of their last closing; one that was
 *                    opened again counts when it is closed again
 *   backlog          tickets that were open at the end of the day: made before, and open now or closed
 *                    later (between a closing and an opening again a ticket counts as open)
 *   first response   from the ticket to the first public answer of an agent, by the day of the ticket;
 *                    tickets that an agent opened with a message of his own are left out
 *   median, p90      the smallest time that half (nine tenths) of the answered tickets did not exceed
 *   answers          public messages that somebody wrote as an agent
 *
 * Merged, spam and deleted tickets count nowhere; answers on tickets merged later do.
 * Days are those of a time zone.  A report is read from the tickets each time it is asked for. */
#ifndef DESK_REPORT_H
#define DESK_REPORT_H

#include "base/zone.h"
#include "desk/call.h"
#include "store/reports.h"

enum { REPORT_DAYS_MAX = 366, REPORT_AGENTS_MAX = 200 };

/* Of some tickets: how many count, are answered, and how quickly. */
struct report_first {
    int64_t tickets, answered, median_us, p90_us; /* the times mean something when some are answered */
};
struct report_day {
    int64_t day; /* as zone_day() numbers them */
    int64_t created, done, backlog;
    struct report_first first;
};
/* Open tickets of one kind; of a group also how many are nobody's. */
struct report_part {
    int64_t id, n, unassigned;
};
struct report_parts {
    struct report_part *v;
    size_t n;
};
struct report_agent {
    int64_t id, open, done, answers, answered;
    struct str name;
};

struct report_ask {
    const struct zone *zone;
    int64_t first_day, last_day; /* of at most REPORT_DAYS_MAX; not after today */
    int64_t group_id;            /* 0: all that the caller reads */
};
struct report {
    struct report_day *days;
    size_t n_days;
    int64_t created, done, open, unassigned;
    struct report_first first;
    int64_t ages[REPORT_AGES + 1]; /* open ones younger than 1, 3, 7, 30 days; older */
    struct report_parts states, priorities, groups; /* open ones */
    struct report_agent *agents; /* who has open tickets, closed or answered some; the most open first */
    size_t n_agents;
};
extern const int64_t report_age_days[REPORT_AGES];

/* RC_INVALID at "from" when there are too many tickets in the span. */
enum rc report_make(const struct call *c, const struct report_ask *ask, struct arena *a, struct report *out,
                    struct err *e) MUST_USE;

/* What waits for the caller himself. */
enum { REPORT_OWN_ROWS = 8 };
struct report_mine {
    int64_t by_type[STATE_HOLD + 1]; /* his open tickets */
    int64_t waiting, overdue, due_today; /* of these: customer waits; due before now; due until the day ends */
    int64_t answers, answered, done; /* since the day began */
    int64_t unassigned;              /* open ones of his groups that nobody owns */
    int64_t *due, *awaiting;         /* ids, the most urgent first */
    size_t n_due, n_awaiting;
};
/* due_until_us: how far ahead "due" looks. */
enum rc report_mine_read(const struct call *c, const struct zone *zone, int64_t due_until_us, struct report_mine *out,
                    struct err *e) MUST_USE;

/* The groups whose tickets the caller reads as an agent; group_id 0: all of them. */
struct report_groups report_groups_of(const struct call *c, int64_t group_id);

#endif
