/* Searching over everything the actor may see: tickets by words and fields, and, while typing, the
 * exact ticket, people and organisations too. */
#ifndef DESK_SEARCH_H
#define DESK_SEARCH_H

#include "desk/call.h"
#include "store/search.h"
#include "store/search_rows.h"

enum { SEARCH_LIMIT_MAX = 100, SEARCH_EXCERPT_POINTS = 160 };

/* Where a page ends, for the next one to begin behind it; key 0: at the beginning.  Words: id of a message,
 * and how many hits behind it are shown already (by relevance); fields: time of the change and ticket. */
struct search_at {
    int64_t key, id;
};

struct search_request {
    struct str text;
    bool typing;           /* the last word is a prefix */
    bool relevance;        /* rank inside the newest hits instead of newest first */
    int64_t limit;
    struct search_at after; /* as the page before said */
    bool tickets, people, organizations; /* what to look for */
    bool count;            /* exact number of tickets, up to VIEW_COUNT_MAX */
};

struct search_ticket {
    struct ticket t;       /* with names */
    int64_t message_id;    /* the newest message that has the words; 0: found by fields alone */
    struct str excerpt;    /* of that message, around the first word; may be empty */
};

struct search_result {
    struct search_ticket *tickets;
    size_t n_tickets;
    bool more;
    bool corrected;        /* nothing had the words as they were typed: these have similar ones */
    struct search_at next; /* with more */
    bool has_jump;
    struct ticket jump;    /* its number was typed */
    struct found_person *people;
    size_t n_people;
    struct found_org *orgs;
    size_t n_orgs;
    int64_t count;
    bool capped;
};

enum rc search_run(struct call *c, const struct search_request *in, struct search_result *out,
                   struct err *e) MUST_USE;

/* About max_points code points of text around the first of the words (tokens of a query); the
 * beginning when none is there.  Pure. */
struct str search_excerpt(struct str text, struct str words, size_t max_points, struct arena *a);

#endif
