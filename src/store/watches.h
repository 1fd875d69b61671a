/* Who watches which ticket. */
#ifndef STORE_WATCHES_H
#define STORE_WATCHES_H

#include "base/arena.h"
#include "base/err.h"
#include "store/db.h"

enum rc watches_add(struct db *db, int64_t user_id, int64_t ticket_id, int64_t now_us,
                    struct err *e) MUST_USE;
enum rc watches_remove(struct db *db, int64_t user_id, int64_t ticket_id, struct err *e) MUST_USE;

struct watcher {
    int64_t user_id;
    struct str name;
    int64_t since_us;
};
struct watcher_list {
    struct watcher *v;
    size_t n;
};
enum rc watches_list(struct db *db, int64_t ticket_id, int64_t limit, struct arena *a,
                     struct watcher_list *out, struct err *e) MUST_USE;
/* Since when, or 0. */
enum rc watches_since(struct db *db, int64_t user_id, int64_t ticket_id, int64_t *since_us,
                      struct err *e) MUST_USE;

#endif
