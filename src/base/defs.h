/* Words that the whole program uses: result codes, ownership and error-path macros.
 *
 * enum rc is what every function that can fail returns.  The codes map one to one to HTTP
 * statuses (rc_status()); the words that explain a failure go to struct err (err.h). */
#ifndef BASE_DEFS_H
#define BASE_DEFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MUST_USE __attribute__((warn_unused_result))
#define CLEAN(fn) __attribute__((cleanup(fn)))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))
#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

#define KIB ((size_t)1024)
#define MIB (KIB * KIB)
#define GIB (KIB * MIB)

#define US_PER_MS INT64_C(1000)
#define US_PER_S INT64_C(1000000)
#define US_PER_MIN (60 * US_PER_S)
#define US_PER_HOUR (60 * US_PER_MIN)
#define US_PER_DAY (24 * US_PER_HOUR)

enum rc {
    RC_OK = 0,
    RC_BAD,         /* 400 malformed request */
    RC_UNAUTH,      /* 401 not logged in */
    RC_DENIED,      /* 403 logged in, but not allowed */
    RC_NOT_FOUND,   /* 404 absent, or not the caller's */
    RC_METHOD,      /* 405 */
    RC_NOT_ACCEPTABLE, /* 406 */
    RC_TIMEOUT,     /* 408 */
    RC_CONFLICT,    /* 409 */
    RC_STALE,       /* 412 If-Match did not hold */
    RC_TOO_BIG,     /* 413 */
    RC_URI_LONG,    /* 414 */
    RC_MEDIA_TYPE,  /* 415 */
    RC_RANGE,       /* 416 */
    RC_INVALID,     /* 422 well formed, but the values are not allowed */
    RC_LIMITED,     /* 429 */
    RC_HEADERS_BIG, /* 431 */
    RC_FAIL,        /* 500 our fault; the outcome of a write may be unknown */
    RC_NOT_IMPLEMENTED, /* 501 */
    RC_BUSY,        /* 503 try again later; nothing was done */
    RC_FULL,        /* 507 no space left */
    RC_RETRY,       /* internal: serialisation failure, the whole request may be rerun (500 if it leaks) */
    RC_COUNT_
};

/* Returns from the calling function when x is not RC_OK.  Only where all that is held is CLEAN()
 * or in an arena. */
#define TRY(x)                                                                                     \
    do {                                                                                           \
        enum rc try_rc_ = (x);                                                                     \
        if (try_rc_ != RC_OK)                                                                      \
            return try_rc_;                                                                        \
    } while (0)

/* Aborts with file and line: out of memory, a broken invariant.  Never for bad input. */
#define INVARIANT(cond)                                                                            \
    do {                                                                                           \
        if (__builtin_expect(!(cond), 0))                                                          \
            invariant_failed(#cond, __FILE__, __LINE__);                                           \
    } while (0)

_Noreturn void invariant_failed(const char *what, const char *file, int line);

#endif
