#include "web/health.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/wait.h"
#include "store/migrate.h"
#include "store/store.h"

#include <dirent.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum {
    EVERY_MS = 500,
    GAUGES_EVERY = 10,          /* looks */
    STALE_US = 5 * 1000 * 1000, /* longer than a connection may take */
    BEAT_OLD_S = 90,
    DISK_LOW_PERCENT = 5,
};
#define DISK_FULL_BYTES ((int64_t)(32 * MIB))

struct health {
    struct health_opts o;
    struct db *db; /* the looking thread's; NULL: none yet */
    pthread_t thread;
    pthread_mutex_t lock; /* guards now and stop */
    pthread_cond_t wake;
    bool stop, runs;
    struct health_snapshot now;
    struct {
        enum health_status status;
        size_t n; /* 0: nothing is kept */
        char text[HEALTH_KEPT_MAX];
    } kept; /* guarded by lock, too */
    unsigned looks;
};

static const char *const names[] = {
    [HEALTH_OK] = "ok",
    [HEALTH_NOT_CONFIGURED] = "not_configured",
    [HEALTH_DEGRADED] = "degraded",
    [HEALTH_FAIL] = "fail",
};

const char *health_status_name(enum health_status s)
{
    return names[s];
}

static struct health_check check(enum health_status s, const char *words)
{
    struct health_check c = { .status = s };

    snprintf(c.words, sizeof(c.words), "%s", words);
    return c;
}

/* ── looking ── */

static enum rc look_database(struct health *h, struct health_snapshot *s, struct err *e)
{
    if (!h->o.store) {
        s->database = check(HEALTH_NOT_CONFIGURED, "");
        return RC_OK;
    }
    s->database = check(HEALTH_FAIL, "the database does not answer");
    TRY(store_ping(h->o.store, &s->latency_us, e));
    if (!h->db)
        TRY(store_connect(h->o.store, DB_READ, &h->db, e));
    s->database = check(HEALTH_OK, "");
    return RC_OK;
}

/* A node of the next release may have migrated while this one runs: migrations only add, so it goes on. */
static void look_schema(struct health *h, struct health_snapshot *s)
{
    struct err e = { 0 };

    s->migrations = check(HEALTH_OK, "");
    if (!h->db || s->database.status != HEALTH_OK || store_migrations_current(h->db, &e) == RC_OK)
        return;
    s->migrations = strcmp(e.code, "schema_newer") == 0
        ? check(HEALTH_DEGRADED, "the schema is of a newer release; this server goes on, but cannot start again")
        : check(HEALTH_FAIL, "the schema is not the one of this program");
}

static void look_gauges(struct health *h, struct health_snapshot *s)
{
    struct err e = { 0 };

    if (!h->db || s->database.status != HEALTH_OK)
        return;
    if (gauges_load(h->db, clock_now_us(), &s->gauges, &e) != RC_OK
        || archive_facts_load(h->db, &s->archive, &e) != RC_OK)
        LOG(LOG_WARN, "health.gauges", KV_Z("error", e.internal));
}

static void look_disk(struct health *h, struct health_snapshot *s)
{
    struct statvfs v;

    if (!h->o.path || statvfs(h->o.path, &v) != 0) {
        s->disk = check(HEALTH_NOT_CONFIGURED, "");
        return;
    }
    s->disk_free = (int64_t)(v.f_bavail * v.f_frsize);
    s->disk_total = (int64_t)(v.f_blocks * v.f_frsize);
    if (s->disk_free < DISK_FULL_BYTES)
        s->disk = check(HEALTH_FAIL, "the disk is full");
    else if (s->disk_free < s->disk_total / 100 * DISK_LOW_PERCENT)
        s->disk = check(HEALTH_DEGRADED, "the disk is nearly full");
    else
        s->disk = check(HEALTH_OK, "");
}

static void look_jobs(struct health *h, struct health_snapshot *s)
{
    int64_t beat = h->o.beat ? h->o.beat(h->o.arg) : 0;

    s->beat_age_us = beat ? clock_now_us() - beat : -1;
    if (!h->o.beat)
        s->jobs = check(HEALTH_NOT_CONFIGURED, "");
    else if (s->beat_age_us > BEAT_OLD_S * US_PER_S)
        s->jobs = check(HEALTH_DEGRADED, "the job runner is stuck");
    else
        s->jobs = check(HEALTH_OK, "");
}

static int64_t count_entries(const char *path)
{
    DIR *d = opendir(path);
    int64_t n = 0;

    if (!d)
        return 0;
    while (readdir(d))
        n++;
    closedir(d);
    return n < 2 ? 0 : n - 2; /* . and .. */
}

static int64_t resident_bytes(void)
{
    FILE *f = fopen("/proc/self/statm", "re");
    long long pages = 0;

    if (!f)
        return 0;
    if (fscanf(f, "%*s %lld", &pages) != 1)
        pages = 0;
    fclose(f);
    return pages * sysconf(_SC_PAGESIZE);
}

static void look_counts(struct health_snapshot *s)
{
    struct rlimit files = { 0 };

    getrlimit(RLIMIT_NOFILE, &files);
    s->fds = count_entries("/proc/self/fd");
    s->fds_max = (int64_t)files.rlim_cur;
    s->threads = count_entries("/proc/self/task");
}

