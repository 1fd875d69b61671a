/* Events to standard output: one JSON object a line, or readable text on a terminal.
 * An event is a name and key=value fields; never a secret, a token, a message body.
 * Any thread; a line is written with one write(2), so lines never mix. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/defs.h"
#include "base/str.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };
enum log_format { LOG_JSON, LOG_READABLE };

struct log_kv {
    const char *key;
    enum { LOG_KV_TEXT, LOG_KV_INT, LOG_KV_MS } type; /* MS: v is microseconds, written as ms with 3 digits */
    struct str s;
    int64_t v;
};

#define KV_TEXT(k, str_) ((struct log_kv){ .key = (k), .type = LOG_KV_TEXT, .s = (str_) })
#define KV_Z(k, z) ((struct log_kv){ .key = (k), .type = LOG_KV_TEXT, .s = str_of(z) })
#define KV_INT(k, i) ((struct log_kv){ .key = (k), .type = LOG_KV_INT, .v = (i) })
#define KV_MS(k, us) ((struct log_kv){ .key = (k), .type = LOG_KV_MS, .v = (us) })

void log_init(enum log_level least, enum log_format format, int fd);
void log_set_level(enum log_level least); /* SIGHUP */
bool log_level_of(struct str name, enum log_level *out);
bool log_on(enum log_level level);
void log_event_(enum log_level level, const char *event, const struct log_kv *kv, size_t n);

/* LOG(LOG_INFO, "migrate.done", KV_INT("version", 3)); empty values are left out. */
#define LOG(level, event, ...)                                                                     \
    do {                                                                                           \
        if (log_on(level)) {                                                                       \
            const struct log_kv log_kv_[] = { __VA_ARGS__ };                                       \
            log_event_(level, event, log_kv_, ARRAY_LEN(log_kv_));                                 \
        }                                                                                          \
    } while (0)

/* Counts of what was logged by level, for the metrics. */
int64_t log_count(enum log_level level);

#endif
