/* Saved views: a search with columns and an order.  Agents keep their own; who has view.share makes
 * views that others see, all or those of some roles; admin.view changes everybody's. */
#ifndef DESK_VIEW_H
#define DESK_VIEW_H

#include "desk/call.h"
#include "store/views.h"

/* What the actor sees: own ones, shared ones, those shared with his roles.  Active ones only unless
 * he may manage them. */
enum rc view_list(struct call *c, struct views *out, struct err *e) MUST_USE;
/* RC_NOT_FOUND when he may not see it. */
enum rc view_read(struct call *c, int64_t id, struct view *out, struct err *e) MUST_USE;
/* v->owner_id: the actor's, or 0 for a shared one. */
enum rc view_create(struct call *c, struct view *v, struct err *e) MUST_USE;
/* v was read by view_read() and then changed; before: as it was read. */
enum rc view_change(struct call *c, const struct view *before, struct view *v, struct err *e) MUST_USE;
/* v was read by view_read(). */
enum rc view_delete(struct call *c, const struct view *v, struct err *e) MUST_USE;

/* The search of a view (or of anybody's typing) inside what the actor may list. */
enum rc view_query(struct call *c, struct str text, bool typing, struct query_env *env,
                   struct query_node **out, struct err *e) MUST_USE;
/* Adds " AND …" for that search over tickets t; names in it are looked up. */
enum rc view_where(struct call *c, struct str text, struct sql *q, struct err *e) MUST_USE;
enum rc view_count(struct call *c, const struct view *v, int64_t *count, bool *capped,
                   struct err *e) MUST_USE;

#endif
