#include "store/outbox.h"

enum rc outbox_add(struct db *db, const struct outbox_mail *m, int64_t now_us, struct err *e)
{
    return db_exec(db,
                   "INSERT INTO outbox (kind, recipient, subject, body, ticket_id, not_before_us,"
                   " created_us) VALUES ($1, $2, $3, $4, $5, $6, $6)",
                   DB_ARGS(DB_TEXT(str_of(m->kind)), DB_TEXT(m->recipient), DB_TEXT(m->subject),
                           DB_TEXT(m->body), DB_ID(m->ticket_id), DB_INT(now_us)),
                   NULL, e);
}

enum rc outbox_forget(struct db *db, struct err *e)
{
    return db_exec(db, "DELETE FROM outbox", DB_NO_ARGS, NULL, e);
}
