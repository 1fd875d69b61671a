/* The search language of behaviour.md section 14: text in, tree out.  Pure.
 *
 *     state:open -tag:spam group:"2nd level" owner:me subject:"vpn down" created:>2026-01-01
 *     updated:<7d vpn* colour~ (printer OR scanner) "exact words"
 *
 * Terms beside each other must all hold; OR binds weaker; '-' or NOT negates one term; AND may be
 * written.  Only upper-case OR, AND, NOT are operators.  A word without a letter or digit is left
 * out beside others, and refused alone.  An unknown field is an error that names
 * the nearest one.  Values are only parsed here; names are looked up by query_sql.h. */
#ifndef STORE_QUERY_H
#define STORE_QUERY_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum { QUERY_BYTES_MAX = 1000, QUERY_NODES_MAX = 64, QUERY_DEPTH_MAX = 8, QUERY_FUZZY_MAX = 4 };

enum query_kind { QUERY_AND, QUERY_OR, QUERY_NOT, QUERY_TEXT, QUERY_FIELD };

enum query_text_kind { QUERY_WORD, QUERY_PREFIX, QUERY_PHRASE, QUERY_FUZZY };

enum query_cmp { QUERY_EQ, QUERY_LT, QUERY_LE, QUERY_GT, QUERY_GE, QUERY_RANGE };

enum query_field_id {
    QF_STATE, QF_PRIORITY, QF_GROUP, QF_OWNER, QF_CUSTOMER, QF_ORGANIZATION, QF_TAG, QF_NUMBER,
    QF_CHANNEL, QF_CREATED, QF_UPDATED, QF_CLOSED, QF_DUE, QF_UNTIL, QF_IS, QF_HAS,
    QF_SUBJECT, QF_BODY, QF_FROM, QF_TO, QF_CC, QF_FILE, QF_CUSTOM,
};

struct query_field {
    const char *name;
    enum query_field_id id;
    bool is_text;    /* its value is searched as words */
    bool is_time;    /* dates, spans and comparisons are allowed */
    const char *help;
};
/* All fields with their synonyms, ended by a NULL name; also feeds suggestions and the documents. */
extern const struct query_field query_fields[];

struct query_node {
    enum query_kind kind;
    struct query_node *child, *next; /* AND, OR: children; NOT: one child */
    enum query_text_kind text_kind;  /* TEXT, and FIELDs that are text */
    const struct query_field *field; /* FIELD, and TEXT inside a field; NULL: anywhere */
    struct str custom;               /* QF_CUSTOM: the name behind "field." */
    enum query_cmp cmp;
    struct str value, value2;        /* value2: end of a range */
    size_t at;                       /* byte in the input, for messages */
};

/* *out is NULL for an empty query.  last_is_prefix: the last plain word is still being typed. */
enum rc query_parse(struct str text, bool last_is_prefix, struct arena *a, struct query_node **out,
                    struct err *e) MUST_USE;

/* The tree for a reader who is not shown people's addresses: plain words are looked for in messages,
 * titles and file names, not among the names and addresses that the index holds too.  RC_INVALID at
 * "q" for a field that would tell them (from, cc). */
enum rc query_for_customer(struct query_node *n, struct arena *a, struct err *e) MUST_USE;

/* Takes the plain words of the tree as misspelled, up to QUERY_FUZZY_MAX; false: there is none, or
 * there are too many. */
bool query_loosen(struct query_node *n);

/* A point in time: "2026-01-01", RFC 3339, or a span "7d" (s, m, h, d, w, y) away from now: into
 * the past, or into the future for fields about what is to come. end: the last moment of a day. */
bool query_time(struct str value, int64_t now_us, bool future, bool end, int64_t *out_us);

#endif
