#include "base/log.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/utf8.h"

#include <stdatomic.h>
#include <unistd.h>

enum {
    LINE_MAX_BYTES = 4096, /* PIPE_BUF: what a pipe takes whole */
    TAIL_BYTES = 24,       /* kept free for the mark of a shortened line and its end */
    VALUE_MAX_BYTES = 1024,
    LEVELS = LOG_ERROR + 1,
};

static const struct {
    struct str name, padded;
} levels[LEVELS] = {
    [LOG_DEBUG] = { STR("debug"), STR("DEBUG") },
    [LOG_INFO] = { STR("info"), STR("INFO ") },
    [LOG_WARN] = { STR("warn"), STR("WARN ") },
    [LOG_ERROR] = { STR("error"), STR("ERROR") },
};

/* The logger's own state, set at start and by SIGHUP; counts for the metrics. */
static _Atomic int least_level = LOG_INFO;
static _Atomic int format_used = LOG_JSON;
static _Atomic int out_fd = STDOUT_FILENO;
static _Atomic int64_t counts[LEVELS];

void log_init(enum log_level least, enum log_format format, int fd)
{
    atomic_store(&least_level, (int)least);
    atomic_store(&format_used, (int)format);
    atomic_store(&out_fd, fd);
}

void log_set_level(enum log_level least)
{
    atomic_store(&least_level, (int)least);
}

bool log_level_of(struct str name, enum log_level *out)
{
    for (int i = 0; i < LEVELS; i++) {
        if (str_ieq(name, levels[i].name)) {
            *out = (enum log_level)i;
            return true;
        }
    }
    return false;
}

bool log_on(enum log_level level)
{
    return (int)level >= atomic_load_explicit(&least_level, memory_order_relaxed);
}

int64_t log_count(enum log_level level)
{
    return atomic_load_explicit(&counts[level], memory_order_relaxed);
}

static void add_ms(struct buf *b, int64_t us)
{
    if (us < 0) {
        buf_char(b, '-');
        us = -us;
    }
    buf_i64(b, us / US_PER_MS);
    buf_char(b, '.');
    for (int64_t rest = us % US_PER_MS, unit = 100; unit; unit /= 10)
        buf_char(b, (char)('0' + rest / unit % 10));
}

static struct str shortened(struct str s)
{
    return str_sub(s, 0, utf8_cut_bytes(s, VALUE_MAX_BYTES));
}

static void json_field(struct buf *b, const struct log_kv *kv)
{
    struct jw w = { .b = b, .comma = true };

    jw_key_str(&w, str_of(kv->key));
    if (kv->type == LOG_KV_TEXT)
        jw_text(&w, shortened(kv->s));
    else if (kv->type == LOG_KV_INT)
        jw_int(&w, kv->v);
    else
        add_ms(b, kv->v);
}

static bool is_plain_word(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] <= ' ' || s.p[i] == '"' || s.p[i] == '=' || s.p[i] == 0x7F)
            return false;
    }
    return true;
}

/* A terminal must not obey what a client sent: DEL and the C1 controls are not escaped by JSON. */
static void readable_text(struct buf *b, struct str s)
{
    struct jw w = jw_to(b);

    if (is_plain_word(s))
        buf_str(b, s);
    else if (utf8_is_valid(s) && !utf8_has_control(s, true))
        jw_text(&w, s);
    else
        for (size_t i = 0; i < s.n; i++)
            buf_char(b, s.p[i] >= ' ' && s.p[i] < 0x7F ? s.p[i] : '?');
}

static void readable_field(struct buf *b, const struct log_kv *kv)
{
    buf_char(b, ' ');
    buf_str(b, str_of(kv->key));
    buf_char(b, '=');
    if (kv->type == LOG_KV_TEXT)
        readable_text(b, shortened(kv->s));
    else if (kv->type == LOG_KV_INT)
        buf_i64(b, kv->v);
    else
        add_ms(b, kv->v);
}

static void json_head(struct buf *b, enum log_level level, const char *event)
{
    struct jw w = jw_to(b);

    jw_obj(&w);
    jw_kv_time(&w, "time", clock_now_us());
    jw_kv_text(&w, "level", levels[level].name);
    jw_kv_text(&w, "event", str_of(event));
}

static void readable_head(struct buf *b, enum log_level level, const char *event)
{
    char text[CLOCK_TEXT_MAX];
    const size_t day = sizeof("2026-11-23T") - 1, n = clock_format(clock_now_us(), text);

    buf_add(b, text + day, n - day - 1);
    buf_char(b, ' ');
    buf_str(b, levels[level].padded);
    buf_char(b, ' ');
    buf_str(b, str_of(event));
}

void log_event_(enum log_level level, const char *event, const struct log_kv *kv, size_t n)
{
    bool json = atomic_load(&format_used) == LOG_JSON;
    char line[LINE_MAX_BYTES];
    /* As large as its maximum from the start: it never grows, so it needs no owner. */
    struct buf b = { .p = line,
                     .cap = sizeof(line) - TAIL_BYTES,
                     .max = sizeof(line) - TAIL_BYTES };
    bool is_short = false;

    atomic_fetch_add_explicit(&counts[level], 1, memory_order_relaxed);
    (json ? json_head : readable_head)(&b, level, event);
    for (size_t i = 0; i < n; i++) {
        size_t before = b.n;

        if (kv[i].type == LOG_KV_TEXT && kv[i].s.n == 0)
            continue;
        (json ? json_field : readable_field)(&b, &kv[i]);
        if (b.overflow) { /* leave this field out, keep the line whole */
            b.n = before;
            b.overflow = false;
            is_short = true;
        }
    }
    b.cap = b.max = sizeof(line);
    if (is_short)
        buf_str(&b, json ? STR(",\"shortened\":true") : STR(" shortened"));
    buf_str(&b, json ? STR("}\n") : STR("\n"));
    if (write(atomic_load(&out_fd), b.p, b.n) < 0)
        return; /* nobody is left to tell */
}
