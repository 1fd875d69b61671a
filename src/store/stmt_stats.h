/* Time and number of statements by what they do and to which table ("select tickets"): few labels,
 * whatever the statements.  A label's place is found when a statement is prepared; counting is
 * lock-free. */
#ifndef STORE_STMT_STATS_H
#define STORE_STMT_STATS_H

#include "base/defs.h"
#include "base/str.h"

#include <pthread.h>

enum { STMT_LABELS_MAX = 256, STMT_LABEL_LEN = 48 };

struct stmt_stat {
    char label[STMT_LABEL_LEN];
    _Atomic int64_t calls, time_us;
};

struct stmt_stats {
    pthread_mutex_t lock; /* guards label and n, when a place is taken */
    _Atomic size_t n;
    struct stmt_stat v[STMT_LABELS_MAX]; /* the last one takes what has no place of its own */
};

void stmt_stats_init(struct stmt_stats *s);
void stmt_stats_release(struct stmt_stats *s);
/* The place of this statement, for as long as s lives. */
struct stmt_stat *stmt_stats_place(struct stmt_stats *s, struct str sql);
/* "select tickets", "begin", "other"; NUL-terminated. */
void stmt_label(struct str sql, char out[STMT_LABEL_LEN]);

#endif
