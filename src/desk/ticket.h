/* Tickets: what may happen to them.  Every road (web, mail, jobs, command line) changes a ticket
 * through these calls, inside a write transaction of the caller.
 *
 * A change is a piece of work on one ticket:
 *     struct ticket_work w;
 *     TRY(ticket_work_begin(c, id, CAN_CHANGE, if_match, &w, e));   // locks, rights, read-only ones
 *     TRY(ticket_apply(&w, &edit, e));                              // fields
 *     TRY(ticket_say(&w, &message, e));                             // a message
 *     TRY(ticket_work_save(&w, e));                                 // row, counts, event, audit, search
 * All that one piece of work changed becomes one event row {field: [first before, last after]} and
 * one audit entry.  A ticket that is not the actor's is RC_NOT_FOUND like one that never was. */
#ifndef DESK_TICKET_H
#define DESK_TICKET_H

#include "base/json.h"
#include "desk/call.h"
#include "desk/can.h"
#include "desk/message.h"
#include "desk/state_rules.h"
#include "store/tickets.h"

enum ticket_field {
    TF_TITLE = 1 << 0,
    TF_STATE = 1 << 1,
    TF_UNTIL = 1 << 2,
    TF_PRIORITY = 1 << 3,
    TF_GROUP = 1 << 4,
    TF_OWNER = 1 << 5,
    TF_CUSTOMER = 1 << 6,
    TF_ORGANIZATION = 1 << 7,
    TF_TAGS = 1 << 8,     /* the whole list */
    TF_TAGS_ADD = 1 << 9,
    TF_TAGS_REMOVE = 1 << 10,
    TF_FIELDS = 1 << 11,
};

struct attachment;

struct ticket_edit {
    unsigned set; /* bits of enum ticket_field: what follows counts only then */
    struct str title;
    int64_t state_id, until_us, priority_id, group_id;
    int64_t owner_id, customer_id, organization_id; /* 0: nobody (not for the customer) */
    const struct str *tags, *tags_add, *tags_remove;
    size_t n_tags, n_tags_add, n_tags_remove;
    const json_t *fields; /* object: name → value; null clears */
};

/* One changed thing, before and after as JSON. */
struct ticket_change {
    const char *name;
    struct str before, after;
};

enum { TICKET_TAGS_MAX = 50, TICKET_EXTRA_CHANGES_MAX = 8 };

/* One ticket being worked on. */
struct ticket_work {
    struct call *c;
    struct ticket before, t;
    bool is_agent;          /* the actor works here as an agent: may change fields, sees all */
    bool is_new;            /* made by this work */
    const char *event;      /* type of the history row; NULL: create, message or update */
    struct message message; /* the one that was added; id 0: none */
    bool message_is_new;    /* it was inserted by ticket_say() or ticket_create(), not taken from elsewhere */
    struct ticket_change extra[TICKET_EXTRA_CHANGES_MAX]; /* beside the row: participants, links */
    size_t n_extra;
    bool touched;           /* save even when nothing of the row differs */
    bool scope_changed;     /* who may find it changed beside the row: its documents are indexed anew */
    bool shown_changed;     /* customers see a change beside the row: its public version grows */
    bool followed_up;       /* the message went to another ticket (t and before are that one's) */
    int64_t asked_id;       /* the ticket that was named at first */
};

/* The version that this reader is told. */
int64_t ticket_version_for(const struct ticket *t, bool internal);

/* Loads and locks.  need: CAN_ANSWER, CAN_CHANGE, CAN_DELETE …; if_match 0 or the version it must have,
 * as the actor was told it (RC_STALE; *w then holds the current row).  Merged tickets are RC_CONFLICT "ticket_merged" unless
 * need is CAN_ANSWER or CAN_READ. */
enum rc ticket_work_begin(struct call *c, int64_t id, enum action need, int64_t if_match,
                          struct ticket_work *w, struct err *e) MUST_USE;
