#include "portal/qr.h"

#include "base/arena.h"

#include <qrencode.h>

enum { QUIET = 4, PATH_MAX_BYTES = 256 * 1024 };

static void code_free(QRcode **code)
{
    if (*code)
        QRcode_free(*code);
}

/* Each run of dark modules as a rectangle: "M4 4h7v1h-7z". */
static void write_row(struct buf *b, const QRcode *code, int y)
{
    const unsigned char *row = code->data + (size_t)y * (size_t)code->width;

    for (int x = 0; x < code->width; x++) {
        int n = 0;

        while (x + n < code->width && (row[x + n] & 1))
            n++;
        if (n)
            buf_printf(b, "M%d %dh%dv1h-%dz", x + QUIET, y + QUIET, n, n);
        x += n;
    }
}

void qr_svg(struct html *h, struct str text, enum word label, struct arena *a)
{
    QRcode *code CLEAN(code_free) = QRcode_encodeString8bit(str_z(text, a), 0, QR_ECLEVEL_M);
    struct buf path = BUF_ARENA(a, PATH_MAX_BYTES);

    if (!code)
        return;
    for (int y = 0; y < code->width; y++)
        write_row(&path, code, y);
    html(h, "<svg class=\"qr\" role=\"img\" aria-label=\"{}\" viewBox=\"0 0 {} {}\" shape-rendering=\"crispEdges\">"
            "<path fill=\"#fff\" d=\"M0 0h{}v{}H0z\"/><path fill=\"#000\" d=\"{}\"/></svg>",
         W(label), N(code->width + 2 * QUIET), N(code->width + 2 * QUIET), N(code->width + 2 * QUIET), N(code->width + 2 * QUIET),
         T(buf_view(&path)));
}
