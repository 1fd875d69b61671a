#include "backup/box.h"

#include "backup/box_priv.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <unistd.h>
#include <zstd.h>

enum { LEVEL = 1, WORTH_PACKING = 64 };

struct box_writer {
    int fd;
    struct box_seal seal;
    ZSTD_CCtx *zstd;        /* owner */
    crypto_hash_sha256_state sha256;
    struct box_sum sum;
    unsigned char *body;    /* owner; BOX_BODY_MAX */
    unsigned char *sealed;  /* owner; BOX_SEALED_MAX */
    unsigned char *pending; /* owner; of box_add(), BOX_ADD bytes */
    size_t n_pending;
};

void box_key_make(struct str secret, struct box_key *out)
{
    static const char label[] = "ticketing-system backup v1", id[] = "id";

    *out = (struct box_key){ .set = secret.n > 0 };
    if (!out->set)
        return;
    crypto_generichash(out->key, sizeof(out->key), (const unsigned char *)secret.p, secret.n,
                       (const unsigned char *)label, sizeof(label) - 1);
    crypto_generichash(out->id, sizeof(out->id), (const unsigned char *)id, sizeof(id) - 1,
                       out->key, sizeof(out->key));
}

const struct box_key *box_key_find(const struct box_key *k, const unsigned char id[BOX_KEY_ID_LEN])
{
    for (; k; k = k->former)
        if (k->set && memcmp(k->id, id, BOX_KEY_ID_LEN) == 0)
            return k;
    return NULL;
}

void box_key_sum(const struct box_key *k, struct str data, unsigned char out[32])
{
    crypto_generichash(out, 32, (const unsigned char *)data.p, data.n, k->set ? k->key : NULL,
                       k->set ? sizeof(k->key) : 0);
}

static enum rc io_fail(struct err *e, const char *what)
{
    return err_set(e, errno == ENOSPC || errno == EDQUOT ? RC_FULL : RC_FAIL, "backup_target",
                   "cannot %s the backup: %s", what, strerror(errno));
}

static enum rc write_out(struct box_writer *w, const void *p, size_t n, struct err *e)
{
    if (!fd_write_all(w->fd, (struct str){ p, n }))
        return io_fail(e, "write");
    crypto_hash_sha256_update(&w->sha256, p, n);
    w->sum.size += (int64_t)n;
    return RC_OK;
}

static void make_head(const struct box_key *key, struct box_seal *s, unsigned char *head)
{
    memset(head, 0, BOX_HEAD);
    memcpy(head, BOX_MAGIC, sizeof(BOX_MAGIC) - 1);
    head[BOX_VERSION_AT + 1] = BOX_VERSION;
    head[BOX_MODE_AT] = key->set;
    memcpy(head + BOX_KEY_AT, key->id, BOX_KEY_ID_LEN);
    s->encrypted = key->set;
    if (key->set)
        crypto_secretstream_xchacha20poly1305_init_push(&s->stream, head + BOX_NONCE_AT, key->key);
    else
        randombytes_buf(head + BOX_NONCE_AT, BOX_NONCE_LEN);
    box_seal_head(s, head);
}

void box_seal_head(struct box_seal *s, const unsigned char *head)
{
    memcpy(s->head, head, BOX_HEAD);
    s->first = true;
    crypto_generichash(s->chain, sizeof(s->chain), head, BOX_HEAD, NULL, 0);
}

void box_chain(struct box_seal *s, const unsigned char *body, size_t n, unsigned char out[BOX_SUM])
{
    crypto_generichash_state g;

    crypto_generichash_init(&g, NULL, 0, BOX_SUM);
    crypto_generichash_update(&g, s->chain, BOX_SUM);
    crypto_generichash_update(&g, body, n);
    crypto_generichash_final(&g, out, BOX_SUM);
    memcpy(s->chain, out, BOX_SUM);
}

enum rc box_create(const char *path, const struct box_key *key, struct box_writer **out,
                   struct err *e)
{
    struct box_writer *w;
    unsigned char head[BOX_HEAD];
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    enum rc rc;

    if (fd < 0)
        return io_fail(e, "create");
    w = calloc(1, sizeof(*w));
    INVARIANT(w);
    w->fd = fd;
    w->zstd = ZSTD_createCCtx();
    w->body = malloc(BOX_BODY_MAX);
    w->sealed = malloc(BOX_SEALED_MAX);
    w->pending = malloc(BOX_ADD);
    INVARIANT(w->zstd && w->body && w->sealed && w->pending);
    crypto_hash_sha256_init(&w->sha256);
    make_head(key, &w->seal, head);
    rc = write_out(w, head, sizeof(head), e);
    if (rc != RC_OK)
        box_drop(&w);
    *out = w;
    return rc;
}

