#include "http/parser.h"

#include "http/syntax.h"

#include <llhttp.h>

struct parse {
    struct head *head;
    bool too_many;
};

static void extend(struct str *s, const char *p, size_t n)
{
    if (!s->p)
        s->p = p;
    s->n += n; /* spans of one name are contiguous: the section is parsed in one piece */
}

static int on_method(llhttp_t *ll, const char *p, size_t n)
{
    extend(&((struct parse *)ll->data)->head->method, p, n);
    return 0;
}

static int on_url(llhttp_t *ll, const char *p, size_t n)
{
    extend(&((struct parse *)ll->data)->head->target, p, n);
    return 0;
}

static int on_field(llhttp_t *ll, const char *p, size_t n)
{
    struct parse *ps = ll->data;
    struct head *h = ps->head;

    if (h->n_fields == h->max_fields) {
        ps->too_many = true;
        return HPE_USER;
    }
    h->fields[h->n_fields++] = (struct field){ { p, n }, { p + n, 0 } };
    return 0;
}

static int on_value(llhttp_t *ll, const char *p, size_t n)
{
    struct head *h = ((struct parse *)ll->data)->head;

    h->fields[h->n_fields - 1].value = (struct str){ p, n };
    return 0;
}

static int on_head_end(llhttp_t *ll)
{
    (void)ll;
    return HPE_PAUSED;
}

static const llhttp_settings_t head_settings = {
    .on_method = on_method,
    .on_url = on_url,
    .on_header_field = on_field,
    .on_header_value = on_value,
    .on_headers_complete = on_head_end,
};

/* llhttp forgives several blanks in the request line, and blanks and nothing as names. */
static bool is_exact(const struct head *h, const char *p, size_t n)
{
    static const char version[] = " HTTP/1.";
    const char *end = p + n;

    if (p[0] == '\r')
        p += 2; /* one empty line may come first */
    if (h->method.p != p || h->target.p != p + h->method.n + 1 || p[h->method.n] != ' ')
        return false;
    if ((size_t)(end - h->target.p) < h->target.n + sizeof(version) + 1
        || memcmp(h->target.p + h->target.n, version, sizeof(version) - 1) != 0
        || h->target.p[h->target.n + sizeof(version)] != '\r')
        return false;
    for (size_t i = 0; i < h->n_fields; i++)
        if (!syntax_token(h->fields[i].name) || h->fields[i].name.p[h->fields[i].name.n] != ':')
            return false;
    return true;
}

/* "BREW /pot HTTP/1.1" is a method that is not there; "GARBAGE" is no request at all. */
static bool is_request_line(const char *p, size_t n)
{
    struct str line = { p, n }, method, target;

    if (n > 1 && p[0] == '\r')
        line = str_sub(line, 2, n);
    line = str_sub(line, 0, str_find(line, STR("\r\n")));
    method = str_cut(&line, ' ');
    target = str_cut(&line, ' ');
    return syntax_token(method) && target.n && line.p && str_starts(line, STR("HTTP/1."));
}

enum rc parser_head(struct head *h, const char *p, size_t n)
{
    struct parse ps = { .head = h };
    llhttp_t ll;
    enum llhttp_errno err;

    llhttp_init(&ll, HTTP_REQUEST, &head_settings);
    ll.data = &ps;
    h->n_fields = 0;
    h->method = h->target = STR_NONE;
    err = llhttp_execute(&ll, p, n);
    if (ps.too_many)
        return RC_HEADERS_BIG;
    if (err == HPE_INVALID_METHOD)
        return is_request_line(p, n) ? RC_NOT_IMPLEMENTED : RC_BAD;
    if (err != HPE_PAUSED || llhttp_get_error_pos(&ll) != p + n)
        return RC_BAD;
    h->version = ll.http_major * 10u + ll.http_minor;
    return is_exact(h, p, n) ? RC_OK : RC_BAD;
}
