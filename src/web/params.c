#include "web/params.h"

#include "base/arena.h"

static bool is_token_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
           || (c && strchr("!#$%&'*+-.^_`|~", c));
}

static void skip(struct str *s, size_t n)
{
    s->p += n;
    s->n -= n;
}

static void skip_blanks(struct str *s)
{
    while (s->n && (*s->p == ' ' || *s->p == '\t'))
        skip(s, 1);
}

static struct str take_token(struct str *s)
{
    struct str t = { s->p, 0 };

    while (s->n && is_token_char(*s->p)) {
        t.n++;
        skip(s, 1);
    }
    return t;
}

/* *s begins behind the opening quote; false when it never closes. */
static bool take_quoted(struct str *s, struct arena *a, struct str *out)
{
    char *text = arena_alloc(a, s->n + 1);
    size_t n = 0;

    while (s->n) {
        char c = *s->p;

        skip(s, 1);
        if (c == '"') {
            *out = (struct str){ text, n };
            return true;
        }
        if (c == '\\' && s->n && (*s->p == '"' || *s->p == '\\')) {
            c = *s->p;
            skip(s, 1);
        }
        text[n++] = c;
    }
    return false;
}

int params_next(struct str *rest, struct arena *a, struct str *name, struct str *value)
{
    skip_blanks(rest);
    if (!rest->n)
        return 0;
    if (*rest->p != ';')
        return -1;
    skip(rest, 1);
    skip_blanks(rest);
    *name = take_token(rest);
    if (!name->n || !rest->n || *rest->p != '=')
        return -1;
    skip(rest, 1);
    if (rest->n && *rest->p == '"') {
        skip(rest, 1);
        return take_quoted(rest, a, value) ? 1 : -1;
    }
    *value = take_token(rest);
    return value->n ? 1 : -1;
}
