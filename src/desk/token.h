/* API tokens: made for programs, shown once, never more than their owner's rights. */
#ifndef DESK_TOKEN_H
#define DESK_TOKEN_H

#include "desk/account.h"
#include "store/api_tokens.h"

#define API_TOKEN_PREFIX "tkt_"

struct token_new {
    struct str name;
    int64_t perms;      /* part of the owner's */
    bool read_only;
    int64_t expires_us; /* 0: never */
};
/* Only from a session: a token cannot make tokens.  *token is the only time that it is seen. */
enum rc token_create(const struct account *c, const struct token_new *t, struct api_token_row *out,
                     struct str *token, struct err *e) MUST_USE;
/* RC_NOT_FOUND unless it is the caller's or he manages all. */
enum rc token_load(const struct account *c, int64_t id, struct api_token_row *out, struct err *e) MUST_USE;
enum rc token_revoke(const struct account *c, int64_t id, struct err *e) MUST_USE;
/* All of a person: his account may have been somebody else's. */
enum rc token_revoke_all(const struct account *c, int64_t user_id, const char *why, struct err *e) MUST_USE;

/* Permissions by name. */
const char *perm_name(size_t i, int64_t *bit, const char **help); /* NULL behind the last */
/* RC_INVALID at pointer for an unknown one. */
enum rc perms_read(const struct str *names, size_t n, const char *pointer, int64_t *perms,
                   struct err *e) MUST_USE;

#endif
