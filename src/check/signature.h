/* Signatures under lines of the checklist that only a person can judge.  A signature is evidence of
 * the kind "sign.ID" (desk/evidence.h), so it has its entry in the audit chain. */
#ifndef CHECK_SIGNATURE_H
#define CHECK_SIGNATURE_H

#include "check/checklist.h"
#include "desk/actor.h"

struct check_run;
struct db;
struct err;
struct finding;

enum { SIGNATURE_NAME_MAX = 100, SIGNATURE_NOTE_MAX = 300 };

struct signature {
    struct str by, role, note; /* note may be empty */
    bool not_applicable;
};

/* Signs a line in a write transaction.  RC_INVALID: a name or role is missing or too long, or the
 * line is not one that a person judges. */
enum rc signature_add(struct db *db, const struct check_line *l, const struct signature *s,
                      const struct actor *who, struct arena *a, struct err *e) MUST_USE;
/* Turns "waiting for signature" into what the newest signature says, when it still holds. */
void signature_apply(struct check_run *r, const struct check_line *l, struct finding *f);

#endif
