/* Entries and verdicts of the audit log as JSON, alike in the API and in exports. */
#ifndef DESK_AUDIT_JSON_H
#define DESK_AUDIT_JSON_H

#include "base/json.h"
#include "desk/audit_verify.h"

/* whole: with the hashes, for exports that are to be checked elsewhere. */
void audit_row_write(struct jw *w, const struct audit_row *row, bool whole);
void audit_verdict_write(struct jw *w, const struct audit_verdict *v);

#endif
