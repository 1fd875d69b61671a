/* Tokens: whatever comes, none that we did not sign is accepted. */
#include "fuzz.h"

#include "desk/jwt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a CLEAN(arena_clean) = arena_new(16 * MIB);
    struct str text = { (const char *)data, size };
    struct jwt t;

    MUST(!jwt_verify(text, STR("a secret that no corpus knows"), 1700000000, a, &t));
    return 0;
}
