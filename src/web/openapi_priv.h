/* What the files of the OpenAPI writer share. */
#ifndef WEB_OPENAPI_PRIV_H
#define WEB_OPENAPI_PRIV_H

#include "base/json.h"
#include "web/openapi.h"

enum { SPECS_MAX = 1024 };

/* The field tables that the document names, each once. */
struct specs {
    const struct jspec *v[SPECS_MAX];
    size_t n;
};

/* Members of components, and of components.schemas, as JSON without the braces. */
extern const struct str openapi_fixed_components, openapi_fixed_schemas;

void specs_add(struct specs *s, const struct jspec *spec); /* and those it refers to */
/* components.schemas */
void schemas_write(struct jw *w, const struct specs *s);
void schema_ref(struct jw *w, const struct jspec *spec);
/* The schema of one field's value, without its description. */
void schema_of_field(struct jw *w, const struct jfield *f, bool is_answer);

#endif
