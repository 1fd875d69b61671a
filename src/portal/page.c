#include "portal/page.h"

#include "base/rand.h"
#include "desk/auth.h"
#include "desk/settings.h"
#include "http/static.h"
#include "web/account_json.h"
#include "web/app.h"
#include "web/credentials.h"
#include "web/csrf.h"
#include "web/form.h"

#include <stdarg.h>
#include <stdio.h>

#define COOKIE_LANG "lang"
#define PAGE_CSP                                                                                   \
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " \
    "frame-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

enum { PATH_LEN_MAX = 1024, ONCE_BYTES = 18, LANG_S = 365 * 24 * 3600 };

struct no_fields {
    char none;
};
const struct jspec page_no_fields = { .name = "NoFields", .size = sizeof(struct no_fields) };

const struct lang *page_lang(const struct ctx *c)
{
    struct str header, accept = http_header_get(c->x, STR("accept-language"));
    const struct lang *l = NULL;

    header = http_header_get(c->x, STR("cookie"));
    if (header.p)
        l = lang_of(cookie_get(header, STR(COOKIE_LANG)));
    return l ? l : lang_negotiate(accept);
}

enum rc page_keep_lang(struct ctx *c, const struct lang *l)
{
    return exchange_header(c->x, STR("set-cookie"),
                           str_printf(c->a, COOKIE_LANG "=%s; Path=/; Max-Age=%d; SameSite=Lax%s", l->code, LANG_S,
                                      cookies_secure(c) ? "; Secure" : ""));
}

static void headers(struct ctx *c)
{
    exchange_header_own(c->x, STR("content-type"), STR("text/html; charset=utf-8"));
    exchange_header_own(c->x, STR("content-security-policy"), STR(PAGE_CSP));
    /* Not no-referrer: browsers then send forms with the origin "null", and we could not tell them. */
    exchange_header_own(c->x, STR("referrer-policy"), STR("same-origin"));
    exchange_header_own(c->x, STR("cache-control"), STR("no-store"));
}

/* The address of an asset that may be kept for ever: it changes with the content. */
static void asset(struct page *p, const char *path)
{
    const struct asset *a = static_find(str_of(path));

    html(&p->h, "{}?v={}", Z(path), T(a ? a->etag : STR("")));
}

static enum rc product_name(struct ctx *c, struct str *out, struct err *e)
{
    *out = str_of(setting_defs[SETTING_PRODUCT_NAME].text);
    return c->db ? setting_text(c->db, SETTING_PRODUCT_NAME, c->a, out, e) : RC_OK;
}

bool page_signed_in(const struct ctx *c)
{
    return c->who.type == ACTOR_USER;
}

bool page_is_agent(const struct ctx *c)
{
    return actor_is_agent(&c->who);
}

static void nav_link(struct page *p, const char *path, enum word words, bool is_here)
{
    html(&p->h, "<a href=\"{}\"", Z(path));
    if (is_here)
        html_lit(&p->h, " aria-current=\"page\"");
    html(&p->h, ">{}</a>", W(words));
}

static void navigation(struct page *p)
{
    const struct ctx *c = p->c;

    if (!page_signed_in(c)) {
        html(&p->h, "<nav class=\"who\" aria-label=\"{}\">", W(W_NAV_ACCOUNT));
        nav_link(p, "/sign-in", W_SIGN_IN, false);
        html_lit(&p->h, "</nav>");
        return;
    }
    html(&p->h, "<nav class=\"where\" aria-label=\"{}\">", W(W_NAV_MAIN));
    if (page_is_agent(c)) {
        nav_link(p, "/app/", W_WORKSPACE, false);
    } else {
        nav_link(p, "/requests", W_REQUESTS, p->head.nav == NAV_REQUESTS);
        nav_link(p, "/requests/new", W_NEW_REQUEST, p->head.nav == NAV_NEW);
    }
    html(&p->h, "</nav><nav class=\"who\" aria-label=\"{}\"><a href=\"/profile\"", W(W_NAV_ACCOUNT));
    if (p->head.nav == NAV_PROFILE)
        html_lit(&p->h, " aria-current=\"page\"");
    html(&p->h, "><bdi>{}</bdi></a><form method=\"post\" action=\"/sign-out\">", T(c->who.name));
    page_form_fields(p, false);
    html(&p->h, "<button class=\"plain\">{}</button></form></nav>", W(W_SIGN_OUT));
}

