#include "http/compress.h"

#include "base/arena.h"

#include <brotli/encode.h>
#include <pthread.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

enum { ZSTD_LEVEL = 1, BR_LEVEL = 1, GZIP_LEVEL = 1, GZIP_WINDOW = 15 + 16, GZIP_MEM = 8 };

struct packers {
    ZSTD_CCtx *zstd;
    z_stream gzip;
    bool has_gzip;
};

static pthread_key_t packers_key;
static pthread_once_t packers_once = PTHREAD_ONCE_INIT;

static void packers_free(void *arg)
{
    struct packers *p = arg;

    ZSTD_freeCCtx(p->zstd);
    if (p->has_gzip)
        deflateEnd(&p->gzip);
    free(p);
}

static void packers_init(void)
{
    INVARIANT(pthread_key_create(&packers_key, packers_free) == 0);
}

static struct packers *packers_get(void)
{
    struct packers *p;

    pthread_once(&packers_once, packers_init);
    p = pthread_getspecific(packers_key);
    if (!p) {
        p = calloc(1, sizeof(*p));
        INVARIANT(p && pthread_setspecific(packers_key, p) == 0);
    }
    return p;
}

static size_t pack_zstd(struct str text, char *out, size_t max)
{
    struct packers *p = packers_get();
    size_t n;

    if (!p->zstd)
        p->zstd = ZSTD_createCCtx();
    INVARIANT(p->zstd);
    n = ZSTD_compressCCtx(p->zstd, out, max, text.p, text.n, ZSTD_LEVEL);
    return ZSTD_isError(n) ? 0 : n; /* ANALYZER-OK: the thread's key owns p */
}

static size_t pack_br(struct str text, char *out, size_t max)
{
    size_t n = max;

    return BrotliEncoderCompress(BR_LEVEL, BROTLI_DEFAULT_WINDOW, BROTLI_MODE_TEXT, text.n,
                                 (const uint8_t *)text.p, &n, (uint8_t *)out)
               ? n
               : 0;
}

static size_t pack_gzip(struct str text, char *out, size_t max)
{
    struct packers *p = packers_get();
    z_stream *z = &p->gzip;

    if (text.n > UINT32_MAX || max > UINT32_MAX)
        return 0; /* ANALYZER-OK: the thread's key owns p */
    if (!p->has_gzip) {
        INVARIANT(deflateInit2(z, GZIP_LEVEL, Z_DEFLATED, GZIP_WINDOW, GZIP_MEM, Z_DEFAULT_STRATEGY)
                  == Z_OK);
        p->has_gzip = true;
    } else {
        deflateReset(z);
    }
    z->next_in = (Bytef *)(uintptr_t)text.p;
    z->avail_in = (uInt)text.n;
    z->next_out = (Bytef *)out;
    z->avail_out = (uInt)max;
    return deflate(z, Z_FINISH) == Z_STREAM_END ? max - z->avail_out : 0;
}

struct str compress_text(enum coding c, struct str text, struct arena *a)
{
    static size_t (*const pack[CODING_COUNT_])(struct str, char *, size_t) = {
        [CODING_ZSTD] = pack_zstd,
        [CODING_BR] = pack_br,
        [CODING_GZIP] = pack_gzip,
    };
    size_t max = text.n - text.n / 16, n;
    char *out;

    if (!pack[c])
        return STR_NONE;
    out = arena_alloc_raw(a, max); /* too small a gain is no gain */
    n = pack[c](text, out, max);
    return n ? (struct str){ out, n } : STR_NONE;
}
