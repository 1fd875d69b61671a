/* Mails that wait to leave; written in the transaction of what they tell of. */
#ifndef STORE_OUTBOX_H
#define STORE_OUTBOX_H

#include "base/err.h"
#include "base/str.h"
#include "store/db.h"

struct outbox_mail {
    const char *kind; /* "mail.password_reset" */
    struct str recipient, subject, body;
    int64_t ticket_id; /* or 0 */
};
enum rc outbox_add(struct db *db, const struct outbox_mail *m, int64_t now_us, struct err *e) MUST_USE;
/* Of a copy that is only tried out: nothing of it may leave. */
enum rc outbox_forget(struct db *db, struct err *e) MUST_USE;

#endif
