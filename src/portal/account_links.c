/* Making an account and getting back into one: what the links of mails and of the first start lead to.
 *
 * A link carries its token behind '#', which no server, log or Referer ever sees.  The script puts it
 * into the form; without scripts the link, or its end, is pasted into the field. */
#include "desk/signup.h"
#include "portal/account.h"
#include "portal/inputs.h"
#include "web/account_json.h"
#include "web/api_auth.h"
#include "web/app.h"
#include "web/fields.h"
#include "web/form.h"

struct link_page {
    enum word title, lead;
    struct form_head form;
    const char *another; /* where one asks for another link */
    enum word lost;      /* what helps when the link is refused */
    bool asks_name, asks_email, asks_password, asks_token, asks_desk, keeps_language;
};

static void token_input(struct page *p)
{
    input_text(p, &(struct input){ .name = "token", .label = W_TOKEN, .hint = W_TOKEN_HINT, .autocomplete = "off" });
}

/* What the help desk and its first group are called. */
static void desk_inputs(struct page *p)
{
    input_text(p, &(struct input){ .name = "product_name", .label = W_DESK_NAME, .hint = W_DESK_NAME_HINT, .is_optional = true, .max = 60 });
    input_text(p, &(struct input){ .name = "group", .label = W_DESK_GROUP, .hint = W_DESK_GROUP_HINT, .is_optional = true, .max = 100 });
}

static enum rc show(struct ctx *c, const struct link_page *l, const struct err *errs, struct err *e)
{
    struct page p;

    TRY(page_begin(c, &(struct page_head){ .title = l->title, .is_narrow = true }, &p, e));
    p.errs = errs;
    html(&p.h, "<h1>{}</h1><p class=\"lead\">{}</p>\n", W(l->title), W(l->lead));
    if (l->lost != W_NONE && input_error(&p, "/token"))
        html(&p.h, "<p>{}</p>\n", W(l->lost));
    form_begin(&p, &l->form);
    if (l->asks_token)
        token_input(&p);
    if (l->keeps_language)
        html(&p.h, "<input type=\"hidden\" name=\"locale\" value=\"{}\">", Z(p.h.lang->code));
    if (l->asks_name)
        input_text(&p, &(struct input){ .name = "name", .label = W_NAME, .autocomplete = "name" });
    if (l->asks_email)
        input_text(&p, &(struct input){ .name = "email", .label = W_EMAIL, .type = "email", .autocomplete = "email" });
    if (l->asks_password)
        account_password(&p, W_NEW_PASSWORD, "password", "new-password", W_PASSWORD_HINT);
    if (l->asks_desk)
        desk_inputs(&p);
    form_end(&p, &l->form);
    if (l->another)
        html(&p.h, "<p class=\"other\"><a href=\"{}\">{}</a></p>\n", Z(l->another), W(W_ANOTHER_LINK));
    html(&p.h, "<p class=\"other\"><a href=\"/sign-in\">{}</a></p>\n", W(W_TO_SIGN_IN));
    page_end(&p);
    return RC_OK;
}

/* What was asked for is on its way, whoever has the address. */
static enum rc told(struct ctx *c, enum word title, enum word words, struct err *e)
{
    struct page p;

    TRY(page_begin(c, &(struct page_head){ .title = title, .is_narrow = true }, &p, e));
    html(&p.h, "<h1>{}</h1><p class=\"lead\">{}</p><p>{}</p><p class=\"other\"><a href=\"/sign-in\">{}</a></p>\n", W(title), W(words),
         W(W_MAIL_SPAM), W(W_TO_SIGN_IN));
    page_end(&p);
    return RC_OK;
}

/* ---- Register ---- */

static const struct link_page register_page = {
    .title = W_REGISTER, .lead = W_REGISTER_LEAD, .asks_name = true, .asks_email = true, .asks_password = true, .keeps_language = true,
    .form = { .action = { "/register", 9 }, .submit = W_REGISTER, .refused = W_ERR_OTHER },
};

static enum rc register_show(struct ctx *c, struct err *e)
{
    TRY(signup_allowed(c->app->auth, e));
    return show(c, &register_page, NULL, e);
}

static enum rc register_again(struct ctx *c, struct err *e)
{
    return show(c, &register_page, &c->err, e);
}

