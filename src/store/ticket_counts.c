#include "store/ticket_counts.h"

enum rc ticket_counts_by_state(struct db *db, const int64_t *groups, size_t n_groups, int64_t user_id,
                               struct arena *a, struct db_rows *r, struct err *e)
{
    struct sql q = sql_new(a);

    sql_add(&q,
            "SELECT state_id, CAST(SUM(n) AS BIGINT),"
            " CAST(SUM(CASE WHEN owner_id = 0 THEN n ELSE 0 END) AS BIGINT),"
            " CAST(SUM(CASE WHEN owner_id = ? THEN n ELSE 0 END) AS BIGINT)"
            " FROM ticket_counts WHERE group_id IN (",
            DB_ARGS(DB_INT(user_id)));
    sql_add_ints(&q, groups, n_groups);
    sql_add(&q, ") GROUP BY state_id ORDER BY state_id", DB_NO_ARGS);
    return db_query_sql(db, r, &q, e);
}
