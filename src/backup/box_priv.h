/* What writing (box.c) and reading (box_read.c) of boxes share. */
#ifndef BACKUP_BOX_PRIV_H
#define BACKUP_BOX_PRIV_H

#include "backup/box.h"

#include <sodium.h>

#define BOX_MAGIC "TSBACKUP"

enum {
    BOX_HEAD = 48,
    BOX_VERSION_AT = 8,
    BOX_MODE_AT = 10,
    BOX_KEY_AT = 16,
    BOX_NONCE_AT = 24,
    BOX_NONCE_LEN = 24,
    BOX_LEN = 4,
    BOX_BODY_HEAD = 6, /* type, codec, length */
    BOX_SUM = 16,
    BOX_ADD = 1024 * 1024,
    BOX_BODY_MAX = BOX_RECORD_MAX + BOX_RECORD_MAX / 64 + 1024, /* zstd's bound is below */
    BOX_SEALED_MAX = BOX_LEN + BOX_BODY_MAX + 64,
};

struct box_seal {
    bool encrypted, first;
    crypto_secretstream_xchacha20poly1305_state stream;
    unsigned char head[BOX_HEAD], chain[BOX_SUM];
};
void box_seal_head(struct box_seal *s, const unsigned char *head);
/* The sum behind a record without a key; the next one builds on it. */
void box_chain(struct box_seal *s, const unsigned char *body, size_t n, unsigned char out[BOX_SUM]);

#endif