enum rc ticket_apply(struct ticket_work *w, const struct ticket_edit *edit, struct err *e) MUST_USE;
/* May end in another ticket: a follow-up (new, linked) or the merge target; see followed_up. */
enum rc ticket_say(struct ticket_work *w, const struct message_new *m, struct err *e) MUST_USE;
/* Puts the ticket into a state with all that follows: until, close times, reopen count. */
enum rc ticket_set_state(struct ticket_work *w, const struct cat_state *s, struct err *e) MUST_USE;
/* A change beside the row, for history and audit; before and after are JSON. */
void ticket_work_note(struct ticket_work *w, const char *name, struct str before, struct str after);
/* Writes everything once; does nothing when nothing changed. */
enum rc ticket_work_save(struct ticket_work *w, struct err *e) MUST_USE;

/* What a message of the customer's would do to this ticket now: so that a page can say it before. */
enum state_move ticket_customer_move(const struct catalog *cat, const struct ticket *t, int64_t now_us);

struct participant_new {
    int64_t user_id;
    enum participant_role role;
};
struct ticket_new {
    struct ticket_edit edit;       /* title required; the rest has defaults */
    enum channel channel;
    struct message_new message;
    const struct participant_new *participants;
    size_t n_participants;
    struct str external_source, external_id; /* p == NULL: none */
    int64_t follow_up_of;          /* linked to this ticket; 0: none */
    bool by_rule;                  /* made by the system for the customer: rights of the actor are not asked */
};
/* Agents: groups in which they may create; customers: the default one and those open to them. */
bool ticket_may_open_in(const struct actor *who, const struct catalog *cat,
                        const struct cat_group *g);
enum rc ticket_create(struct call *c, const struct ticket_new *in, struct ticket_work *w,
                      struct err *e) MUST_USE;

/* Reading: the row with names, and whether the actor sees it as an agent; RC_NOT_FOUND. */
enum rc ticket_read(struct call *c, int64_t id, struct ticket *out, bool *internal, struct err *e) MUST_USE;
/* Facts for can(), with participation looked up where it can matter, and for customers always: what
 * they may not see of a ticket of theirs runs the same statements as what never was. */
enum rc ticket_facts_of(struct call *c, const struct ticket *t, struct ticket_facts *out,
                        struct err *e) MUST_USE;
/* RC_OK when the actor may do this to the ticket; else RC_NOT_FOUND (cannot even read it) or RC_DENIED. */
enum rc ticket_may(struct call *c, const struct ticket *t, enum action what, struct err *e) MUST_USE;
/* Loads it, when the actor may do this to it: the same codes, also for one that is not there. */
enum rc ticket_reach(struct call *c, int64_t id, enum action what, struct ticket *out,
                     struct err *e) MUST_USE;

/* A message of w's ticket, loaded.  An internal note gets other words (RC_CONFLICT for others); a
 * redacted message says so, and who and why. */
enum rc message_edit_note(struct ticket_work *w, struct message *m, const struct message_body *body,
                          struct err *e) MUST_USE;
enum rc message_redact(struct ticket_work *w, struct message *m, struct str reason,
                       struct err *e) MUST_USE;
/* Takes a file out of m for good; its bytes go when nothing else has them. */
enum rc message_remove_file(struct ticket_work *w, struct message *m, const struct attachment *at, struct str reason,
                            struct err *e) MUST_USE;

/* For the job runner: tickets whose `until` is reached (reminder event, or the state's next state),
 * and solved ones that nobody touched for solved_days (closed).  At most limit tickets; *done counts
 * them, 0 when nothing is left.  Inside a write transaction, as the system. */
enum rc ticket_until_due(struct call *c, int64_t limit, int64_t *done, struct err *e) MUST_USE;
enum rc ticket_close_solved(struct call *c, int64_t solved_days, int64_t limit, int64_t *done,
                            struct err *e) MUST_USE;

#endif
