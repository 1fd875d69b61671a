/* Whether the server can serve.  One thread looks twice a second at the database, the schema, the
 * disk and the job runner and keeps a snapshot; requests read only that, so that the answers come
 * at once whatever is stuck.  A snapshot that got old is a failure of its own.
 *
 * Any thread may read. */
#ifndef WEB_HEALTH_H
#define WEB_HEALTH_H

#include "base/defs.h"
#include "base/err.h"
#include "base/str.h"
#include "store/archive.h"
#include "store/gauges.h"

struct health;
struct store;

enum health_status {
    HEALTH_OK,
    HEALTH_NOT_CONFIGURED, /* this part does not exist here */
    HEALTH_DEGRADED,
    HEALTH_FAIL,
};

enum { HEALTH_WORDS = 96 };

struct health_check {
    enum health_status status;
    char words[HEALTH_WORDS]; /* why not ok; nothing internal */
};

struct health_snapshot {
    int64_t at_us; /* clock_mono_us() of the look */
    struct health_check database, migrations, disk, jobs;
    int64_t latency_us; /* of the database */
    int64_t schema_version;
    int64_t disk_free, disk_total;                 /* bytes; 0: unknown */
    int64_t beat_age_us;                           /* of the job runner; -1: none is running */
    struct gauges gauges;                          /* seen every few seconds */
    struct archive_facts archive;                  /* the same; PostgreSQL's */
    int64_t fds, fds_max, threads, memory, cpu_us; /* of the process */
    int64_t memory_max, cpu_max_milli;             /* what it may use: base/limits.h */
};

struct health_opts {
    struct store *store; /* NULL: none (tests) */
    const char *path;    /* a folder on the disk that matters */
    int64_t (*beat)(
        void *arg); /* wall clock of the job runner's last round, 0: none; may be NULL */
    void *arg;
    int64_t every_ms; /* 0: 500 */
};

/* Looks once, then keeps looking on a thread of its own. */
struct health *health_new(const struct health_opts *o);
void health_free(struct health **h);
/* The last look.  When it is older than a few seconds its database check says so. */
void health_get(struct health *h, struct health_snapshot *out);
/* What a caller made of the last look, kept for the next caller until the look after: false when there
 * is nothing (or the look is too old to be repeated).  status is the caller's. */
enum { HEALTH_KEPT_MAX = 1024 };
struct buf;
bool health_kept(struct health *h, enum health_status *status, struct buf *out);
void health_keep(struct health *h, const struct health_snapshot *of, enum health_status status, struct str text);
/* Looks now (tests, and a start that must not wait). */
void health_look(struct health *h);

enum health_status health_overall(const struct health_snapshot *s);
bool health_is_ready(const struct health_snapshot *s);
const char *health_status_name(
    enum health_status s); /* "ok", "not_configured", "degraded", "fail" */

#endif
