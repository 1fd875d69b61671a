#include "desk/message.h"

#include "base/utf8.h"
#include "text/html.h"
#include "text/markdown.h"

enum { TEXT_BYTES_MAX = 1024 * 1024 };

enum rc message_render(struct str source, enum message_format format, const char *pointer,
                       struct arena *a, struct message_body *out, struct err *e)
{
    struct message_body body = { .format = format, .source = source };
    struct html_safe safe;

    switch (format) {
    case FORMAT_TEXT:
        body.html = html_from_text(source, a);
        body.text = source;
        break;
    case FORMAT_MARKDOWN:
        body.html = markdown_to_html(source, 0, a);
        body.text = html_to_text(body.html, TEXT_BYTES_MAX, a);
        break;
    case FORMAT_HTML:
        html_clean(source, 0, a, &safe);
        body.html = safe.html;
        body.text = html_to_text(body.html, TEXT_BYTES_MAX, a);
        body.source = body.html; /* what was refused is not kept to be shown by mistake */
        break;
    }
    if (utf8_is_blank(body.text) && str_find(body.html, STR("<img")) == SIZE_MAX)
        return err_field(e, pointer, "required", "words, or a picture", "The message says nothing.");
    *out = body;
    return RC_OK;
}
