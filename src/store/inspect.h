/* Looks at the database as an operator would: what is missing, how large it is, how it grows.
 * Readers' connections.  Used by server checklist. */
#ifndef STORE_INSPECT_H
#define STORE_INSPECT_H

#include "base/err.h"
#include "base/str.h"
#include "store/db.h"

struct arena;

enum inspect_kind { INSPECT_INDEX, INSPECT_TRIGGER };
/* The names that the migrations make and the database lacks, comma separated, in *missing; how many
 * there should be in *n. */
enum rc inspect_missing(struct db *db, enum inspect_kind kind, struct arena *a, struct str *missing,
                        size_t *n, struct err *e) MUST_USE;
/* SQLite: what PRAGMA quick_check says, "ok" when sound; "ok" on PostgreSQL, which checks its pages
 * itself. */
enum rc inspect_sound(struct db *db, struct arena *a, struct str *words, struct err *e) MUST_USE;
/* Connections allowed and in use; 0 and 0 on SQLite. */
enum rc inspect_connections(struct db *db, int64_t *allowed, int64_t *used, struct err *e) MUST_USE;
/* PostgreSQL: whether this connection is encrypted; false on SQLite. */
enum rc inspect_is_encrypted(struct db *db, bool *encrypted, struct err *e) MUST_USE;

struct inspect_facts {
    int64_t bytes;           /* size of the database */
    int64_t first_us;        /* first entry of the audit log, 0: none */
    int64_t admins;          /* active administrators */
    int64_t admins_no_second; /* of these, without a second step */
    int64_t failed_logins;   /* entries of the audit log since since_us */
    int64_t entries, entries_since; /* of the audit log in all, and since since_us */
};
enum rc inspect_facts(struct db *db, int64_t since_us, struct inspect_facts *out,
                      struct err *e) MUST_USE;

#endif
