#include "check/checklist.h"

#include "base/clock.h"
#include "base/command.h"
#include "base/file.h"
#include "base/version.h"
#include "check/check_priv.h"
#include "check/signature.h"
#include "desk/evidence.h"
#include "store/store.h"

#include <stdarg.h>
#include <unistd.h>

enum { WORDS_MAX = 1200, RELEASE_MAX = 4 * 1024 * 1024, HOST_BYTES = 256, PROGRAM_OUT = 4 * 1024 * 1024 };

/* ── the two tables ── */

struct way {
    const char *name;
    enum check_judge judge;
    int days;
    const char *why, *mend;
    void (*run)(struct check_run *r, const char *of, struct finding *f);
};

enum way_index {
#define CHECK(name, judge, days, why, mend) WAY_##name,
#include "check/checks.def"
#undef CHECK
    WAYS
};

static const struct way ways[WAYS] = {
#define CHECK(name, jdg, dys, wy, mnd)                                                             \
    [WAY_##name] = { #name, JUDGE_##jdg, dys, wy, mnd, check_##name },
#include "check/checks.def"
#undef CHECK
};

/* Rows of PART have no id. */
static const struct check_line rows[] = {
#define PART(sec, prt) { .section = sec, .part = prt },
#define LINE(i, txt, chk) { .id = i, .text = txt, .check = WAY_##chk },
#define LINE_OF(i, txt, chk, what) { .id = i, .text = txt, .check = WAY_##chk, .of = what },
#define SIGN(i, txt, dys, wy, mnd)                                                                 \
    { .id = i,                                                                                     \
      .text = txt,                                                                                 \
      .check = SIZE_MAX,                                                                           \
      .judge = JUDGE_PERSON,                                                                       \
      .days = dys,                                                                                 \
      .why = wy,                                                                                   \
      .mend = mnd },
#include "check/checklist.def"
#undef PART
#undef LINE
#undef LINE_OF
#undef SIGN
};

size_t checklist_lines(struct arena *a, struct check_line **out)
{
    const struct check_line *head = rows;
    size_t n = 0;

    *out = ARENA_ARRAY(a, struct check_line, ARRAY_LEN(rows));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct check_line l = rows[i];

        if (!l.id) {
            head = &rows[i];
            continue;
        }
        l.section = head->section;
        l.part = head->part;
        if (l.check != SIZE_MAX) {
            l.judge = ways[l.check].judge;
            l.days = ways[l.check].days;
            l.why = ways[l.check].why;
            l.mend = ways[l.check].mend;
        }
        (*out)[n++] = l;
    }
    return n;
}

const char *check_state_name(enum check_state s)
{
    static const char *const names[CHECK_STATES] = {
        [CHECK_PASS] = "pass",         [CHECK_WARN] = "warning",
        [CHECK_FAIL] = "fail",         [CHECK_NA] = "not applicable",
        [CHECK_SIGN] = "waiting for signature",
    };

    return names[s];
}

const char *check_judge_name(enum check_judge j)
{
    static const char *const names[] = { [JUDGE_HERE] = "this machine",
                                         [JUDGE_URL] = "the running server",
                                         [JUDGE_EVIDENCE] = "recorded evidence",
                                         [JUDGE_PERSON] = "a person" };

    return names[j];
}

/* ── findings ── */

__attribute__((format(printf, 3, 0))) static void find(struct finding *f, enum check_state state, const char *fmt, va_list args)
{
    char text[WORDS_MAX];
    int n = vsnprintf(text, sizeof(text), fmt, args);

    f->state = state;
    f->words = str_dup((struct str){ text, n < WORDS_MAX ? (size_t)n : WORDS_MAX - 1 }, f->a);
}

#define FINDER(name, state)                                                                        \
    void name(struct finding *f, const char *fmt, ...)                                             \
    {                                                                                              \
        va_list args;                                                                              \
                                                                                                   \
        va_start(args, fmt);                                                                       \
        find(f, state, fmt, args);                                                                 \
        va_end(args);                                                                              \
    }
FINDER(find_pass, CHECK_PASS)
FINDER(find_warn, CHECK_WARN)
FINDER(find_fail, CHECK_FAIL)
FINDER(find_na, CHECK_NA)
FINDER(find_sign, CHECK_SIGN)

bool run_is_sqlite(const struct check_run *r)
{
    return str_starts(r->cfg->database_url, STR("sqlite:"));
}

bool run_has_db(const struct check_run *r, struct finding *f)
{
    if (!r->db)
        find_fail(f, "the database cannot be opened: %.*s", STR_ARG(r->o->store_words));
    return r->db != NULL;
}

enum rc run_evidence(struct check_run *r, const char *kind, bool only_ok, struct evidence_row *out,
                     struct err *e)
{
    *out = (struct evidence_row){ 0 };
    TRY(evidence_latest(r->db, kind, only_ok, r->a, out, e));
    return evidence_is_logged(r->db, out, r->a, e);
}

struct str words_age(int64_t us, struct arena *a)
{
    static const struct {
        int64_t us;
        const char *name;
    } units[] = { { US_PER_DAY, "days" }, { US_PER_HOUR, "hours" }, { US_PER_MIN, "minutes" } };

