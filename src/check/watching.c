#include "check/watching.h"

#include "base/arena.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBER_MAX = 64, FOR_MAX_S = 900, RECEIVERS_MAX = 64 };

/* ── rules ── */

/* The alerts of the document: what their rule must look at, its threshold, and how urgent it is. */
static const struct {
    const char *name, *metric, *threshold, *severity;
} alerts[] = {
    { "TicketingDown", "probe_success{", "== 0", "critical" },
    { "TicketingDatabaseDown", "health_status{", "== 3", "critical" },
    { "TicketingErrorsCritical", "http_requests_total{", "> 0.05", "critical" },
    { "TicketingMemoryCritical", "process_resident_memory_bytes{", "> 0.9", "critical" },
    { "TicketingCpuCritical", "process_cpu_seconds_total{", "> 0.9", "critical" },
    { "TicketingSlow", "http_request_duration_seconds_bucket{", "> 1", "warning" },
    { "TicketingErrorsWarning", "http_requests_total{", "> 0.01", "warning" },
    { "TicketingMemoryWarning", "process_resident_memory_bytes{", "> 0.7", "warning" },
    { "TicketingCpuWarning", "process_cpu_seconds_total{", "> 0.7", "warning" },
    { "TicketingDiskWarning", "disk_free_bytes{", "> 0.8", "warning" },
};

const char *rule_name(size_t i)
{
    return i < ARRAY_LEN(alerts) ? alerts[i].name : NULL;
}

static const char *member(const json_t *v, const char *key)
{
    const char *text = json_string_value(json_object_get(v, key));

    return text ? text : "";
}

/* "> 0.9" as a whole: neither in ">= 0.9" nor in "> 0.95". */
static bool holds_threshold(struct str query, struct str threshold)
{
    size_t at;

    while ((at = str_find(query, threshold)) != SIZE_MAX) {
        char next = at + threshold.n < query.n ? query.p[at + threshold.n] : ' ';

        if (at > 0 && query.p[at - 1] == ' ' && strchr(" \n)", next))
            return true;
        query = str_sub(query, at + 1, query.n);
    }
    return false;
}

struct str rule_wrong(const char *name, const json_t *rule, struct arena *a)
{
    const char *query = member(rule, "query"), *severity;
    size_t i = 0;

    while (i < ARRAY_LEN(alerts) && strcmp(alerts[i].name, name) != 0)
        i++;
    INVARIANT(i < ARRAY_LEN(alerts));
    severity = member(json_object_get(rule, "labels"), "severity");
    if (!rule)
        return str_printf(a, "Prometheus has no rule %s", name);
    if (strcmp(member(rule, "health"), "err") == 0)
        return str_printf(a, "%s cannot be evaluated: %.300s", name, member(rule, "lastError"));
    if (!strstr(query, alerts[i].metric))
        return str_printf(a, "%s does not look at %s}: %.500s", name, alerts[i].metric, query);
    if (!holds_threshold(str_of(query), str_of(alerts[i].threshold)))
        return str_printf(a, "%s does not hold the threshold %s: %.500s", name, alerts[i].threshold, query);
    if (strcmp(severity, alerts[i].severity) != 0)
        return str_printf(a, "%s has the severity \"%.50s\", not %s", name, severity, alerts[i].severity);
    if (json_number_value(json_object_get(rule, "duration")) > FOR_MAX_S)
        return str_printf(a, "%s waits longer than %d minutes before it tells anybody", name, FOR_MAX_S / 60);
    return STR("");
}

/* ── receivers ── */

struct receivers {
    struct str reachable[RECEIVERS_MAX];
    size_t n;
};

static struct str unquoted(struct str s)
{
    s = str_trim(s);
    return s.n > 1 && (s.p[0] == '"' || s.p[0] == '\'') ? str_sub(s, 1, s.n - 1) : s;
}

/* Those below "receivers:" that have a channel, "email_configs:" and the like. */
static void read_receivers(struct str config, struct receivers *out)
{
    struct str name = STR("");
    bool inside = false;

    while (config.p) {
        struct str line = str_cut(&config, '\n'), bare = str_trim(line);

        if (line.n && line.p[0] != ' ' && line.p[0] != '-')
            inside = str_starts(line, STR("receivers:"));
        else if (inside && str_starts(bare, STR("- name:")))
            name = unquoted(str_sub(bare, strlen("- name:"), bare.n));
        else if (inside && str_ends(bare, STR("_configs:")) && out->n < RECEIVERS_MAX)
            out->reachable[out->n++] = name;
    }
}

static bool is_reachable(const struct receivers *all, struct str name)
{
    for (size_t i = 0; i < all->n; i++) {
        if (str_eq(all->reachable[i], name))
            return true;
    }
    return false;
}

struct str channels_wrong(struct str config, struct arena *a)
{
    struct receivers all = { 0 };
    struct str rest = config;
    size_t people = 0;

    read_receivers(config, &all);
    while (rest.p) {
        struct str line = str_cut(&rest, '\n'), bare = str_trim(line), name;

        if (line.n == bare.n) /* not below anything */
            continue;
        bare = str_starts(bare, STR("- ")) ? str_sub(bare, 2, bare.n) : bare;
        if (!str_starts(bare, STR("receiver:")))
            continue;
        name = unquoted(str_sub(bare, strlen("receiver:"), bare.n));
        if (!is_reachable(&all, name))
            return str_printf(a, "alerts are routed to the receiver %.*s, which has no channel", STR_ARG(name));
        people += !str_eq(name, STR("checklist"));
    }
    if (people == 0)
        return STR("no alert is routed to a receiver of people");
    if (str_find(config, STR("example.org")) != SIZE_MAX || str_find(config, STR("example.com")) != SIZE_MAX)
        return STR("a receiver of Alertmanager still has an example's address");
    return STR("");
}

/* ── samples ── */

/* One sample "name{labels} value" when it is of this metric and has all of label. */
static bool sample(struct str line, struct str name, struct str label, double *value)
{
    size_t space = 0;
    char number[NUMBER_MAX];

    if (!str_starts(line, name) || line.n <= name.n || (line.p[name.n] != '{' && line.p[name.n] != ' '))
        return false;
    if (str_find(line, label) == SIZE_MAX)
        return false;
    for (size_t i = 0; i < line.n; i++)
        space = line.p[i] == ' ' ? i : space;
    snprintf(number, sizeof(number), "%.*s", STR_ARG(str_sub(line, space + 1, line.n)));
    *value = strtod(number, NULL);
    return true;
}

double metrics_sum(struct str text, const char *name, const char *label)
{
    double total = NAN, one;

    while (text.p) {
        if (sample(str_cut(&text, '\n'), str_of(name), str_of(label), &one))
            total = isnan(total) ? one : total + one;
    }
    return total;
}
