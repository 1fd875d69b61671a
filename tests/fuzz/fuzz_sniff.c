/* What a file is and how it may be called: the first line is what the sender declares (a type, a name), the
 * rest the bytes.  The type is one that a header can hold, the name one that a folder can. */
#include "fuzz.h"

#include "base/sniff.h"
#include "base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new(1 << 20);
    struct str bytes = { (const char *)data, size }, declared = str_cut(&bytes, '\n'), type, name;

    type = sniff_type(bytes.p ? bytes : STR(""), declared.p ? declared : STR(""), a);
    MUST(type.n > 0 && str_chr(type, '/') != SIZE_MAX);
    for (size_t i = 0; i < type.n; i++)
        MUST(type.p[i] > ' ' && type.p[i] < 0x7f && type.p[i] != ';' && type.p[i] != ',');
    (void)sniff_is_picture(type);
    name = file_name_clean(declared.p ? declared : STR(""), a);
    MUST(name.n > 0 && name.n <= FILE_NAME_MAX && utf8_is_valid(name));
    MUST(str_chr(name, '/') == SIZE_MAX && str_chr(name, '\\') == SIZE_MAX && !memchr(name.p, '\0', name.n));
    MUST(!str_eq(name, STR(".")) && !str_eq(name, STR("..")));
    arena_free(&a);
    return 0;
}
