#include "desk/compliance.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/version.h"
#include "desk/audit_verify.h"
#include "desk/evidence.h"
#include "desk/later.h"
#include "store/access.h"
#include "store/refs.h"
#include "text/html.h"

enum { PAGE = 200, PAGE_ARENA_MAX = 256 * 1024 * 1024, FIGURES_MAX = 8 * 1024, HTML_LINES_MAX = 20000 };

const char *const compliance_names[COMPLIANCE_SECTIONS_] = {
    "refused_sign_ins", "sign_ins", "rights",  "data_protection", "evidence",
    "settings",         "people",   "tickets", "other", "reads", "refused_requests",
};
static const char *const titles[COMPLIANCE_SECTIONS_] = {
    "Refused sign-ins",
    "Sign-ins, sessions, passwords, second steps",
    "Rights, roles, groups, tokens",
    "Erasures, legal holds, retired tickets",
    "Evidence: retention runs, backups, drills, signatures, reports",
    "Settings",
    "People and organisations",
    "Tickets",
    "Other changes",
    "Reads of tickets, messages, files and people",
    "Requests that were refused (401, 403, 404, 429)",
};

/* By how an action begins; the first that fits. */
static const struct {
    const char *begins;
    enum compliance_section section;
} sections[] = {
    { "login.failed", COMPLIANCE_REFUSED },  { "login.locked", COMPLIANCE_REFUSED },
    { "login.", COMPLIANCE_SIGN_IN },        { "session.", COMPLIANCE_SIGN_IN },
    { "password.", COMPLIANCE_SIGN_IN },     { "mfa.", COMPLIANCE_SIGN_IN },
    { "user.rights", COMPLIANCE_RIGHTS },    { "role.", COMPLIANCE_RIGHTS },
    { "group.", COMPLIANCE_RIGHTS },         { "token.", COMPLIANCE_RIGHTS },
    { "setup.", COMPLIANCE_RIGHTS },         { "user.erase", COMPLIANCE_PRIVACY },
    { "user.export", COMPLIANCE_PRIVACY },
    { "hold.", COMPLIANCE_PRIVACY },         { "ticket.retired", COMPLIANCE_PRIVACY },
    { "secrets.", COMPLIANCE_PROOF },
    { "evidence.", COMPLIANCE_PROOF },       { "backup.", COMPLIANCE_PROOF },
    { "setting.", COMPLIANCE_SETTING },      { "user.", COMPLIANCE_PEOPLE },
    { "organization.", COMPLIANCE_PEOPLE },  { "ticket.", COMPLIANCE_TICKETS },
    { "message.", COMPLIANCE_TICKETS },      { "read", COMPLIANCE_READS },
    { "refused", COMPLIANCE_DENIED },
};

static enum compliance_section section_of(struct str action)
{
    for (size_t i = 0; i < ARRAY_LEN(sections); i++)
        if (str_starts(action, str_of(sections[i].begins)))
            return sections[i].section;
    return COMPLIANCE_OTHER;
}

struct report {
    struct db *db;
    struct compliance *c;
    struct arena *a; /* of one page */
    struct buf *out;
    enum compliance_section only; /* HTML: the section at hand */
    int64_t lines, skipped;
};

/* Who did it, for people. */
static enum rc actor_name(const struct report *r, const struct audit_row *row, struct str *out, struct err *e)
{
    static const char *const others[] = { "nobody signed in", "", "the server", "command line" };
    struct user_ref u;
    enum rc rc;

    *out = row->actor_type >= 0 && row->actor_type < (int64_t)ARRAY_LEN(others)
               ? str_of(others[row->actor_type])
               : STR("unknown");
    if (!row->actor_id)
        return RC_OK;
    rc = refs_user(r->db, row->actor_id, r->a, &u, e);
    if (rc == RC_OK)
        *out = u.name;
    else if (rc == RC_NOT_FOUND)
        err_clear(e);
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

static struct str number(const struct report *r, int64_t n)
{
    return n ? str_printf(r->a, "%lld", (long long)n) : STR("");
}

static struct str time_text(const struct report *r, int64_t at_us)
{
    char when[CLOCK_TEXT_MAX];
    size_t n = clock_format(at_us, when);

