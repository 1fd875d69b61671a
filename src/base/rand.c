#include "base/rand.h"

#include "base/enc.h"

#include <sodium.h>
#include <stdatomic.h>
#include <string.h>

static _Atomic uint64_t fake_state;

static uint64_t splitmix(void)
{
    uint64_t z = atomic_fetch_add(&fake_state, 0x9E3779B97F4A7C15u) + 0x9E3779B97F4A7C15u;

    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

void rand_fake(uint64_t seed)
{
    atomic_store(&fake_state, seed);
}

void rand_bytes(void *out, size_t n)
{
    unsigned char *p = out;

    if (!atomic_load_explicit(&fake_state, memory_order_relaxed)) {
        randombytes_buf(out, n);
        return;
    }
    while (n) {
        uint64_t v = splitmix();
        size_t take = n < sizeof(v) ? n : sizeof(v);

        memcpy(p, &v, take);
        p += take;
        n -= take;
    }
}

uint64_t rand_below(uint64_t bound)
{
    uint64_t v, limit;

    INVARIANT(bound > 0);
    limit = UINT64_MAX - UINT64_MAX % bound;
    do
        rand_bytes(&v, sizeof(v));
    while (v >= limit);
    return v % bound;
}

struct str rand_token(size_t n_bytes, struct arena *a)
{
    unsigned char raw[64];
    struct str out;

    INVARIANT(n_bytes <= sizeof(raw));
    rand_bytes(raw, n_bytes);
    out = enc_base64url((struct str){ (char *)raw, n_bytes }, a);
    sodium_memzero(raw, sizeof(raw));
    return out;
}

struct str rand_name(size_t n_bytes, struct arena *a)
{
    static _Thread_local unsigned char pool[512];
    static _Thread_local size_t left;
    struct str raw;

    INVARIANT(n_bytes <= sizeof(pool));
    if (atomic_load_explicit(&fake_state, memory_order_relaxed))
        return rand_token(n_bytes, a);
    if (left < n_bytes) {
        rand_bytes(pool, sizeof(pool));
        left = sizeof(pool);
    }
    left -= n_bytes;
    raw = (struct str){ (const char *)pool + left, n_bytes };
    return enc_base64url(raw, a);
}
