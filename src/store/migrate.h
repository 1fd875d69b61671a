/* Numbered changes of the schema, built into the binary from src/store/migrations/NNNN_name.sql.
 *
 * A file has a "-- +up" and a "-- +down" part.  Lines "-- +sqlite", "-- +postgres", "-- +both" say
 * which engine the following lines are for.  Placeholders: {{id}} a key column whose values are
 * never used again, {{blob}} bytes, {{c}} bytewise collation.
 *
 * Each migration runs in a transaction of its own, and writes the table schema_migrations with the
 * checksum of the text that was applied.  An applied migration that was changed since, or one that
 * this binary does not know (a newer one ran), is refused before anything is done: RC_FAIL with
 * code "migration_changed" or "schema_newer".  Two processes at once wait for each other.
 * Any thread; every call opens a connection of its own. */
#ifndef STORE_MIGRATE_H
#define STORE_MIGRATE_H

#include "base/defs.h"
#include "base/err.h"
#include "base/str.h"
#include "store/db.h"

struct arena;
struct store;

struct migration {
    int64_t version;
    const char *name;
    struct str text;
};

struct migration_list {
    const struct migration *v; /* versions 1, 2, 3, … */
    size_t n;
};

extern const struct migration_list migrations_built_in;

/* The statements that it runs on its way up, for one engine; lives in a. */
struct str migration_up(const struct migration *m, enum db_kind kind, struct arena *a);

struct migrate_opts {
    const struct migration_list *list; /* NULL: the built-in ones */
    bool has_to;
    int64_t to;    /* up or down to this version; without has_to: up to the newest */
    bool dry_run;  /* runs all in one transaction and rolls it back */
    /* Told of each step after it was done (may be NULL). */
    void (*on_step)(void *arg, const struct migration *m, bool up);
    void *arg;
};

enum rc store_migrate(struct store *s, const struct migrate_opts *o, struct err *e) MUST_USE;

struct migration_state {
    int64_t version;
    struct str name;
    int64_t applied_us; /* 0: waiting */
    bool changed;       /* the applied text was another one */
    bool unknown;       /* applied by a newer binary */
};
/* All known and all applied migrations by version; *out lives in a. */
enum rc store_migrate_status(struct store *s, const struct migrate_opts *o, struct arena *a,
                             struct migration_state **out, size_t *n, struct err *e) MUST_USE;

/* For readiness and the start: RC_OK when the schema is this binary's, else RC_FAIL as above, or
 * RC_FAIL with code "schema_older". */
enum rc store_migrations_current(struct db *db, struct err *e) MUST_USE;

#endif
