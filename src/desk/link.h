/* Links between tickets: both ends must be readable, the near one changeable; no ticket is linked
 * to itself, and the tree of parents has no cycles. */
#ifndef DESK_LINK_H
#define DESK_LINK_H

#include "desk/ticket.h"
#include "store/links.h"

/* As one end sees it: the order of link_role_names. */
enum link_role {
    ROLE_RELATED,
    ROLE_PARENT_OF,
    ROLE_CHILD_OF,
    ROLE_DUPLICATE_OF,
    ROLE_DUPLICATED_BY,
    ROLE_FOLLOW_UP_OF,
    ROLE_FOLLOWED_UP_BY,
};
extern const char *const link_role_names[];
enum { LINKS_MAX = 200 }; /* of one ticket */

/* RC_INVALID at /ticket, RC_CONFLICT "link_exists", "link_cycle", "too_many_links". */
enum rc ticket_link(struct call *c, int64_t ticket_id, int64_t other_id, enum link_role role,
                    int64_t *link_id, struct err *e) MUST_USE;
enum rc ticket_unlink(struct call *c, int64_t ticket_id, int64_t link_id, struct err *e) MUST_USE;
/* Those whose far end the actor may read; *t is the ticket. */
enum rc ticket_links(struct call *c, int64_t ticket_id, struct link_list *out,
                     struct err *e) MUST_USE;
enum link_role link_role_of(const struct link *l, int64_t seen_from);

#endif
