/* Getting in: the first page, sign in with its second step, sign out, language. */
#include "desk/login.h"
#include "http/static.h"
#include "portal/account.h"
#include "portal/inputs.h"
#include "store/users.h"
#include "web/account_json.h"
#include "web/app.h"
#include "web/cookies.h"
#include "web/fields.h"
#include "web/form.h"

/* ---- After a proof: cookies, language, and on ---- */

/* The language of the account comes along to this browser, unless another one was chosen here. */
static enum rc keep_language(struct ctx *c, int64_t user_id, struct err *e)
{
    struct str cookies = http_header_get(c->x, STR("cookie"));
    const struct lang *l;
    struct user_row u;

    if (cookies.p && str_find(cookies, STR("lang=")) != SIZE_MAX)
        return RC_OK;
    TRY(users_load(c->db, user_id, c->a, &u, e));
    l = lang_of(u.locale);
    return l ? page_keep_lang(c, l) : RC_OK;
}

enum rc account_enter(struct ctx *c, const struct session_tokens *t, struct str next, struct err *e)
{
    TRY(cookies_set(c->x, &(struct cookie_rules){ cookies_prefixed(c), cookies_secure(c) }, t->cookie, t->csrf, t->session_s));
    TRY(keep_language(c, t->user_id, e));
    next = page_own_path(next);
    return page_go(c, "%.*s", STR_ARG(next));
}

/* ---- The first page ---- */

bool account_may_register(const struct ctx *c)
{
    return auth_opts(c->app->auth)->registration != REGISTRATION_OFF;
}

void account_password(struct page *p, enum word label, const char *name, const char *autocomplete, enum word hint)
{
    input_text(p, &(struct input){ .name = name, .label = label, .type = "password", .is_secret = true,
                                   .autocomplete = autocomplete, .hint = hint });
}

static void sign_in_form(struct page *p, struct str next)
{
    const struct form_head head = { .action = STR("/sign-in"), .submit = W_SIGN_IN, .refused = W_ERR_SIGN_IN };

    form_begin(p, &head);
    input_text(p, &(struct input){ .name = "email", .label = W_EMAIL, .type = "email", .autocomplete = "username" });
    account_password(p, W_PASSWORD, "password", "current-password", W_NONE);
    html(&p->h, "<input type=\"hidden\" name=\"next\" value=\"{}\"><p class=\"aside\"><a href=\"/forgot-password\">{}</a></p>",
         T(next), W(W_FORGOT_LINK));
    form_end(p, &head);
    if (account_may_register(p->c))
        html(&p->h, "<p class=\"other\">{} <a href=\"/register\">{}</a></p>\n", W(W_NO_ACCOUNT), W(W_REGISTER));
}

static enum rc home_page(struct ctx *c, struct err *e)
{
    struct page p;

    TRY(page_begin(c, &(struct page_head){ .title = W_WELCOME }, &p, e));
    html(&p.h,
         "<div class=\"home\"><section class=\"hello\"><h1>{}</h1><p class=\"lead\">{}</p><ul class=\"ticks\"><li>{}</li>"
         "<li>{}</li><li>{}</li></ul></section><section class=\"card\" aria-labelledby=\"in\"><h2 id=\"in\">{}</h2>",
         W(W_WELCOME), W(W_HOME_LEAD), W(W_HOME_OPEN), W(W_HOME_FOLLOW), W(W_HOME_FILES), W(W_SIGN_IN));
    sign_in_form(&p, STR("/"));
    html_lit(&p.h, "</section></div>\n");
    page_end(&p);
    return RC_OK;
}

static enum rc home(struct ctx *c, struct err *e)
{
    if (!page_signed_in(c))
        return home_page(c, e);
    if (page_is_agent(c))
        return page_go(c, static_find(STR("/app/")) ? "/app/" : "/profile");
    return page_go(c, "/requests");
}

/* ---- What was done ---- */

static const struct {
    const char *name;
    enum word words;
} done_words[] = {
    { "out", W_DONE_OUT },           { "verified", W_DONE_VERIFIED }, { "password", W_DONE_PASSWORD },
    { "sent", W_DONE_SENT },         { "answered", W_DONE_ANSWERED }, { "closed", W_DONE_CLOSED },
    { "address", W_DONE_ADDRESS },   { "second-off", W_DONE_SECOND_OFF }, { "others", W_DONE_OTHERS },
    { "saved", W_DONE_SAVED },       { "ended", W_DONE_ENDED },       { "followed", W_DONE_FOLLOWED },
};

