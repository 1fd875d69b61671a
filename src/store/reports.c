#include "store/reports.h"

enum { ROWS_GROW = 1024 };

/* The unary plus keeps SQLite from taking an index of the groups, and then every ticket of theirs. */
static void in_groups(struct sql *q, const struct report_groups *g)
{
    if (g->all)
        return;
    sql_add(q, " AND +t.group_id IN (", DB_NO_ARGS);
    sql_add_ints(q, g->v, g->n);
    sql_add(q, ")", DB_NO_ARGS);
}

/* Room for the row number n; RC_INVALID when there are too many. */
#define ROOM(a, rows, e) room_for((a), (void **)&(rows)->v, (rows)->n, sizeof(*(rows)->v), (e))
static enum rc room_for(struct arena *a, void **v, size_t n, size_t size, struct err *e)
{
    if (n >= REPORT_ROWS_MAX)
        return err_field(e, "from", "range", "a shorter span, or one group", "There are too many tickets in this span.");
    if (n == 0)
        *v = arena_alloc_raw(a, ROWS_GROW * size);
    else if (n >= ROWS_GROW && (n & (n - 1)) == 0) /* it doubles */
        *v = arena_grow(a, *v, n * size, 2 * n * size);
    return RC_OK;
}

enum rc reports_created(struct db *db, const struct report_groups *g, int64_t from_us, int64_t to_us,
                        struct arena *a, struct report_created_rows *out, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };
    struct sql q = sql_new(a);

    *out = (struct report_created_rows){ 0 };
    sql_add(&q,
            "SELECT t.created_us, t.first_response_us FROM tickets t"
            " WHERE t.created_us >= ? AND t.created_us < ? AND t.state_type < 6",
            DB_ARGS(DB_INT(from_us), DB_INT(to_us)));
    in_groups(&q, g);
    sql_add(&q, " LIMIT ?", DB_ARGS(DB_INT(REPORT_ROWS_MAX + 1)));
    TRY(db_query_sql(db, &r, &q, e));
    while (db_next(&r, e)) {
        TRY(ROOM(a, out, e));
        out->v[out->n++] = (struct report_created){ db_int(&r, 0), db_int(&r, 1) };
    }
    return e->rc;
}

enum rc reports_created_since(struct db *db, const struct report_groups *g, int64_t from_us, struct arena *a,
                              int64_t *n, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };
    struct sql q = sql_new(a);

    sql_add(&q, "SELECT count(*) FROM tickets t WHERE t.created_us >= ? AND t.state_type < 6", DB_ARGS(DB_INT(from_us)));
    in_groups(&q, g);
    TRY(db_query_sql(db, &r, &q, e));
    *n = db_next(&r, e) ? db_int(&r, 0) : 0;
    return e->rc;
}

enum rc reports_done(struct db *db, const struct report_groups *g, int64_t from_us, struct arena *a,
                     struct report_done_rows *out, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };
    struct sql q = sql_new(a);

    *out = (struct report_done_rows){ 0 };
    sql_add(&q,
            "SELECT t.last_close_us, t.owner_id FROM tickets t"
            " WHERE t.state_type IN (4, 5) AND t.last_close_us >= ?",
            DB_ARGS(DB_INT(from_us)));
    in_groups(&q, g);
    sql_add(&q, " LIMIT ?", DB_ARGS(DB_INT(REPORT_ROWS_MAX + 1)));
    TRY(db_query_sql(db, &r, &q, e));
    while (db_next(&r, e)) {
        TRY(ROOM(a, out, e));
        out->v[out->n++] = (struct report_done){ db_int(&r, 0), db_int(&r, 1) };
    }
    return e->rc;
}

enum rc reports_open(struct db *db, const struct report_groups *g, const int64_t since_us[REPORT_AGES],
                     struct arena *a, struct report_open_rows *out, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };
    struct sql q = sql_new(a);

    *out = (struct report_open_rows){ 0 };
    sql_add(&q, "SELECT priority_id, age, count(*) FROM (SELECT t.priority_id, CASE", DB_NO_ARGS);
    for (int i = 0; i < REPORT_AGES; i++)
        sql_add(&q, " WHEN t.created_us >= ? THEN ?", DB_ARGS(DB_INT(since_us[i]), DB_INT(i)));
    sql_add(&q, " ELSE ? END AS age FROM tickets t WHERE t.state_type < 4", DB_ARGS(DB_INT(REPORT_AGES)));
    sql_add(&q, " AND t.group_id IN (", DB_NO_ARGS); /* the index of open ones begins with the group */
    sql_add_ints(&q, g->v, g->n);
    sql_add(&q, ")) AS o GROUP BY priority_id, age ORDER BY priority_id, age", DB_NO_ARGS);
    TRY(db_query_sql(db, &r, &q, e));
    while (db_next(&r, e)) {
        TRY(ROOM(a, out, e));
        out->v[out->n++] = (struct report_open){ db_int(&r, 0), db_int(&r, 1), db_int(&r, 2) };
    }
    return e->rc;
}