    return str_dup((struct str){ when, n }, r->a);
}

/* ── CSV ── */

void compliance_cell(struct buf *out, struct str s)
{
    buf_char(out, '"');
    if (s.n && memchr("=+-@\t\r", s.p[0], 6))
        buf_char(out, '\'');
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '"')
            buf_char(out, '"');
        buf_char(out, s.p[i]);
    }
    buf_char(out, '"');
}

static enum rc csv_line(struct report *r, const struct audit_row *row, struct err *e)
{
    struct str name;

    TRY(actor_name(r, row, &name, e));
    {
        const struct str cells[] = {
            number(r, row->n),
            time_text(r, row->at_us),
            str_of(compliance_names[section_of(row->action)]),
            row->action,
            number(r, row->actor_id),
            name,
            row->address,
            row->object,
            number(r, row->object_id),
            row->details.p ? row->details : STR("erased"),
            row->request_id,
            row->hash,
        };

        for (size_t i = 0; i < ARRAY_LEN(cells); i++) {
            if (i)
                buf_char(r->out, ',');
            compliance_cell(r->out, cells[i]);
        }
    }
    BUF_LIT(r->out, "\r\n");
    return RC_OK;
}

static enum rc csv_row(struct report *r, const struct audit_row *row, struct err *e)
{
    r->c->entries++;
    r->c->counts[section_of(row->action)]++;
    return csv_line(r, row, e);
}

/* ── HTML ── */

static enum rc count_row(struct report *r, const struct audit_row *row, struct err *e)
{
    (void)e;
    r->c->entries++;
    r->c->counts[section_of(row->action)]++;
    return RC_OK;
}

static void cell(struct buf *out, struct str s)
{
    BUF_LIT(out, "<td>");
    html_escape(out, s);
    BUF_LIT(out, "</td>");
}

static enum rc html_row(struct report *r, const struct audit_row *row, struct err *e)
{
    struct str name;

    if (section_of(row->action) != r->only)
        return RC_OK;
    if (r->lines++ >= HTML_LINES_MAX) {
        r->skipped++;
        return RC_OK;
    }
    TRY(actor_name(r, row, &name, e));
    BUF_LIT(r->out, "<tr>");
    cell(r->out, number(r, row->n));
    cell(r->out, time_text(r, row->at_us));
    cell(r->out, row->action);
    cell(r->out, row->actor_id ? str_printf(r->a, "%.*s (%lld)", STR_ARG(name), (long long)row->actor_id) : name);
    cell(r->out, row->address);
    cell(r->out, str_printf(r->a, "%.*s %.*s", STR_ARG(row->object), STR_ARG(number(r, row->object_id))));
    cell(r->out, row->details.p ? row->details : STR("erased"));
    BUF_LIT(r->out, "</tr>\n");
    return RC_OK;
}

static const char head_html[] =
    "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Compliance report</title>\n<style>"
    "body{font:14px/1.4 system-ui,sans-serif;margin:2em auto;max-width:75em;padding:0 1em;color:#1a202c}"
    "table{border-collapse:collapse;width:100%}td,th{border-top:1px solid #d9dee5;padding:.3em .5em;"
    "vertical-align:top;text-align:left;overflow-wrap:anywhere}h2{margin-top:2em}"
    "@media print{body{margin:0;max-width:none}tr{break-inside:avoid}}</style></head><body>\n";

