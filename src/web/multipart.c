#include "web/multipart.h"

#include "base/arena.h"
#include "base/enc.h"
#include "base/utf8.h"
#include "web/params.h"

static enum rc bad(struct err *e, const char *what)
{
    return err_set(e, RC_BAD, "multipart", "The multipart body is malformed: %s.", what);
}

/* The part of a header value in front of its parameters; *params gets the rest. */
static struct str main_value(struct str value, struct str *params)
{
    size_t at = str_chr(value, ';');

    if (at == SIZE_MAX)
        at = value.n;
    *params = (struct str){ value.p + at, value.n - at };
    return str_trim((struct str){ value.p, at });
}

bool multipart_is(struct str content_type)
{
    struct str params;

    return content_type.p && str_ieq(main_value(content_type, &params), STR("multipart/form-data"));
}

static bool is_boundary(struct str s)
{
    if (!s.n || s.n > MULTIPART_BOUNDARY_MAX || s.p[s.n - 1] == ' ')
        return false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];

        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
            continue;
        if (!c || !strchr("'()+_,-./:=? ", c))
            return false;
    }
    return true;
}

enum rc multipart_boundary(struct str content_type, struct arena *a, struct str *out, struct err *e)
{
    struct str rest, name, value, found = STR_NONE;
    int more;

    main_value(content_type, &rest);
    while ((more = params_next(&rest, a, &name, &value)) == 1) {
        if (!str_ieq(name, STR("boundary")))
            continue;
        if (found.p)
            return bad(e, "two boundaries");
        found = value;
    }
    if (more < 0)
        return bad(e, "the parameters of Content-Type");
    if (!is_boundary(found))
        return bad(e, "no usable boundary in Content-Type");
    *out = found;
    return RC_OK;
}

/* RFC 8187: charset'language'percent-encoded; only UTF-8. */
static bool extended_text(struct str v, struct arena *a, struct str *out)
{
    struct str charset = str_cut(&v, '\''), language;

    if (!v.p || !str_ieq(charset, STR("utf-8")))
        return false;
    language = str_cut(&v, '\'');
    return v.p && language.n < 32 && dec_url(v, false, a, out);
}

static enum rc disposition_param(struct multipart_part *p, struct str *extended, struct str name,
                                 struct str value, struct arena *a)
{
    struct str *to = str_ieq(name, STR("name"))        ? &p->name
                     : str_ieq(name, STR("filename"))  ? &p->file_name
                     : str_ieq(name, STR("filename*")) ? extended
                                                       : NULL;

    if (!to)
        return RC_OK;
    if (to->p)
        return RC_BAD;
    if (to == extended && !extended_text(value, a, &value))
        return RC_BAD;
    *to = value.p ? value : STR("");
    return utf8_is_valid(value) && !utf8_has_control(value, false) ? RC_OK : RC_BAD;
}

static enum rc read_disposition(struct str value, struct arena *a, struct multipart_part *p,
                                struct err *e)
{
    struct str rest, name, text, extended = STR_NONE;
    int more;

    if (p->name.p)
        return bad(e, "two Content-Disposition headers in a part");
    if (!str_ieq(main_value(value, &rest), STR("form-data")))
        return bad(e, "a part that is not form-data");
    while ((more = params_next(&rest, a, &name, &text)) == 1)
        if (disposition_param(p, &extended, name, text, a) != RC_OK)
            return bad(e, "the Content-Disposition of a part");
    if (more < 0 || !p->name.p)
        return bad(e, "the Content-Disposition of a part");
    if (extended.p)
        p->file_name = extended;
    return RC_OK;
}

static enum rc read_header(struct str line, struct arena *a, struct multipart_part *p,
                           struct err *e)
{
    struct str value = line, name = str_cut(&value, ':');

    if (!value.p || !name.n || utf8_has_control(line, false) || !utf8_is_valid(line)
        || str_chr(name, ' ') != SIZE_MAX)
        return bad(e, "a header line of a part");
    value = str_trim(value);
    if (str_ieq(name, STR("content-disposition")))
        return read_disposition(value, a, p, e);
    if (str_ieq(name, STR("content-type"))) {
        if (p->content_type.p)
            return bad(e, "two Content-Type headers in a part");
        p->content_type = value;
        return RC_OK;
    }
    if (str_ieq(name, STR("content-transfer-encoding")) && !str_ieq(value, STR("binary"))
        && !str_ieq(value, STR("8bit")) && !str_ieq(value, STR("7bit")))
        return bad(e, "a transfer encoding, which browsers do not use");
    return RC_OK;
}

/* Takes the header lines and the blank line behind them off *body. */
static enum rc read_headers(struct str *body, struct arena *a, struct multipart_part *p,
                            struct err *e)
{
    struct str window = str_sub(*body, 0, MULTIPART_HEADER_BYTES_MAX);

    for (size_t n = 0; n <= MULTIPART_HEADERS_MAX; n++) {
        size_t end = str_find(window, STR("\r\n"));
        struct str line = str_sub(window, 0, end);

        if (end == SIZE_MAX)
            return bad(e, "the headers of a part do not end or are too long");
        window = str_sub(window, end + 2, SIZE_MAX);
        if (!line.n) {
            size_t used = (size_t)(window.p - body->p);

            *body = str_sub(*body, used, SIZE_MAX);
            return p->name.p ? RC_OK : bad(e, "a part without Content-Disposition");
        }
        TRY(read_header(line, a, p, e));
    }
    return bad(e, "too many headers in a part");
}

static size_t find_delimiter(struct str body, struct str delimiter)
{
    const char *at = memmem(body.p, body.n, delimiter.p, delimiter.n);

    return at ? (size_t)(at - body.p) : SIZE_MAX;
}

/* Behind a delimiter: "\r\n" for another part, "--" for the end and nothing but one line break. */
static enum rc after_delimiter(struct str *body, bool *last, struct err *e)
{
    *last = str_starts(*body, STR("--"));
    if (!*last && !str_starts(*body, STR("\r\n")))
        return bad(e, "text behind a boundary");
    *body = str_sub(*body, 2, SIZE_MAX);
    if (*last && body->n && !str_eq(*body, STR("\r\n")))
        return bad(e, "bytes behind the last boundary");
    return RC_OK;
}

enum rc multipart_read(struct str body, struct str boundary, struct arena *a, struct multipart *out,
                       struct err *e)
{
    struct str delimiter = str_printf(a, "\r\n--%.*s", STR_ARG(boundary));
    struct str opening = str_sub(delimiter, 2, SIZE_MAX);
    bool last;

    *out = (struct multipart){ 0 };
    if (!str_starts(body, opening))
        return bad(e, "it does not begin with its boundary");
    body = str_sub(body, opening.n, SIZE_MAX);
    TRY(after_delimiter(&body, &last, e));
    while (!last) {
        struct multipart_part *p = &out->parts[out->n];
        size_t end;

        if (out->n == MULTIPART_PARTS_MAX)
            return bad(e, "too many parts");
        TRY(read_headers(&body, a, p, e));
        end = find_delimiter(body, delimiter);
        if (end == SIZE_MAX)
            return bad(e, "a part does not end");
        p->data = str_sub(body, 0, end);
        body = str_sub(body, end + delimiter.n, SIZE_MAX);
        out->n++;
        TRY(after_delimiter(&body, &last, e));
    }
    return RC_OK;
}
