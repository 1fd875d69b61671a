/* Cleaned HTML follows the narrow grammar, stays as it is when cleaned again, and costs no more than
 * its length. */
#include "fuzz.h"

#include "html_check.h"
#include "text/html.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a CLEAN(arena_clean) = arena_new(1 * GIB);
    struct str text = { (const char *)data, size };
    struct html_safe safe, again;
    const char *why;

    for (unsigned flags = 0; flags <= HTML_OWN_LINKS; flags++) {
        html_clean(text, flags, a, &safe);
        why = flags ? NULL : html_check(safe.html);
        if (why)
            fprintf(stderr, "%s: %.*s\n", why, STR_ARG(safe.html));
        MUST(!why);
        MUST(safe.steps <= 16 * size + 16);
        html_clean(safe.html, flags, a, &again);
        MUST(str_eq(safe.html, again.html));
    }
    MUST(utf8_is_valid(html_to_text(text, size / 2, a)));
    why = html_check(html_from_text(text, a));
    MUST(!why);
    return 0;
}
