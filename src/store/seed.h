/* Rows for believable test data, written without the rules of desk/: only for `server seed` and
 * `server bench-data`.  Inside a write transaction. */
#ifndef STORE_SEED_H
#define STORE_SEED_H

#include "base/arena.h"
#include "store/db.h"
#include "store/events.h"
#include "store/messages.h"
#include "store/search.h"
#include "store/tickets.h"

struct seed_user {
    struct str name, email, locale;
    int64_t organization_id, role_id, created_us;
    int64_t id; /* out */
};

/* By name; an existing one is taken.  A new group gets full rights for the built-in admin and agent. */
enum rc seed_put_group(struct db *db, struct str name, int64_t now_us, struct arena *a, int64_t *id,
                       struct err *e) MUST_USE;
enum rc seed_put_org(struct db *db, struct str name, struct str domain, int64_t now_us,
                     struct arena *a, int64_t *id, struct err *e) MUST_USE;
/* With an identity for the address; an existing address is taken. */
enum rc seed_put_user(struct db *db, struct seed_user *u, struct arena *a, struct err *e) MUST_USE;
enum rc seed_put_tag(struct db *db, struct str name, int64_t now_us, int64_t *id, struct err *e) MUST_USE;
enum rc seed_add_count(struct db *db, int64_t group_id, int64_t state_id, int64_t owner_id, int64_t n,
                       struct err *e) MUST_USE;
/* Rows of tickets.  SQLite takes them one by one; PostgreSQL, for which each statement is a round trip,
 * a few at once, under ids taken before.  Texts must live until they are flushed. */
struct seed_rows {
    struct db *db;
    struct arena *a;
    struct sql tickets, tags, messages, docs, events;
    int64_t ticket_id, message_id; /* the next ones, and how many were taken */
    int64_t n_tickets, n_messages;
};
void seed_rows_begin(struct seed_rows *r, struct db *db, struct arena *a);
/* Sets t->id and m->id. */
enum rc seed_put_ticket(struct seed_rows *r, struct ticket *t, int64_t tag_id, struct err *e) MUST_USE;
enum rc seed_put_message(struct seed_rows *r, struct message *m, struct err *e) MUST_USE;
enum rc seed_put_doc(struct seed_rows *r, const struct search_source *s, struct err *e) MUST_USE;
enum rc seed_put_event(struct seed_rows *r, struct event *ev, struct err *e) MUST_USE;
/* Writes what waits: before anything that refers to it, and before the commit. */
enum rc seed_flush(struct seed_rows *r, struct err *e) MUST_USE;

/* Room in memory and time for large transactions on this new connection; outside of any. */
enum rc seed_roomy(struct db *db, struct err *e) MUST_USE;
/* Once before and after a big load: larger steps of the full-text index, and statistics. */
enum rc seed_begin(struct db *db, struct err *e) MUST_USE;
enum rc seed_end(struct db *db, struct err *e) MUST_USE;

#endif
