#include "web/metrics_priv.h"

#include <stdatomic.h>
#include <stdlib.h>

const int metrics_statuses[METRICS_STATUSES - 1] = { 200, 201, 202, 204, 206, 301, 302, 303, 304,
                                                     308, 400, 401, 403, 404, 405, 406, 408,
                                                     409, 410, 412, 413, 414, 415, 416, 422, 429,
                                                     431, 500, 501, 503, 507 };
const int64_t metrics_bounds_us[METRICS_BUCKETS - 1] = { 250,    500,     1000,   2500,   5000,
                                                         10000,  25000,   50000,  100000, 250000,
                                                         500000, 1000000, 5000000 };

static const struct {
    enum http_method method;
    const char *name;
} methods[METRICS_METHODS] = {
    { HTTP_GET, "GET" },         { HTTP_HEAD, "HEAD" },   { HTTP_POST, "POST" },
    { HTTP_PUT, "PUT" },         { HTTP_PATCH, "PATCH" }, { HTTP_DELETE, "DELETE" },
    { HTTP_OPTIONS, "OPTIONS" }, { HTTP_OTHER, "other" },
};

static const char *const bucket_names[BUCKET_COUNT_] = {
    [BUCKET_API] = "api",     [BUCKET_LOGIN] = "login", [BUCKET_REGISTER] = "register",
    [BUCKET_RESET] = "reset", [BUCKET_FORM] = "form",   [BUCKET_TOKEN] = "token",
};

struct metrics *metrics_new(const struct route_table *const *tables, size_t n)
{
    struct metrics *m = calloc(1, sizeof(*m));

    INVARIANT(m);
    m->tables = tables;
    m->n_tables = n;
    for (size_t i = 0; i < n; i++)
        m->n_routes += tables[i]->n;
    m->routes = calloc(m->n_routes + METRICS_METHODS, sizeof(*m->routes));
    INVARIANT(m->routes);
    return m;
}

void metrics_free(struct metrics **m)
{
    if (!*m)
        return;
    free((*m)->routes);
    free(*m);
    *m = NULL;
}

static size_t method_index(enum http_method method)
{
    size_t i = 0;

    while (i < METRICS_METHODS - 1 && methods[i].method != method)
        i++;
    return i;
}

static size_t route_index(const struct metrics *m, const struct metrics_request *r)
{
    size_t before = 0;

    for (size_t i = 0; i < m->n_tables && r->route; i++) {
        const struct route_table *t = m->tables[i];

        if (r->route >= t->routes && r->route < t->routes + t->n)
            return before + (size_t)(r->route - t->routes);
        before += t->n;
    }
    return m->n_routes + method_index(r->method);
}

static size_t status_index(int status)
{
    size_t i = 0;

    while (i < METRICS_STATUSES - 1 && metrics_statuses[i] != status)
        i++;
    return i;
}

static size_t bucket_index(int64_t us)
{
    size_t i = 0;

    while (i < METRICS_BUCKETS - 1 && us > metrics_bounds_us[i])
        i++;
    return i;
}

static void add(_Atomic int64_t *to, int64_t v)
{
    atomic_fetch_add_explicit(to, v, memory_order_relaxed);
}

void metrics_count(struct metrics *m, const struct metrics_request *r)
{
    struct route_stat *s = &m->routes[route_index(m, r)];

    add(&s->status[status_index(r->status)], 1);
    add(&s->bucket[bucket_index(r->duration_us)], 1);
    add(&s->sum_us, r->duration_us);
    add(&s->bytes, (int64_t)r->bytes);
    if (r->statements) {
        add(&s->db_us, r->db_us);
        add(&s->statements, r->statements);
    }
    if (r->status == 429)
        add(&m->limited[r->route ? r->route->bucket : BUCKET_API], 1);
    if (!r->complete)
        add(&m->cut, 1);
}

/* ── writing ── */

