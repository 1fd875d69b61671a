/* What reports are made of, read from the tickets themselves.  Tickets that are merged, spam or deleted
 * are no part of it.  Each statement walks an index along a span of time, or looks at open tickets only,
 * so that its cost does not grow with the age of the desk.  What the figures mean: desk/report.h. */
#ifndef STORE_REPORTS_H
#define STORE_REPORTS_H

#include "base/arena.h"
#include "store/db.h"

/* The groups whose tickets count. */
struct report_groups {
    bool all; /* these are all there are: statements need not name them */
    const int64_t *v;
    size_t n;
};

/* Rows of a span at most; above, RC_INVALID says that the span must be shorter. */
enum { REPORT_ROWS_MAX = 500000 };

struct report_created {
    int64_t created_us, first_response_us; /* 0: none yet */
};
struct report_created_rows {
    struct report_created *v;
    size_t n;
};
/* Made in [from, to). */
enum rc reports_created(struct db *db, const struct report_groups *g, int64_t from_us, int64_t to_us,
                        struct arena *a, struct report_created_rows *out, struct err *e) MUST_USE;
/* How many were made since. */
enum rc reports_created_since(struct db *db, const struct report_groups *g, int64_t from_us, struct arena *a,
                              int64_t *n, struct err *e) MUST_USE;

struct report_done {
    int64_t done_us, owner_id; /* 0: nobody's */
};
struct report_done_rows {
    struct report_done *v;
    size_t n;
};
/* Solved or closed now, and that since from. */
enum rc reports_done(struct db *db, const struct report_groups *g, int64_t from_us, struct arena *a,
                     struct report_done_rows *out, struct err *e) MUST_USE;

/* Open tickets by priority and age: made since since_us[0] (age 0), since_us[1] (1), … , before (REPORT_AGES). */
enum { REPORT_AGES = 4 };
struct report_open {
    int64_t priority_id, age, n;
};
struct report_open_rows {
    struct report_open *v;
    size_t n;
};
enum rc reports_open(struct db *db, const struct report_groups *g, const int64_t since_us[REPORT_AGES],
                     struct arena *a, struct report_open_rows *out, struct err *e) MUST_USE;

/* Rows of ticket_counts, of tickets in any state. */
struct report_cell {
    int64_t group_id, state_id, owner_id, n; /* owner 0: nobody */
};
struct report_cells {
    struct report_cell *v;
    size_t n;
};
enum rc reports_cells(struct db *db, const struct report_groups *g, struct arena *a, struct report_cells *out,
                      struct err *e) MUST_USE;

/* Public messages that people wrote as agents in [from, to), and on how many tickets.  only: of one
 * person, 0: of all. */
struct report_answers {
    int64_t author_id, answers, tickets;
};
struct report_answers_rows {
    struct report_answers *v;
    size_t n;
};
enum rc reports_answers(struct db *db, const struct report_groups *g, int64_t from_us, int64_t to_us, int64_t only,
                        struct arena *a, struct report_answers_rows *out, struct err *e) MUST_USE;

/* Names of people, in the order of their ids; who is not there is left out. */
struct report_name {
    int64_t id;
    struct str name;
};
struct report_names {
    struct report_name *v;
    size_t n;
};
enum rc reports_names(struct db *db, const int64_t *ids, size_t n, struct arena *a, struct report_names *out,
                      struct err *e) MUST_USE;

/* Of somebody's own open tickets: those where the customer waits, longest first; those that are due
 * before due_before_us (waited for until, or by their service level), soonest first.  Ids. */
struct report_own {
    int64_t user_id, due_before_us, limit;
    bool due; /* else: waiting */
};
enum rc reports_own(struct db *db, const struct report_groups *g, const struct report_own *o, struct arena *a,
                    int64_t **ids, size_t *n, struct err *e) MUST_USE;
/* How many: open, waiting for an answer, due before a time (those before the other one among them). */
struct report_own_counts {
    int64_t waiting, overdue, due;
};
enum rc reports_own_counts(struct db *db, const struct report_groups *g, int64_t user_id, int64_t now_us,
                           int64_t due_before_us, struct arena *a, struct report_own_counts *out,
                           struct err *e) MUST_USE;

#endif
