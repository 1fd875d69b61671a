/* Rows of attachments: uploads that wait for a message, and files of messages. */
#ifndef STORE_ATTACHMENTS_H
#define STORE_ATTACHMENTS_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "store/db.h"

struct attachment {
    int64_t id;
    struct str hash;
    int64_t message_id; /* 0: an upload that no message took yet */
    int64_t ticket_id;  /* 0 likewise */
    int64_t user_id;    /* who uploaded it */
    struct str name, content_type;
    int64_t size;
    int64_t created_us, expires_us;
    bool is_internal; /* its message is */
};

/* Adds the row and counts its blob; out->id is set. */
enum rc attachments_insert(struct db *db, struct attachment *at, struct err *e) MUST_USE;
enum rc attachments_load(struct db *db, int64_t id, struct arena *a, struct attachment *out,
                         struct err *e) MUST_USE;

/* Those of a ticket's messages and of tickets merged into it, by id behind after (0: from the
 * first, or the last when descending). */
struct attachment_page {
    int64_t ticket_id, after, limit;
    bool with_internal, descending;
};
struct attachment_list {
    struct attachment *v;
    size_t n;
};
enum rc attachments_list(struct db *db, const struct attachment_page *page, struct arena *a,
                         struct attachment_list *out, struct err *e) MUST_USE;

/* Number and bytes of a user's uploads that wait. */
enum rc attachments_waiting(struct db *db, int64_t user_id, int64_t now_us, int64_t *n,
                            int64_t *bytes, struct err *e) MUST_USE;
/* Gives one waiting upload of user_id to a message: *taken is false when it is not his, expired,
 * claimed already or unknown, which look alike. */
struct attachment_claim {
    int64_t id, user_id, ticket_id, message_id, now_us;
};
enum rc attachments_take(struct db *db, const struct attachment_claim *c, bool *taken,
                         struct err *e) MUST_USE;
/* Copies the rows of one message to another. */
struct attachment_copy {
    int64_t from_message, to_message, to_ticket, now_us;
};
enum rc attachments_copy(struct db *db, const struct attachment_copy *c, int64_t *n,
                         struct err *e) MUST_USE;
/* Takes a message's rows along to another ticket. */
enum rc attachments_move(struct db *db, int64_t message_id, int64_t to_ticket, int64_t *n,
                         struct err *e) MUST_USE;
enum rc attachments_delete(struct db *db, const struct attachment *at, int64_t now_us,
                           struct err *e) MUST_USE;
/* Waiting uploads that expired before now_us, at most limit, into list (id, hash). */
enum rc attachments_expired(struct db *db, int64_t now_us, int64_t limit, struct arena *a,
                            struct attachment_list *out, struct err *e) MUST_USE;

/* At most cap (200) of the rows with an id above after_id, in their order. */
struct attachment_hash {
    int64_t id;
    struct str hash; /* in the arena */
};
enum rc attachments_behind(struct db *db, int64_t after_id, struct arena *a, struct attachment_hash *out, size_t cap,
                           size_t *n, struct err *e) MUST_USE;

#endif
