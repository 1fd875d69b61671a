/* The API about itself. */
#include "base/version.h"
#include "desk/settings.h"
#include "web/app.h"
#include "web/assets.h"
#include "web/ctx.h"

static enum rc api_root(struct ctx *c, struct err *e)
{
    struct setting_value product;

    TRY(setting_load(c->db, SETTING_PRODUCT_NAME, c->a, &product, e));
    jw_obj(&c->out);
    jw_kv_text(&c->out, "name", STR("ticketing-system"));
    jw_kv_text(&c->out, "version", STR(VERSION));
    jw_key(&c->out, "product_name");
    if (product.is_default)
        jw_null(&c->out);
    else
        jw_text(&c->out, product.text);
    jw_kv_text(&c->out, "documentation", STR("/api/docs"));
    jw_kv_text(&c->out, "openapi", STR("/api/openapi.json"));
    jw_obj_end(&c->out);
    return RC_OK;
}

/* Made once at the start: the bytes outlive the exchange. */
static enum rc api_openapi(struct ctx *c, struct err *e)
{
    (void)e;
    c->x->out_static = c->app->openapi;
    exchange_header(c->x, STR("content-type"), STR("application/json"));
    exchange_header(c->x, STR("cache-control"), STR("public, max-age=300"));
    return exchange_header(c->x, STR("etag"), c->app->openapi_etag);
}

static enum rc api_docs(struct ctx *c, struct err *e)
{
    return assets_answer(c->x, STR("/docs/")) ? RC_OK : err_set(e, RC_NOT_FOUND, "", "%s", "");
}

static const struct jfield root_fields[] = {
    { .name = "name", .type = J_TEXT, .help = "Name of the program." },
    { .name = "version", .type = J_TEXT, .help = "Version of the program." },
    { .name = "product_name", .type = J_TEXT, .flags = JF_NULLABLE, .help = "What this help desk is called; null: it was given no name." },
    { .name = "documentation", .type = J_TEXT, .help = "The browsable documentation." },
    { .name = "openapi", .type = J_TEXT, .help = "The OpenAPI document." },
};
static const struct jspec root_answer = JSPEC_ANSWER("ApiRoot", root_fields);

#define PAGE(path_, op_, summary_, fn)                                                             \
    {                                                                                              \
        .method = HTTP_GET, .path = (path_), .op = (op_), .tag = "API", .summary = (summary_),     \
        .handle = (fn), .flags = R_PUBLIC | R_ON_LOOP | R_HIDDEN, .status = 200                    \
    }

static const struct route routes[] = {
    PAGE("/api/openapi.json", "api_openapi", "The OpenAPI document.", api_openapi),
    PAGE("/api/docs", "api_docs", "The browsable documentation.", api_docs),
    { .method = HTTP_GET,
      .path = "/api/v1",
      .op = "api_root",
      .tag = "API",
      .summary = "Where the API describes itself.",
      .handle = api_root,
      .flags = R_PUBLIC,
      .answer = &root_answer,
      .status = 200 },
};
const struct route_table routes_meta = { routes, ARRAY_LEN(routes) };
