#include "backup/schedule.h"

#include "backup/follow.h"
#include "backup/shipped.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/wait.h"
#include "desk/evidence.h"
#include "store/store.h"

#include <pthread.h>
#include <stdlib.h>

enum {
    LOOK_S = 20,        /* between two looks at what is due */
    FIRST_LOOK_MS = 500,
    AGAIN_S = 600,      /* after a failure */
    ARENA_MAX = 256 * 1024 * 1024,
    LOOK_MS = 100,
    DRILL_WAIT_S = 900, /* after the start */
};

static const char *const works[LAUNCH_COUNT_] = { [LAUNCH_FULL] = "backup.full",
                                                  [LAUNCH_INCREMENTAL] = "backup.incremental",
                                                  [LAUNCH_DRILL] = "drill" };
static const char *const kinds[BACKUP_KINDS] = { "backup.full", "backup.incremental", "backup.offsite",
                                                 "backup.verify", "drill" };

struct schedule {
    struct schedule_opts o;
    struct arena *a; /* owner */
    struct db *db;                /* owner; the thread's */
    int64_t started_us;           /* monotonic */
    int64_t again_us[LAUNCH_COUNT_];      /* monotonic; not before */
    int64_t sealed_us;            /* monotonic */
    int64_t followed_id;          /* attachments up to there are in the folder */
    pthread_t thread;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t cond;
    bool stop;
    struct backup_stats stats;
};

/* ---- when ---- */

static int64_t minutes_of(struct str at)
{
    int64_t h, m;

    if (at.n != 5 || at.p[2] != ':' || !str_i64(str_sub(at, 0, 2), 0, 23, &h)
        || !str_i64(str_sub(at, 3, 2), 0, 59, &m))
        return -1;
    return h * 60 + m;
}

bool schedule_is_due(struct str at, int64_t last_us, int64_t now_us)
{
    int64_t minutes = minutes_of(at), today;

    if (minutes < 0)
        return false;
    today = now_us / US_PER_DAY * US_PER_DAY + minutes * US_PER_MIN;
    if (today > now_us)
        today -= US_PER_DAY;
    return last_us < today;
}

/* ---- looking ---- */

static int64_t figure_us(struct str figures, const char *name)
{
    json_t *v CLEAN(json_clean) = NULL;
    struct err ignored = { 0 };

    if (json_read(figures, &v, &ignored) != RC_OK)
        return 0;
    return (int64_t)(json_number_value(json_object_get(v, name)) * 1e6);
}

static void look_evidence(struct schedule *s, size_t i, struct backup_stats *out)
{
    struct evidence_row row;
    struct err e = { 0 };

    out->kinds[i].kind = kinds[i];
    if (evidence_latest(s->db, kinds[i], false, s->a, &row, &e) != RC_OK)
        return;
    out->kinds[i].tried = true;
    out->kinds[i].last_ok = row.ok;
    if (!row.ok && evidence_latest(s->db, kinds[i], true, s->a, &row, &e) != RC_OK)
        return;
    out->kinds[i].ok_us = row.at_us;
    if (str_eq(row.kind, STR("drill"))) {
        out->drill_rto_us = figure_us(row.figures, "rto_s");
        out->drill_rpo_us = figure_us(row.figures, "rpo_s");
    }
}

/* *needs_full: the row at hand has no copy to stand on. */
static enum rc look_folder(struct schedule *s, struct backup_stats *out, bool *needs_full, struct err *e)
{
    struct repo r;
    struct segment *seg;
    struct set *v;
    size_t n, n_seg, at;
    bool stands = false;

    TRY(repo_open(s->o.backup_dir, s->o.keys, true, s->a, &r, e));
    TRY(repo_sets(&r, s->a, &v, &n, e));
    TRY(shipped_list(&r, s->a, &seg, &n_seg, e));
    for (size_t i = 0; i < n; i++) {
        out->bad_copies += v[i].state == SET_DAMAGED || v[i].state == SET_FOREIGN;
        if (v[i].state != SET_GOOD)
            continue;
        out->copies++;
        if (out->newest_us == 0 && !v[i].m.is_step)
            out->newest_us = v[i].m.at_us;
        at = shipped_find(seg, n_seg, &v[i].m.place);
        stands |= at < n_seg && str_eq(seg[at].row, seg[n_seg - 1].row);
    }
    *needs_full = out->newest_us == 0 || (s->o.ship && n_seg > 0 && !stands);
    repo_close(&r);
    return RC_OK;
}

static void follow(struct schedule *s)
{
    struct err e = { 0 };
    struct repo r;
    enum rc rc;

    if (!s->o.is_postgres)
        return;
    rc = repo_open(s->o.backup_dir, s->o.keys, true, s->a, &r, &e);
    if (rc == RC_OK) {
        rc = follow_attachments(&r, s->db, s->o.data_dir, &s->followed_id, &e);
        repo_close(&r);
    }
    if (rc != RC_OK)
        LOG(LOG_WARN, "backup.follow", KV_Z("detail", e.detail));
}

