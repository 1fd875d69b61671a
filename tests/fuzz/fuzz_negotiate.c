/* Accept-Encoding, If-None-Match, If-Range and Range, each from the same bytes: whatever is chosen was
 * offered, and a range lies within what it is of. */
#include "fuzz.h"

#include "http/negotiate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint64_t lengths[] = { 0, 1, 10, 1000, UINT64_C(1) << 40 };
    struct str text = { (const char *)data, size };

    for (unsigned offered = 0; offered < 1u << CODING_COUNT_; offered++) {
        enum coding c = negotiate_coding(text, offered);

        MUST(c == CODING_IDENTITY || (c < CODING_COUNT_ && (offered & (1u << c))));
    }
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        uint64_t off = 0, n = 0;

        if (negotiate_range(text, lengths[i], &off, &n) == RANGE_ONE)
            MUST(n > 0 && off < lengths[i] && n <= lengths[i] - off);
    }
    (void)negotiate_none_match(text, STR("\"v1\""));
    (void)negotiate_if_range(text, STR("\"v1\""));
    (void)negotiate_compressible(text);
    return 0;
}
