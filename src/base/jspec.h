/* Closed lists of fields: one table describes what a JSON body or a query string may contain,
 * and drives reading, refusing and the OpenAPI document.  Answers are described by the same
 * tables (without offsets).
 *
 * An unknown, duplicate, missing or wrongly typed field, a wrong length, range or choice, bad
 * UTF-8 and control characters are gathered as field errors (RC_INVALID, JSON pointers; RC_BAD
 * for query parameters).  Any thread; results live in the arena. */
#ifndef BASE_JSPEC_H
#define BASE_JSPEC_H

#include "base/defs.h"
#include "base/err.h"
#include "base/json.h"
#include "base/str.h"

struct arena;

enum jtype {
    J_TEXT,  /* struct j_text */
    J_INT,   /* struct j_int */
    J_ID,    /* struct j_int, 1.. */
    J_BOOL,  /* struct j_int, 0 or 1 */
    J_TIME,  /* struct j_int, microseconds; RFC 3339 on the wire */
    J_ENUM,  /* struct j_int, index into .values */
    J_NUM,   /* answers only: any number */
    J_TEXTS, /* struct j_texts */
    J_IDS,   /* struct j_ints */
    J_OBJ,   /* struct j_obj, .sub */
    J_OBJS,  /* struct j_objs, .sub */
    J_JSON,  /* struct j_json: any value; checked by the handler */
};

/* set: the field was there.  null: it was there as null (merge-patch: clear it). */
struct j_text { struct str v; bool set, null; };
struct j_int { int64_t v; bool set, null; };
struct j_texts { struct str *v; size_t n; bool set, null; };
struct j_ints { int64_t *v; size_t n; bool set, null; };
struct j_obj { void *v; bool set, null; };            /* v: a sub->size struct, NULL when absent */
struct j_objs { void *v; size_t n; bool set, null; }; /* v: n structs of sub->size */
struct j_json { json_t *v; bool set, null; };         /* borrowed from the body */

enum {
    JF_REQUIRED = 1 << 0,
    JF_NULLABLE = 1 << 1,
    JF_LINES = 1 << 2,    /* text may hold newlines and tabs */
    JF_SECRET = 1 << 3,   /* write-only; never logged, audited or echoed */
    JF_FILLED = 1 << 4,   /* text must hold more than blanks */
    JF_OPTIONAL = 1 << 5, /* answers: the field may be missing */
    JF_TOKEN = 1 << 6,    /* J_TEXT of a secret that proves something: whatever is not a text, or missing,
                             is the empty text, so that all that is no token is refused alike */
};

struct jspec;

struct jfield {
    const char *name;
    enum jtype type;
    unsigned flags;
    int64_t min, max;          /* J_TEXT(S): code points; J_INT: value. max 0: 65,535 code points, any int */
    int64_t max_items;         /* J_TEXTS, J_IDS, J_OBJS; 0: 100 */
    const char *const *values; /* J_ENUM: NULL-terminated */
    const struct jspec *sub;   /* J_OBJ, J_OBJS */
    size_t off;                /* offsetof the value in the result struct */
    const char *help;          /* one sentence for the API document */
};

struct jspec {
    const char *name; /* the schema's name in the API document: "TicketCreate" */
    const struct jfield *fields;
    size_t n_fields;
    size_t size; /* of the result struct; 0 for answers */
};

#define JSPEC(nm, flds, type) { .name = (nm), .fields = (flds), .n_fields = ARRAY_LEN(flds), .size = sizeof(type) }
#define JSPEC_ANSWER(nm, flds) { .name = (nm), .fields = (flds), .n_fields = ARRAY_LEN(flds) }

/* body must be an object.  *out is a zeroed struct of s->size in a. */
enum rc jspec_read(const struct jspec *s, const json_t *body, struct arena *a, void **out,
                   struct err *e) MUST_USE;
/* query: the raw text behind '?'.  J_TEXTS and J_IDS are comma-separated. */
enum rc jspec_read_query(const struct jspec *s, struct str query, struct arena *a, void **out,
                         struct err *e) MUST_USE;

#endif
