#include "store/retention.h"

#include "store/expiry.h"
#include "store/holds.h"

static enum rc two(struct db_rows *r, struct retention_count *out, struct err *e)
{
    *out = (struct retention_count){ 0 };
    if (db_next(r, e))
        *out = (struct retention_count){ .due = db_int(r, 0) - db_int(r, 1), .held = db_int(r, 1) };
    return e->rc;
}

/* ── tickets ── */

#define OLD_TICKETS "FROM tickets t WHERE t.state_type = $2 AND t.updated_us < $3 AND t.merged_into_id IS NULL"
/* The ticket or one that is merged into it. */
#define IS_HELD                                                                                    \
    "EXISTS (WITH RECURSIVE family (id) AS (SELECT t.id UNION SELECT m.id FROM tickets m"          \
    " JOIN family ON m.merged_into_id = family.id)"                                                \
    " SELECT 1 FROM legal_holds h JOIN tickets x ON x.id IN (SELECT id FROM family)"               \
    " WHERE " HOLD_COUNTS " AND " HOLD_KEEPS_TICKET ")"

enum rc retention_tickets_count(struct db *db, int state_type, const struct retention_ask *q,
                                struct retention_count *out, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    TRY(db_query(db, &r, "SELECT count(*), count(*) FILTER (WHERE " IS_HELD ") " OLD_TICKETS,
                 DB_ARGS(DB_INT(q->now_us), DB_INT(state_type), DB_INT(q->before_us)), e));
    return two(&r, out, e);
}

enum rc retention_tickets(struct db *db, int state_type, const struct retention_ask *q,
                          struct arena *a, struct retention_ids *out, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    *out = (struct retention_ids){ .v = ARENA_ARRAY(a, int64_t, (size_t)q->limit) };
    TRY(db_query(db, &r,
                 "SELECT t.id " OLD_TICKETS " AND NOT " IS_HELD " ORDER BY t.updated_us, t.id LIMIT $4",
                 DB_ARGS(DB_INT(q->now_us), DB_INT(state_type), DB_INT(q->before_us),
                         DB_INT(q->limit)),
                 e));
    while (out->n < (size_t)q->limit && db_next(&r, e))
        out->v[out->n++] = db_int(&r, 0);
    return e->rc;
}

/* ── rows that nobody holds ── */

#define COUNTS(name, condition)                                                                    \
    enum rc name(struct db *db, const struct retention_ask *q, struct retention_count *out,        \
                 struct err *e)                                                                    \
    {                                                                                              \
        struct db_rows r CLEAN(db_rows_end) = { 0 };                                               \
                                                                                                   \
        TRY(db_query(db, &r, "SELECT count(*), 0 FROM " condition, DB_ARGS(DB_INT(q->before_us)), e)); \
        return two(&r, out, e);                                                                    \
    }

#define OLD_OUTBOX "outbox WHERE state = 1 AND sent_us < $1"

COUNTS(retention_sessions_count, "sessions WHERE ended_us IS NOT NULL AND ended_us < $1")
COUNTS(retention_jobs_count, "jobs WHERE finished_us IS NOT NULL AND finished_us < $1")
COUNTS(retention_outbox_count, OLD_OUTBOX)
COUNTS(retention_access_count, "access_log WHERE at_us < $1")

enum rc retention_sessions(struct db *db, const struct retention_ask *q, int64_t *n, struct err *e)
{
    return expire_ended_sessions(db, q->before_us, q->limit, n, e);
}

enum rc retention_jobs(struct db *db, const struct retention_ask *q, int64_t *n, struct err *e)
{
    return expire_jobs(db, q->before_us, q->limit, n, e);
}

enum rc retention_access(struct db *db, const struct retention_ask *q, int64_t *n, struct err *e)
{
    return expire_access(db, q->before_us, q->limit, n, e);
}

enum rc retention_outbox(struct db *db, const struct retention_ask *q, int64_t *n, struct err *e)
{
    return db_exec(db,
                   "DELETE FROM outbox WHERE id IN (SELECT id FROM " OLD_OUTBOX " ORDER BY id LIMIT $2)",
                   DB_ARGS(DB_INT(q->before_us), DB_INT(q->limit)), n, e);
}

