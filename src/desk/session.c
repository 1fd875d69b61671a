#include "desk/session.h"

#include "base/enc.h"
#include "base/rand.h"
#include "base/utf8.h"
#include "desk/auth_priv.h"
#include "desk/jwt.h"

enum { COOKIE_BYTES = 32, REFRESH_BYTES = 16, MAC_BYTES = 16, JTI_BYTES = 16, AGENT_MAX = 300 };

static struct str access_token(const struct account *c, int64_t user_id, int64_t session_id)
{
    const struct jwt t = { .user_id = user_id,
                           .session_id = session_id,
                           .jti = rand_token(JTI_BYTES, c->a),
                           .iat_s = c->now_us / US_PER_S,
                           .exp_s = c->now_us / US_PER_S + c->au->o.access_s };

    return jwt_sign(&t, c->au->o.jwt_secret, c->a);
}

static struct str refresh_mac(const struct auth_keys *k, struct str part, struct arena *a)
{
    struct sha256 mac = hash_hmac_sha256((struct str){ (const char *)k->refresh.b, SHA256_LEN }, part);

    return enc_base64url((struct str){ (const char *)mac.b, MAC_BYTES }, a);
}

static struct str refresh_token(const struct account *c, int64_t session_id)
{
    struct str part = str_printf(c->a, "%lld.%.*s", (long long)session_id,
                                 STR_ARG(rand_token(REFRESH_BYTES, c->a)));

    return str_printf(c->a, "%.*s.%.*s", STR_ARG(part), STR_ARG(refresh_mac(&c->au->now, part, c->a)));
}

/* The session that a refresh token of ours names. */
static bool refresh_parse(const struct account *c, struct str token, int64_t *session_id)
{
    struct str rest = token, id = str_cut(&rest, '.'), random = str_cut(&rest, '.');
    struct str part = { token.p, id.n + 1 + random.n };

    if (!rest.p || !str_i64(id, 1, INT64_MAX, session_id))
        return false;
    return str_eq_secret(rest, refresh_mac(&c->au->now, part, c->a))
           || (c->au->has_former && str_eq_secret(rest, refresh_mac(&c->au->former, part, c->a)));
}

static void fill(const struct account *c, struct session_tokens *t)
{
    t->csrf = auth_csrf(c->au, t->session_id, c->a);
    t->access = access_token(c, t->user_id, t->session_id);
    t->access_s = c->au->o.access_s;
    t->session_s = c->au->o.session_s;
}

enum rc session_start(const struct account *c, int64_t user_id, int64_t mfa_us, struct str user_agent,
                      struct session_tokens *out, struct err *e)
{
    struct session_row row = { .user_id = user_id,
                               .address = c->who->address,
                               .user_agent = utf8_cut(utf8_repair(user_agent, c->a), AGENT_MAX),
                               .mfa_us = mfa_us,
                               .created_us = c->now_us,
                               .expires_us = c->now_us + c->au->o.session_s * US_PER_S };

    if (!row.user_agent.p)
        row.user_agent = STR("");
    if (!row.address.p)
        row.address = STR("");
    *out = (struct session_tokens){ .user_id = user_id, .cookie = rand_token(COOKIE_BYTES, c->a) };
    row.token_hash = row.refresh_hash = token_hash(out->cookie, c->a);
    TRY(sessions_insert(c->db, &row, &out->session_id, e));
    out->refresh = refresh_token(c, out->session_id);
    TRY(sessions_set_refresh(c->db, out->session_id, token_hash(out->refresh, c->a), e));
    fill(c, out);
    return RC_OK;
}

static bool holds(const struct account *c, const struct session_row *s)
{
    return s->user_active && !s->ended_us && s->expires_us > c->now_us &&
           s->seen_us + c->au->o.idle_s * US_PER_S > c->now_us;
}

enum rc session_refresh(const struct account *c, struct str refresh, struct session_tokens *out,
                        struct err *e)
{
    struct session_row s;
    int64_t id, changed = 0;
    enum rc rc;

    if (!refresh_parse(c, refresh, &id))
        id = 0; /* looked for all the same: no difference in time either */
    rc = sessions_load(c->db, id, c->a, &s, e);
    if (rc == RC_NOT_FOUND || (rc == RC_OK && !holds(c, &s)))
        return account_bad_token("/refresh_token", e);
    TRY(rc);
    *out = (struct session_tokens){ .session_id = id, .user_id = s.user_id,
                                    .refresh = refresh_token(c, id) };
    TRY(sessions_rotate(c->db, id, token_hash(refresh, c->a), token_hash(out->refresh, c->a),
                        c->now_us, &changed, e));
    if (!changed) { /* ours, but used before: somebody else may have it */
        TRY(session_end(c, s.user_id, id, "refresh_reuse", e));
        return account_bad_token("/refresh_token", e);
    }
    fill(c, out);
    return RC_OK;
}

enum rc session_end(const struct account *c, int64_t user_id, int64_t session_id, const char *why,
                    struct err *e)
{
    int64_t changed;

    TRY(sessions_end(c->db, session_id, user_id, c->now_us, str_of(why), &changed, e));
    if (!changed)
        return err_set(e, RC_NOT_FOUND, "session", "There is no such session.");
    return account_audit(c, "session.end", user_id, account_detail(c->a, STR("why"), str_of(why)), e);
}

enum rc session_end_all(const struct account *c, int64_t user_id, int64_t but_id, const char *why,
                        struct err *e)
{
    int64_t changed;

    TRY(sessions_end_all(c->db, user_id, but_id, c->now_us, str_of(why), &changed, e));
    if (!changed)
        return RC_OK;
    return account_audit(c, "session.end_all", user_id, account_detail(c->a, STR("why"), str_of(why)),
                         e);
}

enum rc session_list(const struct account *c, int64_t user_id, struct session_rows *out,
                     struct err *e)
{
    return sessions_of(c->db, user_id, c->now_us, c->now_us - c->au->o.idle_s * US_PER_S, c->a, out, e);
}
