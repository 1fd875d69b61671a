/* One's own account: name, language, password, second step, sessions. */
#include "base/utf8.h"
#include "desk/mfa.h"
#include "desk/user.h"
#include "portal/account.h"
#include "portal/inputs.h"
#include "web/account_json.h"
#include "web/api_auth.h"
#include "web/fields.h"
#include "web/form.h"

enum { SESSIONS_SHOWN = 10 };

struct profile_body {
    struct j_text name, locale;
};
static const struct jfield profile_fields[] = {
    IN(struct profile_body, name, J_TEXT, JF_REQUIRED | JF_FILLED, 1, 200, "Name."),
    IN(struct profile_body, locale, J_TEXT, JF_REQUIRED, 2, 35, "Language."),
};
static const struct jspec profile_body = JSPEC("ProfileForm", profile_fields, struct profile_body);

/* ---- The page ---- */

/* The address stands here; another one is asked for on a page of its own. */
static void address(struct page *p, const struct user_row *u, bool is_open)
{
    struct html *h = &p->h;

    html(h, "<dl class=\"facts\"><div><dt>{}</dt><dd><bdi>{}</bdi></dd></div></dl><p><a href=\"/profile/email\">{}</a></p>", W(W_EMAIL), T(u->email),
         W(W_ADDRESS_CHANGE));
    if (!is_open)
        return;
    html(h, "<form method=\"post\" action=\"/verify-email/again\" class=\"notice\"><p>{}</p><input type=\"hidden\" name=\"email\" value=\"{}\">",
         W(W_ADDRESS_OPEN), T(u->email));
    page_form_fields(p, false);
    html(h, "<button class=\"second\">{}</button></form>", W(W_VERIFY_AGAIN));
}

static void person_form(struct page *p, const struct user_row *u, bool is_open)
{
    const struct form_head head = { .action = STR("/profile"), .submit = W_SAVE, .refused = W_ERR_OTHER };
    const struct lang *own = lang_of(u->locale);
    struct option options[LANGS];

    for (size_t i = 0; i < LANGS; i++)
        options[i] = (struct option){ str_of(langs[i].code), str_of(langs[i].name) };
    html(&p->h, "<section class=\"part\" aria-labelledby=\"t-you\"><h2 id=\"t-you\">{}</h2>", W(W_PROFILE_YOU));
    address(p, u, is_open);
    form_begin(p, &head);
    input_text(p, &(struct input){ .name = "name", .label = W_NAME, .autocomplete = "name", .value = u->name });
    input_select(p, &(struct input){ .name = "locale", .label = W_LANGUAGE, .value = str_of(own ? own->code : p->h.lang->code) },
                 options, LANGS, W_NONE);
    form_end(p, &head);
    html_lit(&p->h, "</section>\n");
}

static void password_form(struct page *p)
{
    const struct form_head head = { .action = STR("/profile/password"), .submit = W_PASSWORD_DO, .refused = W_ERR_OTHER };

    html(&p->h, "<section class=\"part\" aria-labelledby=\"t-password\"><h2 id=\"t-password\">{}</h2><p>{}</p>", W(W_PASSWORD_TITLE),
         W(W_PASSWORD_LEAD));
    form_begin(p, &head);
    account_password(p, W_CURRENT_PASSWORD, "current_password", "current-password", W_NONE);
    account_password(p, W_NEW_PASSWORD, "new_password", "new-password", W_PASSWORD_HINT);
    form_end(p, &head);
    html_lit(&p->h, "</section>\n");
}

static void second_step(struct page *p, const struct mfa_status *s)
{
    struct html *h = &p->h;

    html(h, "<section class=\"part\" aria-labelledby=\"t-second\"><h2 id=\"t-second\">{}</h2><p>", W(W_SECOND_STEP));
    if (s->enabled) {
        html(h, "<span class=\"pill good\">{}</span> ", W(W_SECOND_ON));
        html_words(h, W_SECOND_CODES, N(s->recovery_left));
    } else {
        html(h, "<span class=\"pill\">{}</span> {}", W(W_SECOND_OFF), W(W_SECOND_OFF_LEAD));
    }
    html(h, "</p><p><a href=\"/profile/second-step\">{}</a></p></section>\n", W(s->enabled ? W_SECOND_MANAGE : W_SECOND_SET_UP));
}

