#include "desk/secret.h"

#include "base/enc.h"
#include "base/rand.h"
#include "desk/auth_priv.h"

#include <sodium.h>

#define KEY_NAME "k1."

struct str secret_seal(const struct auth *au, struct str plain, struct arena *a)
{
    size_t n = crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES + plain.n;
    unsigned char *p = arena_alloc(a, n);

    rand_bytes(p, crypto_secretbox_NONCEBYTES);
    INVARIANT(crypto_secretbox_easy(p + crypto_secretbox_NONCEBYTES,
                                    (const unsigned char *)(plain.p ? plain.p : ""), plain.n, p,
                                    au->seal_key.b) == 0);
    return str_printf(a, KEY_NAME "%.*s", STR_ARG(enc_base64url((struct str){ (char *)p, n }, a)));
}

enum rc secret_open(const struct auth *au, struct str sealed, struct arena *a, struct str *plain,
                    struct err *e)
{
    const unsigned char *p;
    unsigned char *out;
    struct str raw;
    size_t n;

    if (!str_starts(sealed, STR(KEY_NAME)) ||
        !dec_base64url(str_sub(sealed, sizeof KEY_NAME - 1, sealed.n), a, &raw) ||
        raw.n < crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES)
        return err_fail(e, "a sealed secret is not readable");
    p = (const unsigned char *)raw.p;
    n = raw.n - crypto_secretbox_NONCEBYTES;
    out = arena_alloc(a, n);
    if (crypto_secretbox_open_easy(out, p + crypto_secretbox_NONCEBYTES, n, p, au->seal_key.b) != 0)
        return err_fail(e, "a sealed secret does not open with this SECRET_KEY");
    *plain = (struct str){ (char *)out, n - crypto_secretbox_MACBYTES };
    return RC_OK;
}
