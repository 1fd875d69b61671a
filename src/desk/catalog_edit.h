/* Administration of states, priorities and custom fields: there is exactly one default of each kind,
 * what is used stays, types never change.  Inside a write transaction; each change is audited and
 * starts a new generation of the catalog. */
#ifndef DESK_CATALOG_EDIT_H
#define DESK_CATALOG_EDIT_H

#include "desk/call.h"

/* id 0: a new one.  s holds all values as they shall be; version as it was read. */
enum rc state_save(struct call *c, struct cat_state *s, struct err *e) MUST_USE;
enum rc state_remove(struct call *c, int64_t id, struct err *e) MUST_USE;
enum rc priority_save(struct call *c, struct cat_priority *p, struct err *e) MUST_USE;
enum rc priority_remove(struct call *c, int64_t id, struct err *e) MUST_USE;
enum rc field_save(struct call *c, struct cat_field *f, struct err *e) MUST_USE;

/* As the API shows them; also in the audit log. */
void state_json(struct jw *w, const struct cat_state *s);
void priority_json(struct jw *w, const struct cat_priority *p);
void field_json(struct jw *w, const struct cat_field *f);

#endif