void account_done_notice(struct page *p)
{
    struct str done = form_get(p->c->form, STR("done"));

    for (size_t i = 0; !p->errs && i < ARRAY_LEN(done_words); i++) {
        if (str_eq(done, str_of(done_words[i].name)))
            html(&p->h, "<p class=\"notice good\" role=\"status\">{}</p>\n", W(done_words[i].words));
    }
}

/* ---- Sign in ---- */

struct sign_in_body {
    struct j_text email, password, next;
};
static const struct jfield sign_in_fields[] = {
    IN(struct sign_in_body, email, J_TEXT, JF_REQUIRED, 1, 254, "Address."),
    IN(struct sign_in_body, password, J_TEXT, JF_REQUIRED | JF_SECRET | JF_LINES, 1, 1024, "Password."),
    IN(struct sign_in_body, next, J_TEXT, 0, 0, 1024, "Where to go."),
};
static const struct jspec sign_in_body = JSPEC("SignIn", sign_in_fields, struct sign_in_body);

static enum rc sign_in_page(struct ctx *c, const struct err *errs, struct err *e)
{
    struct str next = form_get(c->form, STR("next"));
    struct page p;

    TRY(page_begin(c, &(struct page_head){ .title = W_SIGN_IN, .is_narrow = true }, &p, e));
    p.errs = errs;
    html(&p.h, "<h1>{}</h1>\n", W(W_SIGN_IN));
    account_done_notice(&p);
    if (!errs && next.n > 1)
        html(&p.h, "<p class=\"notice\">{}</p>\n", W(W_SIGN_IN_FIRST));
    sign_in_form(&p, page_own_path(next));
    if (errs && auth_opts(c->app->auth)->registration == REGISTRATION_VERIFY)
        html(&p.h, "<p class=\"other\">{} <a href=\"/verify-email/again\">{}</a></p>\n", W(W_NOT_CONFIRMED), W(W_VERIFY_AGAIN));
    page_end(&p);
    return RC_OK;
}

static enum rc sign_in_show(struct ctx *c, struct err *e)
{
    if (page_signed_in(c))
        return page_go(c, "/");
    return sign_in_page(c, NULL, e);
}

static enum rc sign_in_again(struct ctx *c, struct err *e)
{
    return sign_in_page(c, &c->err, e);
}

static enum rc sign_in_prepare(struct ctx *c, struct err *e)
{
    const struct sign_in_body *b = c->body;
    struct account ac = account_of(c);

    c->prepared = ARENA_NEW(c->a, struct login_try);
    return login_prepare(&ac, b->email.v, b->password.v, c->prepared, e);
}

static enum rc code_page(struct ctx *c, struct str mfa_token, struct str next, const struct err *errs, struct err *e)
{
    bool is_over = errs && str_eq(str_of(errs->code), STR("invalid_token"));
    const struct form_head head = { .action = STR("/sign-in/code"), .submit = W_CONTINUE, .refused = is_over ? W_ERR_CODE_OVER : W_ERR_CODE };
    struct page p;

    TRY(page_begin(c, &(struct page_head){ .title = W_CODE_TITLE, .is_narrow = true }, &p, e));
    p.errs = errs;
    html(&p.h, "<h1>{}</h1><p>{}</p>\n", W(W_CODE_TITLE), W(W_CODE_LEAD));
    form_begin(&p, &head);
    input_text(&p, &(struct input){ .name = "code", .label = W_CODE, .hint = W_CODE_HINT, .is_secret = true, .is_first = true,
                                    .autocomplete = "one-time-code" });
    html(&p.h, "<input type=\"hidden\" name=\"mfa_token\" value=\"{}\"><input type=\"hidden\" name=\"next\" value=\"{}\">",
         T(mfa_token), T(page_own_path(next)));
    form_end(&p, &head);
    html(&p.h, "<p class=\"other\"><a href=\"/sign-in\">{}</a></p>\n", W(W_START_AGAIN));
    page_end(&p);
    return RC_OK;
}

static enum rc sign_in(struct ctx *c, struct err *e)
{
    const struct sign_in_body *b = c->body;
    struct account ac = account_of(c);
    struct login_result r;

    TRY(account_keep_attempt(c, login_finish(&ac, c->prepared, user_agent_of(c), &r, e)));
    if (r.needs_mfa)
        return code_page(c, r.mfa_token, b->next.v, NULL, e);
    return account_enter(c, &r.session, b->next.v, e);
}

struct code_body {
    struct j_text mfa_token, code, next;
};
static const struct jfield code_fields[] = {
    IN(struct code_body, mfa_token, J_TEXT, JF_REQUIRED | JF_SECRET | JF_TOKEN, 0, 512, "From the first step."),
    IN(struct code_body, code, J_TEXT, JF_REQUIRED | JF_SECRET, 1, 64, "Of the app, or a recovery code."),
    IN(struct code_body, next, J_TEXT, 0, 0, 1024, "Where to go."),
};
static const struct jspec code_body = JSPEC("SignInCode", code_fields, struct code_body);

