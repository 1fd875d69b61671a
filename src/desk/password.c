#include "desk/password.h"

#include "base/buf.h"
#include "base/fold.h"
#include "base/rand.h"

#include <sodium.h>
#include <stdlib.h>

/* What people add to and write instead of a common word: stripped and undone before looking. */
static const struct {
    char written, meant;
} leet[] = { { '0', 'o' }, { '1', 'i' }, { '3', 'e' }, { '4', 'a' }, { '5', 's' },
             { '7', 't' }, { '@', 'a' }, { '$', 's' }, { '!', 'i' } };

static const char *const common[] = {
#include "desk/common_passwords.inc"
};

static int compare(const void *key, const void *item)
{
    const struct str *k = key;

    return str_cmp(*k, str_of(*(const char *const *)item));
}

static bool is_listed(struct str word)
{
    return bsearch(&word, common, ARRAY_LEN(common), sizeof common[0], compare) != NULL;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (unsigned char)c >= 0x80;
}

/* "12Summer2024!" is as good as "summer". */
static struct str core_of(struct str folded)
{
    struct str s = folded;

    while (s.n && !is_letter(s.p[0]))
        s = str_sub(s, 1, s.n);
    while (s.n && !is_letter(s.p[s.n - 1]))
        s.n--;
    return s;
}

static struct str unleet(struct str s, struct arena *a)
{
    struct buf b = BUF_ARENA(a, s.n + 1);

    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];

        for (size_t k = 0; k < ARRAY_LEN(leet); k++)
            if (c == leet[k].written)
                c = leet[k].meant;
        buf_char(&b, c);
    }
    return buf_view(&b);
}

/* One character again and again, one step up or down all along, or a short piece repeated. */
static bool is_pattern(struct str s)
{
    size_t up = 1, down = 1;

    for (size_t i = 1; i < s.n; i++) {
        up += s.p[i] == s.p[i - 1] + 1;
        down += s.p[i] == s.p[i - 1] - 1;
    }
    for (size_t period = 1; period <= 4 && period * 2 <= s.n; period++) {
        size_t i = period;

        while (i < s.n && s.p[i] == s.p[i - period])
            i++;
        if (i == s.n)
            return true;
    }
    return s.n >= 3 && (up + 2 >= s.n || down + 2 >= s.n);
}

static bool is_common(struct str folded, struct arena *a)
{
    struct str plain = unleet(folded, a), core = core_of(folded);

    return is_pattern(folded) || is_listed(folded) || is_listed(plain) || is_listed(core) ||
           is_listed(core_of(plain)) || is_listed(unleet(core, a)) ||
           (core.n >= 6 && is_pattern(core));
}

static bool is_personal(struct str folded, struct str what, struct arena *a)
{
    struct str w = fold_text(what, a), core = core_of(folded);
    struct str local = str_sub(w, 0, str_chr(w, '@'));

    return w.n >= 3 && (str_eq(folded, w) || str_eq(core, w) || str_eq(folded, local) ||
                        (local.n >= 3 && str_eq(core, core_of(local))));
}

enum rc password_check(struct str password, struct str email, struct str name, const char *pointer,
                       struct err *e)
{
    static const char allowed[] = "8 to 1024 bytes, not a common password, not the name or address";
    struct arena *a CLEAN(arena_clean) = arena_new(1 * MIB);
    struct str folded;

    if (password.n < PASSWORD_MIN_BYTES || password.n > PASSWORD_MAX_BYTES)
        return err_field(e, pointer, "length", allowed, "The password is too %s.",
                         password.n < PASSWORD_MIN_BYTES ? "short" : "long");
    folded = fold_text(password, a);
    if (!folded.n || is_common(folded, a))
        return err_field(e, pointer, "common", allowed, "The password is too easy to guess.");
    if (is_personal(folded, email, a) || is_personal(folded, name, a))
        return err_field(e, pointer, "personal", allowed,
                         "The password must not be the name or the address.");
    return RC_OK;
}

enum rc password_hash(struct str password, int64_t kib, int64_t passes, struct arena *a,
                      struct str *out, struct err *e)
{
    char text[crypto_pwhash_STRBYTES];

    INVARIANT(sodium_init() >= 0);
    if (crypto_pwhash_str_alg(text, password.p ? password.p : "", password.n,
                              (unsigned long long)passes, (size_t)kib * KIB,
                              crypto_pwhash_ALG_ARGON2ID13) != 0)
        return err_set(e, RC_BUSY, "busy", "The server is too busy; try again soon.");
    *out = str_dup(str_of(text), a);
    return RC_OK;
}

bool password_verify(struct str password, struct str hash, struct arena *a)
{
    INVARIANT(sodium_init() >= 0);
    if (!hash.n || hash.n >= crypto_pwhash_STRBYTES)
        return false;
    return crypto_pwhash_str_verify(str_z(hash, a), password.p ? password.p : "", password.n) == 0;
}

bool password_is_outdated(struct str hash, int64_t kib, int64_t passes, struct arena *a)
{
    return crypto_pwhash_str_needs_rehash(str_z(hash, a), (unsigned long long)passes,
                                          (size_t)kib * KIB) != 0;
}

struct str password_of_nobody(int64_t kib, int64_t passes, struct arena *a)
{
    enum { SALT = 16, HASH = 32, TEXT = 64 };
    const int form = sodium_base64_VARIANT_ORIGINAL_NO_PADDING;
    unsigned char bytes[SALT + HASH];
    char salt[TEXT], hash[TEXT];

    INVARIANT(sodium_init() >= 0);
    rand_bytes(bytes, sizeof(bytes));
    sodium_bin2base64(salt, sizeof(salt), bytes, SALT, form);
    sodium_bin2base64(hash, sizeof(hash), bytes + SALT, HASH, form);
    return str_printf(a, "$argon2id$v=19$m=%lld,t=%lld,p=1$%s$%s", (long long)kib, (long long)passes, salt, hash);
}