/* At every look: a rate made of seldom steps would be wrong by as much as a step. */
static void look_usage(struct health_snapshot *s)
{
    struct rusage used = { 0 };

    getrusage(RUSAGE_SELF, &used);
    s->memory = resident_bytes();
    s->cpu_us = (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * US_PER_S + used.ru_utime.tv_usec
                + used.ru_stime.tv_usec;
}

/* A lost database is told once, and so is its return. */
static void log_change(const struct health_snapshot *before, const struct health_snapshot *now,
                       const struct err *e)
{
    if (before->at_us && before->database.status == now->database.status)
        return;
    if (now->database.status == HEALTH_FAIL)
        LOG(LOG_ERROR, "database.gone", KV_Z("error", e->internal[0] ? e->internal : e->detail));
    else if (before->database.status == HEALTH_FAIL)
        LOG(LOG_INFO, "database.back", KV_MS("latency_ms", now->latency_us));
}

void health_look(struct health *h)
{
    struct health_snapshot before, s;
    struct err e = { 0 };

    pthread_mutex_lock(&h->lock);
    before = s = h->now;
    pthread_mutex_unlock(&h->lock);
    (void)look_database(h, &s, &e); /* its words are in s */
    look_schema(h, &s);
    look_disk(h, &s);
    look_jobs(h, &s);
    look_usage(&s);
    if (h->looks++ % GAUGES_EVERY == 0) {
        look_gauges(h, &s);
        look_counts(&s);
    }
    log_change(&before, &s, &e);
    s.at_us = clock_mono_us();
    pthread_mutex_lock(&h->lock);
    h->now = s;
    h->kept.n = 0;
    pthread_mutex_unlock(&h->lock);
}

static void *look_on(void *arg)
{
    struct health *h = arg;

    pthread_setname_np(pthread_self(), "health");
    pthread_mutex_lock(&h->lock);
    while (!h->stop) {
        const struct timespec until = wait_end(h->o.every_ms ? h->o.every_ms : EVERY_MS);

        if (pthread_cond_timedwait(&h->wake, &h->lock, &until) == 0)
            continue;
        pthread_mutex_unlock(&h->lock);
        health_look(h);
        pthread_mutex_lock(&h->lock);
    }
    pthread_mutex_unlock(&h->lock);
    return NULL;
}

struct health *health_new(const struct health_opts *o)
{
    struct health *h = calloc(1, sizeof(*h));

    INVARIANT(h);
    h->o = *o;
    pthread_mutex_init(&h->lock, NULL);
    wait_cond_init(&h->wake);
    h->now.memory_max = limits_memory_bytes();
    h->now.cpu_max_milli = limits_cpu_milli();
    health_look(h);
    h->runs = pthread_create(&h->thread, NULL, look_on, h) == 0;
    return h;
}

void health_free(struct health **hp)
{
    struct health *h = *hp;

    if (!h)
        return;
    pthread_mutex_lock(&h->lock);
    h->stop = true;
    pthread_cond_signal(&h->wake);
    pthread_mutex_unlock(&h->lock);
    if (h->runs)
        pthread_join(h->thread, NULL);
    db_close(&h->db);
    pthread_cond_destroy(&h->wake);
    pthread_mutex_destroy(&h->lock);
    free(h);
    *hp = NULL;
}

/* ── reading ── */

void health_get(struct health *h, struct health_snapshot *out)
{
    pthread_mutex_lock(&h->lock);
    *out = h->now;
    pthread_mutex_unlock(&h->lock);
    if (clock_mono_us() - out->at_us > STALE_US)
        out->database = check(HEALTH_FAIL, "the database does not answer in time");
}

bool health_kept(struct health *h, enum health_status *status, struct buf *out)
{
    int64_t now_us = clock_mono_us();
    bool kept;

    pthread_mutex_lock(&h->lock);
    kept = h->kept.n > 0 && now_us - h->now.at_us <= STALE_US;
    if (kept) {
        *status = h->kept.status;
        buf_add(out, h->kept.text, h->kept.n);
    }
    pthread_mutex_unlock(&h->lock);
    return kept;
}

void health_keep(struct health *h, const struct health_snapshot *of, enum health_status status, struct str text)
{
    if (text.n > HEALTH_KEPT_MAX)
        return;
    pthread_mutex_lock(&h->lock);
    if (h->now.at_us == of->at_us && clock_mono_us() - of->at_us <= STALE_US) {
        h->kept.status = status;
        h->kept.n = text.n;
        memcpy(h->kept.text, text.p, text.n);
    }
    pthread_mutex_unlock(&h->lock);
}

enum health_status health_overall(const struct health_snapshot *s)
{
    const enum health_status all[] = { s->database.status, s->migrations.status, s->disk.status,
                                       s->jobs.status };
    enum health_status worst = HEALTH_OK;

    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        if (all[i] != HEALTH_NOT_CONFIGURED && all[i] > worst)
            worst = all[i];
    }
    return worst;
}

bool health_is_ready(const struct health_snapshot *s)
{
    return s->database.status != HEALTH_FAIL && s->migrations.status != HEALTH_FAIL;
}
