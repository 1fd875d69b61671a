/* What auth.c shares with the other files of accounts. */
#ifndef DESK_AUTH_PRIV_H
#define DESK_AUTH_PRIV_H

#include "base/enc.h"
#include "desk/auth.h"
#include "desk/rights_cache.h"
#include "desk/secret.h"

/* Derived from one secret. */
struct auth_keys {
    struct sha256 csrf, refresh;
};

struct auth {
    struct auth_opts o;       /* texts owned, in mem */
    struct arena *mem;
    struct auth_keys now;     /* of jwt_secret: what we sign with */
    struct auth_keys former;  /* of jwt_former: what holds as well, when has_former */
    bool has_former;
    struct secret_keys seals;
    struct str dummy_hash;    /* verified when an account does not exist: the same time */
    struct rights_cache *rights;
};

/* The hash under which a token of ours is stored. */
struct str token_hash(struct str token, struct arena *a);

struct caller_row;
struct rights_rows;
void actor_set_person(struct actor *who, const struct caller_row *row);
/* Merges the rows of a group; FULL becomes all levels. */
void actor_set_rights(struct actor *who, const struct rights_rows *rows, struct arena *a);
/* Cuts the permissions down to mask; without PERM_TICKET_AGENT no group counts. */
void actor_cut(struct actor *who, int64_t mask);

#endif
