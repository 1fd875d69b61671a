/* The deployment checklist as a program: every line of the product's checklist is judged by trying it.
 *
 * Lines (checklist.def) name how they are judged (checks.def): by a look at this machine, by requests
 * to a running server, by evidence that another command recorded, or by the signature of a person.
 * Nothing here changes anything but what a try needs: a refused login, an alert marked as a test, a
 * file that is written, synced and removed.
 * One thread; everything lives in the run's arena. */
#ifndef CHECK_CHECKLIST_H
#define CHECK_CHECKLIST_H

#include "base/config.h"
#include "base/defs.h"
#include "base/str.h"

struct arena;
struct buf;
struct store;

enum check_judge { JUDGE_HERE, JUDGE_URL, JUDGE_EVIDENCE, JUDGE_PERSON };
/* CHECK_NA: not applicable, the words say why.  CHECK_SIGN: waits for a person's signature. */
enum check_state { CHECK_PASS, CHECK_WARN, CHECK_FAIL, CHECK_NA, CHECK_SIGN, CHECK_STATES };

struct check_line {
    const char *section, *part, *id, *text;
    size_t check;   /* which row of checks.def, SIZE_MAX: a signature alone */
    const char *of; /* one alert, document, suite of tests; NULL: none */
    enum check_judge judge;
    int days; /* how long a signature holds, 0: for its version only */
    const char *why, *mend;
};

struct check_result {
    struct check_line line;
    enum check_state state;
    struct str words; /* the evidence: what was seen, with figure, file or time */
};

struct check_opts {
    const struct config *cfg; /* as config_inspect() reads it: may be one that production refuses */
    const struct config_issues *issues;
    struct store *store; /* NULL: there is none, store_words tells why */
    struct str store_words;
    struct str url;     /* where the server is asked */
    bool outside_only;  /* --url: only what can be seen from there */
    struct str section; /* only this section, or the part of an id before its dot; n == 0: all */
    struct str email, password; /* of an account to sign in with; n == 0: none */
    struct str folder;  /* the server's working folder, "." */
    const char *program; /* path of this binary */
    struct arena *a;
};

size_t checklist_lines(struct arena *a, struct check_line **out); /* all of them, in order */
const char *check_state_name(enum check_state s); /* "pass", "warning", "fail", … */
const char *check_judge_name(enum check_judge j);

struct checklist {
    struct check_result *v;
    size_t n;
    size_t count[CHECK_STATES];
    int64_t started_us, took_us;
    struct str url, host, version;
};
/* Judges the lines asked for, each way once, those that use up a limit last. */
void checklist_run(const struct check_opts *o, struct checklist *out);

/* Forms of the outcome. */
void checklist_text(const struct checklist *c, bool colors, struct buf *out);
void checklist_json(const struct checklist *c, struct buf *out);
void checklist_junit(const struct checklist *c, struct buf *out);
/* A page to hand to an auditor, printable; seal: what makes it verifiable (audit head), or empty. */
void checklist_html(const struct checklist *c, struct str seal, struct buf *out);
/* docs/checklist-lines.md: every line, who or what judges it, why it matters and how to mend it. */
void checklist_docs(struct arena *a, struct buf *out);

#endif
