/* Logins and sessions. */
#include "base/clock.h"
#include "desk/login.h"
#include "desk/signup.h"
#include "web/account_json.h"
#include "web/api_auth.h"
#include "web/app.h"
#include "web/cookies.h"
#include "web/fields.h"

struct register_body {
    struct j_text name, email, password, locale;
};
static const struct jfield register_fields[] = {
    IN(struct register_body, name, J_TEXT, JF_REQUIRED | JF_FILLED, 1, 200, "Name."),
    IN(struct register_body, email, J_TEXT, JF_REQUIRED | JF_FILLED, 3, 254, "Address."),
    IN(struct register_body, password, J_TEXT, JF_REQUIRED | JF_SECRET | JF_LINES, 1, 1024, "8 to 1024 bytes, not a common one."),
    IN(struct register_body, locale, J_TEXT, 0, 2, 35, "Language, such as en."),
};
const struct jspec auth_register_spec = JSPEC("Register", register_fields, struct register_body);

struct login_body {
    struct j_text email, password;
};
static const struct jfield login_body_fields[] = {
    IN(struct login_body, email, J_TEXT, JF_REQUIRED, 1, 254, "Address."),
    IN(struct login_body, password, J_TEXT, JF_REQUIRED | JF_SECRET | JF_LINES, 1, 1024, "Password."),
};
static const struct jspec login_body = JSPEC("LoginBody", login_body_fields, struct login_body);

struct refresh_body {
    struct j_text refresh_token;
};
static const struct jfield refresh_fields[] = {
    IN(struct refresh_body, refresh_token, J_TEXT, JF_REQUIRED | JF_SECRET | JF_TOKEN, 0, 512, "The last one that was given."),
};
static const struct jspec refresh_body = JSPEC("Refresh", refresh_fields, struct refresh_body);

struct setup_body {
    struct j_text token, name, email, password, locale, product_name, group;
};
static const struct jfield setup_fields[] = {
    IN(struct setup_body, token, J_TEXT, JF_REQUIRED | JF_SECRET | JF_TOKEN, 0, 512, "From the link that the server printed."),
    IN(struct setup_body, name, J_TEXT, JF_REQUIRED | JF_FILLED, 1, 200, "Name."),
    IN(struct setup_body, email, J_TEXT, JF_REQUIRED | JF_FILLED, 3, 254, "Address."),
    IN(struct setup_body, password, J_TEXT, JF_REQUIRED | JF_SECRET | JF_LINES, 1, 1024, "8 to 1024 bytes, not a common one."),
    IN(struct setup_body, locale, J_TEXT, JF_FILLED, 2, 35, "Language; English unless told."),
    IN(struct setup_body, product_name, J_TEXT, JF_FILLED, 1, 60, "What the help desk is called."),
    IN(struct setup_body, group, J_TEXT, JF_FILLED, 1, 100, "What its first group is called."),
};
const struct jspec auth_setup_spec = JSPEC("Setup", setup_fields, struct setup_body);

static const struct jfield csrf_fields[] = { OUT("csrf_token", J_TEXT, 0, "For X-CSRF-Token.") };
static const struct jspec csrf_answer = JSPEC_ANSWER("Csrf", csrf_fields);

enum rc auth_register_prepare(struct ctx *c, struct err *e)
{
    const struct register_body *b = c->body;
    struct account ac = account_of(c);
    struct str *hash = ARENA_NEW(c->a, struct str), fold;

    TRY(signup_allowed(ac.au, e));
    TRY(email_check(b->email.v, "/email", c->a, &fold, e));
    c->prepared = hash;
    return password_prepare(&ac, b->password.v, fold, b->name.v, "/password", hash, e);
}

enum rc auth_register_save(struct ctx *c, struct err *e)
{
    const struct register_body *b = c->body;
    const struct signup s = { .name = b->name.v, .email = b->email.v, .locale = b->locale.v,
                              .password_hash = *(const struct str *)c->prepared };
    struct account ac = account_of(c);

    return signup_register(&ac, &s, e);
}

static enum rc register_handle(struct ctx *c, struct err *e)
{
    TRY(auth_register_save(c, e));
    return accepted_reply(c);
}

static enum rc login_try_prepare(struct ctx *c, struct err *e)
{
    const struct login_body *b = c->body;
    struct account ac = account_of(c);

    c->prepared = ARENA_NEW(c->a, struct login_try);
    return login_prepare(&ac, b->email.v, b->password.v, c->prepared, e);
}

static enum rc login_handle(struct ctx *c, struct err *e)
{
    struct account ac = account_of(c);
    struct login_result r;

    TRY(account_keep_attempt(c, login_finish(&ac, c->prepared, user_agent_of(c), &r, e)));
    if (!r.needs_mfa)
        return login_reply(c, &r.session, e);
    jw_obj(&c->out);
    jw_kv_bool(&c->out, "mfa_required", true);
    jw_kv_text(&c->out, "mfa_token", r.mfa_token);
    jw_kv_int(&c->out, "expires_in", r.mfa_token_s);
    jw_obj_end(&c->out);
    return RC_OK;
}

static enum rc refresh_handle(struct ctx *c, struct err *e)
{
    const struct refresh_body *b = c->body;
    struct account ac = account_of(c);
    struct session_tokens t;

    enum rc rc = session_refresh(&ac, b->refresh_token.v, &t, e);

    c->commit_error = rc == RC_BAD; /* a token that was used before has ended its session */
    TRY(rc);
    return login_reply(c, &t, e);
}

static enum rc forget_browser(struct ctx *c)
{
    TRY(cookies_clear(c->x, &(struct cookie_rules){ cookies_prefixed(c), cookies_secure(c) }));
    return exchange_header(c->x, STR("clear-site-data"), STR("\"cache\", \"cookies\", \"storage\""));
}

