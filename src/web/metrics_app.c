/* The part of the exposition that is asked of the application's parts. */
#include "web/metrics_priv.h"

#include "base/clock.h"
#include "base/confine.h"
#include "base/lane.h"
#include "base/log.h"
#include "base/version.h"
#include "http/server.h"
#include "store/store.h"
#include "web/app.h"
#include "web/health.h"

#include <stdatomic.h>

static void write_connections(struct app *app, struct buf *b)
{
    struct http_stats s;

    if (!app->http)
        return;
    http_stats(app->http, &s);
    metric_head(b, "http_connections", "gauge", "Open connections.");
    metric_int(b, "http_connections", "state=\"busy\"", s.open - s.idle);
    metric_int(b, "http_connections", "state=\"idle\"", s.idle);
    metric_one(b, "http_event_streams", "gauge", "Open event streams.", s.streams);
    metric_one(b, "http_connections_accepted_total", "counter", "Connections accepted.",
               s.accepted);
    metric_head(b, "http_connections_refused_total", "counter",
                "Connections refused or cut by a limit.");
    metric_int(b, "http_connections_refused_total", "reason=\"full\"", s.refused_full);
    metric_int(b, "http_connections_refused_total", "reason=\"address\"", s.refused_address);
    metric_int(b, "http_connections_refused_total", "reason=\"slow\"", s.cut_slow);
    metric_int(b, "http_connections_refused_total", "reason=\"tls\"", s.tls_failed);
    metric_one(b, "tls_certificate_expiry_timestamp_seconds", "gauge",
               "When the served certificate, or one of its chain, ends; 0: this server speaks no TLS.", s.tls_expires_s);
    metric_head(b, "http_bytes_total", "counter", "Bytes on the wire.");
    metric_int(b, "http_bytes_total", "direction=\"in\"", s.bytes_in);
    metric_int(b, "http_bytes_total", "direction=\"out\"", s.bytes_out);
}

struct queue {
    const char *labels;
    int64_t waiting, cap, running, done, refused, wait_us;
};

static struct queue lane_queue(const char *labels, struct lane *l)
{
    struct lane_stats s = { 0 };

    if (l)
        lane_stats(l, &s);
    return (struct queue){ labels, (int64_t)s.waiting, (int64_t)s.cap, (int64_t)s.running,
                           s.done, s.refused,          s.wait_us_total };
}

static void write_queues(struct app *app, const struct store_stats *st, struct buf *b)
{
    const struct queue q[] = {
        lane_queue("queue=\"read\"", app->read_lane),
        lane_queue("queue=\"slow\"", app->slow_lane),
        { "queue=\"write\"", (int64_t)st->waiting, (int64_t)st->cap, 0, st->jobs, st->refused,
          st->wait_us_total },
    };
    static const struct {
        const char *name, *type, *help;
        size_t off;
    } rows[] = {
        { "queue_waiting", "gauge", "Requests waiting in a queue.",
          offsetof(struct queue, waiting) },
        { "queue_capacity", "gauge", "Requests a queue holds at most.",
          offsetof(struct queue, cap) },
        { "queue_running", "gauge", "Requests being worked on.", offsetof(struct queue, running) },
        { "queue_done_total", "counter", "Requests a queue was done with.",
          offsetof(struct queue, done) },
        { "queue_refused_total", "counter", "Requests a full queue refused.",
          offsetof(struct queue, refused) },
    };

    for (size_t k = 0; k < ARRAY_LEN(rows); k++) {
        metric_head(b, rows[k].name, rows[k].type, rows[k].help);
        for (size_t i = 0; i < ARRAY_LEN(q); i++) {
            int64_t v;

            memcpy(&v, (const char *)&q[i] + rows[k].off, sizeof(v));
            metric_int(b, rows[k].name, q[i].labels, v);
        }
    }
    metric_head(b, "queue_wait_seconds_total", "counter", "Time requests waited in a queue.");
    for (size_t i = 0; i < ARRAY_LEN(q); i++)
        metric_seconds(b, "queue_wait_seconds_total", q[i].labels, q[i].wait_us);
}

