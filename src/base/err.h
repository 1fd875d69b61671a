/* Why something failed, in words for the one who asked.  Filled once, where the failure starts;
 * logged only at the edge (reply, job runner, command line).  Owned by the caller, no heap.
 * Any number of field errors can be gathered before a request is refused as a whole. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include "base/defs.h"
#include "base/str.h"

enum { ERR_FIELDS_MAX = 16 };
enum { ERR_DETAIL_BYTES = 224, ERR_ALLOWED_BYTES = 640 }; /* every list of fields fits; tests ask */

/* One wrong value.  pointer is an RFC 6901 JSON pointer ("/message/body"), or a parameter's or
 * header's name. */
struct err_field {
    char pointer[96];
    char code[32]; /* "required", "unknown", "type", "range", "length", "choice", … */
    char detail[ERR_DETAIL_BYTES];
    char allowed[ERR_ALLOWED_BYTES]; /* what would be accepted, or "" */
};

struct err {
    enum rc rc;
    char code[40];      /* machine-readable, e.g. "version_mismatch"; "" means that of the rc */
    char detail[256];   /* for people; never SQL, paths or secrets */
    char internal[256]; /* for the log only: the library's words */
    int retry_after_s;  /* for RC_LIMITED and RC_BUSY, 0: a default */
    size_t n_fields;
    struct err_field fields[ERR_FIELDS_MAX];
};

void err_clear(struct err *e);
/* Sets rc, code and words, and returns rc.  code is a literal such as "ticket_merged". */
enum rc err_set(struct err *e, enum rc rc, const char *code, const char *fmt, ...)
    PRINTF_LIKE(4, 5);
/* Adds a field error and makes e an RC_INVALID (unless a worse one is there); returns e->rc. */
enum rc err_field(struct err *e, const char *pointer, const char *code, const char *allowed,
                  const char *fmt, ...) PRINTF_LIKE(5, 6);
/* In conflict with what is there, because of the value at pointer: RC_CONFLICT, told there too. */
enum rc err_conflict(struct err *e, const char *code, const char *pointer, const char *allowed,
                     const char *fmt, ...) PRINTF_LIKE(5, 6);
/* An internal failure: the client is told nothing of it, the log all. */
enum rc err_fail(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);

int rc_status(enum rc rc);        /* the HTTP status */
const char *rc_code(enum rc rc);  /* the default code, e.g. "not_found" */
const char *rc_title(enum rc rc); /* the status in words */

#endif