static bool look(struct schedule *s, bool *needs_full)
{
    struct backup_stats now = { 0 };
    struct err e = { 0 };

    arena_reset(s->a);
    for (size_t i = 0; i < BACKUP_KINDS; i++)
        look_evidence(s, i, &now);
    if (look_folder(s, &now, needs_full, &e) != RC_OK) {
        LOG(LOG_WARN, "backup.look", KV_Z("detail", e.detail));
        return false;
    }
    pthread_mutex_lock(&s->lock);
    s->stats = now;
    pthread_mutex_unlock(&s->lock);
    return true;
}

void schedule_stats(struct schedule *s, struct backup_stats *out)
{
    pthread_mutex_lock(&s->lock);
    *out = s->stats;
    pthread_mutex_unlock(&s->lock);
}

/* ---- doing ---- */

/* True when it is time to end. */
static bool wait_ms(struct schedule *s, int64_t ms)
{
    const struct timespec until = wait_end(ms);
    bool stop;

    pthread_mutex_lock(&s->lock);
    while (!s->stop && pthread_cond_timedwait(&s->cond, &s->lock, &until) == 0)
        ;
    stop = s->stop;
    pthread_mutex_unlock(&s->lock);
    return stop;
}

static void run_work(struct schedule *s, enum launch w)
{
    struct str told = STR("");
    struct err e = { 0 };
    int64_t began = clock_mono_us();
    bool ended = false;
    int code = -1;

    if (launcher_run(s->o.launcher, w, &e) != RC_OK) {
        LOG(LOG_ERROR, "backup.command", KV_Z("kind", works[w]), KV_Z("detail", e.detail));
        s->again_us[w] = clock_mono_us() + AGAIN_S * US_PER_S;
        return;
    }
    while (!ended && !wait_ms(s, 0))
        ended = launcher_ended(s->o.launcher, LOOK_MS, &code, &told, s->a);
    if (!ended)
        return; /* the end: the launcher takes the command with it */
    LOG(code == 0 ? LOG_INFO : LOG_ERROR, "backup.command", KV_Z("kind", works[w]),
        KV_INT("exit_code", code), KV_MS("took_ms", clock_mono_us() - began),
        KV_TEXT("output", code ? told : STR("")));
    s->again_us[w] = code ? clock_mono_us() + AGAIN_S * US_PER_S : 0;
}

static bool full_is_due(const struct schedule *s, const struct backup_stats *st, bool needs_full)
{
    return needs_full || schedule_is_due(s->o.at, st->newest_us, clock_now_us());
}

static bool drill_is_due(const struct schedule *s, const struct backup_stats *st)
{
    return s->o.drill_s > 0 && st->copies > 0
           && clock_mono_us() - s->started_us > DRILL_WAIT_S * US_PER_S
           && clock_now_us() - st->kinds[BACKUP_KINDS - 1].ok_us > s->o.drill_s * US_PER_S;
}

static void do_what_is_due(struct schedule *s)
{
    bool needs_full = false, due[LAUNCH_COUNT_];
    struct backup_stats st;

    follow(s);
    if (!look(s, &needs_full))
        return;
    schedule_stats(s, &st);
    due[LAUNCH_FULL] = full_is_due(s, &st, needs_full);
    due[LAUNCH_INCREMENTAL] = (s->o.ship || s->o.is_postgres) && clock_mono_us() - s->sealed_us > s->o.seal_s * US_PER_S;
    due[LAUNCH_DRILL] = drill_is_due(s, &st);
    for (enum launch w = LAUNCH_FULL; w < LAUNCH_COUNT_; w++) {
        if (!due[w] || clock_mono_us() < s->again_us[w])
            continue;
        if (w == LAUNCH_INCREMENTAL)
            s->sealed_us = clock_mono_us();
        run_work(s, w);
        (void)look(s, &needs_full);
        return; /* one a round */
    }
}

static void *schedule_main(void *arg)
{
    struct schedule *s = arg;

    if (wait_ms(s, FIRST_LOOK_MS))
        return NULL;
    do
        do_what_is_due(s);
    while (!wait_ms(s, LOOK_S * 1000));
    return NULL;
}

/* ---- life ---- */

enum rc schedule_start(const struct schedule_opts *o, struct schedule **out, struct err *e)
{
    struct schedule *s = calloc(1, sizeof(*s));

    INVARIANT(s);
    s->o = *o;
    s->a = arena_new(ARENA_MAX);
    s->started_us = s->sealed_us = clock_mono_us();
    pthread_mutex_init(&s->lock, NULL);
    wait_cond_init(&s->cond);
    if (store_connect(o->store, DB_READ, &s->db, e) == RC_OK
        && pthread_create(&s->thread, NULL, schedule_main, s) != 0)
        err_fail(e, "no thread for backups");
    if (e->rc != RC_OK) {
        s->thread = 0;
        schedule_stop(&s);
        return e->rc;
    }
    pthread_setname_np(s->thread, "schedule");
    *out = s;
    return RC_OK;
}

void schedule_stop(struct schedule **sp)
{
    struct schedule *s = *sp;

    if (!s)
        return;
    pthread_mutex_lock(&s->lock);
    s->stop = true;
    pthread_cond_signal(&s->cond);
    pthread_mutex_unlock(&s->lock);
    if (s->thread)
        pthread_join(s->thread, NULL);
    db_close(&s->db);
    pthread_cond_destroy(&s->cond);
    pthread_mutex_destroy(&s->lock);
    arena_free(&s->a);
    free(s);
    *sp = NULL;
}
