/* The outcome in its forms. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "check/checklist.h"
#include "text/html.h"

static const struct {
    const char *mark, *color;
} looks[CHECK_STATES] = {
    [CHECK_PASS] = { "pass", "32" }, [CHECK_WARN] = { "warn", "33" }, [CHECK_FAIL] = { "FAIL", "31" },
    [CHECK_NA] = { "n/a ", "90" },   [CHECK_SIGN] = { "sign", "36" },
};

static const char *const state_keys[CHECK_STATES] = {
    [CHECK_PASS] = "pass", [CHECK_WARN] = "warning",  [CHECK_FAIL] = "fail",
    [CHECK_NA] = "not_applicable", [CHECK_SIGN] = "waiting_for_signature",
};

static bool begins_part(const struct checklist *c, size_t i)
{
    const struct check_line *l = &c->v[i].line;

    return i == 0 || l->part != c->v[i - 1].line.part || l->section != c->v[i - 1].line.section;
}

static void write_counts(const struct checklist *c, struct buf *out)
{
    buf_printf(out, "%zu pass, %zu fail, %zu warnings, %zu not applicable, %zu waiting for signature",
               c->count[CHECK_PASS], c->count[CHECK_FAIL], c->count[CHECK_WARN],
               c->count[CHECK_NA], c->count[CHECK_SIGN]);
}

/* ── for a terminal ── */

static void text_line(const struct check_result *v, bool colors, struct buf *out)
{
    const struct check_line *l = &v->line;

    if (colors)
        buf_printf(out, "  \033[%sm%s\033[0m  ", looks[v->state].color, looks[v->state].mark);
    else
        buf_printf(out, "  %s  ", looks[v->state].mark);
    buf_printf(out, "%s  [%s]\n        %.*s\n", l->text, l->id, STR_ARG(v->words));
    if (v->state == CHECK_FAIL || v->state == CHECK_WARN)
        buf_printf(out, "        why:  %s\n        mend: %s\n", l->why, l->mend);
    else if (v->state == CHECK_SIGN)
        buf_printf(out, "        %s; server checklist sign %s --by NAME --role ROLE\n", l->mend,
                   l->id);
}

void checklist_text(const struct checklist *c, bool colors, struct buf *out)
{
    for (size_t i = 0; i < c->n; i++) {
        const struct check_line *l = &c->v[i].line;

        if (begins_part(c, i))
            buf_printf(out, "%s%s%s%s\n", i ? "\n" : "", l->section, *l->part ? " / " : "", l->part);
        text_line(&c->v[i], colors, out);
    }
    buf_printf(out, "\nversion %.*s on %.*s, %.1f s: ", STR_ARG(c->version), STR_ARG(c->host),
               (double)c->took_us / (double)US_PER_S);
    write_counts(c, out);
    buf_char(out, '\n');
}

/* ── for programs ── */

static void json_line(struct jw *w, const struct check_result *v)
{
    const struct check_line *l = &v->line;

    jw_obj(w);
    jw_kv_text(w, "id", str_of(l->id));
    jw_kv_text(w, "section", str_of(l->section));
    jw_kv_text(w, "part", str_of(l->part));
    jw_kv_text(w, "line", str_of(l->text));
    jw_kv_text(w, "judged_by", str_of(check_judge_name(l->judge)));
    jw_kv_text(w, "state", str_of(state_keys[v->state]));
    jw_kv_text(w, "evidence", v->words);
    jw_kv_text(w, "why", str_of(l->why));
    jw_kv_text(w, "mend", str_of(l->mend));
    jw_obj_end(w);
}

void checklist_json(const struct checklist *c, struct buf *out)
{
    struct jw w = jw_to(out);

    jw_obj(&w);
    jw_kv_text(&w, "version", c->version);
    jw_kv_text(&w, "host", c->host);
    jw_kv_text(&w, "url", c->url);
    jw_kv_time(&w, "at", c->started_us);
    jw_kv_int(&w, "took_ms", c->took_us / US_PER_MS);
    jw_key(&w, "counts");
    jw_obj(&w);
    for (size_t s = 0; s < CHECK_STATES; s++) {
        jw_key_str(&w, str_of(state_keys[s]));
        jw_int(&w, (int64_t)c->count[s]);
    }
    jw_obj_end(&w);
    jw_key(&w, "lines");
    jw_arr(&w);
    for (size_t i = 0; i < c->n; i++)
        json_line(&w, &c->v[i]);
    jw_arr_end(&w);
    jw_obj_end(&w);
    buf_char(out, '\n');
}

static void junit_line(const struct check_result *v, struct buf *out)
{
    static const char *const elements[CHECK_STATES] = {
        [CHECK_FAIL] = "failure", [CHECK_NA] = "skipped", [CHECK_SIGN] = "skipped",
    };
    const struct check_line *l = &v->line;
    const char *element = elements[v->state];

    BUF_LIT(out, "  <testcase classname=\"");
    html_escape(out, str_of(l->section));
    BUF_LIT(out, "\" name=\"");
    html_escape(out, str_of(l->id));
    BUF_LIT(out, ": ");
    html_escape(out, str_of(l->text));
    buf_printf(out, "\"><%s%s", element ? element : "system-out", element ? " message=\"" : ">");
    html_escape(out, v->words);
    buf_printf(out, element ? "\"/></testcase>\n" : "</system-out></testcase>\n");
}