/* The newest of each kind is what is known today; signatures and seals are proof. */
#define OLD_EVIDENCE                                                                               \
    "evidence v WHERE v.at_us < $1 AND substr(v.kind, 1, 5) <> 'sign.' AND substr(v.kind, 1, 9) <> 'checklist'" \
    " AND v.id < (SELECT max(w.id) FROM evidence w WHERE w.kind = v.kind)"

COUNTS(retention_evidence_count, OLD_EVIDENCE)

enum rc retention_evidence(struct db *db, const struct retention_ask *q, int64_t *n, struct err *e)
{
    return db_exec(db,
                   "DELETE FROM evidence WHERE id IN (SELECT v.id FROM " OLD_EVIDENCE
                   " ORDER BY v.id LIMIT $2)",
                   DB_ARGS(DB_INT(q->before_us), DB_INT(q->limit)), n, e);
}

/* ── rows that a hold may keep ── */

#define OLD_DRAFTS "FROM drafts d WHERE d.updated_us < $2"
#define DRAFT_IS_HELD                                                                              \
    "(EXISTS (SELECT 1 FROM legal_holds h WHERE " HOLD_COUNTS                                      \
    " AND h.object = 0 AND h.object_id = d.user_id)"                                               \
    " OR EXISTS (SELECT 1 FROM legal_holds h JOIN tickets x ON x.id = d.ticket_id WHERE " HOLD_COUNTS \
    " AND " HOLD_KEEPS_TICKET "))"

enum rc retention_drafts_count(struct db *db, const struct retention_ask *q,
                               struct retention_count *out, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    TRY(db_query(db, &r, "SELECT count(*), count(*) FILTER (WHERE " DRAFT_IS_HELD ") " OLD_DRAFTS,
                 DB_ARGS(DB_INT(q->now_us), DB_INT(q->before_us)), e));
    return two(&r, out, e);
}

enum rc retention_drafts(struct db *db, const struct retention_ask *q, int64_t *n, struct err *e)
{
    return db_exec(db,
                   "DELETE FROM drafts WHERE id IN (SELECT d.id " OLD_DRAFTS " AND NOT " DRAFT_IS_HELD
                   " ORDER BY d.id LIMIT $3)",
                   DB_ARGS(DB_INT(q->now_us), DB_INT(q->before_us), DB_INT(q->limit)), n, e);
}

#define OLD_DETAILS                                                                                \
    "FROM audit l WHERE l.at_us < $2 AND l.details IS NOT NULL AND l.details <> ''"                \
    " AND l.object <> 'evidence'"
#define DETAILS_ARE_HELD                                                                           \
    "(EXISTS (SELECT 1 FROM legal_holds h WHERE " HOLD_COUNTS                                      \
    " AND ((h.object = 0 AND (h.object_id = l.actor_id OR (l.object = 'user' AND h.object_id = l.object_id)))" \
    " OR (h.object = 1 AND l.object = 'organization' AND h.object_id = l.object_id)))"             \
    " OR EXISTS (SELECT 1 FROM legal_holds h JOIN tickets x ON l.object = 'ticket' AND x.id = l.object_id" \
    " WHERE " HOLD_COUNTS " AND " HOLD_KEEPS_TICKET "))"

enum rc retention_audit_count(struct db *db, const struct retention_ask *q,
                              struct retention_count *out, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    TRY(db_query(db, &r, "SELECT count(*), count(*) FILTER (WHERE " DETAILS_ARE_HELD ") " OLD_DETAILS,
                 DB_ARGS(DB_INT(q->now_us), DB_INT(q->before_us)), e));
    return two(&r, out, e);
}

enum rc retention_audit(struct db *db, const struct retention_ask *q, int64_t *n, struct err *e)
{
    return db_exec(db,
                   "UPDATE audit SET details = NULL WHERE n IN (SELECT l.n " OLD_DETAILS
                   " AND NOT " DETAILS_ARE_HELD " ORDER BY l.at_us, l.n LIMIT $3)",
                   DB_ARGS(DB_INT(q->now_us), DB_INT(q->before_us), DB_INT(q->limit)), n, e);
}
