/* The second step of the own account: setting it up, recovery codes, switching it off.
 *
 * The key stands on the page that asks for its first code and comes back with that form, so that a page
 * shown again holds it once more: the server tells it to nobody who has only a session. */
#include "base/enc.h"
#include "desk/mfa.h"
#include "desk/settings.h"
#include "desk/totp.h"
#include "portal/account.h"
#include "portal/inputs.h"
#include "portal/qr.h"
#include "store/users.h"
#include "web/account_json.h"
#include "web/fields.h"
#include "web/form.h"

enum { KEY_GROUP = 4 };

struct second_body {
    struct j_text current_password, code, key;
};
#define PASSWORD_FIELD                                                                             \
    IN(struct second_body, current_password, J_TEXT, JF_REQUIRED | JF_SECRET | JF_LINES, 1, 1024, "Once more.")
#define CODE_FIELD IN(struct second_body, code, J_TEXT, JF_REQUIRED | JF_SECRET, 1, 64, "Of the app, or a recovery code.")
static const struct jfield start_fields[] = { PASSWORD_FIELD };
static const struct jspec start_body = JSPEC("SecondStepStart", start_fields, struct second_body);
static const struct jfield confirm_fields[] = {
    CODE_FIELD,
    IN(struct second_body, key, J_TEXT, JF_SECRET, 0, 64, "To be shown again."),
};
static const struct jspec confirm_body = JSPEC("SecondStepConfirm", confirm_fields, struct second_body);
static const struct jfield proved_fields[] = { PASSWORD_FIELD, CODE_FIELD };
static const struct jspec proved_body = JSPEC("SecondStepProved", proved_fields, struct second_body);

/* ---- The pages ---- */

static enum rc begin(struct ctx *c, enum word title, struct page *p, struct err *e)
{
    c->x->no_compress = true;
    TRY(page_begin(c, &(struct page_head){ .title = title, .nav = NAV_PROFILE, .is_narrow = true }, p, e));
    html(&p->h, "<h1>{}</h1>\n", W(title));
    return RC_OK;
}

static void back_to_profile(struct page *p)
{
    html(&p->h, "<p class=\"other\"><a href=\"/profile\">{}</a></p>\n", W(W_TO_PROFILE));
    page_end(p);
}

static void password_input(struct page *p)
{
    account_password(p, W_CURRENT_PASSWORD, "current_password", "current-password", W_NONE);
}

static void code_input(struct page *p, enum word label, enum word hint)
{
    input_text(p, &(struct input){ .name = "code", .label = label, .hint = hint, .is_secret = true, .autocomplete = "one-time-code" });
}

static void start_form(struct page *p)
{
    const struct form_head head = { .action = STR("/profile/second-step/start"), .submit = W_CONTINUE, .refused = W_ERR_OTHER };

    html(&p->h, "<p class=\"lead\">{}</p><p>{}</p>\n", W(W_SECOND_WHY), W(W_SECOND_NEEDS));
    form_begin(p, &head);
    password_input(p);
    form_end(p, &head);
}

struct proved_form {
    const char *action;
    enum word title, lead, submit;
};
static const struct proved_form codes_form = { "/profile/second-step/codes", W_CODES_NEW, W_CODES_NEW_LEAD, W_CODES_NEW_DO };
static const struct proved_form end_form = { "/profile/second-step/off", W_SECOND_END, W_SECOND_END_LEAD, W_SECOND_END_DO };

static enum rc proved_page(struct ctx *c, const struct proved_form *f, const struct err *errs, struct err *e)
{
    const struct form_head head = { .action = str_of(f->action), .submit = f->submit, .refused = W_ERR_OTHER };
    struct page p;

    TRY(begin(c, f->title, &p, e));
    p.errs = errs;
    html(&p.h, "<p class=\"lead\">{}</p>\n", W(f->lead));
    form_begin(&p, &head);
    password_input(&p);
    code_input(&p, W_SECOND_CODE, f == &end_form ? W_CODE_HINT : W_SECOND_CODE_HINT);
    form_end(&p, &head);
    back_to_profile(&p);
    return RC_OK;
}

