/* What must hold of every request, whichever protocol it came by. */
#include "http/http_priv.h"
#include "http/syntax.h"

struct seen {
    struct exchange_io *io;
    unsigned hosts, lengths, codings;
    bool close, keep;
    const char *wrong;
    enum rc rc;
};

static void fail(struct seen *s, enum rc rc, const char *wrong)
{
    if (s->wrong)
        return;
    s->rc = rc;
    s->wrong = wrong;
}

static void on_host(struct seen *s, struct str v)
{
    if (s->hosts++)
        fail(s, RC_BAD, "more than one Host");
    else if (!syntax_host(v))
        fail(s, RC_BAD, "a malformed Host");
    else
        s->io->x.host = v;
}

static void on_length(struct seen *s, struct str v)
{
    if (s->lengths++)
        fail(s, RC_BAD, "more than one Content-Length");
    else if (!syntax_length(v, &s->io->expect))
        fail(s, RC_BAD, "a malformed Content-Length");
    else
        s->io->has_length = true;
}

static void on_coding(struct seen *s, struct str v)
{
    if (s->codings++)
        fail(s, RC_BAD, "more than one Transfer-Encoding");
    else if (!str_ieq(v, STR("chunked")))
        fail(s, RC_NOT_IMPLEMENTED, "a Transfer-Encoding other than chunked");
    else if (s->io->x.version < 11)
        fail(s, RC_BAD, "Transfer-Encoding in HTTP/1.0");
}

static void on_connection(struct seen *s, struct str v)
{
    s->close |= syntax_list_has(v, STR("close"));
    s->keep |= syntax_list_has(v, STR("keep-alive"));
}

static void on_expect(struct seen *s, struct str v)
{
    if (str_ieq(v, STR("100-continue")))
        s->io->expects_continue = true;
    else
        fail(s, RC_BAD, "an Expect other than 100-continue");
}

static const struct rule {
    struct str name;
    void (*on)(struct seen *s, struct str v);
} rules[] = {
    { { "host", 4 }, on_host },
    { { "content-length", 14 }, on_length },
    { { "transfer-encoding", 17 }, on_coding },
    { { "connection", 10 }, on_connection },
    { { "expect", 6 }, on_expect },
};

static void look(struct seen *s)
{
    const struct exchange *x = &s->io->x;

    for (size_t i = 0; i < x->n_headers; i++)
        for (size_t k = 0; k < ARRAY_LEN(rules); k++)
            if (str_eq(x->headers[i].name, rules[k].name))
                rules[k].on(s, x->headers[i].value);
    if (s->hosts == 0 && !x->host.p)
        fail(s, RC_BAD, "no Host");
    if (s->lengths && s->codings)
        fail(s, RC_BAD, "both Content-Length and Transfer-Encoding");
}

static void check_target(struct seen *s, struct str raw)
{
    struct exchange *x = &s->io->x;
    struct target t;
    const char *wrong = target_parse(raw, x->method == HTTP_OPTIONS, x->arena, &t);

    if (wrong) {
        fail(s, RC_BAD, wrong);
        return;
    }
    if (t.authority.p && x->host.p && !str_ieq(t.authority, x->host))
        fail(s, RC_BAD, "the target's host is not the Host");
    x->target = raw;
    x->path = t.path;
    x->query = t.query;
}

static const struct {
    struct str text;
    enum http_method method;
} methods[] = {
    { { "GET", 3 }, HTTP_GET },         { { "POST", 4 }, HTTP_POST },
    { { "HEAD", 4 }, HTTP_HEAD },       { { "PUT", 3 }, HTTP_PUT },
    { { "PATCH", 5 }, HTTP_PATCH },     { { "DELETE", 6 }, HTTP_DELETE },
    { { "OPTIONS", 7 }, HTTP_OPTIONS },
};

static void check_method(struct seen *s)
{
    struct exchange *x = &s->io->x;

    for (size_t i = 0; i < ARRAY_LEN(methods); i++)
        if (str_eq(x->method_text, methods[i].text))
            x->method = methods[i].method;
    if (str_eq(x->method_text, STR("TRACE")) || str_eq(x->method_text, STR("CONNECT")))
        fail(s, RC_METHOD, "TRACE and CONNECT are not served");
}

const char *exchange_check(struct exchange_io *io, struct str raw_target, enum rc *why)
{
    struct seen s = { .io = io };

    check_method(&s);
    look(&s);
    if (!s.wrong)
        check_target(&s, raw_target);
    *why = s.rc;
    if (s.codings)
        io->has_length = false;
    io->keep_alive = !s.wrong && !s.close && (io->x.version >= 11 || s.keep);
    return s.wrong;
}