static void html_head(const struct report *r, const struct audit_verdict *v)
{
    buf_add(r->out, head_html, sizeof(head_html) - 1);
    buf_printf(r->out, "<h1>Compliance report</h1>\n<p>%.*s to %.*s (UTC), made %.*s by version " VERSION ".</p>\n",
               STR_ARG(time_text(r, r->c->from_us)), STR_ARG(time_text(r, r->c->to_us)),
               STR_ARG(time_text(r, clock_now_us())));
    buf_printf(r->out, "<p>Audit chain: %s, %lld entries read, %lld witnessed heads, head %lld <code>%.*s</code>.</p>\n",
               v->finding == AUDIT_WHOLE ? "whole" : audit_finding_words(v->finding), (long long)v->checked,
               (long long)v->witnessed, (long long)v->head.n, STR_ARG(v->head.hash));
    BUF_LIT(r->out, "<table><tr><th>What</th><th>Entries</th></tr>\n");
    for (size_t i = 0; i < COMPLIANCE_SECTIONS_; i++)
        buf_printf(r->out, "<tr><td>%s</td><td>%lld</td></tr>\n", titles[i], (long long)r->c->counts[i]);
    BUF_LIT(r->out, "</table>\n<p>Reads are recorded where ACCESS_LOG is on; the server's log has them in any case.</p>\n");
}

/* ── both ── */

static enum rc each_row(struct report *r, enum rc (*fn)(struct report *, const struct audit_row *, struct err *),
                        struct err *e)
{
    struct audit_filter f = { .from_us = r->c->from_us,
                              .to_us = r->c->to_us,
                              .ascending = true,
                              .has_key = true,
                              .key = INT64_MIN,
                              .limit = PAGE };
    struct audit_row *rows;
    size_t n = PAGE;

    while (n == PAGE) {
        arena_reset(r->a);
        TRY(audit_rows_list(r->db, &f, r->a, &rows, &n, e));
        for (size_t i = 0; i < n; i++) {
            f.key = rows[i].n;
            TRY(fn(r, &rows[i], e));
        }
        if (r->out->overflow)
            return err_set(e, RC_TOO_BIG, "", "The report gets too big; ask for a shorter period.");
    }
    return RC_OK;
}

static struct str refusal_text(const struct access *x, struct arena *a)
{
    return str_printf(a, "%lld %.*s, %lld times", (long long)x->status, STR_ARG(x->op.n ? x->op : STR("no such address")),
                      (long long)x->times);
}

/* A read or a refusal as an entry that has no number and no hash. */
static struct audit_row access_as_row(const struct access *x, struct arena *a)
{
    bool is_read = x->status < 400;

    return (struct audit_row){ .at_us = x->at_us,
                               .actor_id = x->user_id,
                               .actor_type = x->user_id ? ACTOR_USER : ACTOR_ANONYMOUS,
                               .address = x->address,
                               .request_id = x->request_id,
                               .action = is_read ? STR("read") : STR("refused"),
                               .object = x->object,
                               .details = is_read ? x->op : refusal_text(x, a),
                               .hash = STR("") };
}

static enum rc each_access(struct report *r, enum rc (*fn)(struct report *, const struct audit_row *, struct err *),
                         struct err *e)
{
    struct access_page p = { .to_us = r->c->to_us, .limit = PAGE, .after_us = r->c->from_us - 1, .after_id = INT64_MAX };
    struct access_rows rows = { .n = PAGE };

    while (rows.n == PAGE) {
        arena_reset(r->a);
        TRY(access_list(r->db, &p, r->a, &rows, e));
        for (size_t i = 0; i < rows.n; i++) {
            const struct audit_row row = access_as_row(&rows.v[i], r->a);

            p.after_us = rows.v[i].at_us;
            p.after_id = rows.v[i].id;
            TRY(fn(r, &row, e));
        }
        if (r->out->overflow)
            return err_set(e, RC_TOO_BIG, "", "The report gets too big; ask for a shorter period.");
    }
    return RC_OK;
}

static bool is_access(enum compliance_section s)
{
    return s == COMPLIANCE_READS || s == COMPLIANCE_DENIED;
}

