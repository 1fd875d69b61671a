/* Validation of the input.  The headers are judged on the loop before the body is read, the form of
 * the body (UTF-8, JSON, depth, duplicate keys) on a lane, the fields after the permission. */
#include "web/chain.h"
#include "web/form.h"
#include "web/live.h"

enum { BODY_WITHOUT_SPEC_MAX = 4096 };

bool http_is_unsafe(enum http_method m)
{
    return (m & (HTTP_GET | HTTP_HEAD | HTTP_OPTIONS)) == 0;
}

static bool is_json_type(struct str v)
{
    struct str type = str_trim(str_cut(&v, ';'));
    struct str charset = str_trim(v);

    if (!str_ieq(type, STR("application/json")) && !str_ieq(type, STR("application/merge-patch+json")))
        return false;
    return charset.n == 0 || str_ieq(charset, STR("charset=utf-8")) || str_ieq(charset, STR("charset=\"utf-8\""));
}

static enum rc check_content_type(const struct request *r, struct err *e)
{
    struct str type = http_header_get(r->c.x, STR("content-type"));

    if (!type.p || (r->c.route->flags & (R_RAW_BODY | R_PAGE)) || is_json_type(type))
        return RC_OK;
    err_field(e, "Content-Type", "choice", "application/json", "this content type is not understood here");
    return err_set(e, RC_MEDIA_TYPE, "", "The body must be application/json in UTF-8.");
}

/* Does one of the media ranges take JSON?  q=0 takes it back. */
static bool accepts_json(struct str accept)
{
    static const char *const ranges[] = { "*/*", "application/*", "application/json", "application/problem+json" };

    while (accept.p) {
        struct str item = str_cut(&accept, ','), range = str_trim(str_cut(&item, ';'));
        struct str q = str_trim(item);

        if (str_eq(q, STR("q=0")) || str_eq(q, STR("q=0.0")))
            continue;
        for (size_t i = 0; i < ARRAY_LEN(ranges); i++) {
            if (str_ieq(range, str_of(ranges[i])))
                return true;
        }
    }
    return false;
}

static enum rc check_accept(const struct request *r, struct err *e)
{
    struct str accept = http_header_get(r->c.x, STR("accept"));

    if (!accept.p || accept.n == 0 || !r->c.route->answer || (r->c.route->flags & R_STREAM) || accepts_json(accept))
        return RC_OK;
    err_field(e, "Accept", "choice", "application/json", "this address answers JSON only");
    return err_set(e, RC_NOT_ACCEPTABLE, "", "The answer is application/json, which Accept does not allow.");
}

enum rc input_headers(struct request *r, struct err *e)
{
    TRY(check_content_type(r, e));
    return check_accept(r, e);
}

/* What a page was sent: a form, or what stands in its address. */
static enum rc page_form(struct request *r, struct err *e)
{
    struct ctx *c = &r->c;

    c->form = ARENA_NEW(c->a, struct form);
    if (http_is_unsafe(c->x->method))
        return form_read(c->x, c->a, c->form, e);
    form_query(c->x->query, c->a, c->form);
    return c->x->body_len == 0 ? RC_OK : err_set(e, RC_BAD, "unexpected_body", "A request with this method has no body.");
}

enum rc input_form(struct request *r, struct err *e)
{
    struct exchange *x = r->c.x;

    if (r->c.route->flags & R_PAGE)
        return page_form(r, e);
    if ((r->c.route->flags & R_RAW_BODY) || x->body_len == 0)
        return RC_OK;
    if (!http_is_unsafe(x->method))
        return err_set(e, RC_BAD, "unexpected_body", "A request with this method has no body.");
    if (!http_header_get(x, STR("content-type")).p) {
        err_field(e, "Content-Type", "required", "application/json", "the body's type is missing");
        return err_set(e, RC_MEDIA_TYPE, "", "The body must be application/json in UTF-8.");
    }
    return json_read(x->body, &r->json, e);
}

struct nothing {
    char none;
};
static const struct jspec nothing_spec = { .name = "Nothing", .size = sizeof(struct nothing) };

static enum rc read_body(struct request *r, struct err *e)
{
    const struct jspec *spec = r->c.route->body ? r->c.route->body : &nothing_spec;

    if (r->c.route->flags & R_RAW_BODY)
        return RC_OK;
    if (!r->json && !r->c.route->body)
        return RC_OK;
    if (!r->json)
        r->json = json_object();
    return jspec_read(spec, r->json, r->c.a, &r->c.body, e);
}

enum rc input_fields(struct request *r, struct err *e)
{
    const struct jspec *spec = r->c.route->query ? r->c.route->query : &nothing_spec;

    if (r->c.route->flags & R_PAGE) { /* the address may hold what others put there */
        if (r->c.route->body)
            r->json = form_json(r->c.form, r->c.route->body);
        return r->c.route->body ? jspec_read(r->c.route->body, r->json, r->c.a, &r->c.body, e) : RC_OK;
    }

    TRY(jspec_read_query(spec, r->c.x->query, r->c.a, &r->c.query, e));
    return read_body(r, e);
}
