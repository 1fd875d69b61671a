/* Encodings and digests of short values.  Results live in the arena.  Any thread. */
#ifndef BASE_ENC_H
#define BASE_ENC_H

#include "base/defs.h"
#include "base/str.h"

struct arena;

enum { SHA256_LEN = 32 };

struct sha256 {
    unsigned char b[SHA256_LEN];
};

struct str enc_hex(struct str raw, struct arena *a);       /* lower case */
struct str enc_base64url(struct str raw, struct arena *a); /* RFC 4648 section 5, no padding */
struct str enc_base32(struct str raw, struct arena *a);    /* RFC 4648 section 6, no padding */
/* Strict: no padding, no blanks, no stray bits; false on anything else. */
bool dec_base64url(struct str text, struct arena *a, struct str *raw);
bool dec_base32(struct str text, struct arena *a, struct str *raw);
bool dec_hex(struct str text, struct arena *a, struct str *raw);
/* RFC 3986: unreserved characters stay, the rest becomes %XX. */
struct str enc_url(struct str raw, struct arena *a);
/* %XX (and '+' as a blank when plus_is_blank); false on a broken escape or a NUL. */
bool dec_url(struct str text, bool plus_is_blank, struct arena *a, struct str *raw);

struct sha256 hash_sha256(struct str data);
struct sha256 hash_hmac_sha256(struct str key, struct str data);
struct str sha256_hex(struct sha256 h, struct arena *a);

#endif
