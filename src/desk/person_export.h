/* What is known about a person, to be handed out (GDPR, articles 15 and 20): data.json
 * (store/person_export.h says what stands in it) and the files of the person's messages.
 *
 * As a ZIP file for the API (person_export_zip(), made by a job), in a folder for the command line. */
#ifndef DESK_PERSON_EXPORT_H
#define DESK_PERSON_EXPORT_H

#include "base/buf.h"
#include "desk/account.h"
#include "desk/blob.h"
#include "store/jobs.h"

#define PERSON_EXPORT_JOB "person_export"

struct person_export {
    struct db *db; /* reads */
    struct blobs *blobs;
    int64_t user_id;
    struct arena *a;
    void (*alive)(void *arg); /* called now and then while it works; may be NULL */
    void *arg;
    int64_t rows, files; /* out */
    struct str sha256;   /* out: of data.json */
};
/* data.json, into an empty buffer.  RC_NOT_FOUND: there is no such person; RC_TOO_BIG. */
enum rc person_export_data(struct person_export *x, struct buf *out, struct err *e) MUST_USE;
/* data.json and attachments/ID into a new file.  A file whose bytes are gone is left out and named in
 * missing.txt. */
enum rc person_export_zip(struct person_export *x, const char *path, struct err *e) MUST_USE;
/* The entry "user.export" of the audit log; in a write transaction. */
enum rc person_export_audit(struct db *db, const struct actor *who, const struct person_export *x, struct err *e) MUST_USE;

/* Whether the caller may have it: oneself by a login, others with admin.user and admin.ticket, since it holds
 * what stands in tickets of all groups.  RC_DENIED, RC_NOT_FOUND. */
enum rc person_export_check(const struct account *c, int64_t user_id, struct err *e) MUST_USE;
/* Adds the job that makes it for the caller.  As above, and RC_LIMITED while two of his jobs are open. */
enum rc person_export_ask(const struct account *c, int64_t user_id, struct job *out, struct err *e) MUST_USE;

#endif