enum rc reports_cells(struct db *db, const struct report_groups *g, struct arena *a, struct report_cells *out,
                      struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };
    struct sql q = sql_new(a);

    *out = (struct report_cells){ 0 };
    sql_add(&q, "SELECT t.group_id, t.state_id, t.owner_id, t.n FROM ticket_counts t WHERE t.n > 0", DB_NO_ARGS);
    in_groups(&q, g);
    sql_add(&q, " ORDER BY t.group_id, t.state_id, t.owner_id", DB_NO_ARGS);
    TRY(db_query_sql(db, &r, &q, e));
    while (db_next(&r, e)) {
        TRY(ROOM(a, out, e));
        out->v[out->n++] = (struct report_cell){ db_int(&r, 0), db_int(&r, 1), db_int(&r, 2), db_int(&r, 3) };
    }
    return e->rc;
}

enum rc reports_answers(struct db *db, const struct report_groups *g, int64_t from_us, int64_t to_us, int64_t only,
                        struct arena *a, struct report_answers_rows *out, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };
    struct sql q = sql_new(a);

    *out = (struct report_answers_rows){ 0 };
    sql_add(&q,
            "SELECT m.author_id, count(*), count(DISTINCT m.ticket_id)"
            " FROM messages m JOIN tickets t ON t.id = m.ticket_id"
            " WHERE m.sender = 1 AND m.visibility = 0 AND m.is_auto = 0"
            " AND m.created_us >= ? AND m.created_us < ? AND t.state_type < 7",
            DB_ARGS(DB_INT(from_us), DB_INT(to_us)));
    if (only)
        sql_add(&q, " AND +m.author_id = ?", DB_ARGS(DB_INT(only)));
    in_groups(&q, g);
    sql_add(&q, " GROUP BY m.author_id ORDER BY m.author_id", DB_NO_ARGS);
    TRY(db_query_sql(db, &r, &q, e));
    while (db_next(&r, e)) {
        TRY(ROOM(a, out, e));
        out->v[out->n++] = (struct report_answers){ db_int(&r, 0), db_int(&r, 1), db_int(&r, 2) };
    }
    return e->rc;
}

enum rc reports_names(struct db *db, const int64_t *ids, size_t n, struct arena *a, struct report_names *out,
                      struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };
    struct sql q = sql_new(a);

    *out = (struct report_names){ 0 };
    sql_add(&q, "SELECT id, name FROM users WHERE id IN (", DB_NO_ARGS);
    sql_add_ints(&q, ids, n);
    sql_add(&q, ") ORDER BY id", DB_NO_ARGS);
    TRY(db_query_sql(db, &r, &q, e));
    while (db_next(&r, e)) {
        TRY(ROOM(a, out, e));
        out->v[out->n++] = (struct report_name){ db_int(&r, 0), db_text(&r, 1, a) };
    }
    return e->rc;
}

/* ── somebody's own ── */

static void of_owner(struct sql *q, const struct report_groups *g, int64_t user_id)
{
    sql_add(q, " FROM tickets t WHERE t.owner_id = ? AND t.state_type IN (0, 1, 2, 3)", DB_ARGS(DB_INT(user_id)));
    in_groups(q, g);
}

/* What comes first: the end of waiting, or what the service level asks. */
#define DUE                                                                                        \
    "CASE WHEN t.until_us IS NULL OR t.next_due_us < t.until_us THEN t.next_due_us ELSE t.until_us END"

enum rc reports_own(struct db *db, const struct report_groups *g, const struct report_own *o, struct arena *a,
                    int64_t **ids, size_t *n, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };
    struct sql q = sql_new(a);

    *ids = ARENA_ARRAY(a, int64_t, (size_t)o->limit);
    *n = 0;
    if (o->due) {
        sql_add(&q, "SELECT t.id, " DUE " AS at_us", DB_NO_ARGS);
        of_owner(&q, g, o->user_id);
        sql_add(&q, " AND " DUE " < ?", DB_ARGS(DB_INT(o->due_before_us)));
    } else {
        sql_add(&q, "SELECT t.id, t.waiting_since_us AS at_us", DB_NO_ARGS);
        of_owner(&q, g, o->user_id);
        sql_add(&q, " AND t.waiting_since_us IS NOT NULL", DB_NO_ARGS);
    }
    sql_add(&q, " ORDER BY at_us, t.id LIMIT ?", DB_ARGS(DB_INT(o->limit)));
    TRY(db_query_sql(db, &r, &q, e));
    while (*n < (size_t)o->limit && db_next(&r, e))
        (*ids)[(*n)++] = db_int(&r, 0);
    return e->rc;
}

enum rc reports_own_counts(struct db *db, const struct report_groups *g, int64_t user_id, int64_t now_us,
                           int64_t due_before_us, struct arena *a, struct report_own_counts *out,
                           struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };
    struct sql q = sql_new(a);

    sql_add(&q,
            "SELECT count(t.waiting_since_us), count(CASE WHEN " DUE " < ? THEN 1 END), count(CASE WHEN " DUE
            " < ? THEN 1 END)",
            DB_ARGS(DB_INT(now_us), DB_INT(due_before_us)));
    of_owner(&q, g, user_id);
    TRY(db_query_sql(db, &r, &q, e));
    *out = (struct report_own_counts){ 0 };
    if (db_next(&r, e))
        *out = (struct report_own_counts){ db_int(&r, 0), db_int(&r, 1), db_int(&r, 2) };
    return e->rc;
}