/* What a person calls the program: the whole name is for machines. */
static void program(struct page *p, struct str agent)
{
    static const char *const browsers[][2] = { { "Edg", "Edge" },        { "OPR/", "Opera" },       { "SamsungBrowser", "Samsung Internet" },
                                               { "Firefox/", "Firefox" }, { "Chrome/", "Chrome" },   { "Safari/", "Safari" } };
    static const char *const systems[][2] = { { "Android", "Android" }, { "iPhone", "iPhone" }, { "iPad", "iPad" },  { "Windows", "Windows" },
                                              { "Mac OS X", "macOS" },  { "CrOS", "ChromeOS" }, { "Linux", "Linux" } };
    const char *browser = NULL, *platform = NULL;

    for (size_t i = ARRAY_LEN(browsers); i-- > 0;)
        browser = str_find(agent, str_of(browsers[i][0])) != SIZE_MAX ? browsers[i][1] : browser;
    for (size_t i = ARRAY_LEN(systems); i-- > 0;)
        platform = str_find(agent, str_of(systems[i][0])) != SIZE_MAX ? systems[i][1] : platform;
    html(&p->h, "<p class=\"title\"><bdi>{}{}{}</bdi></p>", browser ? Z(browser) : agent.n ? T(str_sub(agent, 0, utf8_cut_bytes(agent, 60))) : W(W_UNKNOWN),
         Z(platform ? " · " : ""), Z(platform ? platform : ""));
}

static void one_session(struct page *p, const struct session_row *s)
{
    bool here = s->id == p->c->who.session_id;
    struct html *h = &p->h;

    html_lit(h, "<li>");
    program(p, s->user_agent);
    html(h, "<p class=\"meta\"><bdi>{}</bdi> <span>{} ", T(s->address), W(W_SEEN));
    html_time(h, s->seen_us);
    html_lit(h, "</span></p>");
    if (here) {
        html(h, "<p class=\"state\"><span class=\"pill good\">{}</span></p></li>\n", W(W_THIS_SESSION));
        return;
    }
    html(h, "<form method=\"post\" action=\"/profile/sessions/{}\" class=\"state\">", N(s->id));
    page_form_fields(p, false);
    html(h, "<button class=\"second\">{}</button></form></li>\n", W(W_END_SESSION));
}

static void sessions(struct page *p, const struct session_rows *rows)
{
    size_t shown = 0; /* and those that would have been */

    html(&p->h, "<section class=\"part\" aria-labelledby=\"t-sessions\"><h2 id=\"t-sessions\">{}</h2><p>{}</p><ul class=\"list\">\n", W(W_SESSIONS),
         W(W_SESSIONS_LEAD));
    for (size_t i = 0; i < rows->n; i++)
        if (rows->v[i].id == p->c->who.session_id || shown++ < SESSIONS_SHOWN)
            one_session(p, &rows->v[i]);
    html_lit(&p->h, "</ul>");
    if (shown > SESSIONS_SHOWN) {
        html_lit(&p->h, "<p class=\"hint\">");
        html_words(&p->h, W_SESSIONS_MORE, N((int64_t)(shown - SESSIONS_SHOWN)));
        html_lit(&p->h, "</p>");
    }
    if (rows->n > 1) {
        html_lit(&p->h, "<form method=\"post\" action=\"/profile/sessions\">");
        page_form_fields(p, false);
        html(&p->h, "<button class=\"second\">{}</button></form>", W(W_END_OTHERS));
    }
    html_lit(&p->h, "</section>\n");
}

/* Whether the primary address waits for its confirmation. */
static enum rc is_unproved(struct ctx *c, bool *out, struct err *e)
{
    struct identity_rows rows;

    *out = false;
    TRY(identities_of(c->db, c->who.user_id, c->a, &rows, e));
    for (size_t i = 0; i < rows.n; i++)
        *out |= rows.v[i].kind == IDENTITY_EMAIL && rows.v[i].is_primary && !rows.v[i].verified_us;
    return RC_OK;
}

/* Which of the two forms was refused: the other one is as fresh. */
static enum rc show(struct ctx *c, const struct err *of_person, const struct err *of_password, struct err *e)
{
    struct account ac = account_of(c);
    struct session_rows rows;
    struct mfa_status mfa;
    struct user_row u;
    struct page p;
    bool is_open;

    TRY(users_load(c->db, c->who.user_id, c->a, &u, e));
    TRY(is_unproved(c, &is_open, e));
    TRY(mfa_status(&ac, &mfa, e));
    TRY(session_list(&ac, c->who.user_id, &rows, e));
    TRY(page_begin(c, &(struct page_head){ .title = W_PROFILE, .nav = NAV_PROFILE, .is_narrow = true }, &p, e));
    html(&p.h, "<h1>{}</h1>\n", W(W_PROFILE));
    account_done_notice(&p);
    p.errs = of_person;
    person_form(&p, &u, is_open);
    p.errs = of_password;
    password_form(&p);
    p.errs = NULL;
    second_step(&p, &mfa);
    sessions(&p, &rows);
    page_end(&p);
    return RC_OK;
}

static enum rc profile_show(struct ctx *c, struct err *e)
{
    return show(c, NULL, NULL, e);
}

static enum rc profile_again(struct ctx *c, struct err *e)
{
    return show(c, &c->err, NULL, e);
}

static enum rc password_again(struct ctx *c, struct err *e)
{
    return show(c, NULL, &c->err, e);
}

/* ---- Another address ---- */