static enum rc register_send(struct ctx *c, struct err *e)
{
    TRY(auth_register_save(c, e));
    return page_go(c, "/register/done");
}

static enum rc register_done(struct ctx *c, struct err *e)
{
    bool at_once = auth_opts(c->app->auth)->registration == REGISTRATION_OPEN;

    return told(c, W_REGISTERED, at_once ? W_REGISTERED_OPEN : W_REGISTERED_VERIFY, e);
}

/* ---- An address is confirmed ---- */

static const struct link_page verify_page = {
    .title = W_VERIFY, .lead = W_VERIFY_LEAD, .another = "/verify-email/again", .asks_token = true,
    .form = { .action = { "/verify-email", 13 }, .submit = W_VERIFY_DO, .refused = W_ERR_TOKEN },
};

static enum rc verify_show(struct ctx *c, struct err *e)
{
    return show(c, &verify_page, NULL, e);
}

static enum rc verify_again(struct ctx *c, struct err *e)
{
    return show(c, &verify_page, &c->err, e);
}

/* Who is signed in confirmed another address of his. */
static enum rc verify_send(struct ctx *c, struct err *e)
{
    TRY(auth_verify_save(c, e));
    return page_go(c, page_signed_in(c) ? "/profile?done=saved" : "/sign-in?done=verified");
}

static const struct link_page more_page = {
    .title = W_VERIFY_AGAIN, .lead = W_VERIFY_AGAIN_LEAD, .asks_email = true,
    .form = { .action = { "/verify-email/again", 19 }, .submit = W_VERIFY_AGAIN_DO, .refused = W_ERR_OTHER },
};

static enum rc more_show(struct ctx *c, struct err *e)
{
    return show(c, &more_page, NULL, e);
}

static enum rc more_again(struct ctx *c, struct err *e)
{
    return show(c, &more_page, &c->err, e);
}

static enum rc more_send(struct ctx *c, struct err *e)
{
    TRY(auth_verify_again_save(c, e));
    return page_go(c, "/verify-email/again/done");
}

static enum rc more_done(struct ctx *c, struct err *e)
{
    return told(c, W_FORGOT_SENT, W_VERIFY_AGAIN_SENT, e);
}

/* ---- A new password ---- */

static const struct link_page forgot_page = {
    .title = W_FORGOT, .lead = W_FORGOT_LEAD, .asks_email = true,
    .form = { .action = { "/forgot-password", 16 }, .submit = W_FORGOT_DO, .refused = W_ERR_OTHER },
};

static enum rc forgot_show(struct ctx *c, struct err *e)
{
    return show(c, &forgot_page, NULL, e);
}

static enum rc forgot_again(struct ctx *c, struct err *e)
{
    return show(c, &forgot_page, &c->err, e);
}

static enum rc forgot_send(struct ctx *c, struct err *e)
{
    TRY(auth_forgot_save(c, e));
    return page_go(c, "/forgot-password/done");
}

static enum rc forgot_done(struct ctx *c, struct err *e)
{
    return told(c, W_FORGOT_SENT, W_FORGOT_SENT_LEAD, e);
}

static const struct link_page reset_page = {
    .title = W_RESET, .lead = W_RESET_LEAD, .another = "/forgot-password", .asks_token = true, .asks_password = true,
    .form = { .action = { "/reset-password", 15 }, .submit = W_RESET_DO, .refused = W_ERR_TOKEN },
};

static enum rc reset_show(struct ctx *c, struct err *e)
{
    return show(c, &reset_page, NULL, e);
}

static enum rc reset_again(struct ctx *c, struct err *e)
{
    return show(c, &reset_page, &c->err, e);
}

static enum rc reset_send(struct ctx *c, struct err *e)
{
    TRY(auth_reset_save(c, e));
    return page_go(c, "/sign-in?done=password");
}

/* ---- The first administrator ---- */

static const struct link_page setup_page = {
    .title = W_SETUP, .lead = W_SETUP_LEAD, .lost = W_SETUP_LOST, .asks_token = true, .asks_name = true, .asks_email = true,
    .asks_password = true, .asks_desk = true, .keeps_language = true,
    .form = { .action = { "/setup", 6 }, .submit = W_SETUP_DO, .refused = W_ERR_TOKEN },
};

/* Whoever comes too late learns at once that nothing is left to do. */
static enum rc setup_done(struct ctx *c, struct err *e)
{
    struct page p;

