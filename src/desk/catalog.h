/* The catalog as requests see it: the snapshot that this connection carries, read again when its
 * generation is no longer that of the database (one point read a request).
 *
 * The snapshot belongs to the connection and lives at least until the second following
 * catalog_get() on it: take it once per request (struct call), never keep it across lanes. */
#ifndef DESK_CATALOG_H
#define DESK_CATALOG_H

#include "store/catalog.h"

enum rc catalog_get(struct db *db, const struct catalog **out, struct err *e) MUST_USE;

/* NULL when there is none.  By name: case-blind, active ones only. */
const struct cat_state *catalog_state(const struct catalog *c, int64_t id);
const struct cat_state *catalog_state_named(const struct catalog *c, struct str name);
const struct cat_priority *catalog_priority(const struct catalog *c, int64_t id);
const struct cat_priority *catalog_priority_named(const struct catalog *c, struct str name);
const struct cat_group *catalog_group(const struct catalog *c, int64_t id);
const struct cat_group *catalog_group_named(const struct catalog *c, struct str name);
const struct cat_role *catalog_role(const struct catalog *c, int64_t id);
const struct cat_field *catalog_field(const struct catalog *c, enum field_object object, struct str name);

/* The defaults; there is exactly one of each (the states and priorities API keeps it so). */
const struct cat_state *catalog_default_new(const struct catalog *c);
const struct cat_state *catalog_default_follow_up(const struct catalog *c);
const struct cat_state *catalog_default_close(const struct catalog *c);
/* The first active state of a type (by position), or NULL. */
const struct cat_state *catalog_state_of_type(const struct catalog *c, enum state_type type);
const struct cat_priority *catalog_default_priority(const struct catalog *c);
const struct cat_group *catalog_default_group(const struct catalog *c); /* NULL: none */

#endif
