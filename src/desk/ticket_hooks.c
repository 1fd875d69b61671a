/* Weak forms of what other parts bring; see ticket_hooks.h. */
#include "desk/ticket_hooks.h"

__attribute__((weak)) enum rc attachments_claim(struct db *db, const struct actor *who,
                                                const int64_t *ids, size_t n, int64_t ticket_id,
                                                int64_t message_id, struct err *e)
{
    (void)db, (void)who, (void)ids, (void)ticket_id, (void)message_id;
    return n ? err_field(e, "/attachments/0", "unknown", "", "There is no such upload.") : RC_OK;
}

__attribute__((weak)) enum rc search_index_ticket(struct db *db, const struct ticket *t,
                                                  struct arena *a, struct err *e)
{
    (void)db, (void)t, (void)a, (void)e;
    return RC_OK;
}

__attribute__((weak)) enum rc search_index_message(struct db *db, const struct ticket *t,
                                                   const struct message *m, struct arena *a,
                                                   struct err *e)
{
    (void)db, (void)t, (void)m, (void)a, (void)e;
    return RC_OK;
}