enum rc page_begin(struct ctx *c, const struct page_head *head, struct page *p, struct err *e)
{
    const struct lang *l = page_lang(c);
    struct str title = head->title_text.p ? head->title_text : words_of(l, head->title), product;

    *p = (struct page){ .c = c, .h = { &c->x->out_body, l }, .head = *head };
    TRY(product_name(c, &product, e));
    headers(c);
    html(&p->h,
         "<!doctype html>\n<html lang=\"{}\" dir=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n"
         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{} – {}</title>\n",
         Z(l->code), Z(l->dir), T(title), T(product));
    html_lit(&p->h, "<link rel=\"stylesheet\" href=\"");
    asset(p, "/portal.css");
    html_lit(&p->h, "\">\n<link rel=\"icon\" type=\"image/svg+xml\" href=\"");
    asset(p, "/portal.svg");
    html_lit(&p->h, "\">\n<script src=\"");
    asset(p, "/portal.js");
    html(&p->h,
         "\" defer></script>\n</head>\n<body>\n<a class=\"skip\" href=\"#main\">{}</a>\n<header class=\"top\"><div class=\"in\">"
         "<a class=\"brand\" href=\"/\"><span class=\"mark\" aria-hidden=\"true\"></span><bdi>{}</bdi></a>",
         W(W_SKIP), T(product));
    navigation(p);
    html_lit(&p->h, "</div></header>\n<main id=\"main\" class=\"");
    buf_str(p->h.b, head->is_narrow ? STR("in narrow") : STR("in"));
    html_lit(&p->h, "\">\n");
    return RC_OK;
}

/* The same page in another language; behind a form that was refused its address is that of the form. */
static void languages(struct page *p)
{
    html(&p->h, "<form method=\"post\" action=\"/language\" class=\"langs\" aria-label=\"{}\"><input type=\"hidden\" name=\"back\" value=\"{}\">",
         W(W_LANGUAGE), T(p->c->x->target));
    for (size_t i = 0; i < LANGS; i++) {
        if (&langs[i] == p->h.lang)
            html(&p->h, "<span lang=\"{}\" aria-current=\"true\">{}</span>", Z(langs[i].code), Z(langs[i].name));
        else
            html(&p->h, "<button class=\"plain\" name=\"lang\" value=\"{}\" lang=\"{}\">{}</button>", Z(langs[i].code),
                 Z(langs[i].code), Z(langs[i].name));
    }
    html_lit(&p->h, "</form>");
}

void page_end(struct page *p)
{
    html_lit(&p->h, "</main>\n<footer class=\"foot\"><div class=\"in\">");
    languages(p);
    html_lit(&p->h, "</div></footer>\n</body>\n</html>\n");
}

struct str page_own_path(struct str path)
{
    if (path.n == 0 || path.n > PATH_LEN_MAX || path.p[0] != '/' || (path.n > 1 && (path.p[1] == '/' || path.p[1] == '\\')))
        return STR("/");
    for (size_t i = 0; i < path.n; i++) {
        if ((unsigned char)path.p[i] <= ' ' || path.p[i] == '\\' || (unsigned char)path.p[i] >= 127)
            return STR("/");
    }
    return path;
}

enum rc page_go(struct ctx *c, const char *fmt, ...)
{
    char text[PATH_LEN_MAX + 64];
    va_list args;
    int n;

    va_start(args, fmt);
    n = vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    INVARIANT(n >= 0 && (size_t)n < sizeof(text));
    c->status = 303;
    c->x->out_body.n = 0;
    return exchange_header(c->x, STR("location"), (struct str){ text, (size_t)n });
}

void page_form_fields(struct page *p, bool once)
{
    const struct ctx *c = p->c;

    if (c->who.session_id && c->who.by_cookie)
        html(&p->h, "<input type=\"hidden\" name=\"csrf\" value=\"{}\">",
             T(csrf_mask(auth_csrf(c->app->auth, c->who.session_id, c->a), c->a)));
    if (once)
        html(&p->h, "<input type=\"hidden\" name=\"once\" value=\"{}\">", T(rand_token(ONCE_BYTES, c->a)));
}

enum rc page_call(struct ctx *c, struct call *out, struct err *e)
{
    struct actor *who = ARENA_NEW(c->a, struct actor);

    *who = c->who;
    who->perms &= PERM_TICKET_CUSTOMER;
    who->groups = NULL;
    who->n_groups = 0;
    return call_begin(c->db, who, c->a, out, e);
}
