#include "desk/secret.h"

#include "base/config.h"
#include "base/enc.h"
#include "base/rand.h"

#include <sodium.h>

#define UNNAMED "k1."
#define NAMED "k2."
#define LABEL STR("ticketing-system:seal")
#define NAME_LABEL STR("ticketing-system:seal-name")

static bool is_known(const struct secret_keys *k, const struct sha256 *key)
{
    for (size_t i = 0; i < k->n; i++)
        if (memcmp(k->v[i].key, key->b, SECRET_KEY_LEN) == 0)
            return true;
    return false;
}

static void add(struct secret_keys *k, const char *setting, struct str secret)
{
    struct sha256 key = hash_hmac_sha256(secret, LABEL), name;
    struct secret_key *to = &k->v[k->n];

    if (!secret.n || is_known(k, &key))
        return;
    to->setting = setting;
    memcpy(to->key, key.b, SECRET_KEY_LEN);
    name = hash_hmac_sha256((struct str){ (const char *)to->key, SECRET_KEY_LEN }, NAME_LABEL);
    for (size_t i = 0; i < SECRET_ID_LEN / 2; i++)
        snprintf(to->id + 2 * i, 3, "%02x", name.b[i]);
    k->n++;
}

void secret_keys_make(const struct secret_from *from, struct secret_keys *out)
{
    *out = (struct secret_keys){ .n = 0 };
    add(out, "SECRET_KEY", from->secret_key);
    add(out, "JWT_SECRET", from->jwt_secret);
    add(out, "SECRET_KEY_FORMER", from->secret_former);
    add(out, "JWT_SECRET_FORMER", from->jwt_former);
}

void secret_keys_of(const struct config *cfg, struct secret_keys *out)
{
    const struct secret_from from = { cfg->secret_key, cfg->jwt_secret, cfg->secret_key_former,
                                      cfg->jwt_secret_former };

    secret_keys_make(&from, out);
}

struct str secret_seal(const struct secret_keys *k, struct str plain, struct arena *a)
{
    size_t n = crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES + plain.n;
    unsigned char *p = arena_alloc(a, n);

    INVARIANT(k->n > 0);
    rand_bytes(p, crypto_secretbox_NONCEBYTES);
    INVARIANT(crypto_secretbox_easy(p + crypto_secretbox_NONCEBYTES,
                                    (const unsigned char *)(plain.p ? plain.p : ""), plain.n, p,
                                    k->v[0].key) == 0);
    return str_printf(a, NAMED "%s.%.*s", k->v[0].id,
                      STR_ARG(enc_base64url((struct str){ (char *)p, n }, a)));
}

/* The bytes behind the names; *id is empty where the text names no key. */
static bool read_text(struct str sealed, struct arena *a, struct str *id, struct str *raw)
{
    struct str rest = str_sub(sealed, sizeof NAMED - 1, sealed.n);

    *id = STR("");
    if (str_starts(sealed, STR(NAMED)))
        *id = str_cut(&rest, '.');
    else if (!str_starts(sealed, STR(UNNAMED)))
        return false;
    return rest.p && dec_base64url(rest, a, raw)
           && raw->n >= crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES;
}

size_t secret_opener(const struct secret_keys *k, struct str sealed, struct arena *a, struct str *plain)
{
    struct str id, raw;
    const unsigned char *box;
    unsigned char *out;
    size_t n;

    if (!read_text(sealed, a, &id, &raw))
        return k->n;
    box = (const unsigned char *)raw.p + crypto_secretbox_NONCEBYTES;
    n = raw.n - crypto_secretbox_NONCEBYTES;
    out = arena_alloc(a, n);
    for (size_t i = 0; i < k->n; i++) {
        if (id.n && !str_eq(id, str_of(k->v[i].id)))
            continue;
        if (crypto_secretbox_open_easy(out, box, n, (const unsigned char *)raw.p, k->v[i].key) != 0)
            continue;
        *plain = (struct str){ (char *)out, n - crypto_secretbox_MACBYTES };
        return i;
    }
    return k->n;
}

enum rc secret_open(const struct secret_keys *k, struct str sealed, struct arena *a, struct str *plain,
                    struct err *e)
{
    if (secret_opener(k, sealed, a, plain) < k->n)
        return RC_OK;
    return err_fail(e, "a sealed secret opens with none of the keys: see server secrets status");
}
