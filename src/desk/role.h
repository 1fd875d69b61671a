/* Roles and groups: who holds which permissions, and levels on which groups. */
#ifndef DESK_ROLE_H
#define DESK_ROLE_H

#include "desk/account.h"
#include "store/roles.h"

struct role_change {
    bool has_name, has_note, has_perms, has_active, has_levels;
    struct str name, note;
    int64_t perms;
    bool active;
    const struct role_level *levels;
    size_t n_levels;
};
/* Nobody gives permissions that he lacks; the admin role keeps all of its own; somebody who manages
 * people and roles always remains (RC_CONFLICT). */
enum rc role_create(const struct account *c, const struct role_change *ch, int64_t *id, struct err *e) MUST_USE;
enum rc role_change(const struct account *c, int64_t id, int64_t version, const struct role_change *ch,
                    struct err *e) MUST_USE;

/* row: all fields as they shall be; id 0 for a new one. */
enum rc group_create(const struct account *c, struct group_row *row, struct err *e) MUST_USE;
/* before: as it was loaded; RC_STALE when that is not the newest. */
enum rc group_change(const struct account *c, const struct group_row *before, struct group_row *row,
                     struct err *e) MUST_USE;

#endif
