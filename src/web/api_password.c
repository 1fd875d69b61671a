/* Passwords and proofs of addresses. */
#include "desk/signup.h"
#include "web/account_json.h"
#include "web/api_auth.h"
#include "web/fields.h"

struct change_body {
    struct j_text current_password, new_password;
    struct j_int revoke_tokens;
};
static const struct jfield change_fields[] = {
    IN(struct change_body, current_password, J_TEXT, JF_REQUIRED | JF_SECRET | JF_LINES, 1, 1024, "The one until now."),
    IN(struct change_body, new_password, J_TEXT, JF_REQUIRED | JF_SECRET | JF_LINES, 1, 1024, "8 to 1024 bytes, not a common one."),
    IN(struct change_body, revoke_tokens, J_BOOL, 0, 0, 0, "API tokens end too."),
};
const struct jspec auth_change_spec = JSPEC("PasswordChange", change_fields, struct change_body);

struct email_body {
    struct j_text email;
};
static const struct jfield email_fields[] = {
    IN(struct email_body, email, J_TEXT, JF_REQUIRED, 1, 254, "Address."),
};
const struct jspec auth_email_spec = JSPEC("EmailBody", email_fields, struct email_body);

struct address_body {
    struct j_text email, current_password;
};
static const struct jfield address_fields[] = {
    IN(struct address_body, email, J_TEXT, JF_REQUIRED | JF_FILLED, 3, 254, "The new address."),
    IN(struct address_body, current_password, J_TEXT, JF_REQUIRED | JF_SECRET | JF_LINES, 1, 1024, "Once more."),
};
const struct jspec auth_address_spec = JSPEC("AddressChange", address_fields, struct address_body);

struct reset_body {
    struct j_text token, password;
};
static const struct jfield reset_fields[] = {
    IN(struct reset_body, token, J_TEXT, JF_REQUIRED | JF_SECRET | JF_TOKEN, 0, 512, "From the mail's link."),
    IN(struct reset_body, password, J_TEXT, JF_REQUIRED | JF_SECRET | JF_LINES, 1, 1024, "8 to 1024 bytes, not a common one."),
};
const struct jspec auth_reset_spec = JSPEC("PasswordReset", reset_fields, struct reset_body);

struct token_body {
    struct j_text token;
};
static const struct jfield token_fields[] = {
    IN(struct token_body, token, J_TEXT, JF_REQUIRED | JF_SECRET | JF_TOKEN, 0, 512, "From the mail's link."),
};
const struct jspec auth_token_spec = JSPEC("EmailVerify", token_fields, struct token_body);

struct prepared_change {
    struct proof proof;
    struct str hash;
};

enum rc auth_change_prepare(struct ctx *c, struct err *e)
{
    const struct change_body *b = c->body;
    struct prepared_change *p = ARENA_NEW(c->a, struct prepared_change);
    struct account ac = account_of(c);

    c->prepared = p;
    return password_change_prepare(&ac, b->current_password.v, b->new_password.v, &p->proof, &p->hash, e);
}

enum rc auth_change_save(struct ctx *c, struct err *e)
{
    const struct prepared_change *p = c->prepared;
    const struct change_body *b = c->body;
    struct account ac = account_of(c);
    enum rc rc = account_keep_attempt(c, password_change(&ac, &p->proof, p->hash, b->revoke_tokens.v != 0, e));

    return rc == RC_UNAUTH ? account_wrong_password(e) : rc;
}

enum rc auth_address_prepare(struct ctx *c, struct err *e)
{
    const struct address_body *b = c->body;

    return account_prove(c, b->current_password.v, e);
}

enum rc auth_address_save(struct ctx *c, struct err *e)
{
    const struct address_body *b = c->body;
    struct account ac = account_of(c);

    return account_proved(c, signup_address(&ac, c->prepared, b->email.v, e), e);
}

