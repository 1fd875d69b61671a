/* Writing states and priorities.  The callers check, and call catalog_changed(). */
#ifndef STORE_CATALOG_EDIT_H
#define STORE_CATALOG_EDIT_H

#include "store/catalog.h"

/* Inserts when s->id is 0 (and sets it), else updates where the version still holds (RC_STALE).
 * RC_CONFLICT "unique" when the folded name is taken. */
enum rc states_save(struct db *db, struct cat_state *s, struct str name_fold, struct err *e) MUST_USE;
enum rc priorities_save(struct db *db, struct cat_priority *p, struct str name_fold, struct err *e) MUST_USE;
enum rc states_delete(struct db *db, int64_t id, struct err *e) MUST_USE;
enum rc priorities_delete(struct db *db, int64_t id, struct err *e) MUST_USE;
/* Takes a default away from all but one. */
enum default_kind { DEFAULT_NEW, DEFAULT_FOLLOW_UP, DEFAULT_CLOSE, DEFAULT_PRIORITY };
enum rc catalog_only_default(struct db *db, enum default_kind kind, int64_t id, struct err *e) MUST_USE;
/* Whether a ticket (or another state) uses it. */
enum rc states_used(struct db *db, int64_t id, bool *used, struct err *e) MUST_USE;
enum rc priorities_used(struct db *db, int64_t id, bool *used, struct err *e) MUST_USE;

#endif
