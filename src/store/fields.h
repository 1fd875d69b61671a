/* Definitions of custom fields, and the searchable rows of their values. */
#ifndef STORE_FIELDS_H
#define STORE_FIELDS_H

#include "store/catalog.h"

/* RC_CONFLICT "unique" when the object has a field of this name. */
enum rc fields_insert(struct db *db, struct cat_field *f, struct err *e) MUST_USE;
/* Label, help, options, screens, position, active; RC_STALE when the version does not hold. */
enum rc fields_update(struct db *db, const struct cat_field *f, struct err *e) MUST_USE;

struct field_value {
    struct str text_fold; /* p == NULL: none */
    int64_t number;
    bool has_number;
};
/* Replaces the rows of one field of one object. */
enum rc field_values_set(struct db *db, int64_t field_id, int64_t object_id,
                         const struct field_value *v, size_t n, struct err *e) MUST_USE;

#endif
