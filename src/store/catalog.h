/* The small tables that every request needs: states, priorities, groups, roles, custom fields, and
 * the settings of tickets.
 * One read makes an immutable snapshot in an arena of its own; desk/catalog.h keeps one per
 * connection and finds things in it.
 *
 * A snapshot is tagged with the generation, the row 'catalog' of counters.  Whoever changes one of
 * these tables calls catalog_changed() in the same transaction.  Generations are random, not
 * counted: after a rollback the same number must not come back with other contents. */
#ifndef STORE_CATALOG_H
#define STORE_CATALOG_H

#include "base/arena.h"
#include "base/json.h"
#include "store/db.h"
#include "store/kinds.h"

struct cat_state {
    int64_t id, version;
    struct str name, customer_name;
    enum state_type type;
    bool clock_stops;
    enum until_rule until_rule;
    int64_t at_until_state_id; /* 0: remind */
    bool default_new, default_follow_up, default_close;
    int64_t position;
    bool active;
    int64_t created_us, updated_us;
    struct str ref, customer_ref; /* {"id":…,"name":…} ready to be written */
};

struct cat_priority {
    int64_t id, version;
    struct str name, color;
    int64_t rank;
    bool is_default, active;
    int64_t created_us, updated_us;
    struct str ref;
};

struct cat_group {
    int64_t id, version, parent_id;
    struct str name, email;
    enum follow_up follow_up;
    int64_t reopen_days;
    bool follow_up_keep_owner, customers_may_add, customers_may_choose, is_default, active;
    struct str ref;
};

struct cat_role {
    int64_t id, perms;
    int builtin;
    struct str name;
    bool active;
};

struct cat_field {
    int64_t id, version;
    enum field_object object;
    struct str name, label, help;
    enum field_type type;
    const json_t *options, *screens; /* objects; owned by the snapshot */
    struct str options_json, screens_json;
    int64_t position;
    bool active;
    int64_t created_us, updated_us;
};

/* Settings of tickets, from desk/settings.def; filled in by desk/catalog.c. */
struct cat_settings {
    bool number_by_date, check_digit, tags_frozen;
    int64_t number_digits, system_id; /* system_id 0: none */
    int64_t solved_days;              /* solved tickets close after so many; 0: never */
};

struct catalog {
    int64_t generation;
    struct cat_settings settings;
    struct arena *a; /* owner of everything here but the json_t of fields */
    const struct cat_state *states; /* each list sorted by id */
    size_t n_states;
    const struct cat_priority *priorities;
    size_t n_priorities;
    const struct cat_group *groups;
    size_t n_groups;
    const struct cat_role *roles;
    size_t n_roles;
    const struct cat_field *fields;
    size_t n_fields;
};

enum rc catalog_generation(struct db *db, int64_t *generation, struct err *e) MUST_USE;
enum rc catalog_changed(struct db *db, struct err *e) MUST_USE;
/* The caller owns *out (catalog_free). */
enum rc catalog_read(struct db *db, struct catalog **out, struct err *e) MUST_USE;
void catalog_free(struct catalog **c);

#endif
