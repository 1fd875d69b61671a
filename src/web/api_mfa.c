/* The second step of a login. */
#include "desk/login.h"
#include "desk/mfa.h"
#include "web/account_json.h"
#include "web/fields.h"

struct second_body {
    struct j_text mfa_token, code, recovery_code;
};
static const struct jfield second_fields[] = {
    IN(struct second_body, mfa_token, J_TEXT, JF_REQUIRED | JF_SECRET | JF_TOKEN, 0, 512, "From the first step."),
    IN(struct second_body, code, J_TEXT, JF_SECRET, 0, 16, "Six digits of the app."),
    IN(struct second_body, recovery_code, J_TEXT, JF_SECRET, 0, 64, "Instead of the code."),
};
static const struct jspec second_body = JSPEC("MfaLogin", second_fields, struct second_body);

struct mfa_body {
    struct j_text current_password, code, recovery_code;
};
#define PASSWORD_FIELD                                                                             \
    IN(struct mfa_body, current_password, J_TEXT, JF_REQUIRED | JF_SECRET | JF_LINES, 1, 1024, "Once more.")
#define CODE_FIELD IN(struct mfa_body, code, J_TEXT, JF_SECRET, 0, 16, "Six digits of the app.")
static const struct jfield setup_body_fields[] = { PASSWORD_FIELD };
static const struct jspec setup_body = JSPEC("MfaSetupBody", setup_body_fields, struct mfa_body);
static const struct jfield confirm_fields[] = { CODE_FIELD };
static const struct jspec confirm_body = JSPEC("MfaCode", confirm_fields, struct mfa_body);
static const struct jfield new_codes_fields[] = { PASSWORD_FIELD, CODE_FIELD };
static const struct jspec new_codes_body = JSPEC("MfaNewCodes", new_codes_fields, struct mfa_body);
static const struct jfield disable_fields[] = {
    PASSWORD_FIELD, CODE_FIELD,
    IN(struct mfa_body, recovery_code, J_TEXT, JF_SECRET, 0, 64, "Instead of the code."),
};
static const struct jspec disable_body = JSPEC("MfaDisable", disable_fields, struct mfa_body);

static const struct jfield status_fields[] = {
    OUT("enabled", J_BOOL, 0, "On."),
    OUT("enabled_at", J_TIME, JF_NULLABLE, "Since."),
    OUT("recovery_codes_left", J_INT, 0, "Unused ones."),
};
static const struct jspec status_answer = JSPEC_ANSWER("MfaStatus", status_fields);
static const struct jfield setup_fields[] = {
    OUT("secret", J_TEXT, 0, "To be typed into the app."),
    OUT("otpauth_uri", J_TEXT, 0, "To be scanned by the app."),
};
static const struct jspec setup_answer = JSPEC_ANSWER("MfaSetup", setup_fields);
static const struct jfield codes_fields[] = { OUT("recovery_codes", J_TEXTS, 0, "Shown this once.") };
static const struct jspec codes_answer = JSPEC_ANSWER("MfaRecoveryCodes", codes_fields);

static enum rc second_handle(struct ctx *c, struct err *e)
{
    const struct second_body *b = c->body;
    bool is_recovery = b->recovery_code.set;
    struct account ac = account_of(c);
    struct session_tokens t;

    TRY(account_keep_attempt(c, login_second(&ac, b->mfa_token.v, is_recovery ? b->recovery_code.v : b->code.v,
                                             is_recovery, user_agent_of(c), &t, e)));
    return login_reply(c, &t, e);
}

static enum rc status_handle(struct ctx *c, struct err *e)
{
    struct account ac = account_of(c);
    struct mfa_status s;

    TRY(mfa_status(&ac, &s, e));
    jw_obj(&c->out);
    jw_kv_bool(&c->out, "enabled", s.enabled);
    jw_kv_time(&c->out, "enabled_at", s.enabled_us);
    jw_kv_int(&c->out, "recovery_codes_left", s.recovery_left);
    jw_obj_end(&c->out);
    return RC_OK;
}

static enum rc password_prepare_again(struct ctx *c, struct err *e)
{
    const struct mfa_body *b = c->body;

