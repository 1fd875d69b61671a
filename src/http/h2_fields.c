/* HTTP/2 header sections to requests, and answers to header sections. */
#include "http/h2_priv.h"
#include "http/syntax.h"

void h2_field(struct exchange_io *io, struct str name, struct str value, const struct limits *lim)
{
    struct h2_head *h = io->h2_head;
    struct arena *a = io->x.arena;

    if (io->refuse == RC_OK && h->path.n > lim->max_request_line)
        io->refuse = RC_URI_LONG;
    if (io->refuse == RC_OK
        && (h->n > lim->max_headers || h->bytes > lim->max_header_bytes + h->path.n))
        io->refuse = RC_HEADERS_BIG;
    if (io->refuse != RC_OK)
        return;
    if (str_eq(name, STR(":path"))) {
        h->path = str_dup(value, a);
        io->refuse = value.n > lim->max_request_line ? RC_URI_LONG : RC_OK;
    } else if (str_eq(name, STR(":method"))) {
        io->x.method_text = str_dup(value, a);
    } else if (str_eq(name, STR(":authority"))) {
        h->authority = str_dup(value, a);
    } else if (name.n && name.p[0] != ':') {
        h->n_cookies += str_eq(name, STR("cookie"));
        h->fields[h->n++] = (struct http_header){ str_dup(name, a), str_dup(value, a) };
    }
}

/* RFC 9113 lets a client send cookies in crumbs; the application sees one field. */
static void join_cookies(struct exchange_io *io)
{
    struct h2_head *h = io->h2_head;
    struct buf all = BUF_ARENA(io->x.arena, OUT_BODY_MAX);
    size_t kept = 0, first = 0;

    for (size_t i = 0; i < h->n; i++) {
        bool is_cookie = str_eq(h->fields[i].name, STR("cookie"));

        if (is_cookie && all.n)
            BUF_LIT(&all, "; ");
        if (is_cookie)
            buf_str(&all, h->fields[i].value);
        if (is_cookie && first)
            continue;
        if (is_cookie)
            first = kept;
        h->fields[kept++] = h->fields[i];
    }
    h->n = kept;
    h->fields[first].value = buf_view(&all);
}

/* Host and :authority must not differ; the application always finds a Host. */
static const char *unite_host(struct exchange_io *io)
{
    struct h2_head *h = io->h2_head;
    bool has_host = false;

    for (size_t i = 1; i < h->n; i++) {
        if (!str_eq(h->fields[i].name, STR("host")))
            continue;
        has_host = true;
        if (h->authority.p && !str_ieq(h->authority, h->fields[i].value))
            return "Host and :authority differ";
    }
    io->x.headers = h->fields + 1;
    io->x.n_headers = h->n - 1;
    if (has_host || !h->authority.p)
        return NULL;
    h->fields[0] = (struct http_header){ STR("host"), h->authority };
    io->x.headers = h->fields;
    io->x.n_headers = h->n;
    return NULL;
}

const char *h2_check(struct exchange_io *io, enum rc *why)
{
    const char *wrong;

    if (io->h2_head->n_cookies > 1)
        join_cookies(io);
    *why = RC_BAD;
    wrong = unite_host(io);
    return wrong ? wrong : exchange_check(io, io->h2_head->path, why);
}

static nghttp2_nv field(struct exchange_io *io, struct str name, struct str value)
{
    io->bytes += name.n + value.n;
    return (nghttp2_nv){ (uint8_t *)(uintptr_t)name.p, (uint8_t *)(uintptr_t)value.p, name.n,
                         value.n, NGHTTP2_NV_FLAG_NONE };
}

size_t h2_answer_fields(struct exchange_io *io, nghttp2_nv *nv)
{
    const struct exchange *x = &io->x;
    struct http_loop *hl = io->hl;
    size_t n = 0;

    answer_date(hl);
    nv[n++] = field(io, STR(":status"), str_printf(x->arena, "%d", x->status));
    nv[n++] = field(io, STR("date"), (struct str){ hl->date + 6, hl->date_n - 6 });
    for (size_t i = 0; i < x->n_out; i++)
        nv[n++] = field(io, x->out[i].name, x->out[i].value);
    if (!x->is_stream && x->status != 204 && x->status != 304)
        nv[n++] = field(io, STR("content-length"),
                        str_printf(x->arena, "%llu", (unsigned long long)io->src.left));
    return n;
}
