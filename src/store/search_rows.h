/* What hits of a search are shown as: rows of tickets, people and organisations. */
#ifndef STORE_SEARCH_ROWS_H
#define STORE_SEARCH_ROWS_H

#include "store/search.h"
#include "store/tickets.h"

struct found_person {
    int64_t id;
    struct str name, email;
    int64_t organization_id;
    struct str organization_name;
};
struct found_org {
    int64_t id;
    struct str name;
};

/* The tickets of the hits, in their order; ones that are gone are left out (*n is set). */
enum rc found_tickets(struct db *db, const struct search_hit *hits, size_t n_hits, struct arena *a,
                      struct ticket *out, size_t *n, struct err *e) MUST_USE;
/* Tickets by fields alone, last changed first, at most limit, behind this one (time 0: from the first). */
struct found_page {
    int64_t limit, after_us, after_id;
};
enum rc found_by_fields(const struct query_env *env, const struct query_node *n, const struct found_page *p,
                        struct ticket *out, size_t *n_out, struct err *e) MUST_USE;
/* The ticket with this number if it is in the scope: RC_NOT_FOUND. */
enum rc found_number(const struct query_env *env, struct str number, struct ticket *out,
                     struct err *e) MUST_USE;
/* Text of a message for its excerpt. */
enum rc found_text(struct db *db, int64_t message_id, struct arena *a, struct str *out,
                   struct err *e) MUST_USE;
/* Active people whose name, a word of it, or whose address begins with this folded text. */
enum rc found_people(struct db *db, struct str prefix_fold, int64_t limit, struct arena *a,
                     struct found_person *out, size_t *n, struct err *e) MUST_USE;
enum rc found_orgs(struct db *db, struct str prefix_fold, int64_t limit, struct arena *a,
                   struct found_org *out, size_t *n, struct err *e) MUST_USE;

#endif
