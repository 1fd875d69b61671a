/* The OpenAPI 3.1 document, made from the tables of routes and fields; nothing of it is written by
 * hand.  api/openapi.yaml in the repository is its copy (a test keeps it so).  Any thread. */
#ifndef WEB_OPENAPI_H
#define WEB_OPENAPI_H

#include "base/buf.h"
#include "web/route.h"

struct arena;

enum { OPENAPI_MAX = 8 << 20 };

/* The document of all routes but the hidden ones. */
void openapi_write(struct buf *out, bool yaml);
/* The same of these tables only (tests). */
void openapi_write_tables(struct buf *out, const struct route_table *const *tables, size_t n, struct arena *a);
/* JSON to YAML with the same meaning, keys in their order; false: not JSON. */
bool openapi_yaml(struct str json, struct buf *out);

#endif
