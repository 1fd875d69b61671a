/* Pages that failed: in words, with what to do, and with what was typed still there. */
#include "base/enc.h"
#include "portal/inputs.h"
#include "web/chain.h"
#include "web/form.h"
#include "web/page_hooks.h"

static const struct {
    int status;
    enum word title, words;
} kinds[] = {
    { 403, W_FAIL_DENIED, W_FAIL_DENIED_DO },     { 404, W_FAIL_ABSENT, W_FAIL_ABSENT_DO },
    { 405, W_FAIL_ABSENT, W_FAIL_ABSENT_DO },     { 401, W_FAIL_SIGNED_OUT, W_FAIL_SIGNED_OUT_DO },
    { 409, W_FAIL_CONFLICT, W_FAIL_CONFLICT_DO }, { 410, W_FAIL_GONE, W_FAIL_GONE_DO },
    { 413, W_FAIL_LARGE, W_FAIL_LARGE_DO },       { 422, W_FAIL_VALUES, W_FAIL_VALUES_DO },
    { 429, W_FAIL_OFTEN, W_FAIL_OFTEN_DO },       { 503, W_FAIL_BUSY, W_FAIL_BUSY_DO },
    { 507, W_FAIL_FULL, W_FAIL_FULL_DO },         { 500, W_FAIL_OURS, W_FAIL_OURS_DO },
    { 400, W_FAIL_REQUEST, W_FAIL_REQUEST_DO },
};

/* Codes whose words are their own. */
static const struct {
    const char *code;
    enum word title, words;
} codes[] = {
    { "form_expired", W_FAIL_EXPIRED, W_FAIL_EXPIRED_DO },
    { "csrf", W_FAIL_EXPIRED, W_FAIL_ORIGIN_DO },
    { "registration_off", W_FAIL_REGISTRATION, W_FAIL_REGISTRATION_DO },
    { "idempotency_in_flight", W_FAIL_TWICE, W_FAIL_TWICE_DO },
    { "idempotency_key_reused", W_FAIL_SENT, W_FAIL_SENT_DO },
    { "read_only", W_FAIL_READ_ONLY, W_FAIL_READ_ONLY_DO },
    { "ticket_closed", W_FAIL_CLOSED, W_FAIL_CLOSED_DO },
};

static bool is_code(const struct err *e, const char *code)
{
    return str_eq(str_of(e->code), str_of(code));
}

static int status_of(const struct err *e)
{
    if (is_code(e, "invalid_token"))
        return 410;
    if (e->rc == RC_UNAUTH && (is_code(e, "invalid_credentials") || is_code(e, "invalid_code")))
        return 422; /* wrong values of a form: a 401 would ask for another way of authentication */
    return rc_status(e->rc);
}

static void words_for(const struct err *e, int status, enum word *title, enum word *words)
{
    *title = W_FAIL_REQUEST;
    *words = W_FAIL_REQUEST_DO;
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        if (kinds[i].status == status || (status >= 500 && kinds[i].status == 500 && *title == W_FAIL_REQUEST)) {
            *title = kinds[i].title;
            *words = kinds[i].words;
        }
        if (kinds[i].status == status)
            break;
    }
    for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
        if (is_code(e, codes[i].code)) {
            *title = codes[i].title;
            *words = codes[i].words;
        }
    }
}

/* ---- What was typed ---- */

static bool is_secret(struct str name)
{
    static const char *const secrets[] = { "password", "current_password", "new_password", "code", "csrf", "once", "token", "mfa_token", "key" };

    for (size_t i = 0; i < ARRAY_LEN(secrets); i++)
        if (str_eq(name, str_of(secrets[i])))
            return true;
    return false;
}

static bool has_words(const struct form *f)
{
    for (size_t i = 0; f && i < f->n; i++)
        if (f->values[i].value.n && !is_secret(f->values[i].name) && !str_eq(f->values[i].name, STR("next")))
            return true;
    return false;
}

