/* The compliance report: who changed what, who signed in, who was refused, whose rights changed, what
 * was held, erased and retired, in a period; from the audit log, so that each line can be checked against
 * its hash.
 *
 * CSV has a line for each entry.  Cells that a spreadsheet would take for a formula begin with an
 * apostrophe, and all are quoted.  HTML has the counts, the verdict on the chain, and the lines of the
 * sections that an auditor reads one by one; changes of tickets are only counted there. */
#ifndef DESK_COMPLIANCE_H
#define DESK_COMPLIANCE_H

#include "base/buf.h"
#include "base/err.h"
#include "desk/actor.h"
#include "store/db.h"

enum compliance_section {
    COMPLIANCE_REFUSED, /* refused sign-ins */
    COMPLIANCE_SIGN_IN, /* sign-ins, sessions, passwords, second steps */
    COMPLIANCE_RIGHTS,  /* rights, roles, groups, tokens */
    COMPLIANCE_PRIVACY, /* erasures, holds, retired tickets */
    COMPLIANCE_PROOF,   /* evidence: retention runs, backups, drills, signatures, reports */
    COMPLIANCE_SETTING,
    COMPLIANCE_PEOPLE,
    COMPLIANCE_TICKETS,
    COMPLIANCE_OTHER,
    COMPLIANCE_READS,   /* who read what, where ACCESS_LOG is on */
    COMPLIANCE_DENIED,  /* requests that were refused (desk/refused.h) */
    COMPLIANCE_SECTIONS_
};
extern const char *const compliance_names[COMPLIANCE_SECTIONS_]; /* "refused_sign_ins" */

struct compliance {
    int64_t from_us, to_us; /* from inclusive, to exclusive */
    bool is_html;
    struct str witness;     /* heads written down (desk/audit_verify.h), or empty */
    int64_t entries;        /* out */
    int64_t counts[COMPLIANCE_SECTIONS_];
    bool is_whole; /* the chain, over all time */
};
/* Appends the report to out.  RC_TOO_BIG when it does not fit: ask for a shorter period. */
enum rc compliance_report(struct db *db, struct compliance *c, struct arena *a, struct buf *out,
                          struct err *e) MUST_USE;
/* Records it as evidence "compliance.report"; sha256: hex, of the file.  Write connection. */
enum rc compliance_record(struct db *db, const struct actor *who, const struct compliance *c,
                          struct str sha256, struct arena *a, struct err *e) MUST_USE;

/* admin.audit, and a period that ends behind its begin: RC_DENIED, RC_INVALID at /to. */
enum rc compliance_check(const struct actor *who, const struct compliance *c, struct err *e) MUST_USE;
/* Adds the job that makes the report (desk/later.h). */
#define COMPLIANCE_JOB "compliance_report"
struct account;
struct job;
enum rc compliance_ask(const struct account *c, const struct compliance *want, struct job *out,
                       struct err *e) MUST_USE;

/* One cell of CSV: quoted and defused. */
void compliance_cell(struct buf *out, struct str s);

#endif
