#include "store/scope.h"

/* With groups in the condition most rows of a walk by time match, and the unary plus keeps both
 * engines from collecting every ticket of a group before sorting; a customer's few tickets are
 * found through their own indexes. */
static void add_groups(struct sql *q, const struct scope *s)
{
    bool alone = !s->user_id && !s->n_orgs;

    if (alone)
        sql_add(q, " OR t.group_id IN (", DB_NO_ARGS);
    else
        sql_add(q, " OR +t.group_id IN (", DB_NO_ARGS);
    sql_add_ints(q, s->groups, s->n_groups);
    sql_add(q, ")", DB_NO_ARGS);
}

void scope_where(struct sql *q, const struct scope *s)
{
    if (s->all)
        return;
    sql_add(q, " AND (1 = 0", DB_NO_ARGS);
    if (s->n_groups)
        add_groups(q, s);
    if (s->user_id && s->only_own)
        sql_add(q, " OR (t.customer_id = ? AND t.created_by = ?)", DB_ARGS(DB_INT(s->user_id), DB_INT(s->user_id)));
    else if (s->user_id)
        sql_add(q,
                " OR t.customer_id = ?"
                " OR t.id IN (SELECT p.ticket_id FROM participants p WHERE p.user_id = ?)",
                DB_ARGS(DB_INT(s->user_id), DB_INT(s->user_id)));
    if (s->n_orgs) {
        sql_add(q, " OR t.organization_id IN (", DB_NO_ARGS);
        sql_add_ints(q, s->orgs, s->n_orgs);
        sql_add(q, ")", DB_NO_ARGS);
    }
    sql_add(q, ")", DB_NO_ARGS);
}
