#include "desk/message.h"

#include "base/utf8.h"

enum { HTML_MAX = 8 * 1024 * 1024 };

static const struct {
    char ch;
    struct str entity;
} entities[] = {
    { '<', { "&lt;", 4 } }, { '>', { "&gt;", 4 } }, { '&', { "&amp;", 5 } },
    { '"', { "&quot;", 6 } }, { '\'', { "&#39;", 5 } }, { '\n', { "<br>\n", 5 } },
};

/* Text as it was written, with its line breaks. */
static struct str text_to_html(struct str s, struct arena *a)
{
    struct buf b = BUF_ARENA(a, HTML_MAX);

    BUF_LIT(&b, "<p>");
    for (size_t i = 0; i < s.n; i++) {
        size_t k = 0;

        while (k < ARRAY_LEN(entities) && entities[k].ch != s.p[i])
            k++;
        if (k < ARRAY_LEN(entities))
            buf_str(&b, entities[k].entity);
        else if (s.p[i] != '\r')
            buf_char(&b, s.p[i]);
    }
    BUF_LIT(&b, "</p>");
    return buf_view(&b);
}

enum rc message_render(struct str source, enum message_format format, const char *pointer,
                       struct arena *a, struct message_body *out, struct err *e)
{
    struct message_body body = { .format = format, .source = source };

    body.text = source;
    body.html = text_to_html(source, a);
    if (utf8_is_blank(body.text))
        return err_field(e, pointer, "required", "", "The message says nothing.");
    *out = body;
    return RC_OK;
}