static void managing(struct page *p, const struct mfa_status *s)
{
    html(&p->h, "<p><span class=\"pill good\">{}</span> ", W(W_SECOND_ON));
    html_words(&p->h, W_SECOND_CODES, N(s->recovery_left));
    html(&p->h, "</p><ul class=\"ways\"><li><a href=\"/profile/second-step/codes\">{}</a></li><li><a href=\"/profile/second-step/off\">{}</a></li></ul>\n",
         W(W_CODES_NEW_DO), W(W_SECOND_END_DO));
}

static enum rc show(struct ctx *c, const struct err *errs, struct err *e)
{
    struct account ac = account_of(c);
    struct mfa_status s;
    struct page p;

    TRY(mfa_status(&ac, &s, e));
    TRY(begin(c, W_SECOND_STEP, &p, e));
    p.errs = errs;
    if (s.enabled)
        managing(&p, &s);
    else
        start_form(&p);
    back_to_profile(&p);
    return RC_OK;
}

/* "ABCDEFGH" is typed more easily as "ABCD EFGH"; apps take both. */
static struct str in_groups(struct str key, struct arena *a)
{
    struct buf b = BUF_ARENA(a, 2 * key.n + 1);

    for (size_t i = 0; i < key.n; i++) {
        if (i && i % KEY_GROUP == 0)
            buf_char(&b, ' ');
        buf_char(&b, key.p[i]);
    }
    return buf_view(&b);
}

static enum rc key_page(struct ctx *c, struct str key, const struct err *errs, struct err *e)
{
    const struct form_head head = { .action = STR("/profile/second-step/confirm"), .submit = W_SECOND_DO, .refused = W_ERR_OTHER };
    struct str raw, issuer, uri;
    struct user_row u;
    struct page p;

    TRY(users_load(c->db, c->who.user_id, c->a, &u, e));
    TRY(setting_text(c->db, SETTING_PRODUCT_NAME, c->a, &issuer, e));
    TRY(begin(c, W_SECOND_SCAN, &p, e));
    p.errs = errs;
    if (dec_base32(key, c->a, &raw) && raw.n == TOTP_SECRET_BYTES) {
        uri = totp_uri(raw, issuer, u.email.p ? u.email : STR(""), c->a);
        html(&p.h, "<p class=\"lead\">{}</p>\n", W(W_SECOND_SCAN_LEAD));
        qr_svg(&p.h, uri, W_SECOND_QR, c->a);
        html(&p.h, "<dl class=\"facts\"><div><dt>{}</dt><dd><code class=\"key\" dir=\"ltr\">{}</code></dd></div></dl><p><a href=\"otpauth:{}\">{}</a></p>\n",
             W(W_SECOND_KEY), T(in_groups(key, c->a)), T(str_sub(uri, strlen("otpauth:"), uri.n)), W(W_SECOND_OPEN));
    }
    form_begin(&p, &head);
    html(&p.h, "<input type=\"hidden\" name=\"key\" value=\"{}\">", T(key));
    code_input(&p, W_SECOND_CODE, W_SECOND_CODE_HINT);
    form_end(&p, &head);
    back_to_profile(&p);
    return RC_OK;
}

static enum rc codes_page(struct ctx *c, const struct str *codes, struct err *e)
{
    struct page p;

    TRY(begin(c, W_CODES_TITLE, &p, e));
    html(&p.h, "<p class=\"lead\">{}</p><ol class=\"codes\">", W(W_CODES_LEAD));
    for (size_t i = 0; i < RECOVERY_CODES; i++)
        html(&p.h, "<li><code dir=\"ltr\">{}</code></li>", T(codes[i]));
    html(&p.h, "</ol><p class=\"do\"><a class=\"button\" href=\"/profile\">{}</a></p>\n", W(W_CODES_KEPT));
    page_end(&p);
    return RC_OK;
}

/* ---- What they do ---- */

static enum rc second_show(struct ctx *c, struct err *e)
{
    return show(c, NULL, e);
}

static enum rc second_again(struct ctx *c, struct err *e)
{
    return show(c, &c->err, e);
}

static enum rc prove(struct ctx *c, struct err *e)
{
    const struct second_body *b = c->body;

    return account_prove(c, b->current_password.v, e);
}

static enum rc start(struct ctx *c, struct err *e)
{
    struct account ac = account_of(c);
    struct mfa_setup s;

