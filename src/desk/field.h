/* Custom fields: what a definition may say, and whether a value fits it.
 *
 * options: {"choices":[{"value":"a","label":"A"},…], "min":…, "max":…, "max_length":…, "default":…};
 * a tree's choices are paths, "Hardware::Printer".
 * screens: {"customer_create"|"agent_create"|"edit"|"close": "hidden"|"shown"|"required"|"read_only"};
 * customers see a field when customer_create says anything but hidden (the default). */
#ifndef DESK_FIELD_H
#define DESK_FIELD_H

#include "desk/call.h"

enum field_screen { SCREEN_CUSTOMER_CREATE, SCREEN_AGENT_CREATE, SCREEN_EDIT, SCREEN_CLOSE };
enum field_mode { MODE_HIDDEN, MODE_SHOWN, MODE_REQUIRED, MODE_READ_ONLY };
extern const char *const field_screen_names[];
extern const char *const field_mode_names[];

enum field_mode field_mode_on(const struct cat_field *f, enum field_screen screen);
/* The value as it is kept (a new reference), or a field error at pointer.  Pure. */
enum rc field_check(const struct cat_field *f, const json_t *v, const char *pointer, json_t **out,
                    struct err *e) MUST_USE;

struct field_patch {
    enum field_object object;
    enum field_screen screen;
    bool as_customer;         /* only what customers see may be set */
    bool is_new;              /* defaults and required ones count */
    const json_t *patch;      /* object, or NULL */
};
/* The object's values after a merge-patch, as sorted JSON.  People and organisations that are named
 * must be there. */
enum rc fields_apply(struct call *c, struct str before_json, const struct field_patch *p,
                     struct str *after_json, struct err *e) MUST_USE;
/* RC_INVALID when a field that this screen requires has no value. */
enum rc fields_required(struct call *c, struct str json, enum field_object object,
                        enum field_screen screen, struct err *e) MUST_USE;
/* Makes the searchable rows what the JSON says, for the fields that differ. */
enum rc fields_sync(struct call *c, enum field_object object, int64_t object_id,
                    struct str before_json, struct str after_json, struct err *e) MUST_USE;
/* The part of the values that customers may see. */
struct str fields_for_customer(const struct catalog *cat, enum field_object object, struct str json,
                               struct arena *a);

/* A definition's name, options and screens; field errors otherwise. */
enum rc field_define_check(const struct cat_field *f, struct err *e) MUST_USE;

#endif
