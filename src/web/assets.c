#include "web/assets.h"

#include "http/static.h"

/* Pages run our own scripts and styles, from files only. */
#define PAGE_CSP                                                                                   \
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; " \
    "connect-src 'self'; frame-src 'self' blob:; manifest-src 'self'; base-uri 'none'; form-action 'self'; " \
    "frame-ancestors 'none'"

/* Every address of the web application is the same page, which reads the address; its files are not. */
static bool is_app_page(struct str path)
{
    return str_eq(path, STR("/app")) || (str_starts(path, STR("/app/")) && !str_starts(path, STR("/app/assets/")));
}

bool assets_answer(struct exchange *x, struct str path)
{
    const struct asset *a = static_find(path);

    if (!a && is_app_page(path))
        a = static_find(STR("/app/"));
    if (!a)
        return false;
    static_answer(x, a);
    if (str_starts(a->type, STR("text/html")))
        exchange_header(x, STR("content-security-policy"), STR(PAGE_CSP));
    return true;
}
