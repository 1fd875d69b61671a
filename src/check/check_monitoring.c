/* Lines about what watches the server: Prometheus, Alertmanager, Grafana are asked. */
#include "check/check_priv.h"

#include "base/clock.h"
#include "base/enc.h"
#include "base/file.h"
#include "base/rand.h"
#include "check/watching.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ARRIVE_MS = 15000, WEBHOOK_MAX = 64 * 1024 };

/* GET of base + path as JSON; NULL with the finding set. */
static json_t *fetch(struct check_run *r, struct str base, const char *setting, const char *path,
                     struct finding *f)
{
    struct answer w;
    json_t *v;

    if (!base.n) {
        find_fail(f, "%s is not set: nothing is known of it", setting);
        return NULL;
    }
    ask(r->asker, &(struct ask){ .path = str_printf(r->a, "%.*s%s", STR_ARG(base), path).p }, &w);
    v = w.status == 200 ? answer_json(&w) : NULL;
    if (w.status == 0)
        find_fail(f, "%.*s does not answer: %.*s", STR_ARG(base), STR_ARG(w.words));
    else if (!v)
        find_fail(f, "%.*s%s: status %d", STR_ARG(base), path, w.status);
    return v;
}

static json_t *prometheus(struct check_run *r, const char *path, struct finding *f)
{
    return fetch(r, r->cfg->check_prometheus_url, "CHECK_PROMETHEUS_URL", path, f);
}

/* ── rules ── */

/* The rule of this name anywhere in /api/v1/rules; borrowed. */
static const json_t *find_rule(const json_t *answer, const char *name)
{
    const json_t *groups = json_object_get(json_object_get(answer, "data"), "groups");
    size_t g, i;
    json_t *group, *rule;

    json_array_foreach(groups, g, group) {
        json_array_foreach(json_object_get(group, "rules"), i, rule) {
            const char *own = json_string_value(json_object_get(rule, "name"));

            if (own && strcmp(own, name) == 0)
                return rule;
        }
    }
    return NULL;
}

static const char *member(const json_t *v, const char *key)
{
    const char *text = json_string_value(json_object_get(v, key));

    return text ? text : "";
}

static void judge_rule(struct check_run *r, const json_t *answer, const char *name, struct finding *f)
{
    const json_t *rule = find_rule(answer, name);
    struct str wrong = rule_wrong(name, rule, r->a);

    if (wrong.n)
        find_fail(f, "%.*s", STR_ARG(wrong));
    else if (strcmp(member(rule, "state"), "firing") == 0)
        find_warn(f, "%s is loaded, and fires now", name);
    else
        find_pass(f, "%s: %s", name, member(rule, "query"));
}

/* What Prometheus has loaded, asked once a run; borrowed, NULL with the finding set. */
static const json_t *alert_rules(struct check_run *r, struct finding *f)
{
    if (!r->alert_rules)
        r->alert_rules = prometheus(r, "/api/v1/rules?type=alert", f);
    return r->alert_rules;
}

void check_alert(struct check_run *r, const char *of, struct finding *f)
{
    const json_t *v = alert_rules(r, f);

    if (v)
        judge_rule(r, v, of, f);
}

void check_alerts_all(struct check_run *r, const char *of, struct finding *f)
{
    const json_t *v = alert_rules(r, f);
    struct finding worst = { .state = CHECK_PASS };
    size_t n = 0;

    (void)of;
    for (; v && rule_name(n); n++) {
        judge_rule(r, v, rule_name(n), f);
        if (f->state == CHECK_FAIL)
            return;
        worst = f->state == CHECK_WARN ? *f : worst;
    }
    if (worst.state == CHECK_WARN)
        *f = worst;
    else if (v)
        find_pass(f, "all %zu alerts of the checklist are loaded", n);
}

/* ── what is scraped ── */

/* The first value of an instant query; false with the finding set. */
static bool query(struct check_run *r, const char *expr, double *value, struct finding *f)
{
    struct str path = str_printf(r->a, "/api/v1/query?query=%s",
                                 str_z(enc_url(str_of(expr), r->a), r->a));
    json_t *v CLEAN(json_clean) = prometheus(r, path.p, f);
    const json_t *first, *text;

    if (!v)
        return false;
    first = json_array_get(json_object_get(json_object_get(v, "data"), "result"), 0);
    text = json_array_get(json_object_get(first, "value"), 1);
    if (!json_is_string(text)) {
        find_fail(f, "Prometheus knows nothing of %s", expr);
        return false;
    }
    *value = strtod(json_string_value(text), NULL);
    return true;
}

void check_scraped(struct check_run *r, const char *of, struct finding *f)
{
    double up;

    (void)of;
    if (!query(r, "min(up{job=\"ticketing-system\"})", &up, f))
        return;
    if (up < 1)
        find_fail(f, "Prometheus cannot read /metrics: up{job=\"ticketing-system\"} is 0");
    else
        find_pass(f, "up{job=\"ticketing-system\"} is 1");
}

void check_probe(struct check_run *r, const char *of, struct finding *f)
{
    double good;

    (void)of;
    if (!query(r, "min(probe_success{job=\"ticketing-probe\"})", &good, f))
        return;
    if (good < 1)
        find_fail(f, "the probe from outside fails: probe_success{job=\"ticketing-probe\"} is 0");
    else
        find_pass(f, "probe_success{job=\"ticketing-probe\"} is 1");
}

