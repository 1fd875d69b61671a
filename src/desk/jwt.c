#include "desk/jwt.h"

#include "base/enc.h"
#include "base/json.h"

enum { JWT_MAX = 1024, LIFE_MAX_S = 24 * 3600, SKEW_S = 5 };

/* {"alg":"HS256","typ":"JWT"} */
#define HEADER "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"

static struct str signature(struct str signed_part, struct str secret, struct arena *a)
{
    struct sha256 mac = hash_hmac_sha256(secret, signed_part);

    return enc_base64url((struct str){ (const char *)mac.b, SHA256_LEN }, a);
}

struct str jwt_sign(const struct jwt *t, struct str secret, struct arena *a)
{
    struct buf json = BUF_ARENA(a, JWT_MAX), out = BUF_ARENA(a, JWT_MAX);
    struct jw w = jw_to(&json);

    jw_obj(&w);
    jw_kv_text(&w, "iss", STR(JWT_ISSUER));
    jw_kv_text(&w, "aud", STR(JWT_AUDIENCE));
    jw_kv_text(&w, "sub", str_printf(a, "%lld", (long long)t->user_id));
    jw_kv_int(&w, "iat", t->iat_s);
    jw_kv_int(&w, "exp", t->exp_s);
    jw_kv_text(&w, "jti", t->jti);
    jw_kv_int(&w, "sid", t->session_id);
    jw_obj_end(&w);
    BUF_LIT(&out, HEADER ".");
    buf_str(&out, enc_base64url(buf_view(&json), a));
    struct str sig = signature(buf_view(&out), secret, a);

    buf_char(&out, '.');
    buf_str(&out, sig);
    return buf_view(&out);
}

static struct str claim_text(const json_t *o, const char *name)
{
    const json_t *v = json_object_get(o, name);

    return json_is_string(v) ? (struct str){ json_string_value(v), json_string_length(v) } : STR_NONE;
}

static int64_t claim_int(const json_t *o, const char *name)
{
    const json_t *v = json_object_get(o, name);

    return json_is_integer(v) ? (int64_t)json_integer_value(v) : -1;
}

/* Ours have none; one that is there must be a time that has come. */
static bool not_before(const json_t *o, int64_t now_s)
{
    int64_t nbf = claim_int(o, "nbf");

    return !json_object_get(o, "nbf") || (nbf >= 0 && nbf <= now_s + SKEW_S);
}

static bool claims_read(const json_t *o, int64_t now_s, struct arena *a, struct jwt *t)
{
    *t = (struct jwt){ .session_id = claim_int(o, "sid"),
                       .iat_s = claim_int(o, "iat"),
                       .exp_s = claim_int(o, "exp"),
                       .jti = str_dup(claim_text(o, "jti"), a) };
    return str_eq(claim_text(o, "iss"), STR(JWT_ISSUER)) &&
           str_eq(claim_text(o, "aud"), STR(JWT_AUDIENCE)) &&
           str_i64(claim_text(o, "sub"), 1, INT64_MAX, &t->user_id) && t->session_id > 0 &&
           t->jti.n > 0 && not_before(o, now_s) && t->iat_s >= 0 && t->exp_s > now_s && t->iat_s <= now_s + SKEW_S &&
           t->exp_s > t->iat_s && t->exp_s - t->iat_s <= LIFE_MAX_S;
}

bool jwt_verify(struct str text, struct str secret, int64_t now_s, struct arena *a, struct jwt *out)
{
    json_t *claims CLEAN(json_clean) = NULL;
    struct str rest = text, header, payload, raw;
    struct err e = { 0 };

    if (text.n > JWT_MAX || !secret.n)
        return false;
    header = str_cut(&rest, '.');
    payload = str_cut(&rest, '.');
    if (!rest.p || !str_eq(header, STR(HEADER)))
        return false;
    struct str signed_part = { text.p, header.n + 1 + payload.n };

    if (!str_eq_secret(rest, signature(signed_part, secret, a)))
        return false;
    if (!dec_base64url(payload, a, &raw) || json_read(raw, &claims, &e) != RC_OK)
        return false;
    return json_is_object(claims) && claims_read(claims, now_s, a, out);
}