static void put32(unsigned char *p, size_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (unsigned char)(v >> (24 - 8 * i));
}

/* The record's body: packed when that makes it smaller. */
static size_t make_body(struct box_writer *w, char type, struct str payload)
{
    size_t n = 0;

    w->body[0] = (unsigned char)type;
    put32(w->body + 2, payload.n);
    if (payload.n >= WORTH_PACKING)
        n = ZSTD_compressCCtx(w->zstd, w->body + BOX_BODY_HEAD, BOX_BODY_MAX - BOX_BODY_HEAD,
                              payload.p, payload.n, LEVEL);
    w->body[1] = n > 0 && !ZSTD_isError(n) && n < payload.n;
    if (w->body[1])
        return BOX_BODY_HEAD + n;
    if (payload.n)
        memcpy(w->body + BOX_BODY_HEAD, payload.p, payload.n);
    return BOX_BODY_HEAD + payload.n;
}

static size_t seal(struct box_writer *w, size_t n, bool last)
{
    struct box_seal *s = &w->seal;
    unsigned char *to = w->sealed + BOX_LEN;
    unsigned long long sealed = n + BOX_SUM;

    if (s->encrypted) {
        crypto_secretstream_xchacha20poly1305_push(
            &s->stream, to, &sealed, w->body, n, s->first ? s->head : NULL, s->first ? BOX_HEAD : 0,
            last ? crypto_secretstream_xchacha20poly1305_TAG_FINAL : 0);
    } else {
        memcpy(to, w->body, n);
        box_chain(s, w->body, n, to + n);
    }
    s->first = false;
    put32(w->sealed, (size_t)sealed);
    return BOX_LEN + (size_t)sealed;
}

static enum rc put(struct box_writer *w, char type, struct str payload, struct err *e)
{
    INVARIANT(payload.n <= BOX_RECORD_MAX);
    w->sum.raw_bytes += (int64_t)payload.n;
    return write_out(w, w->sealed, seal(w, make_body(w, type, payload), type == BOX_END), e);
}

static enum rc flush(struct box_writer *w, struct err *e)
{
    size_t n = w->n_pending;

    w->n_pending = 0;
    return n ? put(w, BOX_DATA, (struct str){ (const char *)w->pending, n }, e) : RC_OK;
}

enum rc box_put(struct box_writer *w, char type, struct str payload, struct err *e)
{
    TRY(flush(w, e));
    return put(w, type, payload, e);
}

enum rc box_add(struct box_writer *w, const void *p, size_t n, struct err *e)
{
    const unsigned char *from = p;

    while (n > 0) {
        size_t part = n < BOX_ADD - w->n_pending ? n : BOX_ADD - w->n_pending;

        memcpy(w->pending + w->n_pending, from, part);
        w->n_pending += part, from += part, n -= part;
        if (w->n_pending == BOX_ADD)
            TRY(flush(w, e));
    }
    return RC_OK;
}

enum rc box_sync(struct box_writer *w, struct err *e)
{
    TRY(flush(w, e));
    return fdatasync(w->fd) == 0 ? RC_OK : io_fail(e, "sync");
}

int64_t box_size(const struct box_writer *w)
{
    return w->sum.size;
}

static void hex_of(const unsigned char *raw, size_t n, char *out)
{
    sodium_bin2hex(out, 2 * n + 1, raw, n);
}

enum rc box_finish(struct box_writer **wp, bool sync, struct box_sum *sum, struct err *e)
{
    struct box_writer *w = *wp;
    unsigned char hash[crypto_hash_sha256_BYTES];
    enum rc rc = flush(w, e);

    if (rc == RC_OK)
        rc = put(w, BOX_END, STR(""), e);
    if (rc == RC_OK && sync && fsync(w->fd) != 0)
        rc = io_fail(e, "sync");
    if (rc == RC_OK && sum) {
        crypto_hash_sha256_final(&w->sha256, hash);
        hex_of(hash, sizeof(hash), w->sum.sha256);
        *sum = w->sum;
    }
    box_drop(wp);
    return rc;
}

void box_drop(struct box_writer **wp)
{
    struct box_writer *w = *wp;

    if (!w)
        return;
    fd_close(&w->fd);
    ZSTD_freeCCtx(w->zstd);
    sodium_memzero(&w->seal, sizeof(w->seal));
    free(w->body);
    free(w->sealed);
    free(w->pending);
    free(w);
    *wp = NULL;
}
