/* Lists of tickets: filter, order, page by key, inside what the caller may see.
 *
 * A list never sorts a big set: it is put together from branches that each walk one index in the
 * asked order and stop after a page (one branch per group, per own customer or organisation), or it
 * walks the index of the order itself with the rest as a filter. */
#ifndef STORE_TICKET_LIST_H
#define STORE_TICKET_LIST_H

#include "store/tickets.h"

struct catalog;

enum ticket_sort { SORT_UPDATED, SORT_CREATED, SORT_NUMBER, SORT_PRIORITY, SORT_NEXT_DUE };

struct ids {
    const int64_t *v;
    size_t n;
};

struct ticket_filter {
    struct ids states, priorities, groups, customers, organizations;
    struct ids owners;      /* 0 among them: nobody */
    unsigned state_types;   /* bits 1 << enum state_type; 0: any */
    unsigned channels;      /* bits; 0: any */
    struct str tag;         /* p == NULL: any */
    const struct scope *content; /* what the caller reads: as an agent alone he knows tags; NULL: all */
    int64_t updated_from_us, updated_before_us, created_from_us, created_before_us; /* 0: any */
    struct str external_source, external_id; /* p == NULL: any */
    bool as_customer;       /* times of change are those that customers see */
    /* More conditions " AND …" over alias t, e.g. of the search language; may be NULL. */
    void (*more)(struct sql *q, const void *arg);
    const void *more_arg;
};

struct ticket_page {
    enum ticket_sort sort;
    bool descending;
    int64_t limit;       /* rows to answer; ask for one more than the page holds */
    bool has_key;        /* only rows behind this key */
    int64_t key, key_id;
    struct str key_text; /* SORT_NUMBER */
    bool is_snapshot;    /* catalog and rights were read in the state that the query will see */
};

/* The query of which tickets they are, in their order; the tickets themselves are mostly known
 * (web/ticket_cache.h), else tickets_show_some() reads them.  Columns: */
enum { LISTED_ID, LISTED_VERSION, LISTED_SHOWN /* SHOWN_NUMBER */, LISTED_KEY /* of the cursor */ };
void ticket_list_query(struct sql *q, const struct catalog *cat, const struct scope *scope,
                       const struct ticket_filter *f, const struct ticket_page *p);
/* How many there are on all pages, TICKET_COUNT_MAX at most. */
enum { TICKET_COUNT_MAX = 1000000 };
void ticket_list_count(struct sql *q, const struct scope *scope, const struct ticket_filter *f);
/* Only the conditions " AND …" of the filter, for counts. */
void ticket_filter_where(struct sql *q, const struct ticket_filter *f);

#endif