    for (size_t i = 0; i < ARRAY_LEN(units); i++) {
        if (us >= 2 * units[i].us)
            return str_printf(a, "%lld %s", (long long)(us / units[i].us), units[i].name);
    }
    return str_printf(a, "%lld seconds", (long long)(us / US_PER_S));
}

struct str words_bytes(int64_t bytes, struct arena *a)
{
    if (bytes >= (int64_t)(10 * GIB))
        return str_printf(a, "%lld GiB", (long long)(bytes / (int64_t)GIB));
    if (bytes >= (int64_t)(10 * MIB))
        return str_printf(a, "%lld MiB", (long long)(bytes / (int64_t)MIB));
    return str_printf(a, "%lld KiB", (long long)(bytes / (int64_t)KIB));
}

/* ── other programs ── */

int run_program(struct check_run *r, const char *const *argv, int64_t timeout_ms, struct str *out)
{
    struct command_run c = { .argv = argv, .timeout_ms = timeout_ms, .no_errors = true, .keep = PROGRAM_OUT };
    struct err e = { 0 };
    enum rc rc = command_run(&c, r->a, &e);

    *out = c.output;
    return rc == RC_OK ? c.exit_code : -1;
}

/* ── one run ── */

/* release.json says what was tested and how the files of the release look; it lies beside the binary. */
static void read_release(struct check_run *r)
{
    struct str home = str_dir(str_of(r->o->program)), text;
    struct str path = str_printf(r->a, "%.*srelease.json", STR_ARG(home));
    struct err e = { 0 };

    if (file_read(path.p, RELEASE_MAX, r->a, &text, &e) != RC_OK) {
        r->release_words = str_printf(r->a, "there is no %.*s beside the binary", STR_ARG(path));
        return;
    }
    if (json_read(text, &r->release, &e) != RC_OK || !json_is_object(r->release))
        r->release_words =
            str_printf(r->a, "%.*s cannot be read: %s", STR_ARG(path), e.detail);
}

static bool is_wanted(const struct check_opts *o, const struct check_line *l)
{
    struct str id = str_of(l->id), group = str_cut(&id, '.');

    return !o->section.n || str_ieq(o->section, str_of(l->section)) || str_ieq(o->section, group)
           || str_eq(o->section, str_of(l->id));
}

static struct finding judge(struct check_run *r, const struct check_line *l)
{
    struct finding f = { .state = CHECK_SIGN, .a = r->a, .words = STR("only a person can say") };

    if (r->o->outside_only && l->judge != JUDGE_URL)
        find_na(&f, "judged by %s: run it there, without --url", check_judge_name(l->judge));
    else if (l->check != SIZE_MAX)
        ways[l->check].run(r, l->of, &f);
    if (f.state == CHECK_SIGN)
        signature_apply(r, l, &f);
    return f;
}

/* A way without an argument is tried once, however many lines ask for it. */
static struct finding judge_once(struct check_run *r, const struct check_line *l,
                                 struct finding *seen)
{
    struct finding *kept = l->check == SIZE_MAX || l->of || l->days ? NULL : &seen[l->check];

    if (kept && kept->a)
        return *kept;
    struct finding f = judge(r, l);
    if (kept)
        *kept = f;
    return f;
}

static bool is_last(const struct check_line *l)
{
    return l->check == WAY_rate_limit;
}

static void run_lines(struct check_run *r, struct checklist *out)
{
    struct finding *seen = ARENA_ARRAY(r->a, struct finding, WAYS);

    for (int last = 0; last <= 1; last++) {
        for (size_t i = 0; i < out->n; i++) {
            struct check_result *v = &out->v[i];
            struct finding f;

            if (is_last(&v->line) != (last == 1))
                continue;
            f = judge_once(r, &v->line, seen);
            v->state = f.state;
            v->words = f.words;
            out->count[f.state]++;
        }
    }
}

static struct str host_name(struct arena *a)
{
    char name[HOST_BYTES] = "";

    gethostname(name, sizeof(name) - 1);
    return str_dup(str_of(name), a);
}

void checklist_run(const struct check_opts *o, struct checklist *out)
{
    struct check_run r = { .o = o, .cfg = o->cfg, .a = o->a, .now_us = clock_now_us() };
    int64_t from = clock_mono_us();
    struct check_line *all;
    size_t n = checklist_lines(o->a, &all);
    struct str scheme, host, port;
    struct err e = { 0 };

    *out = (struct checklist){ .started_us = r.now_us, .url = o->url, .version = STR(VERSION) };
    out->host = host_name(o->a);
    out->v = ARENA_ARRAY(o->a, struct check_result, n);
    for (size_t i = 0; i < n; i++) {
        if (is_wanted(o, &all[i]))
            out->v[out->n++].line = all[i];
    }
    if (o->store && store_connect(o->store, DB_READ, &r.db, &e) != RC_OK)
        r.db = NULL;
    read_release(&r);
    url_parts(o->url, &scheme, &host, &port);
    r.place = o->url.n ? url_place(host, o->a) : URL_ELSEWHERE;
    r.asker = asker_new(o->url, r.place == URL_ELSEWHERE ? NULL : loopback_fresh(o->a), o->a);
    run_lines(&r, out);
    asker_free(&r.asker);
    json_decref(r.release);
    json_decref(r.alert_rules);
    db_close(&r.db);
    out->took_us = clock_mono_us() - from;
}
