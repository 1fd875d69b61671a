#include "desk/auth.h"

#include "base/clock.h"
#include "desk/auth_priv.h"
#include "desk/jwt.h"
#include "desk/password.h"
#include "desk/token.h"
#include "store/rights.h"
#include "store/store.h"

#include <stdlib.h>

enum { SEEN_EVERY_US = 60 * 1000 * 1000 };

static struct str own(struct str s, struct arena *a)
{
    return s.p ? str_dup(s, a) : STR_NONE;
}

static void derive(struct str secret, struct str purpose, struct sha256 *key)
{
    struct arena *a CLEAN(arena_clean) = arena_new(64 * KIB);
    struct str label = str_printf(a, "ticketing-system:%.*s", STR_ARG(purpose));

    *key = hash_hmac_sha256(secret, label);
}

void auth_derive(const struct auth *au, struct str purpose, struct sha256 *key)
{
    derive(au->o.jwt_secret, purpose, key);
}

bool auth_derive_former(const struct auth *au, struct str purpose, struct sha256 *key)
{
    if (au->has_former)
        derive(au->o.jwt_former, purpose, key);
    return au->has_former;
}

static void derive_keys(struct str secret, struct auth_keys *k)
{
    derive(secret, STR("csrf"), &k->csrf);
    derive(secret, STR("refresh"), &k->refresh);
}

static void make_keys(struct auth *au)
{
    const struct secret_from from = { au->o.secret_key, au->o.jwt_secret, au->o.secret_former,
                                      au->o.jwt_former };

    derive_keys(au->o.jwt_secret, &au->now);
    au->has_former = au->o.jwt_former.n > 0;
    if (au->has_former)
        derive_keys(au->o.jwt_former, &au->former);
    secret_keys_make(&from, &au->seals);
}

enum rc auth_open(const struct auth_opts *o, struct auth **out, struct err *e)
{
    struct auth *au;
    struct arena *mem;

    if (!o->jwt_secret.n)
        return err_set(e, RC_INVALID, "jwt_secret", "JWT_SECRET is not set.");
    mem = arena_new(1 * MIB);
    au = ARENA_NEW(mem, struct auth);
    au->mem = mem;
    au->o = *o;
    au->o.jwt_secret = own(o->jwt_secret, mem);
    au->o.secret_key = own(o->secret_key, mem);
    au->o.jwt_former = own(o->jwt_former, mem);
    au->o.secret_former = own(o->secret_former, mem);
    au->o.base_url = own(o->base_url, mem);
    make_keys(au);
    au->rights = rights_cache_new();
    au->dummy_hash = password_of_nobody(o->argon2_kib, o->argon2_passes, mem);
    *out = au;
    return RC_OK;
}

void auth_close(struct auth **au)
{
    struct arena *mem;

    if (!*au)
        return;
    rights_cache_free(&(*au)->rights);
    mem = (*au)->mem;
    *au = NULL;
    arena_free(&mem);
}

const struct auth_opts *auth_opts(const struct auth *au)
{
    return &au->o;
}

struct str token_hash(struct str token, struct arena *a)
{
    return sha256_hex(hash_sha256(token), a);
}

static struct str csrf_of(const struct auth_keys *k, int64_t session_id, struct arena *a)
{
    struct str key = { (const char *)k->csrf.b, SHA256_LEN };
    struct sha256 mac =
        hash_hmac_sha256(key, str_printf(a, "session:%lld", (long long)session_id));

    return enc_base64url((struct str){ (const char *)mac.b, SHA256_LEN }, a);
}

struct str auth_csrf(const struct auth *au, int64_t session_id, struct arena *a)
{
    return csrf_of(&au->now, session_id, a);
}

bool auth_csrf_is(const struct auth *au, int64_t session_id, struct str token, struct arena *a)
{
    return str_eq_secret(token, csrf_of(&au->now, session_id, a))
           || (au->has_former && str_eq_secret(token, csrf_of(&au->former, session_id, a)));
}

/* ── "last seen", written behind the request ── */

struct seen_job {
    struct write_job w;
    struct err err;
    int64_t session_id, token_id, now_us;
};

static enum rc seen_run(struct write_job *w, struct db *db, struct err *e)
{
    const struct seen_job *j = (const struct seen_job *)w;

    return caller_seen(db, j->session_id, j->token_id, j->now_us, e);
}

