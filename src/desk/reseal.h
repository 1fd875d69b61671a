/* Which key seals what in the database, and sealing all of it with the first one (desk/secret.h), so that
 * a former key can be thrown away.
 *
 * Before anything is changed every text is opened: one that no key opens stops it, since the key that
 * is missing would be thrown away next.  It works in steps of a few rows, each a transaction of its own
 * with an entry of the audit log ("secrets.reseal"): a kill in between loses nothing, both keys are still
 * needed, and the next run goes on.  Each run is an evidence "secrets.rotate".
 * The server may run meanwhile, with the same settings. */
#ifndef DESK_RESEAL_H
#define DESK_RESEAL_H

#include "base/json.h"
#include "desk/actor.h"
#include "desk/secret.h"
#include "store/sealed.h"
#include "store/store.h"

enum { RESEAL_NAMED = 5 };

struct reseal_row {
    enum sealed_place place;
    int64_t id;
};
struct reseal_report {
    int64_t rows;                    /* sealed texts in all */
    int64_t by_key[SECRET_KEYS_MAX]; /* as in secret_keys: how many it opens */
    int64_t former;                  /* opened by another key than the first, or without a key's name */
    int64_t unreadable;
    struct reseal_row first[RESEAL_NAMED]; /* of those */
    int64_t resealed;                /* by this run */
};

/* Any connection. */
enum rc reseal_look(struct db *db, const struct secret_keys *k, struct reseal_report *out,
                    struct err *e) MUST_USE;
/* db reads.  RC_CONFLICT "sealed_unreadable": some text opens with none of the keys, nothing was
 * changed; "sealed_former": somebody goes on sealing with a former key. */
enum rc reseal_run(struct store *s, struct db *db, const struct secret_keys *k, const struct actor *who,
                   struct reseal_report *out, struct err *e) MUST_USE;

/* {"keys":[{"setting":…,"key":…,"seals":…,"rows":…}],"rows":…,"former":…,"unreadable":…,"resealed":…} */
void reseal_write(struct jw *w, const struct secret_keys *k, const struct reseal_report *report);
/* "second_steps 17, second_steps 20 and 3 more" */
struct str reseal_names(const struct reseal_report *report, struct arena *a);

#endif
