/* Tokens, one-time passwords, passwords: what is accepted, and all that must not be. */
#include "test.h"

#include "base/enc.h"
#include "base/fold.h"
#include "desk/jwt.h"
#include "desk/password.h"
#include "desk/totp.h"

#define SECRET "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
enum { NOW = 1700000000 };

static struct str b64(const char *text, struct arena *a)
{
    return enc_base64url(str_of(text), a);
}

static struct str sign_raw(const char *header, const char *payload, struct str key, struct arena *a)
{
    struct str part = str_printf(a, "%.*s.%.*s", STR_ARG(b64(header, a)), STR_ARG(b64(payload, a)));
    struct sha256 mac = hash_hmac_sha256(key, part);

    return str_printf(a, "%.*s.%.*s", STR_ARG(part),
                      STR_ARG(enc_base64url((struct str){ (char *)mac.b, SHA256_LEN }, a)));
}

static const char good_claims[] =
    "{\"iss\":\"ticketing-system\",\"aud\":\"ticketing-system-api\",\"sub\":\"5\",\"sid\":9,"
    "\"iat\":1700000000,\"exp\":1700000900,\"jti\":\"x\"}";
static const char good_header[] = "{\"alg\":\"HS256\",\"typ\":\"JWT\"}";

static bool accepted(struct str token, struct arena *a)
{
    struct jwt t;

    return jwt_verify(token, STR(SECRET), NOW + 10, a, &t);
}

static void a_signed_token_gives_its_claims_until_it_ends(void **state)
{
    struct arena *a CLEAN(arena_clean) = arena_new(1 * MIB);
    struct jwt in = { .user_id = 5, .session_id = 9, .jti = STR("abc"), .iat_s = NOW, .exp_s = NOW + 900 };
    struct jwt out;
    struct str text = jwt_sign(&in, STR(SECRET), a);

    (void)state;
    assert_true(jwt_verify(text, STR(SECRET), NOW, a, &out));
    assert_int_equal(out.user_id, 5);
    assert_int_equal(out.session_id, 9);
    assert_str_eq(out.jti, "abc");
    assert_true(jwt_verify(text, STR(SECRET), NOW + 899, a, &out));
    assert_false(jwt_verify(text, STR(SECRET), NOW + 900, a, &out));
    assert_false(jwt_verify(text, STR(SECRET), NOW - 60, a, &out));
    assert_false(jwt_verify(text, STR("another secret"), NOW, a, &out));
    assert_false(jwt_verify(text, STR(""), NOW, a, &out));
    assert_true(accepted(sign_raw(good_header, good_claims, STR(SECRET), a), a));
}

static void any_altered_byte_of_a_token_is_refused(void **state)
{
    struct arena *a CLEAN(arena_clean) = arena_new(16 * MIB);
    struct jwt in = { .user_id = 5, .session_id = 9, .jti = STR("abc"), .iat_s = NOW, .exp_s = NOW + 900 };
    struct str text = jwt_sign(&in, STR(SECRET), a);

    (void)state;
    for (size_t i = 0; i < text.n; i++) {
        char *copy = arena_memdup(a, text.p, text.n);

        copy[i] = copy[i] == 'A' ? 'B' : 'A';
        assert_false(accepted((struct str){ copy, text.n }, a));
        assert_false(accepted((struct str){ text.p, i }, a));
    }
    assert_false(accepted(str_printf(a, "%.*s=", STR_ARG(text)), a));
    assert_false(accepted(str_printf(a, "%.*s.", STR_ARG(text)), a));
    assert_false(accepted(str_printf(a, " %.*s", STR_ARG(text)), a));
}

