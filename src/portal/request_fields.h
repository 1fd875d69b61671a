/* Custom fields on the pages of a request: their inputs by type, what was typed as the JSON that the
 * rules take, and their values for reading. */
#ifndef PORTAL_REQUEST_FIELDS_H
#define PORTAL_REQUEST_FIELDS_H

#include "portal/inputs.h"
#include "store/tickets.h"

/* The inputs of a new request, in the order of the fields. */
void request_fields_inputs(struct page *p, const struct catalog *cat);
/* "field.<name>" of the form → {"<name>": value}.  New reference. */
json_t *request_fields_json(const struct ctx *c, const struct catalog *cat);
/* A list of names and values that customers see; nothing when there is none. */
void request_fields_values(struct page *p, const struct catalog *cat, const struct ticket *t);

#endif
