/* Headers that decide who is asking: cookies, Authorization, X-Forwarded-For, Forwarded; and the cursor
 * of a list.  The first byte says which. */
#include "fuzz.h"

#include "base/config.h"
#include "web/credentials.h"
#include "web/cursor.h"
#include "web/live.h"

static struct web_live *live(void)
{
    static struct web_live *l;
    struct err e = { 0 };

    if (!l)
        MUST(live_new(&(struct config){ .trusted_proxies = STR("10.0.0.0/8, 2001:db8::/32") }, &l, &e) == RC_OK);
    return l;
}

static void forwarded(struct str name, struct str value)
{
    struct http_header h = { name, value };
    struct exchange x = { .headers = &h, .n_headers = 1 };
    struct addr at;

    MUST(addr_parse(STR("203.0.113.9"), &x.peer));
    at = client_address(live(), &x);
    MUST(memcmp(&at, &x.peer, sizeof(at)) == 0); /* not a proxy: the header means nothing */
    MUST(addr_parse(STR("10.0.0.1"), &x.peer));
    at = client_address(live(), &x);
    MUST(!at.is_unix);
}

static bool inside(struct str part, struct str whole)
{
    return !part.p || (part.p >= whole.p && part.p + part.n <= whole.p + whole.n);
}

static void credentials(struct str name, struct str value)
{
    struct http_header h[2] = { { name, value }, { STR("cookie"), STR("session_id=theirs") } };
    struct exchange x = { .headers = h, .n_headers = 1 };
    struct credentials cr = { 0 };

    credentials_read(&x, false, &cr);
    MUST(inside(cr.bearer, value) && inside(cr.cookie, value));
    x.n_headers = 2;
    credentials_read(&x, true, &cr);
    (void)cookie_get(value, STR("session_id"));
}

static void cursors(struct str text)
{
    static const unsigned char key[CURSOR_KEY_LEN] = { 7 };
    struct arena *a CLEAN(arena_clean) = arena_new(16 * MIB);
    struct cursor c = { .sort = STR("s"), .filter = STR("f"), .key_text = text }, out;

    MUST(!cursor_read(key, text, a, &out)); /* nobody finds one without the key */
    if (text.n > 2048)
        return;
    MUST(cursor_read(key, cursor_write(key, &c, a), a, &out));
    MUST(str_eq(out.key_text, text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = { (const char *)data + 1, size - 1 };

    if (size == 0)
        return 0;
    switch (data[0] % 5) {
    case 0:
        forwarded(STR("x-forwarded-for"), text);
        break;
    case 1:
        forwarded(STR("forwarded"), text);
        break;
    case 2:
        credentials(STR("cookie"), text);
        break;
    case 3:
        credentials(STR("authorization"), text);
        break;
    default:
        cursors(text);
    }
    return 0;
}