static enum rc html_sections(struct report *r, struct err *e)
{
    for (size_t i = 0; i < COMPLIANCE_SECTIONS_; i++) {
        r->only = (enum compliance_section)i;
        r->lines = r->skipped = 0;
        if (r->only == COMPLIANCE_TICKETS || !r->c->counts[i])
            continue;
        buf_printf(r->out,
                   "<h2>%s</h2>\n<table><tr><th>n</th><th>When</th><th>Action</th><th>Who</th><th>From</th>"
                   "<th>What</th><th>Details</th></tr>\n",
                   titles[i]);
        TRY(is_access(r->only) ? each_access(r, html_row, e) : each_row(r, html_row, e));
        BUF_LIT(r->out, "</table>\n");
        if (r->skipped)
            buf_printf(r->out, "<p>%lld more in the CSV.</p>\n", (long long)r->skipped);
    }
    BUF_LIT(r->out, "</body></html>\n");
    return RC_OK;
}

enum rc compliance_report(struct db *db, struct compliance *c, struct arena *a, struct buf *out,
                          struct err *e)
{
    struct arena *page CLEAN(arena_clean) = arena_new(PAGE_ARENA_MAX);
    struct report r = { .db = db, .c = c, .a = page, .out = out };
    struct audit_verdict v;

    c->entries = 0;
    memset(c->counts, 0, sizeof(c->counts));
    TRY(audit_verify(db, c->witness, a, &v, e));
    c->is_whole = v.finding == AUDIT_WHOLE;
    if (!c->is_html) {
        BUF_LIT(out, "n,at,section,action,actor_id,actor,address,object,object_id,details,request_id,hash\r\n");
        TRY(each_row(&r, csv_row, e));
        TRY(each_access(&r, csv_row, e));
    } else {
        TRY(each_row(&r, count_row, e));
        TRY(each_access(&r, count_row, e));
        html_head(&r, &v);
        TRY(html_sections(&r, e));
    }
    return out->overflow ? err_set(e, RC_TOO_BIG, "", "The report gets too big; ask for a shorter period.") : RC_OK;
}

enum rc compliance_record(struct db *db, const struct actor *who, const struct compliance *c,
                          struct str sha256, struct arena *a, struct err *e)
{
    struct buf b = BUF_ARENA(a, FIGURES_MAX);
    struct jw w = jw_to(&b);
    struct evidence ev = { .kind = "compliance.report", .ok = c->is_whole };

    jw_obj(&w);
    jw_kv_time(&w, "from", c->from_us);
    jw_kv_time(&w, "to", c->to_us);
    jw_kv_text(&w, "format", c->is_html ? STR("html") : STR("csv"));
    jw_kv_text(&w, "sha256", sha256);
    jw_kv_bool(&w, "chain_whole", c->is_whole);
    jw_kv_int(&w, "entries", c->entries);
    for (size_t i = 0; i < COMPLIANCE_SECTIONS_; i++) {
        jw_key_str(&w, str_of(compliance_names[i]));
        jw_int(&w, c->counts[i]);
    }
    jw_obj_end(&w);
    ev.figures = buf_view(&b);
    ev.summary = str_printf(a, "%lld entries, audit chain %s", (long long)c->entries,
                            c->is_whole ? "whole" : "not whole");
    return evidence_add(db, who, &ev, a, e);
}

enum rc compliance_check(const struct actor *who, const struct compliance *c, struct err *e)
{
    if (!actor_has(who, PERM_ADMIN_AUDIT))
        return err_set(e, RC_DENIED, "", "Only who reads the audit log makes the report.");
    return c->from_us < c->to_us ? RC_OK : err_field(e, "/to", "range", "a time behind from", "The end lies before the begin.");
}

enum rc compliance_ask(const struct account *c, const struct compliance *want, struct job *out, struct err *e)
{
    TRY(compliance_check(c->who, want, e));
    return later_ask(c, COMPLIANCE_JOB,
                     str_printf(c->a, "\"from_us\":%lld,\"to_us\":%lld,\"html\":%d", (long long)want->from_us,
                                (long long)want->to_us, want->is_html),
                     out, e);
}
