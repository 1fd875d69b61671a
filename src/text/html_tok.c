/* The tokenizer: after the WHATWG states, without a tree.  Each byte is looked at a bounded number
 * of times: what has no end (a comment, a quoted value, raw text) reaches to the end of the input.
 */
#include "text/html_priv.h"

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r';
}

static char char_at(const struct html_tok *t, size_t i)
{
    return i < t->in.n ? t->in.p[i] : '\0';
}

static struct str rest(const struct html_tok *t)
{
    return str_sub(t->in, t->at, t->in.n);
}

/* Moves behind the next needle, or to the end. */
static void pass(struct html_tok *t, struct str needle)
{
    size_t at = str_find(rest(t), needle);

    t->at = at == SIZE_MAX ? t->in.n : t->at + at + needle.n;
}

static size_t name_length(const struct html_tok *t, size_t from)
{
    size_t i = from;

    while (i < t->in.n && !is_space(t->in.p[i]) && t->in.p[i] != '/' && t->in.p[i] != '>')
        i++;
    return i - from;
}

/* At "<!--": "-->" and "--!>" end a comment, "<!-->" and "<!--->" are whole ones. */
static void pass_comment(struct html_tok *t)
{
    struct str body;

    t->at += 4;
    body = rest(t);
    if (str_starts(body, STR(">")) || str_starts(body, STR("->"))) {
        pass(t, STR(">"));
        return;
    }
    while (t->at < t->in.n) {
        pass(t, STR("--"));
        while (char_at(t, t->at) == '-')
            t->at++;
        if (char_at(t, t->at) == '!')
            t->at++;
        if (char_at(t, t->at) == '>') {
            t->at++;
            return;
        }
    }
}

/* Content of a raw-text element ends at "</" and its name; the end tag itself is passed too. */
static void pass_raw(struct html_tok *t)
{
    struct str name = t->text;

    t->raw = false;
    if (str_ieq(name, STR("plaintext"))) {
        t->at = t->in.n;
        return;
    }
    while (t->at < t->in.n) {
        pass(t, STR("</"));
        if (name_length(t, t->at) == name.n && str_istarts(rest(t), name)) {
            t->at += name.n;
            t->in_tag = true;
            return;
        }
    }
}

static enum html_kind text_token(struct html_tok *t, size_t first)
{
    size_t end = str_chr(str_sub(t->in, t->at + first, t->in.n), '<');

    end = end == SIZE_MAX ? t->in.n : t->at + first + end;
    t->text = str_sub(t->in, t->at, end - t->at);
    t->at = end;
    return HTML_TEXT;
}

static enum html_kind tag_token(struct html_tok *t, size_t name_at, enum html_kind kind)
{
    t->text = str_sub(t->in, name_at, name_length(t, name_at));
    t->tag = html_tag_of(t->text);
    t->at = name_at + t->text.n;
    t->in_tag = true;
    t->self_closing = false;
    t->raw = kind == HTML_OPEN && t->tag == TAG_RAW;
    return kind;
}

/* Attributes nobody asked for, and then raw text, come before the next token. */
static void pass_leftovers(struct html_tok *t)
{
    struct str name, value;

    while (html_attr_next(t, &name, &value))
        continue;
    if (t->raw)
        pass_raw(t);
    while (html_attr_next(t, &name, &value))
        continue;
}

enum html_kind html_next(struct html_tok *t)
{
    pass_leftovers(t);
    while (t->at < t->in.n) {
        char next = char_at(t, t->at + 1);

        if (t->in.p[t->at] != '<')
            return text_token(t, 0);
        if (is_letter(next))
            return tag_token(t, t->at + 1, HTML_OPEN);
        if (next == '/' && is_letter(char_at(t, t->at + 2)))
            return tag_token(t, t->at + 2, HTML_CLOSE);
        if (str_starts(rest(t), STR("<!--")))
            pass_comment(t);
        else if (next == '!' || next == '?' || (next == '/' && t->at + 2 < t->in.n))
            pass(t, STR(">"));
        else
            return text_token(t, 1);
    }
    return HTML_END;
}

static void pass_space(struct html_tok *t)
{
    while (t->at < t->in.n && is_space(t->in.p[t->at]))
        t->at++;
}

/* Behind '='. */
static struct str attr_value(struct html_tok *t)
{
    char quote;
    size_t from, n;

    pass_space(t);
    quote = char_at(t, t->at);
    if (quote == '"' || quote == '\'') {
        from = t->at + 1;
        n = str_chr(str_sub(t->in, from, t->in.n), quote);
        if (n == SIZE_MAX) { /* the tag never ends */
            t->at = t->in.n;
            return STR_NONE;
        }
        t->at = from + n + 1;
        return str_sub(t->in, from, n);
    }
    from = t->at;
    while (t->at < t->in.n && !is_space(t->in.p[t->at]) && t->in.p[t->at] != '>')
        t->at++;
    return str_sub(t->in, from, t->at - from);
}

bool html_attr_next(struct html_tok *t, struct str *name, struct str *value)
{
    size_t from;

    if (!t->in_tag)
        return false;
    for (; t->at < t->in.n && (is_space(t->in.p[t->at]) || t->in.p[t->at] == '/'); t->at++)
        t->self_closing = t->in.p[t->at] == '/';
    if (t->at >= t->in.n || t->in.p[t->at] == '>') {
        t->at += t->at < t->in.n;
        t->in_tag = false;
        return false;
    }
    t->self_closing = false;
    from = t->at++; /* a name may begin with '=' */
    while (t->at < t->in.n && !is_space(t->in.p[t->at]) && t->in.p[t->at] != '/'
           && t->in.p[t->at] != '>' && t->in.p[t->at] != '=')
        t->at++;
    *name = str_sub(t->in, from, t->at - from);
    *value = STR("");
    pass_space(t);
    if (char_at(t, t->at) == '=') {
        t->at++;
        *value = attr_value(t);
    }
    return true;
}
