/* Weak forms of what other parts bring; see ticket_hooks.h. */
#include "desk/ticket_hooks.h"

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