static enum rc logout_handle(struct ctx *c, struct err *e)
{
    struct account ac = account_of(c);

    if (!c->who.session_id)
        return err_set(e, RC_CONFLICT, "no_session", "An API token has no session to end.");
    TRY(session_end(&ac, c->who.user_id, c->who.session_id, "logout", e));
    return forget_browser(c);
}

static enum rc logout_all_handle(struct ctx *c, struct err *e)
{
    struct account ac = account_of(c);

    TRY(session_end_all(&ac, c->who.user_id, 0, "logout_all", e));
    return forget_browser(c);
}

static enum rc csrf_handle(struct ctx *c, struct err *e)
{
    if (!c->who.session_id)
        return err_set(e, RC_CONFLICT, "no_session", "An API token needs no CSRF token.");
    c->x->no_compress = true;
    jw_obj(&c->out);
    jw_kv_text(&c->out, "csrf_token", auth_csrf(c->app->auth, c->who.session_id, c->a));
    jw_obj_end(&c->out);
    return RC_OK;
}

static enum rc sessions_handle(struct ctx *c, struct err *e)
{
    struct account ac = account_of(c);
    struct session_rows rows;

    TRY(session_list(&ac, c->who.user_id, &rows, e));
    sessions_json(c, &rows);
    return RC_OK;
}

static enum rc session_end_handle(struct ctx *c, struct err *e)
{
    struct account ac = account_of(c);
    int64_t id;

    TRY(ctx_id(c, 0, &id, e));
    return session_end(&ac, c->who.user_id, id, "ended_by_user", e);
}

enum rc auth_setup_prepare(struct ctx *c, struct err *e)
{
    const struct setup_body *b = c->body;
    struct account ac = account_of(c);
    struct str *hash = ARENA_NEW(c->a, struct str), fold;

    TRY(setup_check(&ac, b->token.v, e));
    TRY(email_check(b->email.v, "/email", c->a, &fold, e));
    c->prepared = hash;
    return password_prepare(&ac, b->password.v, fold, b->name.v, "/password", hash, e);
}

enum rc auth_setup_save(struct ctx *c, struct session_tokens *t, struct err *e)
{
    const struct setup_body *b = c->body;
    const struct setup s = { .admin = { .name = b->name.v, .email = b->email.v, .locale = b->locale.v,
                                        .password_hash = *(const struct str *)c->prepared },
                             .product_name = b->product_name.v, .group = b->group.v };
    struct account ac = account_of(c);
    int64_t id;

    TRY(setup_finish(&ac, b->token.v, &s, &id, e));
    return session_start(&ac, id, 0, user_agent_of(c), t, e);
}

static enum rc setup_handle(struct ctx *c, struct err *e)
{
    struct session_tokens t;

    TRY(auth_setup_save(c, &t, e));
    return login_reply(c, &t, e);
}

#define TAG "Authentication"
#define OPEN_WRITE (R_PUBLIC | R_WRITE | R_NO_CSRF | R_NO_IDEMPOTENCY)

static const struct route auth_routes[] = {
    { HTTP_POST, "/api/v1/auth/register", "auth_register", TAG, "Make an account.", auth_register_prepare, register_handle, OPEN_WRITE | R_SLOW, 0, NULL, &auth_register_spec, &accepted_answer, 202, 0, BUCKET_REGISTER },
    { HTTP_POST, "/api/v1/auth/login", "auth_login", TAG, "Log in.", login_try_prepare, login_handle, OPEN_WRITE | R_SLOW, 0, NULL, &login_body, &login_answer, 200, 0, BUCKET_LOGIN },
    { HTTP_POST, "/api/v1/auth/refresh", "auth_refresh", TAG, "Change a refresh token for new tokens.", NULL, refresh_handle, OPEN_WRITE, 0, NULL, &refresh_body, &login_answer, 200, 0, BUCKET_API },
    { HTTP_POST, "/api/v1/auth/logout", "auth_logout", TAG, "End this session.", NULL, logout_handle, R_WRITE | R_EMPTY | R_NO_IDEMPOTENCY | R_FOR_WRITE_TOKENS_TOO, 0, NULL, NULL, NULL, 204, 0, BUCKET_API },
    { HTTP_POST, "/api/v1/auth/logout-all", "auth_logout_all", TAG, "End all sessions of the caller.", NULL, logout_all_handle, R_WRITE | R_EMPTY | R_NO_IDEMPOTENCY, 0, NULL, NULL, NULL, 204, 0, BUCKET_API },
    { HTTP_GET, "/api/v1/auth/csrf", "auth_csrf", TAG, "The CSRF token of the session.", NULL, csrf_handle, 0, 0, NULL, NULL, &csrf_answer, 200, 0, BUCKET_API },
    { HTTP_GET, "/api/v1/auth/sessions", "auth_sessions_list", TAG, "The caller's sessions.", NULL, sessions_handle, R_LIST, 0, NULL, NULL, &session_answer, 200, 0, BUCKET_API },
    { HTTP_DELETE, "/api/v1/auth/sessions/{id}", "auth_session_end", TAG, "End one of the caller's sessions.", NULL, session_end_handle, R_WRITE | R_EMPTY, 0, NULL, NULL, NULL, 204, 0, BUCKET_API },
    { HTTP_POST, "/api/v1/auth/setup", "auth_setup", TAG, "Make the first administrator.", auth_setup_prepare, setup_handle, OPEN_WRITE | R_SLOW, 0, NULL, &auth_setup_spec, &login_answer, 201, 0, BUCKET_RESET },
};
const struct route_table routes_auth = { auth_routes, ARRAY_LEN(auth_routes) };