static void write_statements(struct app *app, struct buf *b)
{
    static const struct {
        const char *name, *help;
    } heads[] = {
        { "db_statements_total", "Statements run, by what they do." },
        { "db_statement_seconds_total", "Time of statements, by what they do." },
    };
    struct store_statement s[256];
    size_t n = store_statements(app->store, s, ARRAY_LEN(s));
    char labels[96];

    for (size_t k = 0; k < ARRAY_LEN(heads); k++) {
        metric_head(b, heads[k].name, "counter", heads[k].help);
        for (size_t i = 0; i < n; i++) {
            snprintf(labels, sizeof(labels), "statement=\"%s\"", s[i].label);
            if (k == 0)
                metric_int(b, heads[k].name, labels, s[i].calls);
            else
                metric_seconds(b, heads[k].name, labels, s[i].time_us);
        }
    }
}

static void write_store(struct app *app, struct buf *b)
{
    struct store_stats s = { 0 };

    if (!app->store)
        return;
    store_stats(app->store, &s);
    write_queues(app, &s, b);
    metric_head(b, "db_connections", "gauge", "Connections to the database.");
    metric_int(b, "db_connections", "use=\"read\"", (int64_t)s.readers);
    metric_int(b, "db_connections", "use=\"write\"", (int64_t)s.writers);
    metric_one(b, "db_commits_total", "counter", "Transactions committed by the write lane.",
               s.commits);
    metric_one(b, "db_retries_total", "counter", "Changes run again after a serialisation failure.",
               s.retries);
    metric_one(b, "db_reconnects_total", "counter", "Connections made again.", s.reconnects);
    metric_one(b, "db_errors_total", "counter", "Statements that failed.", s.errors);
    write_statements(app, b);
}

/* PostgreSQL's own archive and replicas. */
static void write_archive(const struct archive_facts *f, struct buf *b)
{
    metric_one(b, "db_archive_on", "gauge", "PostgreSQL: 1 while it archives its log (archive_mode).", f->archives);
    metric_one(b, "db_archive_failing", "gauge", "PostgreSQL: 1 when the newest try to archive a segment failed.",
               f->is_failing);
    metric_one(b, "db_archived_segments_total", "counter", "PostgreSQL: segments of the log that were archived.",
               f->segments);
    metric_one(b, "db_archive_failures_total", "counter", "PostgreSQL: tries to archive a segment that failed.",
               f->failures);
    metric_head(b, "db_archive_last_success_timestamp_seconds", "gauge",
                "PostgreSQL: when a segment was last archived; 0: never.");
    metric_seconds(b, "db_archive_last_success_timestamp_seconds", "", f->last_us);
    metric_head(b, "db_replicas", "gauge", "PostgreSQL: replicas that are connected to the primary.");
    metric_int(b, "db_replicas", "kind=\"synchronous\"", f->sync_replicas);
    metric_int(b, "db_replicas", "kind=\"asynchronous\"", f->replicas - f->sync_replicas);
    metric_head(b, "db_replication_lag_seconds", "gauge", "PostgreSQL: how far the slowest replica is behind.");
    metric_seconds(b, "db_replication_lag_seconds", "", f->lag_us);
}

static const char *const state_types[] = { "new",    "open",   "pending", "hold",   "solved",
                                           "closed", "merged", "spam",    "deleted" };

static void write_desk(const struct health_snapshot *now, struct buf *b)
{
    char labels[48];

    metric_head(b, "tickets", "gauge", "Tickets by type of their state.");
    for (size_t i = 0; i < now->gauges.n_tickets; i++) {
        int type = now->gauges.tickets[i].type;

        if (type < 0 || (size_t)type >= ARRAY_LEN(state_types))
            continue;
        snprintf(labels, sizeof(labels), "state_type=\"%s\"", state_types[type]);
        metric_int(b, "tickets", labels, now->gauges.tickets[i].n);
    }
    metric_one(b, "sessions", "gauge", "Sessions that are not over.", now->gauges.sessions);
    metric_head(b, "jobs", "gauge", "Background jobs.");
    metric_int(b, "jobs", "state=\"waiting\"", now->gauges.jobs_waiting);
    metric_int(b, "jobs", "state=\"running\"", now->gauges.jobs_running);
    metric_one(b, "outbox_waiting", "gauge", "Messages that wait to leave.",
               now->gauges.outbox_waiting);
    metric_one(b, "audit_entries", "counter", "Entries of the audit log.", now->gauges.audit_n);
    if (now->beat_age_us >= 0) {
        metric_head(b, "jobs_heartbeat_age_seconds", "gauge",
                    "Since the last round of the job runner.");
        metric_seconds(b, "jobs_heartbeat_age_seconds", "", now->beat_age_us);
    }
}

