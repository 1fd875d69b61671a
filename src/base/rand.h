/* The only source of randomness: the CSPRNG of libsodium.  Replaceable in tests. Any thread. */
#ifndef BASE_RAND_H
#define BASE_RAND_H

#include "base/defs.h"
#include "base/str.h"

struct arena;

void rand_bytes(void *out, size_t n);
uint64_t rand_below(uint64_t bound); /* uniform in [0, bound), bound > 0 */
/* n random bytes as base64url without padding; 32 bytes give 43 characters, 256 bits. */
struct str rand_token(size_t n_bytes, struct arena *a);
/* A name for something that need not be secret (a request): from bytes drawn ahead, a thread each. */
struct str rand_name(size_t n_bytes, struct arena *a);
/* Tests: a repeatable stream from this seed; 0: the real source again. */
void rand_fake(uint64_t seed);

#endif
