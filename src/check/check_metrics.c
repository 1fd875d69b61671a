/* Lines judged by /metrics of the running server. */
#include "check/check_priv.h"

#include "base/clock.h"
#include "check/watching.h"

#include <math.h>

enum { FULL_WARN = 70, FULL_FAIL = 90, DISK_WARN = 80, STATEMENT_MS = 100, THREADS_MAX = 200 };

/* The token goes only where it cannot be read on the way. */
static bool is_token_safe(const struct check_run *r)
{
    return r->cfg->metrics_token.n
           && (str_starts(r->o->url, STR("https://")) || r->place != URL_ELSEWHERE);
}

/* A proxy rightly shows /metrics to nobody: Prometheus asks the server's own port, and so does this. */
static void load_behind_proxy(struct check_run *r, struct answer *w)
{
    struct str scheme, host, port;
    struct ask q = { .from = "" };

    url_parts(r->o->url, &scheme, &host, &port);
    q.path = str_printf(r->a, "%s://127.0.0.1:%lld/metrics", r->cfg->tls_cert.n ? "https" : "http",
                        (long long)r->cfg->server_port).p;
    q.headers[0] = str_printf(r->a, "Host: %.*s", STR_ARG(host)).p;
    if (r->cfg->metrics_token.n)
        q.headers[1] = str_printf(r->a, "Authorization: Bearer %.*s", STR_ARG(r->cfg->metrics_token)).p;
    ask(r->asker, &q, w);
}

static void load(struct check_run *r, struct answer *w)
{
    struct ask q = { .path = "/metrics" };

    if (!r->o->outside_only && is_token_safe(r)) {
        q.headers[0] =
            str_printf(r->a, "Authorization: Bearer %.*s", STR_ARG(r->cfg->metrics_token)).p;
        q.verify = r->place == URL_ELSEWHERE;
    }
    ask(r->asker, &q, w);
    if (w->status == 404 && !r->o->outside_only)
        load_behind_proxy(r, w);
}

static bool has_metrics(struct check_run *r, struct finding *f)
{
    struct answer w;

    if (r->metrics.p && r->metrics.n)
        return true;
    load(r, &w);
    if (w.status == 200)
        r->metrics = w.body;
    else if (w.status == 0)
        find_fail(f, "/metrics: no answer (%.*s)", STR_ARG(w.words));
    else if (r->o->outside_only)
        find_na(f, "/metrics is not given to strangers (%d): judged on the machine itself", w.status);
    else
        find_fail(f, "/metrics: status %d", w.status);
    return w.status == 200;
}

static double sum(const struct check_run *r, const char *name, const char *label)
{
    return metrics_sum(r->metrics, name, label);
}

/* False, with the finding set, when one of them is missing: what is not there is no good news. */
static bool has_all(const struct check_run *r, const char *const *names, struct finding *f)
{
    for (size_t i = 0; names[i]; i++) {
        if (isnan(sum(r, names[i], ""))) {
            find_fail(f, "/metrics lacks %s", names[i]);
            return false;
        }
    }
    return true;
}

/* From this machine's own address, as a stranger's request looks. */
static bool is_open_to_strangers(struct check_run *r)
{
    struct answer w;

    if (r->place != URL_HERE)
        return false;
    ask(r->asker, &(struct ask){ .path = "/metrics", .from = "" }, &w);
    return w.status == 200;
}

void check_metrics(struct check_run *r, const char *of, struct finding *f)
{
    (void)of;
    if (!has_metrics(r, f))
        return;
    if (r->o->outside_only || is_open_to_strangers(r))
        find_fail(f, "/metrics is given to strangers: set METRICS_TOKEN, or refuse it in the proxy");
    else if (isnan(sum(r, "http_requests_total", "")) || isnan(sum(r, "build_info", "")))
        find_fail(f, "/metrics lacks http_requests_total or build_info");
    else
        find_pass(f, "/metrics: %zu bytes, %.0f requests counted", r->metrics.n,
                  sum(r, "http_requests_total", ""));
}

void check_metrics_database(struct check_run *r, const char *of, struct finding *f)
{
    static const char *const names[] = { "db_ping_seconds", "db_statements_total",
                                         "db_statement_seconds_total", "db_connections",
                                         "db_errors_total", NULL };

    (void)of;
    if (!has_metrics(r, f))
        return;
    if (!has_all(r, names, f))
        return;
    find_pass(f, "/metrics shows pool, latency, statements and errors; the last look took %.1f ms",
              1000 * sum(r, "db_ping_seconds", ""));
}

