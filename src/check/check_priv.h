/* What the ways of judging share. */
#ifndef CHECK_CHECK_PRIV_H
#define CHECK_CHECK_PRIV_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "check/ask.h"
#include "check/checklist.h"
#include "store/db.h"

struct evidence_row;

struct finding {
    enum check_state state;
    struct str words;
    struct arena *a;
};

struct check_run {
    const struct check_opts *o;
    const struct config *cfg;
    struct arena *a;
    int64_t now_us;
    struct db *db; /* NULL: none */
    json_t *release;             /* release.json beside the binary, NULL: none */
    struct str release_words;    /* why there is none */
    struct asker *asker;         /* requests to o->url, from an address of their own where there is one */
    enum url_place place;        /* where o->url is */
    struct tls_look *tls;        /* one look at its TLS, NULL: not looked yet */
    struct str metrics;          /* /metrics, once; p NULL: not asked yet */
    json_t *alert_rules;         /* what Prometheus has loaded, NULL: not asked yet, or no answer */
};

/* Each sets the state and the words; the last one called holds. */
void find_pass(struct finding *f, const char *fmt, ...) PRINTF_LIKE(2, 3);
void find_warn(struct finding *f, const char *fmt, ...) PRINTF_LIKE(2, 3);
void find_fail(struct finding *f, const char *fmt, ...) PRINTF_LIKE(2, 3);
void find_na(struct finding *f, const char *fmt, ...) PRINTF_LIKE(2, 3);
void find_sign(struct finding *f, const char *fmt, ...) PRINTF_LIKE(2, 3);

#define CHECK(name, judge, days, why, mend)                                                        \
    void check_##name(struct check_run *r, const char *of, struct finding *f);
#include "check/checks.def"
#undef CHECK
/* A way of judging that is a call, with r and f, which it shares with others. */
#define CHECK_BY(name, call)                                                                       \
    void check_##name(struct check_run *r, const char *of, struct finding *f)                      \
    {                                                                                              \
        (void)of;                                                                                  \
        call;                                                                                      \
    }

/* True when the configuration names an embedded database. */
bool run_is_sqlite(const struct check_run *r);
/* True inside a container: CHECK_CONTAINER, or its marks in the file system or environment. */
bool run_in_container(const struct check_run *r);
/* False, with the finding set, without a database. */
bool run_has_db(const struct check_run *r, struct finding *f);

/* Runs another program without a shell: its exit code and its standard output; -1: it could not be
 * started or did not end in time. */
int run_program(struct check_run *r, const char *const *argv, int64_t timeout_ms, struct str *out);

/* False, with the finding set, when the unit file is weaker than ours. */
bool unit_is_sound(struct check_run *r, struct finding *f);

/* GET of the judged server; false, with the finding set, without an answer. */
bool live_get(struct check_run *r, const char *path, struct answer *w, struct finding *f);
bool live_answered(const struct answer *w, const char *path, struct finding *f);
/* The server's own words, with this code (NULL: any); a proxy's have no request_id. */
bool live_is_problem(const struct answer *w, const char *code);

/* The body of a login that must be refused: an address of its own each time, so that none is locked. */
const char *wrong_login(struct check_run *r);

/* The newest evidence of a kind, only_ok: that succeeded.  RC_CONFLICT: it is not what the audit log has. */
enum rc run_evidence(struct check_run *r, const char *kind, bool only_ok, struct evidence_row *out,
                     struct err *e) MUST_USE;

/* "3 days", "26 hours", "40 seconds" */
struct str words_age(int64_t us, struct arena *a);
struct str words_bytes(int64_t bytes, struct arena *a);

#endif
