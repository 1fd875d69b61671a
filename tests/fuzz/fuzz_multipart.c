/* The first line of the input is a Content-Type, the rest a body. */
#include "base/arena.h"
#include "web/multipart.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str rest = { (const char *)data, size }, type = str_cut(&rest, '\n'), boundary;
    struct arena *a CLEAN(arena_clean) = arena_new(64 * MIB);
    struct multipart m;
    struct err e = { 0 };

    if (!rest.p || !multipart_is(type) || multipart_boundary(type, a, &boundary, &e) != RC_OK
        || multipart_read(rest, boundary, a, &m, &e) != RC_OK)
        return 0;
    for (size_t i = 0; i < m.n; i++) {
        const struct multipart_part *p = &m.parts[i];

        if (p->data.p < rest.p || p->data.p + p->data.n > rest.p + rest.n || !p->name.p
            || memmem(p->data.p, p->data.n, "\r\n--", 4) == p->data.p + p->data.n)
            abort();
    }
    return 0;
}
