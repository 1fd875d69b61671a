/* Search documents hold people's names and addresses.  When one changes, the documents of the messages
 * that the person wrote and of the tickets that are his are written anew: a few in the same
 * transaction, the rest in a job, in steps that find their rows by an index. */
#ifndef DESK_USER_NAMES_H
#define DESK_USER_NAMES_H

#include "desk/account.h"

/* Call it behind the change. */
enum rc user_names_changed(const struct account *c, int64_t user_id, struct err *e) MUST_USE;

/* The kind of that job; payload and result say how far it is, as JSON. */
#define USER_NAMES_JOB "user_names"
struct user_names_walk {
    int64_t user_id;
    int64_t message_id;            /* behind this one of his messages … */
    int64_t updated_us, ticket_id; /* … then behind this one of his tickets, in the order of changes */
    int64_t n;                     /* messages and tickets done */
};
/* At most limit messages, or limit tickets; *done when nothing is left. */
enum rc user_names_some(struct db *db, int64_t limit, struct user_names_walk *at, bool *done,
                        struct err *e) MUST_USE;
enum rc user_names_read(struct str json, struct user_names_walk *out, struct err *e) MUST_USE;
struct str user_names_json(const struct user_names_walk *at, struct arena *a);

#endif