/* The same form once more: all that was sent, but secrets and files, and a button to send it again. */
static void typed(struct page *p)
{
    const struct form *f = p->c->form;
    struct html *h = &p->h;

    if (p->c->x->method != HTTP_POST || !has_words(f))
        return;
    html(h, "<form method=\"post\" action=\"{}\" class=\"form kept\"><h2>{}</h2>", T(p->c->x->path), W(W_KEPT));
    page_form_fields(p, true);
    for (size_t i = 0; i < f->n; i++) {
        const struct form_value *v = &f->values[i];

        if (is_secret(v->name))
            continue;
        if (str_eq(v->name, STR("body")))
            html(h, "<div class=\"field\"><label for=\"f-body\">{}</label><textarea id=\"f-body\" name=\"body\" rows=\"8\" dir=\"auto\">\n{}</textarea></div>",
                 W(W_MESSAGE), T(v->value));
        else
            html(h, "<input type=\"hidden\" name=\"{}\" value=\"{}\">", T(v->name), T(v->value));
    }
    if (f->n_files)
        html(h, "<p class=\"hint\">{}</p>", W(W_KEPT_NO_FILES));
    html(h, "<p class=\"do\"><button>{}</button></p></form>\n", W(W_SEND_AGAIN));
}

static void content(struct page *p, const struct err *err, int status)
{
    struct html *h = &p->h;
    enum word title, words;

    words_for(err, status, &title, &words);
    html(h, "<div class=\"fail\"><p class=\"num\" aria-hidden=\"true\">{}</p><h1>{}</h1><p class=\"lead\">{}</p>\n", N(status), W(title),
         W(words));
    if (err->retry_after_s > 0 && (status == 429 || status == 503)) {
        html_lit(h, "<p>");
        html_words(h, W_FAIL_WAIT, N(err->retry_after_s));
        html_lit(h, "</p>");
    }
    if (status == 401)
        html(h, "<p class=\"do\"><a class=\"button\" href=\"/sign-in\" target=\"_blank\">{}</a></p>", W(W_SIGN_IN));
    typed(p);
    html(h, "<p class=\"other\"><a href=\"/\">{}</a></p>", W(W_TO_HOME));
    if (status >= 500)
        html(h, "<p class=\"hint\">{} <code dir=\"ltr\">{}</code></p>", W(W_REQUEST_ID), T(p->c->request_id));
    html_lit(h, "</div>\n");
}

static enum rc error_page(struct ctx *c, int status, struct err *e)
{
    struct page p;
    enum word title, words;

    words_for(&c->err, status, &title, &words);
    TRY(page_begin(c, &(struct page_head){ .title = title, .is_narrow = true }, &p, e));
    content(&p, &c->err, status);
    page_end(&p);
    return RC_OK;
}

/* A page that asks for a sign-in leads there, and back. */
static bool asks_sign_in(const struct ctx *c)
{
    return c->err.rc == RC_UNAUTH && (c->x->method & (HTTP_GET | HTTP_HEAD));
}

static enum rc to_sign_in(struct ctx *c)
{
    struct str to = page_own_path(c->x->target);

    c->x->status = 303;
    return exchange_header(c->x, STR("location"), str_printf(c->a, "/sign-in?next=%.*s", STR_ARG(enc_url(to, c->a))));
}

enum rc page_show_failure(struct ctx *c, struct err *e)
{
    int status = status_of(&c->err);

    if (asks_sign_in(c))
        return to_sign_in(c);
    c->x->status = status;
    /* Whose session ended, or whose form is another session's, is shown what he wrote, not the form of
     * somebody else; what is not there has no form. */
    if (c->route->again && c->form && status != 401 && status != 403 && status != 404
        && c->route->again(c, e) == RC_OK)
        return RC_OK;
    err_clear(e);
    c->x->out_body.n = 0;
    c->x->n_out = request_of_ctx(c)->n_out_start;
    c->x->status = status;
    return error_page(c, status, e);
}

void page_write_failure(struct ctx *c)
{
    struct err e = { 0 };
    struct db *db = c->db;

    c->db = NULL;
    if (asks_sign_in(c) && to_sign_in(c) == RC_OK)
        return;
    c->x->status = status_of(&c->err);
    (void)!error_page(c, c->x->status, &e);
    c->db = db;
}