struct str account_code(struct str typed, bool *is_recovery, struct arena *a)
{
    struct buf digits = BUF_ARENA(a, typed.n + 1);

    *is_recovery = false;
    for (size_t i = 0; i < typed.n && !*is_recovery; i++) {
        if (typed.p[i] >= '0' && typed.p[i] <= '9')
            buf_char(&digits, typed.p[i]);
        *is_recovery = typed.p[i] != ' ' && (typed.p[i] < '0' || typed.p[i] > '9');
    }
    return *is_recovery ? str_trim(typed) : buf_view(&digits);
}

static enum rc sign_in_code(struct ctx *c, struct err *e)
{
    const struct code_body *b = c->body;
    struct account ac = account_of(c);
    struct session_tokens t;
    bool is_recovery;
    struct str code = account_code(b->code.v, &is_recovery, c->a);

    TRY(account_keep_attempt(c, login_second(&ac, b->mfa_token.v, code, is_recovery, user_agent_of(c), &t, e)));
    return account_enter(c, &t, b->next.v, e);
}

static enum rc sign_in_code_again(struct ctx *c, struct err *e)
{
    return code_page(c, form_get(c->form, STR("mfa_token")), form_get(c->form, STR("next")), &c->err, e);
}

/* ---- Sign out, language ---- */

static enum rc sign_out(struct ctx *c, struct err *e)
{
    struct account ac = account_of(c);

    if (c->who.session_id)
        TRY(session_end(&ac, c->who.user_id, c->who.session_id, "logout", e));
    TRY(cookies_clear(c->x, &(struct cookie_rules){ cookies_prefixed(c), cookies_secure(c) }));
    TRY(exchange_header(c->x, STR("clear-site-data"), STR("\"cache\", \"storage\"")));
    return page_go(c, "/sign-in?done=out");
}

struct language_body {
    struct j_text lang, back;
};
static const struct jfield language_fields[] = {
    IN(struct language_body, lang, J_TEXT, JF_REQUIRED, 2, 35, "Language."),
    IN(struct language_body, back, J_TEXT, 0, 0, 1024, "Where to go."),
};
static const struct jspec language_body = JSPEC("LanguageChoice", language_fields, struct language_body);

static enum rc language(struct ctx *c, struct err *e)
{
    const struct language_body *b = c->body;
    const struct lang *l = lang_of(b->lang.v);
    struct str back = page_own_path(b->back.v);

    (void)e;
    if (l)
        TRY(page_keep_lang(c, l));
    return page_go(c, "%.*s", STR_ARG(back));
}

#define TAG "Portal"

static const struct route routes[] = {
    { .method = HTTP_GET, .path = "/", .op = "page_home", .tag = TAG, .summary = "The first page.",
      .handle = home, .flags = PAGE_OPEN, .status = 200 },
    { .method = HTTP_GET, .path = "/sign-in", .op = "page_sign_in", .tag = TAG, .summary = "Sign in.",
      .handle = sign_in_show, .flags = PAGE_OPEN, .status = 200 },
    { .method = HTTP_POST, .path = "/sign-in", .op = "page_sign_in_send", .tag = TAG, .summary = "Sign in.",
      .prepare = sign_in_prepare, .handle = sign_in, .flags = PAGE_OPEN_FORM | R_SLOW, .body = &sign_in_body,
      .status = 200, .bucket = BUCKET_LOGIN, .again = sign_in_again },
    { .method = HTTP_POST, .path = "/sign-in/code", .op = "page_sign_in_code", .tag = TAG, .summary = "The second step.",
      .handle = sign_in_code, .flags = PAGE_OPEN_FORM, .body = &code_body, .status = 200, .bucket = BUCKET_LOGIN,
      .again = sign_in_code_again },
    { .method = HTTP_POST, .path = "/sign-out", .op = "page_sign_out", .tag = TAG, .summary = "Sign out.",
      .handle = sign_out, .flags = R_PAGE | R_WRITE | R_PUBLIC | R_NO_IDEMPOTENCY, .body = &page_no_fields, .status = 303 },
    { .method = HTTP_POST, .path = "/language", .op = "page_language", .tag = TAG, .summary = "Another language.",
      .handle = language, .flags = R_PAGE | R_PUBLIC | R_NO_CSRF, .body = &language_body, .status = 303 },
};
const struct route_table routes_page_account = { routes, ARRAY_LEN(routes) };
