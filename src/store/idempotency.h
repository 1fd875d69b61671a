/* Stored answers of requests with an Idempotency-Key (table idempotency). */
#ifndef STORE_IDEMPOTENCY_H
#define STORE_IDEMPOTENCY_H

#include "base/err.h"
#include "base/str.h"
#include "store/db.h"

struct idempotency_row {
    struct str key_hash, request_hash;
    int64_t status;
    struct str headers; /* "name: value\n" each */
    struct str body;
    int64_t created_us;
};

/* RC_NOT_FOUND: no row of this key since since_us. */
enum rc idempotency_load(struct db *db, struct str key_hash, int64_t since_us, struct arena *a,
                         struct idempotency_row *out, struct err *e) MUST_USE;
/* Takes the place of a row older than since_us; RC_CONFLICT when a younger one is there. */
enum rc idempotency_save(struct db *db, const struct idempotency_row *row, int64_t since_us,
                         struct err *e) MUST_USE;

#endif
