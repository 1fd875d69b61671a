/* Rendered Markdown follows the narrow grammar of cleaned HTML. */
#include "fuzz.h"

#include "html_check.h"
#include "text/html.h"
#include "text/markdown.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a CLEAN(arena_clean) = arena_new(1 * GIB);
    struct str html = markdown_to_html((struct str){ (const char *)data, size }, 0, a);
    struct html_safe again;
    const char *why = html_check(html);

    if (why)
        fprintf(stderr, "%s: %.*s\n", why, STR_ARG(html));
    MUST(!why);
    html_clean(html, 0, a, &again);
    MUST(str_eq(html, again.html));
    return 0;
}