static void headers_never_choose_how_a_token_is_checked(void **state)
{
    static const char *const headers[] = {
        "{\"alg\":\"none\"}", "{\"alg\":\"None\",\"typ\":\"JWT\"}", "{\"alg\":\"nOnE\"}",
        "{\"alg\":\"HS384\",\"typ\":\"JWT\"}", "{\"alg\":\"HS512\",\"typ\":\"JWT\"}",
        "{\"alg\":\"RS256\",\"typ\":\"JWT\"}", "{\"alg\":\"ES256\",\"typ\":\"JWT\"}",
        "{\"alg\":\"PS256\",\"typ\":\"JWT\"}", "{\"alg\":\"hs256\",\"typ\":\"JWT\"}",
        "{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":\"../../dev/null\"}",
        "{\"alg\":\"HS256\",\"typ\":\"JWT\",\"jku\":\"http://127.0.0.1/keys\"}",
        "{\"alg\":\"HS256\",\"typ\":\"JWT\",\"jwk\":{\"kty\":\"oct\",\"k\":\"AA\"}}",
        "{\"alg\":\"HS256\",\"typ\":\"JWT\",\"x5u\":\"http://127.0.0.1/x\"}",
        "{\"alg\":\"HS256\",\"typ\":\"JWT\",\"crit\":[\"exp\"]}",
        "{\"alg\":\"HS256\",\"alg\":\"none\"}", "{}", "", "null", "[]",
    };
    struct arena *a CLEAN(arena_clean) = arena_new(4 * MIB);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(headers); i++) {
        struct str head = b64(headers[i], a), body = b64(good_claims, a);

        assert_false(accepted(sign_raw(headers[i], good_claims, STR(SECRET), a), a));
        assert_false(accepted(sign_raw(headers[i], good_claims, STR(""), a), a));
        assert_false(accepted(str_printf(a, "%.*s.%.*s.", STR_ARG(head), STR_ARG(body)), a));
        assert_false(accepted(str_printf(a, "%.*s.%.*s", STR_ARG(head), STR_ARG(body)), a));
    }
}

static void claims_are_all_checked(void **state)
{
    static const char *const payloads[] = {
        "", "null", "[]", "5", "{", "{}",
        "{\"iss\":\"other\",\"aud\":\"ticketing-system-api\",\"sub\":\"5\",\"sid\":9,\"iat\":1700000000,\"exp\":1700000900,\"jti\":\"x\"}",
        "{\"iss\":\"ticketing-system\",\"aud\":\"other\",\"sub\":\"5\",\"sid\":9,\"iat\":1700000000,\"exp\":1700000900,\"jti\":\"x\"}",
        "{\"iss\":\"ticketing-system\",\"aud\":[\"ticketing-system-api\"],\"sub\":\"5\",\"sid\":9,\"iat\":1700000000,\"exp\":1700000900,\"jti\":\"x\"}",
        "{\"iss\":\"ticketing-system\",\"aud\":\"ticketing-system-api\",\"sub\":5,\"sid\":9,\"iat\":1700000000,\"exp\":1700000900,\"jti\":\"x\"}",
        "{\"iss\":\"ticketing-system\",\"aud\":\"ticketing-system-api\",\"sub\":\"-5\",\"sid\":9,\"iat\":1700000000,\"exp\":1700000900,\"jti\":\"x\"}",
        "{\"iss\":\"ticketing-system\",\"aud\":\"ticketing-system-api\",\"sub\":\"5\",\"sid\":\"9\",\"iat\":1700000000,\"exp\":1700000900,\"jti\":\"x\"}",
        "{\"iss\":\"ticketing-system\",\"aud\":\"ticketing-system-api\",\"sub\":\"5\",\"iat\":1700000000,\"exp\":1700000900,\"jti\":\"x\"}",
        "{\"iss\":\"ticketing-system\",\"aud\":\"ticketing-system-api\",\"sub\":\"5\",\"sid\":9,\"iat\":1700000000,\"jti\":\"x\"}",
        "{\"iss\":\"ticketing-system\",\"aud\":\"ticketing-system-api\",\"sub\":\"5\",\"sid\":9,\"iat\":1700000000,\"exp\":1600000000,\"jti\":\"x\"}",
        "{\"iss\":\"ticketing-system\",\"aud\":\"ticketing-system-api\",\"sub\":\"5\",\"sid\":9,\"iat\":1700000000,\"exp\":9900000000,\"jti\":\"x\"}",
        "{\"iss\":\"ticketing-system\",\"aud\":\"ticketing-system-api\",\"sub\":\"5\",\"sid\":9,\"iat\":1700000000,\"exp\":1700000900.5,\"jti\":\"x\"}",
        "{\"iss\":\"ticketing-system\",\"aud\":\"ticketing-system-api\",\"sub\":\"5\",\"sid\":9,\"iat\":1800000000,\"exp\":1800000900,\"jti\":\"x\"}",
        "{\"iss\":\"ticketing-system\",\"aud\":\"ticketing-system-api\",\"sub\":\"5\",\"sid\":9,\"iat\":1700000000,\"exp\":1700000900}",
        "{\"iss\":\"ticketing-system\",\"aud\":\"ticketing-system-api\",\"sub\":\"5\",\"sid\":9,\"iat\":1700000000,\"exp\":1700000900,\"jti\":\"x\",\"nbf\":1800000000}",
        "{\"iss\":\"ticketing-system\",\"aud\":\"ticketing-system-api\",\"sub\":\"5\",\"sid\":9,\"iat\":1700000000,\"exp\":1700000900,\"jti\":\"x\",\"nbf\":\"1700000000\"}",
        "{\"iss\":\"ticketing-system\",\"aud\":\"ticketing-system-api\",\"sub\":\"5\",\"sid\":9,\"iat\":1700000000,\"exp\":1700000900,\"jti\":\"x\",\"nbf\":null}",
        "{\"iss\":\"ticketing-system\",\"aud\":\"ticketing-system-api\",\"sub\":\"5\",\"sid\":9,\"iat\":1700000000,\"exp\":1700000900,\"jti\":\"x\",\"nbf\":-1}",
        "{\"iss\":\"ticketing-system\",\"aud\":\"ticketing-system-api\",\"sub\":\"5\",\"sid\":9,\"iat\":1700000000,\"exp\":1700000900,\"jti\":\"x\",\"nbf\":[1]}",
        "{\"aud\":\"ticketing-system-api\",\"sub\":\"5\",\"sid\":9,\"iat\":1700000000,\"exp\":1700000900,\"jti\":\"x\"}",
        "{\"iss\":\"ticketing-system\",\"sub\":\"5\",\"sid\":9,\"iat\":1700000000,\"exp\":1700000900,\"jti\":\"x\"}",
        "{\"iss\":null,\"aud\":\"ticketing-system-api\",\"sub\":\"5\",\"sid\":9,\"iat\":1700000000,\"exp\":1700000900,\"jti\":\"x\"}",
        "{\"iss\":\"ticketing-system\",\"aud\":\"ticketing-system-api\",\"sub\":\"5\",\"sid\":9,\"iat\":1700000000,\"exp\":\"1700000900\",\"jti\":\"x\"}",
        "{\"sub\":\"5\",\"sub\":\"1\",\"iss\":\"ticketing-system\",\"aud\":\"ticketing-system-api\",\"sid\":9,\"iat\":1700000000,\"exp\":1700000900,\"jti\":\"x\"}",
    };
    struct arena *a CLEAN(arena_clean) = arena_new(4 * MIB);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(payloads); i++)
        if (accepted(sign_raw(good_header, payloads[i], STR(SECRET), a), a))
            fail_msg("accepted: %s", payloads[i]);
}

