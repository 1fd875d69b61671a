/* A time that is read, written and read again is the same to the millisecond. */
#include "fuzz.h"

#include "base/clock.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = { (const char *)data, size };
    char out[CLOCK_TEXT_MAX];
    int64_t t, again;

    if (!clock_parse(text, &t))
        return 0;
    if (t < 0 || t >= INT64_C(253402300800) * US_PER_S)
        return 0; /* an offset led out of the years that are written */
    MUST(clock_format(t, out) == 24);
    MUST(clock_parse((struct str){ out, 24 }, &again));
    MUST(again == t / US_PER_MS * US_PER_MS);
    return 0;
}