static enum rc address_handle(struct ctx *c, struct err *e)
{
    TRY(auth_address_save(c, e));
    return accepted_reply(c);
}

enum rc auth_forgot_save(struct ctx *c, struct err *e)
{
    const struct email_body *b = c->body;
    struct account ac = account_of(c);

    return password_forgot(&ac, b->email.v, e);
}

static enum rc forgot_handle(struct ctx *c, struct err *e)
{
    TRY(auth_forgot_save(c, e));
    return accepted_reply(c);
}

enum rc auth_reset_prepare(struct ctx *c, struct err *e)
{
    const struct reset_body *b = c->body;
    struct account ac = account_of(c);

    c->prepared = ARENA_NEW(c->a, struct str);
    return password_reset_prepare(&ac, b->token.v, b->password.v, c->prepared, e);
}

enum rc auth_reset_save(struct ctx *c, struct err *e)
{
    const struct reset_body *b = c->body;
    struct account ac = account_of(c);

    return password_reset(&ac, b->token.v, *(const struct str *)c->prepared, e);
}

enum rc auth_verify_save(struct ctx *c, struct err *e)
{
    const struct token_body *b = c->body;
    struct account ac = account_of(c);

    return signup_verify(&ac, b->token.v, e);
}

enum rc auth_verify_again_save(struct ctx *c, struct err *e)
{
    const struct email_body *b = c->body;
    struct account ac = account_of(c);

    return signup_verify_again(&ac, b->email.v, e);
}

static enum rc verify_again_handle(struct ctx *c, struct err *e)
{
    TRY(auth_verify_again_save(c, e));
    return accepted_reply(c);
}

#define TAG "Authentication"
#define OPEN_WRITE (R_PUBLIC | R_WRITE | R_NO_CSRF | R_NO_IDEMPOTENCY)

static const struct route password_routes[] = {
    { HTTP_POST, "/api/v1/auth/password", "auth_password_change", TAG, "Change the caller's password; other sessions end.", auth_change_prepare, auth_change_save, R_WRITE | R_SLOW | R_EMPTY | R_NO_IDEMPOTENCY, 0, NULL, &auth_change_spec, NULL, 204, 0, BUCKET_LOGIN },
    { HTTP_POST, "/api/v1/auth/password/forgot", "auth_password_forgot", TAG, "Ask for a mail that sets a new password.", NULL, forgot_handle, OPEN_WRITE, 0, NULL, &auth_email_spec, &accepted_answer, 202, 0, BUCKET_RESET },
    { HTTP_POST, "/api/v1/auth/password/reset", "auth_password_reset", TAG, "Set a new password with the mail's token; all sessions and API tokens end.", auth_reset_prepare, auth_reset_save, OPEN_WRITE | R_SLOW | R_EMPTY, 0, NULL, &auth_reset_spec, NULL, 204, 0, BUCKET_RESET },
    { HTTP_POST, "/api/v1/auth/email", "auth_email_change", TAG, "Ask for another address of one's own: the mail to it makes the change.", auth_address_prepare, address_handle, R_WRITE | R_SLOW | R_NO_IDEMPOTENCY, 0, NULL, &auth_address_spec, &accepted_answer, 202, 0, BUCKET_LOGIN },
    { HTTP_POST, "/api/v1/auth/email/verify", "auth_email_verify", TAG, "Prove an address with the mail's token.", NULL, auth_verify_save, OPEN_WRITE | R_EMPTY, 0, NULL, &auth_token_spec, NULL, 204, 0, BUCKET_RESET },
    { HTTP_POST, "/api/v1/auth/email/verify-again", "auth_email_verify_again", TAG, "Ask for that mail again.", NULL, verify_again_handle, OPEN_WRITE, 0, NULL, &auth_email_spec, &accepted_answer, 202, 0, BUCKET_RESET },
};
const struct route_table routes_password = { password_routes, ARRAY_LEN(password_routes) };