static void one_time_codes_are_those_of_rfc_6238(void **state)
{
    static const struct {
        int64_t time_s;
        const char *code;
    } vectors[] = { { 59, "94287082" },          { 1111111109, "07081804" },
                    { 1111111111, "14050471" },  { 1234567890, "89005924" },
                    { 2000000000, "69279037" },  { 20000000000, "65353130" } };
    struct arena *a CLEAN(arena_clean) = arena_new(1 * MIB);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
        struct str got = totp_code(STR("12345678901234567890"), vectors[i].time_s / 30, 8, a);

        assert_true(str_eq(got, str_of(vectors[i].code)));
    }
}

static void a_one_time_code_works_once_and_near_its_time(void **state)
{
    struct arena *a CLEAN(arena_clean) = arena_new(1 * MIB);
    struct str key = STR("12345678901234567890");
    int64_t now = 3000, step = 0;
    struct str code = totp_code(key, now / 30, TOTP_DIGITS, a);

    (void)state;
    assert_true(totp_check(key, code, now, 0, a, &step));
    assert_int_equal(step, 100);
    assert_false(totp_check(key, code, now, step, a, &step));
    assert_true(totp_check(key, code, now + 30, 99, a, &step));
    assert_false(totp_check(key, code, now + 60, 0, a, &step));
    assert_true(totp_check(key, code, now - 30, 0, a, &step));
    assert_false(totp_check(key, code, now - 60, 0, a, &step));
    assert_false(totp_check(key, STR(""), now, 0, a, &step));
    assert_false(totp_check(STR(""), code, now, 0, a, &step));
}

static enum rc check(const char *password)
{
    struct err e = { 0 };

    return password_check(str_of(password), STR("Anna.Berg@example.com"), STR("Änna Berg"),
                          "/password", &e);
}

