/* Lines about the log on its way to where it is kept. */
#include "check/check_priv.h"

#include "base/clock.h"
#include "base/file.h"

#include <dirent.h>
#include <time.h>

enum { NAME_BYTES = 64, LINE_BYTES = 4096, COMM_MAX = 15, ARRIVE_MS = 8000, LOOK_MS = 100 };

/* What carries logs away; journald alone keeps them here. */
static const char *const shippers[] = { "vector",     "rsyslogd",  "fluent-bit", "fluentd",
                                        "filebeat",   "promtail",  "alloy",      "syslog-ng",
                                        "systemd-journal-upload" };

/* The kernel keeps 15 bytes of a name: the command tells systemd-journal-upload from systemd-journald. */
static bool is_shipper(const char *shipper, struct str comm, const char *process, struct arena *a)
{
    struct str whole = str_of(shipper), command;
    struct err e = { 0 };

    if (!str_eq(str_trim(comm), str_sub(whole, 0, COMM_MAX)))
        return false;
    return whole.n <= COMM_MAX
           || (file_read(str_printf(a, "/proc/%s/cmdline", process).p, LINE_BYTES, a, &command, &e) == RC_OK
               && str_find(command, whole) != SIZE_MAX);
}

static const char *running_shipper(struct arena *a)
{
    DIR *d = opendir("/proc");
    const struct dirent *entry;
    const char *found = NULL;

    while (d && !found && (entry = readdir(d))) {
        struct str path = str_printf(a, "/proc/%s/comm", entry->d_name), name;
        struct err e = { 0 };

        if (entry->d_name[0] < '1' || entry->d_name[0] > '9'
            || file_read(path.p, NAME_BYTES, a, &name, &e) != RC_OK)
            continue;
        for (size_t i = 0; i < ARRAY_LEN(shippers); i++) {
            if (is_shipper(shippers[i], name, entry->d_name, a))
                found = shippers[i];
        }
    }
    if (d)
        closedir(d);
    return found;
}

/* CHECK_LOG_URL with the mark in its place. */
static const char *search_for(const struct check_run *r, struct str mark)
{
    struct str url = r->cfg->check_log_url;
    size_t at = str_find(url, STR("{mark}"));

    if (at == SIZE_MAX)
        return NULL;
    return str_printf(r->a, "%.*s%.*s%.*s", STR_ARG(str_sub(url, 0, at)), STR_ARG(mark),
                      STR_ARG(str_sub(url, at + strlen("{mark}"), url.n)))
        .p;
}

/* Makes a request, and looks for its line, by the request_id, in the store of logs. */
static void send_and_look(struct check_run *r, const char *name, struct finding *f)
{
    int64_t from = clock_mono_us();
    const char *mark, *search;
    struct answer w;
    json_t *v CLEAN(json_clean) = NULL;

    if (!live_get(r, "/api/v1/no-such-address", &w, f))
        return;
    v = answer_json(&w);
    mark = json_string_value(json_object_get(v, "request_id"));
    search = mark ? search_for(r, str_of(mark)) : NULL;
    if (!mark)
        return find_fail(f, "an error has no request_id: it cannot be found in the log");
    if (!search)
        return find_fail(f, "CHECK_LOG_URL has no {mark} to put the words in that are looked for");
    do {
        ask(r->asker, &(struct ask){ .path = search }, &w);
        if (w.status != 200)
            return find_fail(f, "the store of logs (CHECK_LOG_URL) does not answer: %d %.*s", w.status,
                             STR_ARG(w.words));
        if (str_find(w.body, str_of(mark)) != SIZE_MAX)
            return find_pass(f, "%s runs; the line of a request arrived after %.1f s", name,
                             (double)(clock_mono_us() - from) / (double)US_PER_S);
        nanosleep(&(struct timespec){ .tv_nsec = LOOK_MS * 1000000L }, NULL);
    } while (clock_mono_us() - from < ARRIVE_MS * US_PER_MS);
    find_fail(f, "the line of a request did not arrive within %d s, though %s runs", ARRIVE_MS / 1000, name);
}

void check_log_shipping(struct check_run *r, const char *of, struct finding *f)
{
    const char *name = running_shipper(r->a);

    (void)of;
    if (run_in_container(r) && !r->cfg->check_log_url.n)
        find_na(f, "in a container the engine takes the log from standard output");
    else if (!name && !run_in_container(r))
        find_fail(f, "nothing here carries logs away (vector, rsyslogd, fluent-bit, …)");
    else if (r->cfg->log_format == 2)
        find_warn(f, "LOG_FORMAT=readable cannot be parsed where the logs are kept");
    else if (r->cfg->check_log_url.n)
        send_and_look(r, name ? name : "the engine", f);
    else
        find_warn(f, "%s runs; set CHECK_LOG_URL, so that a line can be seen to arrive", name);
}