static void seen_done(struct write_job *w, enum rc rc)
{
    (void)rc; /* the next request tries again */
    free(w);
}

static void touch(struct store *s, const struct caller_row *row, int64_t now_us)
{
    struct seen_job *j;

    if (!s || now_us - row->seen_us < SEEN_EVERY_US)
        return;
    j = calloc(1, sizeof *j);
    INVARIANT(j);
    j->w.run = seen_run;
    j->w.done = seen_done;
    j->w.err = &j->err;
    j->session_id = row->session_id;
    j->token_id = row->token_id;
    j->now_us = now_us;
    if (!store_submit(s, &j->w))
        free(j);
}

/* ── who ── */

static enum rc refuse(struct err *e)
{
    err_clear(e);
    return err_set(e, RC_UNAUTH, "invalid_token", "The token is not valid or has ended.");
}

static bool row_holds(const struct auth *au, const struct caller_row *row, int64_t now_us)
{
    if (!row->active || row->ended_us || (row->expires_us && row->expires_us <= now_us))
        return false;
    return row->token_id || row->seen_us + au->o.idle_s * US_PER_S > now_us;
}

static enum rc take_rights(struct auth *au, struct db *db, const struct caller_row *row,
                           struct arena *a, struct actor *who, struct err *e)
{
    const struct rights_key key = { row->user_id, row->user_version, row->catalog };
    struct rights_rows rows;

    actor_set_person(who, row);
    if (!rights_cache_get(au->rights, &key, a, who)) {
        TRY(rights_load(db, row->user_id, a, &rows, e));
        actor_set_rights(who, &rows, a);
        rights_cache_put(au->rights, &key, who);
    }
    actor_cut(who, row->perms_mask);
    who->session_id = row->session_id;
    who->token_id = row->token_id;
    who->read_only = row->read_only;
    return RC_OK;
}

static enum rc find_bearer(const struct auth *au, struct db *db, struct str bearer, int64_t now_us,
                           struct arena *a, struct caller_row *row, struct err *e)
{
    struct jwt t;

    if (str_starts(bearer, STR(API_TOKEN_PREFIX)))
        return caller_by_token(db, token_hash(bearer, a), a, row, e);
    if (!jwt_verify(bearer, au->o.jwt_secret, now_us / US_PER_S, a, &t)
        && !jwt_verify(bearer, au->o.jwt_former, now_us / US_PER_S, a, &t))
        return RC_NOT_FOUND;
    TRY(caller_by_session(db, t.session_id, a, row, e));
    return row->user_id == t.user_id ? RC_OK : RC_NOT_FOUND;
}

static enum rc resolve_bearer(struct auth *au, struct db *db, struct store *s,
                              const struct credentials *cr, struct arena *a, struct actor *who,
                              struct err *e)
{
    int64_t now_us = clock_now_us();
    struct caller_row row;
    enum rc rc;

    if (cr->bad_authorization)
        return refuse(e);
    rc = find_bearer(au, db, cr->bearer, now_us, a, &row, e);
    if (rc == RC_NOT_FOUND || (rc == RC_OK && !row_holds(au, &row, now_us)))
        return refuse(e);
    TRY(rc);
    touch(s, &row, now_us);
    return take_rights(au, db, &row, a, who, e);
}

static enum rc resolve_cookie(struct auth *au, struct db *db, struct store *s,
                              const struct credentials *cr, struct arena *a, struct actor *who,
                              struct err *e)
{
    int64_t now_us = clock_now_us();
    struct caller_row row;
    enum rc rc = caller_by_cookie(db, token_hash(cr->cookie, a), a, &row, e);

    if (rc == RC_NOT_FOUND || (rc == RC_OK && !row_holds(au, &row, now_us))) {
        who->stale_cookie = true;
        return RC_OK;
    }
    TRY(rc);
    touch(s, &row, now_us);
    TRY(take_rights(au, db, &row, a, who, e));
    who->by_cookie = true;
    return RC_OK;
}

enum rc auth_resolve(struct auth *au, struct db *db, struct store *s, const struct credentials *cr,
                     struct arena *a, struct actor *who, struct err *e)
{
    *who = (struct actor){ .address = cr->address, .request_id = cr->request_id };
    if (cr->bearer.p || cr->bad_authorization)
        return resolve_bearer(au, db, s, cr, a, who, e);
    if (cr->cookie.n)
        return resolve_cookie(au, db, s, cr, a, who, e);
    return RC_OK;
}
