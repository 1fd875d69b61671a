/* Access tokens: JSON Web Tokens with HS256 and nothing else.
 *
 * The only header that is accepted is, byte for byte, the one that jwt_sign() writes; no field of a
 * token's header ever chooses anything.  Pure but for the arena.  Any thread. */
#ifndef DESK_JWT_H
#define DESK_JWT_H

#include "base/arena.h"
#include "base/str.h"

struct jwt {
    int64_t user_id;    /* sub */
    int64_t session_id; /* sid */
    struct str jti;
    int64_t iat_s, exp_s;
};

#define JWT_ISSUER "ticketing-system"
#define JWT_AUDIENCE "ticketing-system-api"

struct str jwt_sign(const struct jwt *t, struct str secret, struct arena *a);
/* False for anything but a token of jwt_sign() with this secret that holds at now_s. */
bool jwt_verify(struct str text, struct str secret, int64_t now_s, struct arena *a, struct jwt *out)
    MUST_USE;

#endif