    return account_prove(c, b->current_password.v, e);
}

static enum rc setup_handle(struct ctx *c, struct err *e)
{
    struct account ac = account_of(c);
    struct mfa_setup s;

    TRY(account_proved(c, mfa_setup(&ac, c->prepared, &s, e), e));
    c->x->no_compress = true;
    jw_obj(&c->out);
    jw_kv_text(&c->out, "secret", s.secret);
    jw_kv_text(&c->out, "otpauth_uri", s.uri);
    jw_obj_end(&c->out);
    return RC_OK;
}

static void codes_reply(struct ctx *c, const struct str *codes)
{
    c->x->no_compress = true;
    jw_obj(&c->out);
    jw_key(&c->out, "recovery_codes");
    jw_arr(&c->out);
    for (size_t i = 0; i < RECOVERY_CODES; i++)
        jw_text(&c->out, codes[i]);
    jw_arr_end(&c->out);
    jw_obj_end(&c->out);
}

static enum rc confirm_handle(struct ctx *c, struct err *e)
{
    const struct mfa_body *b = c->body;
    struct str codes[RECOVERY_CODES];
    struct account ac = account_of(c);

    TRY(account_proved(c, mfa_confirm(&ac, b->code.v, codes, e), e));
    codes_reply(c, codes);
    return RC_OK;
}

static enum rc new_codes_handle(struct ctx *c, struct err *e)
{
    const struct mfa_body *b = c->body;
    struct str codes[RECOVERY_CODES];
    struct account ac = account_of(c);

    TRY(account_proved(c, mfa_new_codes(&ac, c->prepared, b->code.v, codes, e), e));
    codes_reply(c, codes);
    return RC_OK;
}

static enum rc disable_handle(struct ctx *c, struct err *e)
{
    const struct mfa_body *b = c->body;
    bool is_recovery = b->recovery_code.set;
    struct account ac = account_of(c);

    return account_proved(c, mfa_disable(&ac, c->prepared, is_recovery ? b->recovery_code.v : b->code.v, is_recovery, e), e);
}

#define TAG "Authentication"
#define MINE (R_WRITE | R_NO_IDEMPOTENCY)
#define PROVED (MINE | R_SLOW)

static const struct route mfa_routes[] = {
    { HTTP_POST, "/api/v1/auth/mfa/login", "auth_mfa_login", TAG, "The second step of a login.", NULL, second_handle, R_PUBLIC | R_WRITE | R_NO_CSRF | R_NO_IDEMPOTENCY, 0, NULL, &second_body, &login_answer, 200, 0, BUCKET_LOGIN },
    { HTTP_GET, "/api/v1/auth/mfa", "auth_mfa_show", TAG, "Whether the second step is on.", NULL, status_handle, 0, 0, NULL, NULL, &status_answer, 200, 0, BUCKET_API },
    { HTTP_POST, "/api/v1/auth/mfa/setup", "auth_mfa_setup", TAG, "A key for an authenticator app; asks for the password again.", password_prepare_again, setup_handle, PROVED, 0, NULL, &setup_body, &setup_answer, 200, 0, BUCKET_LOGIN },
    { HTTP_POST, "/api/v1/auth/mfa/confirm", "auth_mfa_confirm", TAG, "Switch it on with a first code.", NULL, confirm_handle, MINE, 0, NULL, &confirm_body, &codes_answer, 200, 0, BUCKET_LOGIN },
    { HTTP_POST, "/api/v1/auth/mfa/recovery-codes", "auth_mfa_recovery_codes", TAG, "New recovery codes; the old ones end.", password_prepare_again, new_codes_handle, PROVED, 0, NULL, &new_codes_body, &codes_answer, 200, 0, BUCKET_LOGIN },
    { HTTP_POST, "/api/v1/auth/mfa/disable", "auth_mfa_disable", TAG, "Switch it off.", password_prepare_again, disable_handle, PROVED | R_EMPTY, 0, NULL, &disable_body, NULL, 204, 0, BUCKET_LOGIN },
};
const struct route_table routes_mfa = { mfa_routes, ARRAY_LEN(mfa_routes) };
