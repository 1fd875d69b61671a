/* Restoring a copy of PostgreSQL: pgBackRest puts the data back, PostgreSQL itself recovers them from the
 * archived log, and it is asked while it runs. */
#include "backup/restore_priv.h"

#include "backup/pg_copy.h"
#include "backup/pgbackrest.h"
#include "base/clock.h"
#include "base/file.h"
#include "store/audit.h"
#include "store/blobs.h"
#include "store/inspect.h"
#include "store/store.h"

struct asking {
    struct restore_work *w;
    struct store *store;
    struct db *db;
};

/* Up to when it was brought: what was asked for, or the last change that the archive had. */
static enum rc look(struct asking *q, bool ended_early, struct err *e)
{
    struct restored *out = q->w->out;
    struct inspect_facts facts;
    struct audit_head head;
    int64_t last_us = 0;

    TRY(inspect_facts(q->db, 0, &facts, e));
    TRY(audit_head_load(q->db, false, q->w->a, &head, e));
    out->database_bytes = facts.bytes;
    out->audit_n = head.n;
    if (head.n > 0)
        TRY(audit_time_behind(q->db, head.n - 1, &last_us, e));
    out->at_us = last_us > out->set_at_us ? last_us : out->set_at_us;
    if (q->w->to->until_us && !ended_early)
        out->at_us = q->w->to->until_us;
    out->has_log = true;
    if (ended_early)
        snprintf(out->note, sizeof(out->note), "the archived log ends before the time asked for");
    return RC_OK;
}

static enum rc ask(struct asking *q, const struct pg_copy *c, struct err *e)
{
    const struct store_opts o = { .url = c->local_url, .statement_ms = -1, .writers = 1 };

    TRY(store_open(&o, &q->store, e));
    TRY(store_connect(q->store, DB_READ, &q->db, e));
    TRY(blobs_each(q->db, restore_attachment, q->w, e));
    return look(q, c->ended_early, e);
}

/* While it runs. */
static enum rc examine(struct restore_work *w, const struct pg_copy *c, struct err *e)
{
    struct asking q = { .w = w };
    enum rc rc = ask(&q, c, e);

    db_close(&q.db);
    store_close(&q.store);
    if (rc == RC_OK)
        rc = restore_check(w->temp, c->local_url, !w->to->trust_attachments, w->out, e);
    if (rc == RC_OK && w->to->settle)
        rc = w->to->settle(w->to->settle_arg, c->local_url, e);
    return rc;
}

enum rc restore_postgres(struct restore_work *w, struct err *e)
{
    struct pg_copy c = { .dir = w->temp, .bin = w->to->pg_bin, .url = w->to->pg_url };
    const char *data = str_printf(w->a, "%s/postgresql", w->temp).p;
    enum rc rc;

    if (!w->to->pg)
        return err_set(e, RC_INVALID, "backup_engine",
                       "backup %.*s is one of PostgreSQL: set DATABASE_URL to the database that it is of",
                       STR_ARG(w->set.id));
    TRY(dir_make(data, 0700, e));
    TRY(pgbackrest_restore(w->to->pg, w->set.m.label, w->to->until_us, data, w->a, e));
    TRY(restore_beside(w, e));
    TRY(pg_copy_prepare(&c, w->a, e));
    TRY(pg_copy_start(&c, w->a, e));
    rc = examine(w, &c, e);
    pg_copy_stop(&c);
    return rc == RC_OK ? pg_copy_settle(&c, w->a, e) : rc;
}