static void write_health(struct app *app, const struct health_snapshot *now, struct buf *b)
{
    metric_head(b, "health_status", "gauge", "0 ok, 1 not configured, 2 degraded, 3 failed.");
    metric_int(b, "health_status", "check=\"database\"", now->database.status);
    metric_int(b, "health_status", "check=\"migrations\"", now->migrations.status);
    metric_int(b, "health_status", "check=\"disk\"", now->disk.status);
    metric_int(b, "health_status", "check=\"jobs\"", now->jobs.status);
    metric_one(b, "draining", "gauge", "1 while the server ends.",
               atomic_load(&app->draining) != 0);
    metric_head(b, "db_ping_seconds", "gauge", "Latency of the last look at the database.");
    metric_seconds(b, "db_ping_seconds", "", now->latency_us);
    metric_one(b, "disk_free_bytes", "gauge", "Free space where the data lies.", now->disk_free);
    metric_one(b, "disk_total_bytes", "gauge", "Size of the disk where the data lies.",
               now->disk_total);
}

static void write_build(struct app *app, struct buf *b)
{
    metric_head(b, "build_info", "gauge", "What is running.");
    metric_int(b, "build_info",
               app->store && store_kind(app->store) == DB_POSTGRES
                   ? "version=\"" VERSION "\",database=\"postgresql\""
                   : "version=\"" VERSION "\",database=\"sqlite\"",
               1);
}

static void write_confined(struct app *app, struct buf *b)
{
    unsigned held = atomic_load(&app->confined);

    metric_head(b, "process_confined", "gauge", "1 where the process gave up what it does not need (CONFINE).");
    metric_int(b, "process_confined", "part=\"privileges\"", (held & CONFINED_PRIVILEGES) != 0);
    metric_int(b, "process_confined", "part=\"calls\"", (held & CONFINED_CALLS) != 0);
    metric_int(b, "process_confined", "part=\"files\"", (held & CONFINED_FILES) != 0);
}

static void write_log(struct buf *b)
{
    static const char *const levels[] = {
        [LOG_DEBUG] = "level=\"debug\"",
        [LOG_INFO] = "level=\"info\"",
        [LOG_WARN] = "level=\"warn\"",
        [LOG_ERROR] = "level=\"error\"",
    };

    metric_head(b, "log_events_total", "counter", "Lines of the log.");
    for (enum log_level l = LOG_DEBUG; l <= LOG_ERROR; l++)
        metric_int(b, "log_events_total", levels[l], log_count(l));
}

void metrics_write_app(struct app *app, const struct health_snapshot *now, struct buf *b)
{
    write_build(app, b);
    write_connections(app, b);
    write_store(app, b);
    write_desk(now, b);
    if (store_kind(app->store) == DB_POSTGRES)
        write_archive(&now->archive, b);
    write_health(app, now, b);
    write_confined(app, b);
    write_log(b);
    metrics_write_backup(app, b);
    metric_head(b, "process_start_time_seconds", "gauge", "When the server started, since 1970.");
    metric_seconds(b, "process_start_time_seconds", "", app->started_us);
}

void metrics_write_process(const struct health_snapshot *now, struct buf *b)
{
    metric_head(b, "process_cpu_seconds_total", "counter", "Processor time used.");
    metric_seconds(b, "process_cpu_seconds_total", "", now->cpu_us);
    metric_one(b, "process_resident_memory_bytes", "gauge", "Memory in use.", now->memory);
    metric_one(b, "process_memory_limit_bytes", "gauge",
               "Memory allowed: the machine's, or less by a control group.", now->memory_max);
    metric_head(b, "process_cpu_limit_cores", "gauge",
                "Cores allowed: the machine's, or less by a control group.");
    metric_seconds(b, "process_cpu_limit_cores", "", now->cpu_max_milli * US_PER_MS);
    metric_one(b, "process_open_fds", "gauge", "Open file descriptors.", now->fds);
    metric_one(b, "process_max_fds", "gauge", "File descriptors allowed.", now->fds_max);
    metric_one(b, "process_threads", "gauge", "Threads.", now->threads);
}
