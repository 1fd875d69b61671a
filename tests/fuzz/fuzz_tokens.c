/* Words hold nothing that a database would split again, and folding twice changes nothing. */
#include "fuzz.h"

#include "base/tokens.h"
#include "base/utf8.h"

static void check_tokens(struct str tokens)
{
    MUST(utf8_is_valid(tokens));
    while (tokens.n) {
        struct str t = str_cut(&tokens, ' ');

        MUST(t.n >= 1 && t.n <= TOKEN_WHOLE_MAX_BYTES);
        for (size_t i = 0; i < t.n; i++)
            MUST((t.p[i] >= 'a' && t.p[i] <= 'z') || (t.p[i] >= '0' && t.p[i] <= '9') || t.p[i] == '_'
                 || (unsigned char)t.p[i] >= 0x80);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a CLEAN(arena_clean) = arena_new(1 * GIB);
    struct str text = { (const char *)data, size }, whole, query;

    whole = text_tokens(text, TOKENS_DOCUMENT, a);
    query = text_tokens(text, TOKENS_QUERY, a);
    check_tokens(whole);
    check_tokens(query);
    check_tokens(text_tokens(text, TOKENS_WHOLE, a));
    MUST(query.n <= whole.n);
    MUST(utf8_is_valid(utf8_fold(text, a)));
    text = utf8_nfc(utf8_repair(text, a), a);
    MUST(utf8_is_valid(text));
    MUST(str_eq(utf8_nfc(text, a), text));
    return 0;
}
