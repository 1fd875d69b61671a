/* Rows of saved views, and how many tickets one has.  No rules here: desk/view.h decides. */
#ifndef STORE_VIEWS_H
#define STORE_VIEWS_H

#include "base/arena.h"
#include "store/db.h"
#include "store/query_sql.h"

struct view {
    int64_t id, version;
    struct str name, query, columns_json, sort, group_by;
    int64_t owner_id;         /* 0: shared */
    struct str role_ids_json; /* shared with these roles only; "[]": all agents */
    int64_t position;
    bool active;
    int64_t created_us, updated_us;
};

struct views {
    struct view *v;
    size_t n;
};

enum { VIEWS_MAX = 500 }; /* of one person and shared ones, together */

enum rc views_load(struct db *db, int64_t id, struct arena *a, struct view *out, struct err *e) MUST_USE;
/* The user's own and all shared ones, by position and name. */
enum rc views_of(struct db *db, int64_t user_id, struct arena *a, struct views *out, struct err *e) MUST_USE;
enum rc views_insert(struct db *db, struct view *v, struct err *e) MUST_USE; /* sets id */
/* RC_STALE when the version is not v->version any more; raises it. */
enum rc views_update(struct db *db, struct view *v, struct err *e) MUST_USE;
enum rc views_delete(struct db *db, int64_t id, struct err *e) MUST_USE;

/* The roles of a user, for views that are shared with some. */
enum rc views_role_ids(struct db *db, int64_t user_id, struct arena *a, int64_t **ids, size_t *n,
                       struct err *e) MUST_USE;

enum { VIEW_COUNT_MAX = 10000 };
/* How many tickets of the scope the query has.  From the counters where they know what it asks for
 * (state, group, owner), else counted up to VIEW_COUNT_MAX: then *capped. */
enum rc views_count(const struct query_env *env, const struct query_node *n, int64_t *count,
                    bool *capped, struct err *e) MUST_USE;

#endif