static enum rc email_page(struct ctx *c, const struct err *errs, struct err *e)
{
    const struct form_head head = { .action = STR("/profile/email"), .submit = W_FORGOT_DO, .refused = W_ERR_OTHER };
    struct page p;

    TRY(page_begin(c, &(struct page_head){ .title = W_ADDRESS_CHANGE, .nav = NAV_PROFILE, .is_narrow = true }, &p, e));
    p.errs = errs;
    html(&p.h, "<h1>{}</h1><p class=\"lead\">{}</p>\n", W(W_ADDRESS_CHANGE), W(W_ADDRESS_LEAD));
    form_begin(&p, &head);
    input_text(&p, &(struct input){ .name = "email", .label = W_NEW_EMAIL, .type = "email", .autocomplete = "email" });
    account_password(&p, W_CURRENT_PASSWORD, "current_password", "current-password", W_NONE);
    form_end(&p, &head);
    html(&p.h, "<p class=\"other\"><a href=\"/profile\">{}</a></p>\n", W(W_TO_PROFILE));
    page_end(&p);
    return RC_OK;
}

static enum rc email_show(struct ctx *c, struct err *e)
{
    return email_page(c, NULL, e);
}

static enum rc email_again(struct ctx *c, struct err *e)
{
    return email_page(c, &c->err, e);
}

static enum rc email_send(struct ctx *c, struct err *e)
{
    TRY(auth_address_save(c, e));
    return page_go(c, "/profile?done=address");
}

/* ---- Changes ---- */

static enum rc profile_save(struct ctx *c, struct err *e)
{
    const struct profile_body *b = c->body;
    const struct lang *l = lang_of(b->locale.v);
    struct user_change ch = { .has_name = true, .name = b->name.v, .has_locale = l != NULL, .locale = l ? str_of(l->code) : STR("") };
    struct account ac = account_of(c);

    TRY(user_change_self(&ac, 0, &ch, e));
    if (l)
        TRY(page_keep_lang(c, l));
    return page_go(c, "/profile?done=saved");
}

static enum rc password_save(struct ctx *c, struct err *e)
{
    TRY(auth_change_save(c, e));
    return page_go(c, "/profile?done=saved");
}

static enum rc session_stop(struct ctx *c, struct err *e)
{
    struct account ac = account_of(c);
    int64_t id;

    TRY(ctx_id(c, 0, &id, e));
    TRY(session_end(&ac, c->who.user_id, id, "ended_by_user", e));
    return page_go(c, "/profile?done=ended");
}

static enum rc others_stop(struct ctx *c, struct err *e)
{
    struct account ac = account_of(c);

    TRY(session_end_all(&ac, c->who.user_id, c->who.session_id, "ended_by_user", e));
    return page_go(c, "/profile?done=others");
}

#define TAG "Portal"

static const struct route routes[] = {
    { .method = HTTP_GET, .path = "/profile", .op = "page_profile", .tag = TAG, .summary = "One's own account.",
      .handle = profile_show, .flags = R_PAGE, .status = 200 },
    { .method = HTTP_POST, .path = "/profile", .op = "page_profile_save", .tag = TAG, .summary = "Name and language.",
      .handle = profile_save, .flags = R_PAGE | R_WRITE, .body = &profile_body, .status = 303, .again = profile_again },
    { .method = HTTP_POST, .path = "/profile/password", .op = "page_password_save", .tag = TAG, .summary = "Another password.",
      .prepare = auth_change_prepare, .handle = password_save, .flags = R_PAGE | R_WRITE | R_SLOW | R_NO_IDEMPOTENCY,
      .body = &auth_change_spec, .status = 303, .bucket = BUCKET_LOGIN, .again = password_again },
    { .method = HTTP_GET, .path = "/profile/email", .op = "page_email", .tag = TAG, .summary = "Asks for another address.",
      .handle = email_show, .flags = R_PAGE, .status = 200 },
    { .method = HTTP_POST, .path = "/profile/email", .op = "page_email_send", .tag = TAG, .summary = "Another address.",
      .prepare = auth_address_prepare, .handle = email_send, .flags = R_PAGE | R_WRITE | R_SLOW | R_NO_IDEMPOTENCY,
      .body = &auth_address_spec, .status = 303, .bucket = BUCKET_LOGIN, .again = email_again },
    { .method = HTTP_POST, .path = "/profile/sessions", .op = "page_sessions_end", .tag = TAG, .summary = "End all other sessions.",
      .handle = others_stop, .flags = R_PAGE | R_WRITE, .body = &page_no_fields, .status = 303 },
    { .method = HTTP_POST, .path = "/profile/sessions/{id}", .op = "page_session_end", .tag = TAG, .summary = "End a session.",
      .handle = session_stop, .flags = R_PAGE | R_WRITE, .body = &page_no_fields, .status = 303 },
};
const struct route_table routes_page_profile = { routes, ARRAY_LEN(routes) };
