#include "desk/owner.h"

#include "desk/auth.h"
#include "desk/can.h"
#include "desk/ticket.h"
#include "store/rights.h"

enum { BATCH = 200 };

static enum rc clear_owner(struct call *c, int64_t ticket_id, struct err *e)
{
    const struct ticket_edit edit = { .set = TF_OWNER, .owner_id = 0 };
    struct ticket_work w;

    TRY(ticket_work_begin(c, ticket_id, CAN_CHANGE, 0, &w, e));
    TRY(ticket_apply(&w, &edit, e));
    return ticket_work_save(&w, e);
}

enum rc owner_check_rights(struct db *db, const struct actor *who, int64_t user_id, struct arena *a,
                           struct err *e)
{
    struct actor server = { .type = ACTOR_SYSTEM, .address = who->address, .request_id = who->request_id };
    struct actor owner = { 0 };
    struct owned_rows rows;
    int64_t after = 0;
    struct call c;
    enum rc rc = actor_load(db, user_id, a, &owner, e);

    if (rc == RC_NOT_FOUND) /* switched off: he may nothing */
        err_clear(e);
    else
        TRY(rc);
    TRY(call_begin(db, &server, a, &c, e));
    do {
        TRY(owned_open_tickets(db, user_id, after, BATCH, a, &rows, e));
        for (size_t i = 0; i < rows.n; i++) {
            const struct ticket_facts facts = { .group_id = rows.v[i].group_id };

            after = rows.v[i].ticket_id;
            if (!can(&owner, CAN_OWN, &facts))
                TRY(clear_owner(&c, after, e));
        }
    } while (rows.n == BATCH);
    return RC_OK;
}

enum rc owner_check_role(struct db *db, const struct actor *who, int64_t role_id, struct arena *a,
                         struct err *e)
{
    struct owner_rows owners;

    TRY(owners_with_role(db, role_id, a, &owners, e));
    for (size_t i = 0; i < owners.n; i++)
        TRY(owner_check_rights(db, who, owners.v[i], a, e));
    return RC_OK;
}
