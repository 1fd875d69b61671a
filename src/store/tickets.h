/* Rows of tickets: load, insert, update, and the counts that are kept with them.  No rules here:
 * desk/ticket.h decides.  Text of a loaded ticket lives in the arena given (or is borrowed from the
 * rows where that is said). */
#ifndef STORE_TICKETS_H
#define STORE_TICKETS_H

#include "base/arena.h"
#include "store/db.h"
#include "store/kinds.h"
#include "store/scope.h"

struct ticket {
    int64_t id, version;
    struct str number, title;
    int64_t state_id;
    enum state_type state_type;
    int64_t until_us; /* times: 0 is "not" */
    int64_t priority_id, group_id, owner_id, customer_id, organization_id;
    enum channel channel;
    struct str tags_json, fields_json;
    int64_t created_by, created_us, updated_us;
    int64_t first_response_us, last_customer_us, last_agent_us, waiting_since_us;
    int64_t first_close_us, last_close_us, solved_us, closed_us, reopen_count;
    int64_t sla_id, due_first_us, due_next_us, due_solution_us, next_due_us;
    int64_t message_count, public_message_count, attachment_count, public_attachment_count;
    int64_t public_updated_us, public_version; /* the last change that customers see, and their number */
    int64_t merged_into_id;
    struct str external_source, external_id;
    bool has_merged; /* only from tickets_show(): others were merged into this one */
    int64_t shown; /* only from tickets_show(): as SHOWN_NUMBER says */
    /* Only from tickets_show() and tickets_show_some(): names of the references. */
    struct str customer_name, owner_name, organization_name;
};

/* A number that changes with whatever is shown of a ticket while its version stays (triggers of
 * migration 11): what was made of an id, its version and this number is as good as new. */
#define SHOWN_NUMBER "(SELECT value FROM counters WHERE name = 'shown')"

/* Every column; RC_NOT_FOUND.  With lock the row is locked until the commit (writers only). */
enum rc tickets_load(struct db *db, int64_t id, bool lock, struct arena *a, struct ticket *out,
                     struct err *e) MUST_USE;
/* What says whether a ticket is still as it was shown last; RC_NOT_FOUND (silently). */
struct ticket_mark {
    int64_t version, public_version, shown; /* SHOWN_NUMBER */
    bool has_merged;
};
enum rc ticket_mark_read(struct db *db, int64_t id, struct ticket_mark *out, struct err *e) MUST_USE;
void ticket_mark_ahead(struct db *db, int64_t id); /* db_ask_ahead() */
/* The same with names, for showing. */
enum rc tickets_show(struct db *db, int64_t id, struct arena *a, struct ticket *out, struct err *e) MUST_USE;
/* Those of these that are there and that the scope holds, in any order. */
struct ticket_rows {
    struct ticket *v;
    size_t n;
};
enum rc tickets_show_some(struct db *db, const int64_t *ids, size_t n, const struct scope *scope,
                          struct arena *a, struct ticket_rows *out, struct err *e) MUST_USE;
enum rc tickets_id_by_number(struct db *db, struct str number, int64_t *id, struct err *e) MUST_USE;
/* RC_CONFLICT "unique" when number or external id is taken.  Sets t->id. */
enum rc tickets_insert(struct db *db, struct ticket *t, struct err *e) MUST_USE;
/* The ticket, with its id, as a row more of an insert of several (seed.h). */
void tickets_add_row(struct sql *q, const struct ticket *t);
/* Writes all columns but id, number and created_*, where the version is still t->version, and
 * raises t->version; RC_STALE when it is not.  before: as it was loaded. */
enum rc tickets_update(struct db *db, const struct ticket *before, struct ticket *t, struct err *e) MUST_USE;

/* Moves one ticket from one row of ticket_counts to another; NULL: from or to nowhere. */
enum rc ticket_counts_move(struct db *db, const struct ticket *from, const struct ticket *to,
                           struct err *e) MUST_USE;

enum rc ticket_participates(struct db *db, int64_t ticket_id, int64_t user_id, bool *out,
                            struct err *e) MUST_USE;
enum rc ticket_link_follow_up(struct db *db, int64_t new_id, int64_t old_id, int64_t user_id,
                              int64_t now_us, struct err *e) MUST_USE;

/* The columns of a ticket for composed queries over alias t with the joins of TICKET_JOINS, and how
 * to read them: ticket_from_row() borrows text from the row (a == NULL) or copies it. */
#define TICKET_COLUMNS                                                                             \
    "t.id, t.version, t.number, t.title, t.state_id, t.state_type, t.until_us, t.priority_id,"     \
    " t.group_id, t.owner_id, t.customer_id, t.organization_id, t.channel, t.tags_json,"           \
    " t.fields_json, t.created_us, t.updated_us, t.first_response_us, t.waiting_since_us,"         \
    " t.solved_us, t.closed_us, t.due_first_us, t.due_next_us, t.due_solution_us, t.next_due_us,"  \
    " t.message_count, t.public_message_count, t.attachment_count, t.merged_into_id,"              \
    " t.public_attachment_count, t.public_updated_us, t.public_version, c.name, o.name, g.name,"  \
    " t.created_by"
#define TICKET_JOINS                                                                               \
    " LEFT JOIN users c ON c.id = t.customer_id LEFT JOIN users o ON o.id = t.owner_id"            \
    " LEFT JOIN organizations g ON g.id = t.organization_id"
enum { TICKET_COLUMNS_N = 36 };
void ticket_from_row(struct db_rows *r, struct arena *a, struct ticket *out);

#endif