    TRY(account_proved(c, mfa_setup(&ac, c->prepared, &s, e), e));
    return key_page(c, s.secret, NULL, e);
}

static enum rc confirm(struct ctx *c, struct err *e)
{
    const struct second_body *b = c->body;
    struct str codes[RECOVERY_CODES];
    struct account ac = account_of(c);
    bool is_recovery;

    TRY(account_proved(c, mfa_confirm(&ac, account_code(b->code.v, &is_recovery, c->a), codes, e), e));
    return codes_page(c, codes, e);
}

/* What is on already has no key to show. */
static enum rc confirm_again(struct ctx *c, struct err *e)
{
    return c->err.rc == RC_CONFLICT ? c->err.rc : key_page(c, form_get(c->form, STR("key")), &c->err, e);
}

static enum rc codes_show(struct ctx *c, struct err *e)
{
    return proved_page(c, &codes_form, NULL, e);
}

static enum rc codes_again(struct ctx *c, struct err *e)
{
    return proved_page(c, &codes_form, &c->err, e);
}

static enum rc codes_make(struct ctx *c, struct err *e)
{
    const struct second_body *b = c->body;
    struct str codes[RECOVERY_CODES];
    struct account ac = account_of(c);
    bool is_recovery;

    TRY(account_proved(c, mfa_new_codes(&ac, c->prepared, account_code(b->code.v, &is_recovery, c->a), codes, e), e));
    return codes_page(c, codes, e);
}

static enum rc off_show(struct ctx *c, struct err *e)
{
    return proved_page(c, &end_form, NULL, e);
}

static enum rc off_again(struct ctx *c, struct err *e)
{
    return proved_page(c, &end_form, &c->err, e);
}

static enum rc off_send(struct ctx *c, struct err *e)
{
    const struct second_body *b = c->body;
    struct account ac = account_of(c);
    bool is_recovery;
    struct str code = account_code(b->code.v, &is_recovery, c->a);

    TRY(account_proved(c, mfa_disable(&ac, c->prepared, code, is_recovery, e), e));
    return page_go(c, "/profile?done=second-off");
}

#define TAG "Portal"
#define MINE (R_PAGE | R_WRITE | R_NO_IDEMPOTENCY)

static const struct route routes[] = {
    { .method = HTTP_GET, .path = "/profile/second-step", .op = "page_second", .tag = TAG, .summary = "The second step of the own account.",
      .handle = second_show, .flags = R_PAGE, .status = 200 },
    { .method = HTTP_POST, .path = "/profile/second-step/start", .op = "page_second_start", .tag = TAG, .summary = "A key for the app.",
      .prepare = prove, .handle = start, .flags = MINE | R_SLOW, .body = &start_body, .status = 200, .bucket = BUCKET_LOGIN,
      .again = second_again },
    { .method = HTTP_POST, .path = "/profile/second-step/confirm", .op = "page_second_confirm", .tag = TAG, .summary = "Switch it on.",
      .handle = confirm, .flags = MINE, .body = &confirm_body, .status = 200, .bucket = BUCKET_LOGIN, .again = confirm_again },
    { .method = HTTP_GET, .path = "/profile/second-step/codes", .op = "page_second_codes", .tag = TAG, .summary = "Asks for new recovery codes.",
      .handle = codes_show, .flags = R_PAGE, .status = 200 },
    { .method = HTTP_POST, .path = "/profile/second-step/codes", .op = "page_second_codes_make", .tag = TAG, .summary = "New recovery codes.",
      .prepare = prove, .handle = codes_make, .flags = MINE | R_SLOW, .body = &proved_body, .status = 200, .bucket = BUCKET_LOGIN,
      .again = codes_again },
    { .method = HTTP_GET, .path = "/profile/second-step/off", .op = "page_second_off", .tag = TAG, .summary = "Asks whether to switch it off.",
      .handle = off_show, .flags = R_PAGE, .status = 200 },
    { .method = HTTP_POST, .path = "/profile/second-step/off", .op = "page_second_off_send", .tag = TAG, .summary = "Switch it off.",
      .prepare = prove, .handle = off_send, .flags = MINE | R_SLOW, .body = &proved_body, .status = 303, .bucket = BUCKET_LOGIN,
      .again = off_again },
};
const struct route_table routes_page_second = { routes, ARRAY_LEN(routes) };
