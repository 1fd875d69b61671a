#include "http/chunked.h"

#include "http/syntax.h"

enum { SIZE_DIGITS_MAX = 15 };

enum state {
    AT_SIZE,
    AT_EXTENSION,
    AT_SIZE_LF,
    AT_DATA,
    AT_DATA_CR,
    AT_DATA_LF,
    AT_LINE, /* a trailer begins, or the end */
    AT_NAME,
    AT_VALUE,
    AT_VALUE_LF,
    AT_END_LF,
    AT_DONE,
    AT_BAD,
};

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool is_token(char c)
{
    return syntax_token((struct str){ &c, 1 });
}

static bool is_text(char c)
{
    return syntax_value((struct str){ &c, 1 });
}

static enum state on_size(struct chunked *c, char ch)
{
    int v = hex(ch);

    if (v >= 0 && c->digits < SIZE_DIGITS_MAX) {
        c->digits++;
        c->left = c->left << 4 | (unsigned)v;
        return AT_SIZE;
    }
    if (c->digits == 0)
        return AT_BAD;
    return ch == '\r' ? AT_SIZE_LF : ch == ';' ? AT_EXTENSION : AT_BAD;
}

static enum state on_size_end(struct chunked *c, char ch)
{
    c->digits = 0;
    if (ch != '\n')
        return AT_BAD;
    return c->left ? AT_DATA : AT_LINE;
}

/* Where one byte ends a part, and which bytes the part may have. */
static const struct step {
    char end;
    enum state after;
    bool (*may)(char c); /* or NULL: none */
    enum state stay;
} steps[] = {
    [AT_EXTENSION] = { '\r', AT_SIZE_LF, is_text, AT_EXTENSION },
    [AT_DATA_CR] = { '\r', AT_DATA_LF, NULL, AT_BAD },
    [AT_DATA_LF] = { '\n', AT_SIZE, NULL, AT_BAD },
    [AT_LINE] = { '\r', AT_END_LF, is_token, AT_NAME },
    [AT_NAME] = { ':', AT_VALUE, is_token, AT_NAME },
    [AT_VALUE] = { '\r', AT_VALUE_LF, is_text, AT_VALUE },
    [AT_VALUE_LF] = { '\n', AT_LINE, NULL, AT_BAD },
    [AT_END_LF] = { '\n', AT_DONE, NULL, AT_BAD },
    [AT_BAD] = { '\0', AT_BAD, NULL, AT_BAD },
};

/* Every byte but those of the data. */
static enum state next(struct chunked *c, char ch)
{
    const struct step *st = &steps[c->state];

    if (c->state == AT_SIZE)
        return on_size(c, ch);
    if (c->state == AT_SIZE_LF)
        return on_size_end(c, ch);
    if (ch == st->end)
        return st->after;
    return st->may && st->may(ch) ? st->stay : AT_BAD;
}

enum rc chunked_feed(struct chunked *c, const char *p, size_t n, size_t *used, bool *done)
{
    size_t i = 0;

    while (i < n && c->state != AT_DONE) {
        size_t take = n - i < c->left ? n - i : (size_t)c->left;

        if (c->state != AT_DATA) {
            c->state = (unsigned char)next(c, p[i++]);
            if (c->state == AT_BAD)
                return RC_BAD;
            continue;
        }
        TRY(c->on_data(c->arg, p + i, take));
        i += take;
        c->left -= take;
        if (c->left == 0)
            c->state = AT_DATA_CR;
    }
    *used = i;
    *done = c->state == AT_DONE;
    return RC_OK;
}
