/* The API about itself. */
#include "base/version.h"
#include "web/ctx.h"

static enum rc api_root(struct ctx *c, struct err *e)
{
    (void)e;
    jw_obj(&c->out);
    jw_kv_text(&c->out, "name", STR("ticketing-system"));
    jw_kv_text(&c->out, "version", STR(VERSION));
    jw_kv_text(&c->out, "documentation", STR("/api/docs"));
    jw_kv_text(&c->out, "openapi", STR("/api/openapi.json"));
    jw_obj_end(&c->out);
    return RC_OK;
}

static const struct jfield root_fields[] = {
    { .name = "name", .type = J_TEXT, .help = "Name of the program." },
    { .name = "version", .type = J_TEXT, .help = "Version of the program." },
    { .name = "documentation", .type = J_TEXT, .help = "The browsable documentation." },
    { .name = "openapi", .type = J_TEXT, .help = "The OpenAPI document." },
};
static const struct jspec root_answer = JSPEC_ANSWER("ApiRoot", root_fields);

static const struct route routes[] = {
    { .method = HTTP_GET,
      .path = "/api/v1",
      .op = "api_root",
      .tag = "API",
      .summary = "Where the API describes itself.",
      .handle = api_root,
      .flags = R_PUBLIC | R_ON_LOOP,
      .answer = &root_answer,
      .status = 200 },
};
const struct route_table routes_meta = { routes, ARRAY_LEN(routes) };
