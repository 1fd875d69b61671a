/* Who sends this request, and the keys and limits behind every login.
 *
 * struct auth is made once at start, shared by all threads and constant, but for its cache of
 * rights, which has its own lock.  A request is authenticated by auth_resolve(): it reads the session or
 * token row each time, so an ended session, a revoked token or a switched-off user is refused at
 * once; the rights themselves come from the cache as long as the versions in the database say so. */
#ifndef DESK_AUTH_H
#define DESK_AUTH_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "desk/actor.h"
#include "store/db.h"

struct auth;
struct store;

enum registration { REGISTRATION_OFF, REGISTRATION_VERIFY, REGISTRATION_OPEN };

struct auth_opts {
    struct str jwt_secret;       /* not empty */
    struct str secret_key;       /* seals small secrets; empty: derived from jwt_secret */
    struct str jwt_former;       /* what it signed holds too; empty: none */
    struct str secret_former;    /* what it sealed still opens; empty: none */
    struct str base_url;         /* "https://help.example.com": links in mails */
    enum registration registration;
    bool log_links;              /* development: one-time links go to the log too */
    int64_t access_s;            /* life of an access token */
    int64_t idle_s, session_s;   /* sessions end after so long idle, or in all */
    int64_t argon2_kib, argon2_passes;
};

enum rc auth_open(const struct auth_opts *o, struct auth **out, struct err *e) MUST_USE;
void auth_close(struct auth **au);
const struct auth_opts *auth_opts(const struct auth *au);

/* What a request carries.  Absent parts have p == NULL.  web/credentials.h takes them from the
 * headers. */
struct credentials {
    struct str bearer;      /* behind "Authorization: Bearer " */
    bool bad_authorization; /* the header was there, but not of this form */
    struct str cookie;      /* value of the session cookie */
    struct str address, request_id;
};

/* Fills *who: ACTOR_ANONYMOUS when the request carries nothing.  A bearer that is malformed, expired,
 * of an ended session or a switched-off user is RC_UNAUTH; a stale cookie is just anonymous with
 * who->stale_cookie set (the answer then clears it).  db: a read connection.  When the row's "last seen"
 * is older than a minute, its update is handed to s (may be NULL) and nobody waits for it. */
enum rc auth_resolve(struct auth *au, struct db *db, struct store *s, const struct credentials *cr,
                     struct arena *a, struct actor *who, struct err *e) MUST_USE;

/* The rights of a user, without session or token, into *who (type ACTOR_USER): for jobs, the command
 * line, streams that live longer than a request.  RC_NOT_FOUND when absent or switched off. */
enum rc actor_load(struct db *db, int64_t user_id, struct arena *a, struct actor *who, struct err *e)
    MUST_USE;

/* The CSRF token that belongs to a session. */
struct str auth_csrf(const struct auth *au, int64_t session_id, struct arena *a);
/* Whether it is that token, or the one that the former secret gave. */
bool auth_csrf_is(const struct auth *au, int64_t session_id, struct str token, struct arena *a) MUST_USE;
/* A key for one purpose, derived from JWT_SECRET: "cursor", "csrf", … */
struct sha256;
void auth_derive(const struct auth *au, struct str purpose, struct sha256 *key);
/* The same from the former secret; false without one. */
bool auth_derive_former(const struct auth *au, struct str purpose, struct sha256 *key) MUST_USE;

#endif
