#include "web/routes.h"

/* One line a part, in the order of the API document; merged by union, so the list ends with an
 * empty line. */
/* clang-format off */
#define ROUTE_TABLES(X) \
    X(routes_health) \
    X(routes_auth) \
    X(routes_password) \
    X(routes_mfa) \
    X(routes_me) \
    X(routes_users) \
    X(routes_user_merge) \
    X(routes_organizations) \
    X(routes_groups) \
    X(routes_roles) \
    X(routes_audit) \
    X(routes_settings) \
    X(routes_tickets) \
    X(routes_messages) \
    X(routes_counters) \
    X(routes_ticket_merge) \
    X(routes_attachments) \
    X(routes_ticket_links) \
    X(routes_drafts) \
    X(routes_participants) \
    X(routes_ticket_tags) \
    X(routes_presence) \
    X(routes_states) \
    X(routes_tags) \
    X(routes_fields) \
    X(routes_bulk) \
    X(routes_jobs) \
    X(routes_privacy) \
    X(routes_events) \
    X(routes_meta) \
    X(routes_search) \
    X(routes_views) \
    X(routes_reports) \
    X(routes_system) \
    X(routes_page_account) \
    X(routes_page_links) \
    X(routes_page_requests) \
    X(routes_page_request) \
    X(routes_page_request_new) \
    X(routes_page_profile) \
    X(routes_page_second) \

/* clang-format on */
#define X(name) extern const struct route_table name;
ROUTE_TABLES(X)
#undef X

const struct route_table *const routes_all[] = {
#define X(name) &name,
    ROUTE_TABLES(X)
#undef X
};
const size_t routes_all_n = ARRAY_LEN(routes_all);