void checklist_junit(const struct checklist *c, struct buf *out)
{
    buf_printf(out,
               "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"server checklist\" "
               "tests=\"%zu\" failures=\"%zu\" skipped=\"%zu\" time=\"%.3f\">\n",
               c->n, c->count[CHECK_FAIL], c->count[CHECK_NA] + c->count[CHECK_SIGN],
               (double)c->took_us / (double)US_PER_S);
    for (size_t i = 0; i < c->n; i++)
        junit_line(&c->v[i], out);
    BUF_LIT(out, "</testsuite>\n");
}

/* ── for auditors ── */

static const char page_head[] =
    "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>Deployment checklist</title>\n"
    "<style>\nbody{font:14px/1.45 system-ui,sans-serif;color:#1c2430;max-width:60em;margin:2em auto;"
    "padding:0 1em}\nh1{font-size:1.5em}h2{font-size:1.15em;margin:1.6em 0 .3em}"
    "h3{font-size:1em;margin:1em 0 .2em;color:#4a5568}\ntable{border-collapse:collapse;width:100%}"
    "td{border-top:1px solid #d9dee5;padding:.35em .5em;vertical-align:top}\n"
    "td:first-child{width:9em;font-weight:600;white-space:nowrap}td:nth-child(2){width:38%}\n"
    ".pass{color:#17653a}.fail{color:#a8201a}.warning{color:#8a5a00}.not_applicable{color:#5b6675}"
    ".waiting_for_signature{color:#1f4f99}\ncode{font-size:.9em}.facts td:first-child{width:12em}\n"
    "@media print{body{margin:0;max-width:none}tr{break-inside:avoid}h2,h3{break-after:avoid}}\n"
    "</style>\n";

static void fact(struct buf *out, const char *name, struct str value)
{
    buf_printf(out, "<tr><td>%s</td><td>", name);
    html_escape(out, value);
    BUF_LIT(out, "</td></tr>\n");
}

static void html_line(const struct check_result *v, struct buf *out)
{
    buf_printf(out, "<tr><td class=\"%s\">%s</td><td>", state_keys[v->state],
               check_state_name(v->state));
    html_escape(out, str_of(v->line.text));
    buf_printf(out, "<br><code>%s</code></td><td>", v->line.id);
    html_escape(out, v->words);
    if (v->state == CHECK_FAIL || v->state == CHECK_WARN) {
        BUF_LIT(out, "<br><em>To mend: ");
        html_escape(out, str_of(v->line.mend));
        BUF_LIT(out, "</em>");
    }
    BUF_LIT(out, "</td></tr>\n");
}

static void html_facts(const struct checklist *c, struct str seal, struct buf *out)
{
    char when[CLOCK_TEXT_MAX];
    size_t n = clock_format(c->started_us, when);

    BUF_LIT(out, "<h1>Deployment checklist</h1>\n<table class=\"facts\">\n");
    fact(out, "Made", (struct str){ when, n });
    fact(out, "Version", c->version);
    fact(out, "Machine", c->host);
    fact(out, "Server asked", c->url);
    BUF_LIT(out, "<tr><td>Outcome</td><td>");
    write_counts(c, out);
    BUF_LIT(out, "</td></tr>\n");
    if (seal.n)
        fact(out, "Seal", seal);
    BUF_LIT(out, "</table>\n");
}

void checklist_html(const struct checklist *c, struct str seal, struct buf *out)
{
    const char *section = "";

    buf_add(out, page_head, sizeof(page_head) - 1);
    html_facts(c, seal, out);
    for (size_t i = 0; i < c->n; i++) {
        const struct check_line *l = &c->v[i].line;

        if (begins_part(c, i)) {
            if (i)
                BUF_LIT(out, "</table>\n");
            if (strcmp(section, l->section) != 0)
                buf_printf(out, "<h2>%s</h2>\n", l->section);
            buf_printf(out, "<h3>%s</h3>\n<table>\n", l->part);
            section = l->section;
        }
        html_line(&c->v[i], out);
    }
    BUF_LIT(out, "</table>\n</html>\n");
}

/* ── for the documents ── */

/* A cell of a table in Markdown. */
static void cell(struct buf *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '|')
            buf_char(out, '\\');
        buf_char(out, *text);
    }
    BUF_LIT(out, " |");
}

static void docs_line(const struct check_line *l, struct buf *out)
{
    buf_printf(out, "| `%s` | ", l->id);
    cell(out, l->text);
    buf_printf(out, " %s%s | ", check_judge_name(l->judge),
               l->judge != JUDGE_PERSON && l->days ? ", or a person" : "");
    cell(out, l->why);
    buf_char(out, ' ');
    cell(out, l->mend);
    buf_char(out, '\n');
}

void checklist_docs(struct arena *a, struct buf *out)
{
    struct check_line *all;
    size_t n = checklist_lines(a, &all);

    buf_printf(out,
               "# The lines of the checklist\n\nWritten by `server checklist --docs` from the table in the source: "
               "%zu lines, in the order and wording of\n`production-checklist.md`. How to run it, sign and report: "
               "`checklist.md`.\n",
               n);
    for (size_t i = 0; i < n; i++) {
        const struct check_line *l = &all[i];

        if (i == 0 || l->part != all[i - 1].part || l->section != all[i - 1].section)
            buf_printf(out,
                       "\n## %s%s%s\n| id | line | judged by | why it matters | to mend |\n"
                       "| --- | --- | --- | --- | --- |\n",
                       l->section, *l->part ? ": " : "", l->part);
        docs_line(l, out);
    }
}
