/* The strict reader of .env files. */
#include "base/config_priv.h"

#include "base/arena.h"
#include "base/utf8.h"

struct env_reader {
    const char *path;
    struct arena *a;
    struct env_lines *out;
    struct config_issues *issues;
    size_t line;
};

static void bad(const struct env_reader *r, const char *what)
{
    config_issue(r->issues, r->a, true, "%s, line %zu: %s", r->path, r->line, what);
}

static bool is_name(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';

        if (!letter && !(i && c >= '0' && c <= '9'))
            return false;
    }
    return s.n > 0;
}

static bool only_comment(struct str rest)
{
    rest = str_trim(rest);
    return rest.n == 0 || rest.p[0] == '#';
}

static const char escapes[][2] = {
    { 'n', '\n' }, { 't', '\t' }, { '"', '"' }, { '\\', '\\' }, { '$', '$' },
};

static bool unescape(char c, struct buf *b)
{
    for (size_t i = 0; i < ARRAY_LEN(escapes); i++) {
        if (escapes[i][0] == c) {
            buf_char(b, escapes[i][1]);
            return true;
        }
    }
    return false;
}

/* s begins behind the quote. */
static bool quoted(const struct env_reader *r, struct str s, char quote, struct str *value)
{
    struct buf b = BUF_ARENA(r->a, 64 * KIB);
    size_t i = 0;

    for (; i < s.n && s.p[i] != quote; i++) {
        if (quote == '"' && s.p[i] == '\\') {
            if (++i >= s.n || !unescape(s.p[i], &b)) {
                bad(r, "a backslash in double quotes may only stand before n t \" \\ $");
                return false;
            }
        } else {
            buf_char(&b, s.p[i]);
        }
    }
    if (i == s.n) {
        bad(r, "the quote is not closed on its line");
        return false;
    }
    if (!only_comment(str_sub(s, i + 1, s.n))) {
        bad(r, "only a comment may stand behind the closing quote");
        return false;
    }
    *value = buf_view(&b);
    return true;
}

static bool bare(const struct env_reader *r, struct str s, struct str *value)
{
    size_t end = 0;

    while (end < s.n
           && !(s.p[end] == '#' && (end == 0 || s.p[end - 1] == ' ' || s.p[end - 1] == '\t')))
        end++;
    *value = str_trim(str_sub(s, 0, end));
    if (str_chr(*value, '"') != SIZE_MAX || str_chr(*value, '\'') != SIZE_MAX) {
        bad(r, "a quote must enclose the whole value");
        return false;
    }
    return true;
}

static bool repeated(const struct env_reader *r, struct str name)
{
    for (size_t i = 0; i < r->out->n; i++) {
        if (str_eq(r->out->v[i].name, name))
            return true;
    }
    return false;
}

static void keep(const struct env_reader *r, struct str name, struct str value)
{
    struct env_lines *o = r->out;

    if (o->n == o->cap) {
        size_t cap = o->cap ? 2 * o->cap : 32;

        o->v = arena_grow(r->a, o->v, o->cap * sizeof(*o->v), cap * sizeof(*o->v));
        o->cap = cap;
    }
    o->v[o->n++] = (struct env_line){ name, value, r->line };
}

static void read_line(const struct env_reader *r, struct str line)
{
    struct str name, value, rest = str_trim(line);

    if (only_comment(rest))
        return;
    if (str_starts(rest, STR("export ")))
        rest = str_trim(str_sub(rest, strlen("export "), rest.n));
    name = str_cut(&rest, '=');
    if (!rest.p || !is_name(name)) {
        bad(r, "expected NAME=value (no blanks around the equals sign)");
        return;
    }
    if (repeated(r, name)) {
        bad(r, "this name is set twice");
        return;
    }
    if (rest.n && (rest.p[0] == '"' || rest.p[0] == '\'')) {
        if (!quoted(r, str_sub(rest, 1, rest.n), rest.p[0], &value))
            return;
    } else if (!bare(r, rest, &value)) {
        return;
    }
    keep(r, name, value);
}

void env_read(struct str text, const char *path, struct arena *a, struct env_lines *out,
              struct config_issues *issues)
{
    struct env_reader r = { path, a, out, issues, 0 };

    if (!utf8_is_valid(text) || memchr(text.p, '\0', text.n)) {
        config_issue(issues, a, true, "%s: not a UTF-8 text file", path);
        return;
    }
    while (text.p) {
        r.line++;
        read_line(&r, str_cut(&text, '\n'));
    }
}