void check_alerting(struct check_run *r, const char *of, struct finding *f)
{
    json_t *v CLEAN(json_clean) = prometheus(r, "/api/v1/alertmanagers", f);
    const json_t *active;

    if (!v)
        return;
    active = json_object_get(json_object_get(v, "data"), "activeAlertmanagers");
    if (json_array_size(active) == 0)
        return find_fail(f, "Prometheus sends its alerts to no Alertmanager");
    check_alerts_all(r, of, f);
    if (f->state == CHECK_PASS)
        find_pass(f, "rules for memory, CPU and errors go to %zu Alertmanager",
                  json_array_size(active));
}

void check_dashboard(struct check_run *r, const char *of, struct finding *f)
{
    json_t *v CLEAN(json_clean) = NULL;

    (void)of;
    if (!r->cfg->check_grafana_url.n)
        return find_sign(f, "CHECK_GRAFANA_URL is not set: somebody has to say that it is there");
    v = fetch(r, r->cfg->check_grafana_url, "CHECK_GRAFANA_URL",
              "/api/dashboards/uid/ticketing-system", f);
    if (v)
        find_pass(f, "%s", member(json_object_get(v, "dashboard"), "title"));
}

/* ── Alertmanager ── */

void check_alert_channels(struct check_run *r, const char *of, struct finding *f)
{
    json_t *v CLEAN(json_clean) =
        fetch(r, r->cfg->check_alertmanager_url, "CHECK_ALERTMANAGER_URL", "/api/v2/status", f);
    const char *config;
    struct str wrong;

    (void)of;
    if (!v)
        return;
    config = member(json_object_get(v, "config"), "original");
    wrong = channels_wrong(str_of(config), r->a);
    if (wrong.n)
        find_fail(f, "%.*s", STR_ARG(wrong));
    else
        find_sign(f, "Alertmanager has channels; somebody has to say that people read them");
}

/* Where Alertmanager's route for TicketingChecklist posts to. */
static int listen_for_webhook(int64_t port)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0 && listen(fd, 4) == 0)
        return fd;
    close(fd);
    return -1;
}

static bool wait_for(int fd, int64_t until_us)
{
    struct pollfd p = { .fd = fd, .events = POLLIN };
    int64_t left_ms = (until_us - clock_mono_us()) / US_PER_MS;

    return left_ms > 0 && poll(&p, 1, (int)left_ms) > 0;
}

static bool is_whole(struct str request)
{
    const struct str length = STR("Content-Length: ");
    size_t head = str_find(request, STR("\r\n\r\n")), at = str_find(request, length);
    struct str rest = str_sub(request, at + length.n, request.n);
    int64_t n;

    return head != SIZE_MAX && at < head && str_i64(str_trim(str_cut(&rest, '\n')), 0, WEBHOOK_MAX, &n)
           && request.n >= head + 4 + (size_t)n;
}

/* One delivery: true when it carries the mark.  One of an earlier test, which Alertmanager still tries
 * to deliver, is thanked for too. */
static bool take_delivery(int listener, struct str mark, int64_t until_us)
{
    const struct str thanks =
        STR("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    int fd CLEAN(fd_close) = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    struct buf b CLEAN(buf_release) = BUF_HEAP(WEBHOOK_MAX);
    char chunk[4096];

    while (fd >= 0 && wait_for(fd, until_us)) {
        ssize_t n = read(fd, chunk, sizeof(chunk));

        if (n <= 0)
            break;
        buf_add(&b, chunk, (size_t)n);
        if (is_whole(buf_view(&b)))
            return fd_write_all(fd, thanks) && str_find(buf_view(&b), mark) != SIZE_MAX;
    }
    return false;
}

static int post_alert(struct check_run *r, struct str mark)
{
    struct str body = str_printf(
        r->a,
        "[{\"labels\":{\"alertname\":\"TicketingChecklist\",\"severity\":\"test\",\"mark\":\"%.*s\"},"
        "\"annotations\":{\"summary\":\"A test of server checklist: nothing is wrong.\"}}]",
        STR_ARG(mark));
    struct answer w;

    ask(r->asker,
        &(struct ask){
            .method = "POST",
            .path =
                str_printf(r->a, "%.*s/api/v2/alerts", STR_ARG(r->cfg->check_alertmanager_url)).p,
            .headers = { "Content-Type: application/json" },
            .body = str_z(body, r->a) },
        &w);
    return w.status;
}

static void send_and_wait(struct check_run *r, int listener, struct finding *f)
{
    struct str mark = enc_hex(rand_token(8, r->a), r->a);
    int64_t from = clock_mono_us(), until = from + ARRIVE_MS * US_PER_MS;
    int status = post_alert(r, mark);

    if (status != 200)
        return find_fail(f, "Alertmanager took no test alert: status %d", status);
    while (wait_for(listener, until)) {
        if (take_delivery(listener, mark, until))
            return find_pass(f, "a test alert went through Alertmanager and arrived after %.1f s",
                             (double)(clock_mono_us() - from) / (double)US_PER_S);
    }
    find_fail(f, "Alertmanager took a test alert, but it did not arrive at port %lld within %d s",
              (long long)r->cfg->check_alert_port, ARRIVE_MS / 1000);
}

void check_alert_arrives(struct check_run *r, const char *of, struct finding *f)
{
    int fd CLEAN(fd_close) = -1;

    (void)of;
    if (!r->cfg->check_alertmanager_url.n)
        return find_fail(f, "CHECK_ALERTMANAGER_URL is not set: no alert can be tried");
    fd = listen_for_webhook(r->cfg->check_alert_port);
    if (fd < 0)
        find_fail(f, "port %lld (CHECK_ALERT_PORT) is taken: the test alert could not arrive",
                  (long long)r->cfg->check_alert_port);
    else
        send_and_wait(r, fd, f);
}
