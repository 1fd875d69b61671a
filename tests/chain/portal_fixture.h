/* A customer's browser without scripts, for chain tests of the portal's pages. */
#ifndef TESTS_PORTAL_FIXTURE_H
#define TESTS_PORTAL_FIXTURE_H

#include "account_fixture.h"

#include "web/csrf.h"

#define FORM_TYPE "application/x-www-form-urlencoded"

struct visitor {
    struct chain *ch;
    int64_t user_id;
    const char *cookie, *csrf; /* NULL: not signed in */
};

static inline struct visitor visitor_new(struct chain *ch, int64_t role_id)
{
    struct visitor v = { .ch = ch, .user_id = chain_user(ch, role_id) };
    struct chain_session s = chain_session(ch, v.user_id);

    v.cookie = s.cookie;
    v.csrf = s.csrf;
    return v;
}

static inline struct answer *visit(const struct visitor *v, const char *target)
{
    return chain_send(v->ch, (struct ask){ .target = target, .cookie = v->cookie });
}

/* The form with the token and a key of its own. */
static inline struct ask form_ask(const struct visitor *v, const char *target, const char *fields)
{
    static int keys;

    return (struct ask){ .method = HTTP_POST, .target = target, .type = FORM_TYPE, .cookie = v->cookie,
                         .origin = "http://localhost:8080",
                         .body = v->csrf ? TEXT(v->ch, "%s&once=key%d&csrf=%.*s", fields, keys++,
                                                STR_ARG(csrf_mask(str_of(v->csrf), v->ch->a)))
                                         : fields };
}

static inline struct answer *send_form(const struct visitor *v, const char *target, const char *fields)
{
    return chain_send(v->ch, form_ask(v, target, fields));
}

static inline bool says(const struct answer *an, const char *text)
{
    return str_find(an->body, str_of(text)) != SIZE_MAX;
}

/* What stands between head and foot; messages of cmocka are short. */
static inline struct str main_of(const struct answer *an)
{
    size_t at = str_find(an->body, STR("<main"));

    return at == SIZE_MAX ? an->body : str_sub(an->body, at, 600);
}

#define assert_says(an, text)                                                                      \
    do {                                                                                           \
        if (!says((an), (text)))                                                                   \
            fail_msg("\"%s\" is not there: %d %.*s", (text), (an)->status, STR_ARG(main_of(an)));   \
    } while (0)

/* The page, whole and HTML; returns it. */
static inline struct answer *page_ok(struct answer *an, int status)
{
    if (an->status != status)
        fail_msg("%d, not %d: %.*s", an->status, status, STR_ARG(an->body));
    assert_str_eq(answer_header(an, "content-type"), "text/html; charset=utf-8");
    assert_says(an, "</html>");
    return an;
}

/* 303 to a path that begins like this; returns where. */
static inline struct str goes_to(const struct answer *an, const char *begins)
{
    struct str to = answer_header(an, "location");

    if (an->status != 303 || !str_starts(to, str_of(begins)))
        fail_msg("%d to \"%.*s\", not to %s: %.*s", an->status, STR_ARG(to), begins, STR_ARG(an->body));
    return to;
}

/* "session_id=…" of the Set-Cookie headers. */
static inline const char *cookie_of_answer(struct chain *ch, const struct answer *an)
{
    for (size_t i = 0; i < an->n_headers; i++) {
        struct str v = an->headers[i].value;

        if (str_eq(an->headers[i].name, STR("set-cookie")) && str_starts(v, STR("session_id=")))
            return str_z(str_sub(v, 0, str_chr(v, ';')), ch->a);
    }
    return NULL;
}

#endif
