#include "web/refusal.h"

#include <string.h>

#define OWN_LOGIN "the access token or cookie of a login, not an API token"

static const struct {
    const char *code;
    struct refusal is;
} by_code[] = {
    /* 400 */
    { "unexpected_body", { "body", "none with this method" } },
    { "unknown_host", { "Host", "a name of BASE_URL or ALLOWED_HOSTS" } },
    { "multipart", { "body", "multipart/form-data as in RFC 7578" } },
    { "malformed_json", { "", "JSON in UTF-8, each name once in its object" } },
    /* 401 */
    { "invalid_credentials", { "/password", "the password of this account; of a login, address and password together" } },
    { "invalid_code", { "/code", "the code of this half minute, or a recovery code that was not used" } },
    /* 403 */
    { "read_only_token", { "Authorization", "a token that may write; this one may GET and HEAD" } },
    { "session_needed", { "Authorization", OWN_LOGIN } },
    { "login_needed", { "Authorization", "a login of the person who is to own the address" } },
    { "registration_off", { "path", "accounts that an administrator makes" } },
    { "more_rights", { NULL, "people and roles with no more rights than your own" } },
    { "oneself", { NULL, "somebody else" } },
    { "login_address", { NULL, "with the permission admin.user" } },
    { "has_login", { NULL, "with the permission admin.user" } },
    /* 409 */
    { "no_session", { "Authorization", OWN_LOGIN } },
    { "ticket_merged", { NULL, "a ticket that was not merged; this one goes on in merged_into" } },
    { "ticket_closed", { NULL, "a ticket that is not closed, or a new one" } },
    { "not_merged", { NULL, "one that was merged and not yet parted" } },
    { "target_merged", { NULL, "one whose target was not merged in turn" } },
    { "too_many_people", { NULL, "tickets with at most 200 participants together" } },
    { "message_immutable", { NULL, "an internal note" } },
    { "message_redacted", { NULL, "a message whose words are there" } },
    { "attachment_waits", { NULL, "a file of a message" } },
    { "job_ended", { NULL, "a job that waits or runs" } },
    { "too_many_drafts", { NULL, "a draft that is there, or a new one after deleting another" } },
    { "in_use", { NULL, "one that nothing uses; or PATCH with active false" } },
    { "user_merged", { NULL, "a person who was not merged" } },
    { "user_erased", { NULL, "a person who was not erased" } },
    { "not_active", { NULL, "a person who is active" } },
    { "last_admin", { NULL, "while somebody else manages people and roles" } },
    { "last_identity", { NULL, "a person's second address or number" } },
    { "too_many", { NULL, "fewer: delete some first" } },
    { "legal_hold", { NULL, "what no legal hold keeps" } },
    { "hold_released", { NULL, "a hold that was not released" } },
    { "mfa_enabled", { "path", "while two-step login is off" } },
    { "mfa_not_enabled", { "path", "while two-step login is on" } },
    { "mfa_not_set_up", { "path", "after POST /api/v1/auth/mfa/setup" } },
    /* 413 */
    { "file_too_large", { "body", "a file of at most ATTACHMENT_MAX_KIB" } },
    /* 422 */
    { "idempotency_key_reused", { "Idempotency-Key", "a new key, or the same request again" } },
};

static const struct refusal by_rc[RC_COUNT_] = {
    [RC_BAD] = { "request", "a request as in RFC 9110 and RFC 9112" },
    [RC_UNAUTH] = { "Authorization", "Bearer and an access token or API token that has not ended; or the cookie of a session" },
    [RC_DENIED] = { NULL, "what your role and groups allow; GET /api/v1/auth/me lists your permissions" },
    [RC_NOT_FOUND] = { NULL, "one that is there and that you may see" },
    [RC_TIMEOUT] = { "request", "a request without long pauses" },
    [RC_CONFLICT] = { NULL, "what does not contradict what is there" },
    [RC_TOO_BIG] = { "body", "less in one request" },
    [RC_URI_LONG] = { "path", "at most HTTP_MAX_REQUEST_LINE bytes" },
    [RC_RANGE] = { "Range", "bytes that are there; Content-Range tells how many" },
    [RC_INVALID] = { "body", "values as in GET /api/openapi.json" },
    [RC_NOT_IMPLEMENTED] = { "request", "methods that GET /api/openapi.json lists; no transfer coding but chunked" },
    [RC_HEADERS_BIG] = { "header", "fewer and shorter header fields" },
};

const struct refusal *refusal_of(const struct err *e)
{
    for (size_t i = 0; e->code[0] && i < ARRAY_LEN(by_code); i++) {
        if (strcmp(e->code, by_code[i].code) == 0)
            return &by_code[i].is;
    }
    return by_rc[e->rc].allowed ? &by_rc[e->rc] : NULL;
}