static void weak_passwords_are_refused(void **state)
{
    static const char *const bad[] = {
        "", "short", "1234567", "12345678", "password", "Password1", "P@ssw0rd!", "PASSWORD2024",
        "12password12", "iloveyou1", "qwertyuiop", "aaaaaaaa", "abababab", "abcdefgh", "87654321",
        "Summer2024!", "letmein123", "1q2w3e4r", "anna.berg", "Anna.Berg@example.com", "Änna Berg",
        "correcthorsebatterystaple", "zaq12wsx", "        ",
    };
    static const char *const good[] = {
        "kq8vH2rz", "blue kettle under seven stairs", "Tür-Schwelle 77 grün", "x9$Lm!2pQw",
    };
    struct err e = { 0 };
    char *long_one = test_malloc(1026);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        if (check(bad[i]) != RC_INVALID)
            fail_msg("accepted: %s", bad[i]);
    for (size_t i = 0; i < ARRAY_LEN(good); i++)
        if (check(good[i]) != RC_OK)
            fail_msg("refused: %s", good[i]);
    for (size_t i = 0; i < 1025; i++)
        long_one[i] = (char)('!' + (i * i * 7 + i / 5) % 90);
    assert_int_equal(password_check((struct str){ long_one, 1024 }, STR(""), STR(""), "/p", &e), RC_OK);
    assert_int_equal(password_check((struct str){ long_one, 1025 }, STR(""), STR(""), "/p", &e), RC_INVALID);
    test_free(long_one);
}

static void hashes_verify_whole_passwords_and_tell_their_age(void **state)
{
    struct arena *a CLEAN(arena_clean) = arena_new(1 * MIB);
    struct err e = { 0 };
    struct str hash, longer = STR("0123456789012345678901234567890123456789012345678901234567890123456789ABC");

    (void)state;
    assert_ok(password_hash(longer, 64, 1, a, &hash, &e), &e);
    assert_true(str_starts(hash, STR("$argon2id$v=19$m=64,t=1,p=1$")));
    assert_true(password_verify(longer, hash, a));
    assert_false(password_verify(str_sub(longer, 0, longer.n - 1), hash, a));
    assert_false(password_verify(STR(""), hash, a));
    assert_false(password_verify(longer, STR(""), a));
    assert_false(password_verify(longer, STR("$argon2id$rubbish"), a));
    assert_false(password_is_outdated(hash, 64, 1, a));
    assert_true(password_is_outdated(hash, 128, 1, a));
    assert_true(password_is_outdated(hash, 64, 2, a));
}

static void the_hash_of_nobody_is_read_like_any_and_fits_nothing(void **state)
{
    struct arena *a CLEAN(arena_clean) = arena_new(1 * MIB);
    struct str nobody = password_of_nobody(64, 1, a);

    (void)state;
    assert_true(str_starts(nobody, STR("$argon2id$v=19$m=64,t=1,p=1$")));
    assert_false(password_is_outdated(nobody, 64, 1, a)); /* libsodium can read it */
    assert_false(password_verify(STR(""), nobody, a));
    assert_false(password_verify(STR("nobody has this password"), nobody, a));
    assert_false(str_eq(nobody, password_of_nobody(64, 1, a)));
}

static void folding_ignores_case_accents_and_blanks(void **state)
{
    struct arena *a CLEAN(arena_clean) = arena_new(1 * MIB);

    (void)state;
    assert_str_eq(fold_text(STR("  Škoda\t ÅB "), a), "skoda ab");
    assert_str_eq(fold_text(STR("STRASSE"), a), "strasse");
    assert_str_eq(fold_text(STR("Straße"), a), "strasse");
    assert_str_eq(fold_text(STR(""), a), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_hash_of_nobody_is_read_like_any_and_fits_nothing),
        cmocka_unit_test(a_signed_token_gives_its_claims_until_it_ends),
        cmocka_unit_test(any_altered_byte_of_a_token_is_refused),
        cmocka_unit_test(headers_never_choose_how_a_token_is_checked),
        cmocka_unit_test(claims_are_all_checked),
        cmocka_unit_test(one_time_codes_are_those_of_rfc_6238),
        cmocka_unit_test(a_one_time_code_works_once_and_near_its_time),
        cmocka_unit_test(weak_passwords_are_refused),
        cmocka_unit_test(hashes_verify_whole_passwords_and_tell_their_age),
        cmocka_unit_test(folding_ignores_case_accents_and_blanks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
