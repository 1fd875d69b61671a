#include "backup/box_priv.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include <zstd.h>

struct box_reader {
    int fd;
    char name[64]; /* for words */
    bool ended;
    int64_t at; /* behind the last sound record */
    struct box_seal seal;
    ZSTD_DCtx *zstd;       /* owner */
    unsigned char *sealed; /* owner; BOX_SEALED_MAX */
    unsigned char *body;   /* owner; BOX_BODY_MAX */
    char *payload;         /* owner; BOX_RECORD_MAX */
};

static enum rc damaged(const struct box_reader *r, const char *what, struct err *e)
{
    return err_set(e, RC_FAIL, "backup_damaged", "%s is damaged: %s behind byte %lld", r->name, what,
                   (long long)r->at);
}

static enum rc truncated(const struct box_reader *r, struct err *e)
{
    return err_set(e, RC_FAIL, "backup_truncated", "%s is truncated: its end is missing", r->name);
}

/* RC_OK with *got < n only at the end of the file. */
static enum rc read_full(struct box_reader *r, void *out, size_t n, size_t *got, struct err *e)
{
    *got = 0;
    while (*got < n) {
        ssize_t did = read(r->fd, (char *)out + *got, n - *got);

        if (did < 0 && errno == EINTR)
            continue;
        if (did < 0)
            return err_set(e, RC_FAIL, "backup_damaged", "cannot read %s: %s", r->name,
                           strerror(errno));
        if (did == 0)
            break;
        *got += (size_t)did;
    }
    return RC_OK;
}

static enum rc choose_key(const struct box_reader *r, const unsigned char *head,
                          const struct box_key **key, struct err *e)
{
    const struct box_key *found = box_key_find(*key, head + BOX_KEY_AT);
    char id[2 * BOX_KEY_ID_LEN + 1];

    sodium_bin2hex(id, sizeof(id), head + BOX_KEY_AT, BOX_KEY_ID_LEN);
    if (!found && !(*key)->set)
        return err_set(e, RC_FAIL, "backup_key", "%s is encrypted: set BACKUP_KEY (key %s)", r->name,
                       id);
    if (!found)
        return err_set(e, RC_FAIL, "backup_key",
                       "%s was encrypted with another key than BACKUP_KEY%s: it needs key %s", r->name,
                       (*key)->former ? " and BACKUP_KEY_FORMER" : "", id);
    *key = found;
    return RC_OK;
}

static enum rc check_head(struct box_reader *r, unsigned char head[BOX_HEAD], struct err *e)
{
    size_t got;

    TRY(read_full(r, head, BOX_HEAD, &got, e));
    if (got < BOX_HEAD)
        return truncated(r, e);
    if (memcmp(head, BOX_MAGIC, sizeof(BOX_MAGIC) - 1) != 0)
        return damaged(r, "no backup begins like this", e);
    if (head[BOX_VERSION_AT] != 0 || head[BOX_VERSION_AT + 1] > BOX_VERSION)
        return err_set(e, RC_FAIL, "backup_newer",
                       "%s was written by a newer version (format %d, this program reads %d)",
                       r->name, head[BOX_VERSION_AT] << 8 | head[BOX_VERSION_AT + 1], BOX_VERSION);
    if (head[BOX_MODE_AT] > 1)
        return damaged(r, "unknown mode", e);
    r->seal.encrypted = head[BOX_MODE_AT];
    return RC_OK;
}

static enum rc read_head(struct box_reader *r, const struct box_key *key, struct err *e)
{
    unsigned char head[BOX_HEAD];

    TRY(check_head(r, head, e));
    if (r->seal.encrypted) {
        TRY(choose_key(r, head, &key, e));
        if (crypto_secretstream_xchacha20poly1305_init_pull(&r->seal.stream, head + BOX_NONCE_AT,
                                                            key->key)
            != 0)
            return damaged(r, "bad head", e);
    }
    box_seal_head(&r->seal, head);
    r->at = BOX_HEAD;
    return RC_OK;
}

static enum rc open_file(const char *path, struct box_reader *r, struct err *e)
{
    const char *slash = strrchr(path, '/');

    snprintf(r->name, sizeof(r->name), "%s", slash ? slash + 1 : path);
    r->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (r->fd >= 0)
        return RC_OK;
    return err_set(e, errno == ENOENT ? RC_NOT_FOUND : RC_FAIL, "backup_damaged", "cannot open %.120s: %s",
                   slash ? slash + 1 : path, strerror(errno));
}

enum rc box_key_of(const char *path, unsigned char id[BOX_KEY_ID_LEN], struct err *e)
{
    struct box_reader r = { 0 };
    unsigned char head[BOX_HEAD];
    enum rc rc;