void metric_head(struct buf *b, const char *name, const char *type, const char *help)
{
    buf_printf(b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void name_and_labels(struct buf *b, const char *name, const char *labels)
{
    buf_str(b, str_of(name));
    if (*labels)
        buf_printf(b, "{%s}", labels);
    buf_char(b, ' ');
}

void metric_int(struct buf *b, const char *name, const char *labels, int64_t v)
{
    name_and_labels(b, name, labels);
    buf_i64(b, v);
    buf_char(b, '\n');
}

void metric_seconds(struct buf *b, const char *name, const char *labels, int64_t us)
{
    name_and_labels(b, name, labels);
    buf_printf(b, "%lld.%06lld\n", (long long)(us / US_PER_S), (long long)(us % US_PER_S));
}

void metric_one(struct buf *b, const char *name, const char *type, const char *help, int64_t v)
{
    metric_head(b, name, type, help);
    metric_int(b, name, "", v);
}

enum { ROUTE_LABELS_MAX = 256 };

static void route_labels(const struct metrics *m, size_t i, char out[ROUTE_LABELS_MAX])
{
    size_t at = i;

    for (size_t t = 0; t < m->n_tables; at -= m->tables[t++]->n) {
        if (at >= m->tables[t]->n)
            continue;
        const struct route *r = &m->tables[t]->routes[at];

        snprintf(out, ROUTE_LABELS_MAX, "route=\"%s\",method=\"%s\"", r->path,
                 methods[method_index(r->method)].name);
        return;
    }
    snprintf(out, ROUTE_LABELS_MAX, "route=\"none\",method=\"%s\"", methods[i - m->n_routes].name);
}

static int64_t requests_of(const struct route_stat *s)
{
    int64_t n = 0;

    for (size_t i = 0; i < METRICS_BUCKETS; i++)
        n += s->bucket[i];
    return n;
}

static void write_requests(const struct metrics *m, size_t i, const char *labels, struct buf *b)
{
    char all[ROUTE_LABELS_MAX + 32];

    for (size_t k = 0; k < METRICS_STATUSES; k++) {
        int64_t n = m->routes[i].status[k];

        if (n == 0)
            continue;
        if (k < METRICS_STATUSES - 1)
            snprintf(all, sizeof(all), "%s,status=\"%d\"", labels, metrics_statuses[k]);
        else
            snprintf(all, sizeof(all), "%s,status=\"other\"", labels);
        metric_int(b, "http_requests_total", all, n);
    }
}

static void write_durations(const struct metrics *m, size_t i, const char *labels, struct buf *b)
{
    const struct route_stat *s = &m->routes[i];
    char all[ROUTE_LABELS_MAX + 32];
    int64_t n = 0;

    for (size_t k = 0; k < METRICS_BUCKETS - 1; k++) {
        n += s->bucket[k];
        snprintf(all, sizeof(all), "%s,le=\"%g\"", labels,
                 (double)metrics_bounds_us[k] / (double)US_PER_S);
        metric_int(b, "http_request_duration_seconds_bucket", all, n);
    }
    n += s->bucket[METRICS_BUCKETS - 1];
    snprintf(all, sizeof(all), "%s,le=\"+Inf\"", labels);
    metric_int(b, "http_request_duration_seconds_bucket", all, n);
    metric_seconds(b, "http_request_duration_seconds_sum", labels, s->sum_us);
    metric_int(b, "http_request_duration_seconds_count", labels, n);
}

static void write_bytes(const struct metrics *m, size_t i, const char *labels, struct buf *b)
{
    metric_int(b, "http_response_bytes_total", labels, m->routes[i].bytes);
}

static void write_db(const struct metrics *m, size_t i, const char *labels, struct buf *b)
{
    if (m->routes[i].statements)
        metric_seconds(b, "http_request_db_seconds_total", labels, m->routes[i].db_us);
}

static const struct {
    const char *name, *type, *help;
    void (*write)(const struct metrics *m, size_t i, const char *labels, struct buf *b);
} per_route[] = {
    { "http_requests_total", "counter", "Requests answered.", write_requests },
    { "http_request_duration_seconds", "histogram",
      "From the first byte of the request to the last of the answer.", write_durations },
    { "http_response_bytes_total", "counter", "Bytes of answers.", write_bytes },
    { "http_request_db_seconds_total", "counter", "Time requests spent in the database.",
      write_db },
};

void metrics_write_http(const struct metrics *m, struct buf *b)
{
    char labels[ROUTE_LABELS_MAX];

    for (size_t k = 0; k < ARRAY_LEN(per_route); k++) {
        metric_head(b, per_route[k].name, per_route[k].type, per_route[k].help);
        for (size_t i = 0; i < m->n_routes + METRICS_METHODS; i++) {
            if (requests_of(&m->routes[i]) == 0)
                continue;
            route_labels(m, i, labels);
            per_route[k].write(m, i, labels, b);
        }
    }
    metric_head(b, "http_rate_limited_total", "counter", "Requests refused by a rate limit.");
    for (size_t i = 0; i < BUCKET_COUNT_; i++) {
        snprintf(labels, sizeof(labels), "bucket=\"%s\"", bucket_names[i]);
        metric_int(b, "http_rate_limited_total", labels, m->limited[i]);
    }
    metric_one(b, "http_responses_cut_total", "counter", "Answers whose client went away.", m->cut);
}

void metrics_write(const struct metrics *m, struct app *app, const struct health_snapshot *now,
                   struct buf *out)
{
    metrics_write_http(m, out);
    metrics_write_app(app, now, out);
    metrics_write_process(now, out);
}
