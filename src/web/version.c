/* API version: the path says v1; a header may say it too, and must then agree. */
#include "web/chain.h"

enum rc version_check(struct request *r, struct err *e)
{
    struct str v = http_header_get(r->c.x, STR("api-version"));

    if (!str_starts(r->c.x->path, STR("/api/v1/")))
        return RC_OK;
    exchange_header(r->c.x, STR("api-version"), STR("v1"));
    if (!v.p || str_eq(v, STR("v1")) || str_eq(v, STR("1")))
        return RC_OK;
    err_field(e, "API-Version", "choice", "v1", "this version of the API does not exist");
    return err_set(e, RC_BAD, "unknown_api_version", "The API version asked for does not exist; v1 does.");
}
