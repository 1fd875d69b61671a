#include "http/parser.h"

#include "base/arena.h"

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
        return RC_NOT_IMPLEMENTED;
    if (err != HPE_PAUSED || llhttp_get_error_pos(&ll) != p + n)
        return RC_BAD;
    h->version = ll.http_major * 10u + ll.http_minor;
    return RC_OK;
}

/* ── chunked bodies ── */

struct chunked {
    llhttp_t ll;
    enum rc (*on_data)(void *arg, const char *p, size_t n);
    void *arg;
    enum rc rc;
    bool in_body, done;
};

static int on_body_begins(llhttp_t *ll)
{
    struct chunked *c = ll->data;

    c->in_body = true;
    return HPE_PAUSED;
}

static int on_data_span(llhttp_t *ll, const char *p, size_t n)
{
    struct chunked *c = ll->data;

    c->rc = c->on_data(c->arg, p, n);
    return c->rc == RC_OK ? 0 : HPE_USER;
}

static int on_end(llhttp_t *ll)
{
    struct chunked *c = ll->data;

    c->done = true;
    return HPE_PAUSED;
}

static const llhttp_settings_t body_settings = {
    .on_headers_complete = on_body_begins,
    .on_body = on_data_span,
    .on_message_complete = on_end,
};

struct chunked *chunked_new(struct arena *a, const char *head, size_t n,
                            enum rc (*on_data)(void *arg, const char *p, size_t n), void *arg)
{
    struct chunked *c = ARENA_NEW(a, struct chunked);

    c->on_data = on_data;
    c->arg = arg;
    llhttp_init(&c->ll, HTTP_REQUEST, &body_settings);
    c->ll.data = c;
    llhttp_execute(&c->ll, head, n);
    INVARIANT(c->in_body); /* parser_head() has accepted the same bytes */
    llhttp_resume(&c->ll);
    return c;
}

enum rc chunked_feed(struct chunked *c, const char *p, size_t n, size_t *used, bool *done)
{
    enum llhttp_errno err = llhttp_execute(&c->ll, p, n);

    *done = c->done;
    *used = n;
    if (c->done && err == HPE_PAUSED) {
        *used = (size_t)(llhttp_get_error_pos(&c->ll) - p);
        return RC_OK;
    }
    if (err == HPE_OK)
        return RC_OK;
    return c->rc != RC_OK ? c->rc : RC_BAD;
}
