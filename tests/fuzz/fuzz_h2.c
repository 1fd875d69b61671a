/* Frames behind a preface: nothing crashes, every exchange is let go of once. */
#include "http_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    struct conn *c = fz_conn();
    size_t piece = size ? 1 + data[0] % 64 : 1;

    conn_input(c, preface, sizeof(preface) - 1);
    for (size_t i = 1; i < size && c->state != CONN_CLOSED; i += piece)
        conn_input(c, (const char *)data + i, size - i < piece ? size - i : piece);
    fz_end(c);
    return 0;
}
