/* The hash-chained audit log: who did what to what, from where, before and after.
 *
 * audit_add() writes one entry in the transaction of the change itself.  It locks the head of the
 * chain until the commit, so it comes last (together with the events of tickets, whose ids then
 * grow in the order of commits).  Writer's connection only.
 * What is logged: every login attempt, every right, setting and data change.  Details are JSON
 * made with jw: {"before":{…},"after":{…}}, changed fields only; never a secret, a hash, a token
 * or a message's body. */
#ifndef DESK_AUDIT_H
#define DESK_AUDIT_H

#include "base/err.h"
#include "base/str.h"
#include "desk/actor.h"
#include "store/db.h"

struct audit_entry {
    const char *action; /* "ticket.update", "login.failed": object.verb */
    const char *object; /* "ticket", "user", "session", … or "" */
    int64_t object_id;  /* 0: none */
    struct str details; /* JSON object, or empty */
};

enum rc audit_add(struct db *db, const struct actor *who, const struct audit_entry *entry,
                  struct arena *a, struct err *e) MUST_USE;

#endif
