/* Who is asking: a snapshot of a person's rights, made once per request by actor_load() (accounts)
 * and then only read.  Lives in the request's arena. */
#ifndef DESK_ACTOR_H
#define DESK_ACTOR_H

#include "base/defs.h"
#include "base/str.h"

/* Permissions of roles and tokens.  The bit is stored: append only, never renumber. */
#define PERM_TABLE(X)                                                                              \
    X(0, TICKET_CUSTOMER, "ticket.customer", "Open, see and answer one's own requests")            \
    X(1, TICKET_AGENT, "ticket.agent", "Work on tickets of the groups that the role or user has")  \
    X(2, TICKET_DELETE, "ticket.delete", "Move tickets to spam or deleted, redact messages")       \
    X(3, USER_READ, "user.read", "Look up people and organisations")                               \
    X(4, USER_EDIT, "user.edit", "Create and change customers and organisations")                  \
    X(5, REPORT, "report", "Read reports")                                                         \
    X(6, VIEW_SHARE, "view.share", "Make views that others see")                                   \
    X(8, ADMIN_USER, "admin.user", "Manage all people, their roles and groups")                    \
    X(9, ADMIN_ORGANIZATION, "admin.organization", "Manage organisations")                         \
    X(10, ADMIN_GROUP, "admin.group", "Manage groups")                                             \
    X(11, ADMIN_ROLE, "admin.role", "Manage roles")                                                \
    X(12, ADMIN_STATE, "admin.state", "Manage states and priorities")                              \
    X(13, ADMIN_TAG, "admin.tag", "Rename, merge and delete tags")                                 \
    X(14, ADMIN_FIELD, "admin.field", "Manage custom fields")                                      \
    X(15, ADMIN_VIEW, "admin.view", "Manage everybody's shared views")                             \
    X(16, ADMIN_TOKEN, "admin.token", "See and revoke everybody's API tokens")                     \
    X(17, ADMIN_SESSION, "admin.session", "See and end everybody's sessions")                      \
    X(18, ADMIN_SETTING, "admin.setting", "Read and change settings")                              \
    X(19, ADMIN_AUDIT, "admin.audit", "Read and export the audit log")                             \
    X(20, ADMIN_MONITOR, "admin.monitor", "Read health details and metrics")                       \
    X(21, ADMIN_TICKET, "admin.ticket", "Full rights on all tickets of all groups")                \
    X(22, ADMIN_AUTOMATION, "admin.automation", "Manage rules, SLAs, mail and webhooks")

enum perm {
#define X(bit, name, text, help) PERM_##name = 1 << (bit),
    PERM_TABLE(X)
#undef X
};

enum {
    PERM_ALL = 0
#define X(bit, name, text, help) | PERM_##name
    PERM_TABLE(X)
#undef X
};

/* Levels of a group, behaviour.md section 5. */
enum level {
    LEVEL_READ = 1,     /* view and find */
    LEVEL_CREATE = 2,   /* create in it and move into it */
    LEVEL_CHANGE = 4,   /* edit, answer */
    LEVEL_OVERVIEW = 8, /* see in lists, not the content */
    LEVEL_FULL = 16,    /* all of these, own tickets, be notified */
};

struct group_levels {
    int64_t group_id;
    unsigned levels; /* union of the user's and his roles'; FULL already spread to all bits */
};

enum actor_type { ACTOR_ANONYMOUS, ACTOR_USER, ACTOR_SYSTEM, ACTOR_CLI }; /* stored in the audit log */

struct actor {
    enum actor_type type;
    int64_t user_id;          /* 0 unless ACTOR_USER */
    struct str name;
    struct str email;
    int64_t perms;            /* bits of enum perm, already cut down to the token's */
    const struct group_levels *groups; /* sorted by group_id; empty without PERM_TICKET_AGENT */
    size_t n_groups;
    int64_t organization_id;  /* primary, or 0 */
    const int64_t *shared_orgs; /* organisations whose tickets he may see and answer (shared ones) */
    size_t n_shared_orgs;
    int64_t session_id;       /* or 0 */
    int64_t token_id;         /* API token, or 0 */
    bool read_only;           /* token may not change anything */
    bool is_unproved;         /* nobody has proved an address of his: as a customer he sees what he
                                 opened himself, not what reached the address he named */
    bool by_cookie;           /* the CSRF rules apply */
    bool stale_cookie;        /* the cookie named no session that lives: the answer clears it */
    struct str address;       /* client address as text, for audit and sessions */
    struct str request_id;
};

static inline bool actor_has(const struct actor *who, enum perm p)
{
    return (who->perms & (int64_t)p) != 0;
}
static inline bool actor_is_agent(const struct actor *who)
{
    return actor_has(who, PERM_TICKET_AGENT) || actor_has(who, PERM_ADMIN_TICKET);
}

#endif
