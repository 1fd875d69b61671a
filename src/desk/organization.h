/* Organisations: shared or not, and the mail domains whose people join them. */
#ifndef DESK_ORGANIZATION_H
#define DESK_ORGANIZATION_H

#include "desk/account.h"
#include "store/organizations.h"

struct organization_change {
    bool has_name, has_note, has_shared, has_domain_assignment, has_vip, has_active, has_domains;
    struct str name, note;
    bool shared, domain_assignment, vip, active;
    const struct str *domains;
    size_t n_domains;
};
/* RC_DENIED without the permission to edit; shared, domains and their assignment give rights on
 * tickets and need admin.organization. */
enum rc organization_create(const struct account *c, const struct organization_change *ch, int64_t *id,
                            struct err *e) MUST_USE;
enum rc organization_change(const struct account *c, int64_t id, int64_t version,
                            const struct organization_change *ch, struct err *e) MUST_USE;
/* Domains where anybody gets an address. Pure. */
bool is_free_mail(struct str domain);

#endif