static double share_of_errors(const struct check_run *r, double *all)
{
    double errors = sum(r, "http_requests_total", "status=\"5");

    *all = sum(r, "http_requests_total", "");
    return isnan(errors) || !(*all > 0) ? 0 : errors / *all;
}

void check_error_rate(struct check_run *r, const char *of, struct finding *f)
{
    double all, share;

    (void)of;
    if (!has_metrics(r, f))
        return;
    share = share_of_errors(r, &all);
    (share > 0.05 ? find_fail : share > 0.01 ? find_warn : find_pass)(
        f, "%.2f %% of %.0f requests failed since the start", 100 * share, all);
}

void check_log_errors(struct check_run *r, const char *of, struct finding *f)
{
    static const char *const names[] = { "log_events_total", NULL };
    double errors, all, share;

    (void)of;
    if (!has_metrics(r, f) || !has_all(r, names, f))
        return;
    errors = sum(r, "log_events_total", "level=\"error\"");
    share = share_of_errors(r, &all);
    if (share > 0.05)
        find_fail(f, "%.2f %% of requests failed; %.0f errors in the log", 100 * share, errors);
    else if (errors > 0)
        find_warn(f, "%.0f errors in the log since the start: read them", errors);
    else
        find_pass(f, "no error in the log since the start");
}

void check_resources(struct check_run *r, const char *of, struct finding *f)
{
    static const char *const names[] = { "process_open_fds", "process_max_fds", "disk_total_bytes",
                                         "disk_free_bytes", "process_resident_memory_bytes",
                                         "process_memory_limit_bytes", NULL };
    double v[ARRAY_LEN(names)], disk, memory, fds, fullest;

    (void)of;
    if (!has_metrics(r, f) || !has_all(r, names, f))
        return;
    for (size_t i = 0; names[i]; i++)
        v[i] = sum(r, names[i], "");
    fds = v[1] > 0 ? 100 * v[0] / v[1] : 0;
    disk = v[2] > 0 ? 100 * (1 - v[3] / v[2]) : 100;
    memory = v[5] > 0 ? 100 * v[4] / v[5] : 0;
    fullest = fmax(fds, memory);
    (disk > FULL_FAIL || fullest > FULL_FAIL     ? find_fail
     : disk > DISK_WARN || fullest > FULL_WARN ? find_warn
                                                 : find_pass)(
        f, "memory %.0f MiB (%.0f %%), disk %.0f %% full, %.0f of %.0f descriptors", v[4] / (double)MIB,
        memory, disk, v[0], v[1]);
}

void check_threads(struct check_run *r, const char *of, struct finding *f)
{
    static const char *const names[] = { "process_threads", NULL };

    (void)of;
    if (!has_metrics(r, f) || !has_all(r, names, f))
        return;
    (sum(r, names[0], "") > THREADS_MAX ? find_fail : find_pass)(f, "%.0f threads", sum(r, names[0], ""));
}

void check_database_connections(struct check_run *r, const char *of, struct finding *f)
{
    static const char *const names[] = { "db_errors_total", "db_reconnects_total", "db_connections",
                                         "queue_waiting", NULL };
    double errors, again;

    (void)of;
    if (!has_metrics(r, f) || !has_all(r, names, f))
        return;
    errors = sum(r, "db_errors_total", "");
    again = sum(r, "db_reconnects_total", "");
    (errors > 0 || again > 0 ? find_warn : find_pass)(
        f, "%.0f connections, %.0f made again, %.0f failed statements, %.0f changes waiting",
        sum(r, "db_connections", ""), again, errors, sum(r, "queue_waiting", "queue=\"write\""));
}

void check_query_times(struct check_run *r, const char *of, struct finding *f)
{
    double n, seconds;

    (void)of;
    if (!has_metrics(r, f))
        return;
    n = sum(r, "db_statements_total", "");
    seconds = sum(r, "db_statement_seconds_total", "");
    if (!(n > 0))
        find_warn(f, "no statement was counted yet");
    else
        (1000 * seconds / n > STATEMENT_MS ? find_fail : find_pass)(
            f, "%.3f ms a statement, over %.0f since the start", 1000 * seconds / n, n);
}

void check_response_times(struct check_run *r, const char *of, struct finding *f)
{
    double all, fast;

    (void)of;
    if (!has_metrics(r, f))
        return;
    all = sum(r, "http_request_duration_seconds_count", "");
    fast = sum(r, "http_request_duration_seconds_bucket", "le=\"1\"");
    if (!(all > 0) || isnan(fast))
        find_warn(f, "no answer was measured yet");
    else
        (fast / all < 0.95 ? find_fail : fast / all < 0.99 ? find_warn : find_pass)(
            f, "%.2f %% of %.0f answers within 1 s", 100 * fast / all, all);
}
