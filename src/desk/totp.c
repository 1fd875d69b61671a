#include "desk/totp.h"

#include "base/enc.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

struct str totp_code(struct str secret, int64_t step, int digits, struct arena *a)
{
    unsigned char counter[8], mac[EVP_MAX_MD_SIZE];
    unsigned int n = 0;
    uint32_t bin, mod = 1;

    for (int i = 0; i < 8; i++)
        counter[i] = (unsigned char)((uint64_t)step >> (56 - 8 * i));
    INVARIANT(HMAC(EVP_sha1(), secret.p, (int)secret.n, counter, sizeof counter, mac, &n) && n == 20);
    unsigned char *at = mac + (mac[19] & 15);

    bin = ((uint32_t)(at[0] & 0x7f) << 24) | ((uint32_t)at[1] << 16) | ((uint32_t)at[2] << 8) | at[3];
    for (int i = 0; i < digits; i++)
        mod *= 10;
    return str_printf(a, "%0*u", digits, bin % mod);
}

bool totp_check(struct str secret, struct str code, int64_t now_s, int64_t last_step,
                struct arena *a, int64_t *step)
{
    int64_t now_step = now_s / TOTP_STEP_S;

    if (!secret.n || code.n != TOTP_DIGITS)
        return false;
    for (int64_t s = now_step - 1; s <= now_step + 1; s++) {
        if (s > last_step && str_eq_secret(totp_code(secret, s, TOTP_DIGITS, a), code)) {
            *step = s;
            return true;
        }
    }
    return false;
}

struct str totp_uri(struct str secret, struct str issuer, struct str account, struct arena *a)
{
    return str_printf(a, "otpauth://totp/%.*s:%.*s?secret=%.*s&issuer=%.*s&algorithm=SHA1&digits=6&period=30",
                      STR_ARG(enc_url(issuer, a)), STR_ARG(enc_url(account, a)),
                      STR_ARG(enc_base32(secret, a)), STR_ARG(enc_url(issuer, a)));
}
