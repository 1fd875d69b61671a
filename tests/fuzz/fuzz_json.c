/* What is read, written and read again is written the same. */
#include "fuzz.h"

#include "base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a CLEAN(arena_clean) = arena_new(256 * MIB);
    json_t *v CLEAN(json_clean) = NULL, *again CLEAN(json_clean) = NULL;
    struct str text = { (const char *)data, size };
    struct buf b = BUF_ARENA(a, size * 8 + 64), twice = BUF_ARENA(a, size * 8 + 64);
    struct jw w = jw_to(&b);
    struct err e = { 0 };

    jw_text(&w, text); /* any bytes become valid JSON, unless they hold a NUL */
    MUST(!b.overflow);
    MUST(json_read(buf_view(&b), &again, &e) == RC_OK || str_chr(text, '\0') != SIZE_MAX);
    json_clean(&again);
    if (json_read(text, &v, &e) != RC_OK) {
        MUST(e.rc == RC_BAD && e.detail[0] && !v);
        return 0;
    }
    b.n = 0;
    w.comma = false;
    jw_json(&w, v);
    MUST(!b.overflow);
    MUST(json_read(buf_view(&b), &again, &e) == RC_OK);
    w = jw_to(&twice);
    jw_json(&w, again);
    MUST(str_eq(buf_view(&b), buf_view(&twice)));
    return 0;
}
