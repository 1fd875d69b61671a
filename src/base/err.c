#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>

static const struct {
    int status;
    const char *code, *title;
} rcs[RC_COUNT_] = {
    [RC_OK] = { 200, "ok", "OK" },
    [RC_BAD] = { 400, "bad_request", "Bad request" },
    [RC_UNAUTH] = { 401, "unauthorized", "Authentication required" },
    [RC_DENIED] = { 403, "forbidden", "Not allowed" },
    [RC_NOT_FOUND] = { 404, "not_found", "Not found" },
    [RC_METHOD] = { 405, "method_not_allowed", "Method not allowed" },
    [RC_NOT_ACCEPTABLE] = { 406, "not_acceptable", "Not acceptable" },
    [RC_TIMEOUT] = { 408, "request_timeout", "Request timed out" },
    [RC_CONFLICT] = { 409, "conflict", "Conflict" },
    [RC_STALE] = { 412, "version_mismatch", "Changed in the meantime" },
    [RC_TOO_BIG] = { 413, "too_large", "Content too large" },
    [RC_URI_LONG] = { 414, "uri_too_long", "Address too long" },
    [RC_MEDIA_TYPE] = { 415, "unsupported_media_type", "Unsupported media type" },
    [RC_RANGE] = { 416, "range_not_satisfiable", "Range not satisfiable" },
    [RC_INVALID] = { 422, "invalid", "Values not allowed" },
    [RC_LIMITED] = { 429, "rate_limited", "Too many requests" },
    [RC_HEADERS_BIG] = { 431, "headers_too_large", "Header fields too large" },
    [RC_FAIL] = { 500, "internal", "Internal error" },
    [RC_NOT_IMPLEMENTED] = { 501, "not_implemented", "Not implemented" },
    [RC_BUSY] = { 503, "unavailable", "Temporarily unavailable" },
    [RC_FULL] = { 507, "storage_full", "Storage full" },
    [RC_RETRY] = { 500, "internal", "Internal error" },
};

int rc_status(enum rc rc)
{
    return rcs[rc].status;
}

const char *rc_code(enum rc rc)
{
    return rcs[rc].code;
}

const char *rc_title(enum rc rc)
{
    return rcs[rc].title;
}

void err_clear(struct err *e)
{
    e->rc = RC_OK;
    e->code[0] = e->detail[0] = e->internal[0] = '\0';
    e->retry_after_s = 0;
    e->n_fields = 0;
}

enum rc (err_set)(struct err *e, enum rc rc, const char *code, const char *fmt, ...)
{
    va_list args;

    e->rc = rc;
    snprintf(e->code, sizeof(e->code), "%s", code ? code : "");
    va_start(args, fmt);
    vsnprintf(e->detail, sizeof(e->detail), fmt, args);
    va_end(args);
    return rc;
}

enum rc (err_field)(struct err *e, const char *pointer, const char *code, const char *allowed,
                  const char *fmt, ...)
{
    struct err_field *f;
    va_list args;

    if (e->rc == RC_OK) {
        e->rc = RC_INVALID;
        snprintf(e->detail, sizeof(e->detail), "%s", "Some values are not allowed; see errors.");
    }
    if (e->n_fields == ERR_FIELDS_MAX)
        return e->rc;
    f = &e->fields[e->n_fields++];
    snprintf(f->pointer, sizeof(f->pointer), "%s", pointer);
    snprintf(f->code, sizeof(f->code), "%s", code);
    snprintf(f->allowed, sizeof(f->allowed), "%s", allowed ? allowed : "");
    va_start(args, fmt);
    vsnprintf(f->detail, sizeof(f->detail), fmt, args);
    va_end(args);
    return e->rc;
}

enum rc (err_conflict)(struct err *e, const char *code, const char *pointer, const char *allowed,
                       const char *fmt, ...)
{
    va_list args;

    err_set(e, RC_CONFLICT, code, "%s", "");
    va_start(args, fmt);
    vsnprintf(e->detail, sizeof(e->detail), fmt, args);
    va_end(args);
    err_field(e, pointer, code, allowed, "%s", e->detail);
    return RC_CONFLICT;
}

enum rc (err_fail)(struct err *e, const char *fmt, ...)
{
    va_list args;

    e->rc = RC_FAIL;
    snprintf(e->detail, sizeof(e->detail), "%s",
             "Something went wrong on our side; the request id finds it in the log.");
    va_start(args, fmt);
    vsnprintf(e->internal, sizeof(e->internal), fmt, args);
    va_end(args);
    return RC_FAIL;
}
