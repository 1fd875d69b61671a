/* What the database holds about a person, as JSON: a list of objects for each kind of row.
 *
 * Nothing about others: of tickets that are his, what a customer sees, with "the help desk" for who
 * answered; internal notes, and what he wrote for others as an agent, are not his data.  No hash, no
 * secret.  The order is that of ids, so that the same data give the same bytes. */
#ifndef STORE_PERSON_EXPORT_H
#define STORE_PERSON_EXPORT_H

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "store/db.h"

/* Writes "person":[{…}],"addresses":[…],… into the object at hand.  *rows counts them. */
enum rc person_export_write(struct db *db, int64_t user_id, struct jw *w, int64_t *rows, struct err *e) MUST_USE;

struct export_file {
    int64_t id;
    struct str hash;
};
struct export_files {
    struct export_file *v;
    size_t n;
};
/* The attachments that "attachments" lists, by id behind after, at most limit. */
enum rc person_export_files(struct db *db, int64_t user_id, int64_t after, int64_t limit, struct arena *a,
                            struct export_files *out, struct err *e) MUST_USE;

#endif
