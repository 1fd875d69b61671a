/* Shared by the files of desk/ticket.h. */
#ifndef DESK_TICKET_PRIV_H
#define DESK_TICKET_PRIV_H

#include "desk/ticket.h"

/* The differences of two rows, in a fixed order, then the extra ones.  Names of people are looked
 * up; ids that are 0 and empty texts are null. */
struct ticket_changes {
    struct ticket_change v[64];
    size_t n;
    bool is_public; /* one of them may be known to customers */
};
enum rc ticket_diff(struct ticket_work *w, struct ticket_changes *out, struct err *e) MUST_USE;
/* {"state":[…,…]} */
struct str ticket_changes_event(const struct ticket_changes *ch, struct arena *a);
/* {"before":{…},"after":{…}} */
struct str ticket_changes_audit(const struct ticket_changes *ch, const struct message *m,
                                struct arena *a);

/* {"id":…,"number":…}, for changes that name another ticket. */
struct str ticket_number_ref(const struct ticket *t, struct arena *a);

/* The customer of the row, with his organisation; must be there and active. */
enum rc ticket_take_customer(struct ticket_work *w, int64_t user_id, struct err *e) MUST_USE;

/* Facts and rights, and what is the same for a loaded and a new ticket. */
enum rc ticket_work_rights(struct ticket_work *w, struct err *e) MUST_USE;

/* A field error for each of these TF_ bits, which this person may not set. */
void ticket_name_members(unsigned set, const char *allowed, struct err *e);

/* A message that fits: who sends it, on whose behalf, into *m (not yet stored). */
enum rc ticket_message_prepare(struct ticket_work *w, const struct message_new *in,
                               struct message *m, struct err *e) MUST_USE;
/* What its first message does to the state of a new ticket. */
enum rc ticket_open_with(struct ticket_work *w, const struct message *m, struct err *e) MUST_USE;
/* What the message does to the row beside the state: counts, times. */
void ticket_message_count(struct ticket *t, const struct message *m);
/* The counts of what the ticket shows, from the rows. */
enum rc ticket_recount(struct ticket_work *w, struct err *e) MUST_USE;
/* Stores it (w->t has its id) with its attachments. */
enum rc ticket_message_store(struct ticket_work *w, const struct message_new *in, struct message *m,
                             struct err *e) MUST_USE;
/* Row, counts, tags, fields, search, event, audit; the row itself was written. */
enum rc ticket_work_after(struct ticket_work *w, const struct ticket_changes *ch, struct err *e) MUST_USE;

#endif