    TRY(open_file(path, &r, e));
    rc = check_head(&r, head, e);
    fd_close(&r.fd);
    if (rc == RC_OK)
        memcpy(id, head + BOX_KEY_AT, BOX_KEY_ID_LEN);
    return rc;
}

enum rc box_open(const char *path, const struct box_key *key, struct box_reader **out,
                 struct err *e)
{
    struct box_reader *r = calloc(1, sizeof(*r));
    enum rc rc;

    INVARIANT(r);
    rc = open_file(path, r, e);
    if (rc != RC_OK) {
        free(r);
        return rc;
    }
    r->zstd = ZSTD_createDCtx();
    r->sealed = malloc(BOX_SEALED_MAX);
    r->body = malloc(BOX_BODY_MAX);
    r->payload = malloc(BOX_RECORD_MAX);
    INVARIANT(r->zstd && r->sealed && r->body && r->payload);
    posix_fadvise(r->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    rc = read_head(r, key, e);
    if (rc != RC_OK)
        box_close(&r);
    *out = r;
    return rc;
}

void box_close(struct box_reader **rp)
{
    struct box_reader *r = *rp;

    if (!r)
        return;
    fd_close(&r->fd);
    ZSTD_freeDCtx(r->zstd);
    sodium_memzero(&r->seal, sizeof(r->seal));
    free(r->sealed);
    free(r->body);
    free(r->payload);
    free(r);
    *rp = NULL;
}

static size_t get32(const unsigned char *p)
{
    return (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
}

/* r->sealed of n bytes into r->body. */
static enum rc unseal(struct box_reader *r, size_t n, size_t *body_n, bool *last, struct err *e)
{
    struct box_seal *s = &r->seal;
    unsigned char tag = 0, sum[BOX_SUM];
    unsigned long long got = 0;

    if (s->encrypted) {
        if (n < crypto_secretstream_xchacha20poly1305_ABYTES + BOX_BODY_HEAD
            || crypto_secretstream_xchacha20poly1305_pull(&s->stream, r->body, &got, &tag, r->sealed,
                                                          n, s->first ? s->head : NULL,
                                                          s->first ? BOX_HEAD : 0)
                   != 0)
            return damaged(r, "a record was altered", e);
        *body_n = (size_t)got;
    } else {
        if (n < BOX_SUM + BOX_BODY_HEAD)
            return damaged(r, "a record is too short", e);
        *body_n = n - BOX_SUM;
        memcpy(r->body, r->sealed, *body_n);
        box_chain(s, r->body, *body_n, sum);
        if (memcmp(sum, r->sealed + *body_n, BOX_SUM) != 0)
            return damaged(r, "a record was altered", e);
    }
    s->first = false;
    *last = !s->encrypted || tag == crypto_secretstream_xchacha20poly1305_TAG_FINAL;
    return RC_OK;
}

static enum rc unpack(struct box_reader *r, size_t body_n, struct str *payload, struct err *e)
{
    size_t raw = get32(r->body + 2), packed = body_n - BOX_BODY_HEAD, got = packed;

    if (raw > BOX_RECORD_MAX || r->body[1] > 1)
        return damaged(r, "a record is too long", e);
    *payload = (struct str){ (const char *)r->body + BOX_BODY_HEAD, packed };
    if (r->body[1]) {
        got = ZSTD_decompressDCtx(r->zstd, r->payload, BOX_RECORD_MAX, r->body + BOX_BODY_HEAD,
                                  packed);
        *payload = (struct str){ r->payload, got };
    }
    return !ZSTD_isError(got) && got == raw ? RC_OK : damaged(r, "a record does not unpack", e);
}

enum rc box_next(struct box_reader *r, char *type, struct str *payload, struct err *e)
{
    unsigned char head[BOX_LEN];
    size_t got, n, body_n = 0;
    bool last = false;

    *type = BOX_END;
    if (r->ended)
        return RC_OK;
    TRY(read_full(r, head, sizeof(head), &got, e));
    n = get32(head);
    if (got < sizeof(head))
        return truncated(r, e);
    if (n > BOX_SEALED_MAX - BOX_LEN)
        return damaged(r, "a record is too long", e);
    TRY(read_full(r, r->sealed, n, &got, e));
    if (got < n)
        return truncated(r, e);
    TRY(unseal(r, n, &body_n, &last, e));
    TRY(unpack(r, body_n, payload, e));
    *type = (char)r->body[0];
    if (*type == BOX_END && !last)
        return damaged(r, "the end is not its end", e);
    r->ended = *type == BOX_END;
    r->at += (int64_t)(BOX_LEN + n);
    return RC_OK;
}

int64_t box_sound(const struct box_reader *r)
{
    return r->at;
}