    TRY(page_begin(c, &(struct page_head){ .title = W_SETUP_DONE, .is_narrow = true }, &p, e));
    html(&p.h, "<h1>{}</h1><p class=\"lead\">{}</p><p class=\"other\"><a href=\"/app/\">{}</a></p>\n", W(W_SETUP_DONE),
         W(W_SETUP_DONE_LEAD), W(W_TO_SIGN_IN));
    page_end(&p);
    return RC_OK;
}

static enum rc setup_form(struct ctx *c, const struct err *errs, struct err *e)
{
    const struct account ac = account_of(c);
    bool done;

    TRY(setup_is_done(&ac, &done, e));
    return done ? setup_done(c, e) : show(c, &setup_page, errs, e);
}

static enum rc setup_show(struct ctx *c, struct err *e)
{
    return setup_form(c, NULL, e);
}

static enum rc setup_again(struct ctx *c, struct err *e)
{
    return setup_form(c, &c->err, e);
}

static enum rc setup_send(struct ctx *c, struct err *e)
{
    struct session_tokens t;

    TRY(auth_setup_save(c, &t, e));
    return account_enter(c, &t, STR("/app/admin"), e);
}

#define TAG "Portal"
#define SHOW(p, name, words) { .method = HTTP_GET, .path = p, .op = "page_" #name, .tag = TAG, .summary = words, .handle = name, .flags = PAGE_OPEN, .status = 200 }

static const struct route routes[] = {
    SHOW("/register", register_show, "Make an account."),
    { .method = HTTP_POST, .path = "/register", .op = "page_register_send", .tag = TAG, .summary = "Make an account.",
      .prepare = auth_register_prepare, .handle = register_send, .flags = PAGE_OPEN_FORM | R_SLOW,
      .body = &auth_register_spec, .status = 303, .bucket = BUCKET_REGISTER, .again = register_again },
    SHOW("/register/done", register_done, "What to do now."),
    SHOW("/verify-email", verify_show, "Confirm an address."),
    { .method = HTTP_POST, .path = "/verify-email", .op = "page_verify_send", .tag = TAG, .summary = "Confirm an address.",
      .handle = verify_send, .flags = PAGE_OPEN_FORM, .body = &auth_token_spec, .status = 303, .bucket = BUCKET_RESET,
      .again = verify_again },
    SHOW("/verify-email/again", more_show, "Ask for the confirmation once more."),
    { .method = HTTP_POST, .path = "/verify-email/again", .op = "page_more_send", .tag = TAG, .summary = "Ask for the confirmation once more.",
      .handle = more_send, .flags = PAGE_OPEN_FORM, .body = &auth_email_spec, .status = 303, .bucket = BUCKET_RESET, .again = more_again },
    SHOW("/verify-email/again/done", more_done, "What to do now."),
    SHOW("/forgot-password", forgot_show, "Ask for a new password."),
    { .method = HTTP_POST, .path = "/forgot-password", .op = "page_forgot_send", .tag = TAG, .summary = "Ask for a new password.",
      .handle = forgot_send, .flags = PAGE_OPEN_FORM, .body = &auth_email_spec, .status = 303, .bucket = BUCKET_RESET,
      .again = forgot_again },
    SHOW("/forgot-password/done", forgot_done, "What to do now."),
    SHOW("/reset-password", reset_show, "Set a new password."),
    { .method = HTTP_POST, .path = "/reset-password", .op = "page_reset_send", .tag = TAG, .summary = "Set a new password.",
      .prepare = auth_reset_prepare, .handle = reset_send, .flags = PAGE_OPEN_FORM | R_SLOW, .body = &auth_reset_spec,
      .status = 303, .bucket = BUCKET_RESET, .again = reset_again },
    SHOW("/setup", setup_show, "Make the first administrator."),
    { .method = HTTP_POST, .path = "/setup", .op = "page_setup_send", .tag = TAG, .summary = "Make the first administrator.",
      .prepare = auth_setup_prepare, .handle = setup_send, .flags = PAGE_OPEN_FORM | R_SLOW, .body = &auth_setup_spec,
      .status = 303, .bucket = BUCKET_RESET, .again = setup_again },
};
const struct route_table routes_page_links = { routes, ARRAY_LEN(routes) };
