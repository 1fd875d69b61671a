/* What erasing a person touches, table by table, and the list of who was erased.  What is erased and
 * why: desk/erase.h.  Write connection, inside a transaction. */
#ifndef STORE_ERASURES_H
#define STORE_ERASURES_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "store/db.h"

/* One that was done.  user_created_us tells the person from another one who has the id in another
 * database. */
struct erasure {
    int64_t user_id, user_created_us, at_us;
};
struct erasure_rows {
    struct erasure *v;
    size_t n;
};
enum rc erasures_list(struct db *db, struct arena *a, struct erasure_rows *out, struct err *e) MUST_USE;
/* Again for the same person: the first one stands. */
enum rc erasures_insert(struct db *db, const struct erasure *x, struct err *e) MUST_USE;

struct erase_ids {
    int64_t *v;
    size_t n;
};
/* The person and everybody merged into him, over any number of steps. */
enum rc erasures_people(struct db *db, int64_t user_id, struct arena *a, struct erase_ids *out,
                        struct err *e) MUST_USE;
/* Addresses, numbers, foreign keys: what names the person besides the name. */
struct erase_texts {
    struct str *v;
    size_t n;
};
enum rc erasures_addresses(struct db *db, int64_t user_id, struct arena *a, struct erase_texts *out,
                           struct err *e) MUST_USE;

/* The person's own rows: contacts, password, second step, tokens, sessions, drafts, watches, rights,
 * custom fields, private views, mail that waits for him. */
enum rc erasures_wipe(struct db *db, int64_t user_id, int64_t now_us, struct err *e) MUST_USE;
/* In the sender fields of his messages and of messages of tickets that he has part in. */
struct erase_text {
    int64_t user_id;
    struct str from, to;
};
enum rc erasures_senders(struct db *db, const struct erase_text *t, int64_t *n, struct err *e) MUST_USE;
/* Tickets that he takes part in without being the customer. */
enum rc erasures_part_in(struct db *db, int64_t user_id, struct arena *a, struct erase_ids *out,
                         struct err *e) MUST_USE;

/* Rows whose JSON holds one of these texts (any case), by id behind after, at most limit. */
struct erase_row {
    int64_t id;
    struct str json;
};
struct erase_search {
    const struct str *texts;
    size_t n_texts;
    int64_t after, limit;
};
struct erase_rows {
    struct erase_row *v;
    size_t n;
};
enum rc erasures_events(struct db *db, const struct erase_search *s, struct arena *a,
                        struct erase_rows *out, struct err *e) MUST_USE;
enum rc erasures_event_set(struct db *db, int64_t id, struct str json, struct err *e) MUST_USE;
enum rc erasures_audit(struct db *db, const struct erase_search *s, struct arena *a,
                       struct erase_rows *out, struct err *e) MUST_USE;
enum rc erasures_audit_clear(struct db *db, int64_t n, struct err *e) MUST_USE;
/* Details of all entries about this person. */
enum rc erasures_audit_of(struct db *db, int64_t user_id, int64_t *n, struct err *e) MUST_USE;

/* Attachments of messages that he wrote; their counts go to 0.  The caller deletes the rows. */
enum rc erasures_attachments(struct db *db, int64_t user_id, int64_t limit, struct arena *a,
                             struct erase_ids *out, struct err *e) MUST_USE;
enum rc erasures_recount(struct db *db, int64_t user_id, struct err *e) MUST_USE;

#endif
