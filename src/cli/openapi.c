/* server openapi: the API document on standard output. */
#include "cli/cli.h"
#include "web/openapi.h"

static const struct cli_opt opts[] = { { "--yaml", NULL, "as YAML instead of JSON" } };

static int openapi(struct cli *c)
{
    struct buf b = BUF_HEAP(OPENAPI_MAX);
    int code;

    openapi_write(&b, cli_is_given(c, "--yaml"));
    code = cli_print(buf_view(&b));
    buf_release(&b);
    return code;
}

const struct command cmd_openapi = {
    .name = "openapi",
    .args = "",
    .summary = "Print the OpenAPI document",
    .help = "",
    .opts = opts,
    .n_opts = ARRAY_LEN(opts),
    .run = openapi,
};
