/* What tests of accounts share: people who register and log in, and the mails they get. */
#ifndef TESTS_ACCOUNT_FIXTURE_H
#define TESTS_ACCOUNT_FIXTURE_H

#include "chain_test.h"

#include "base/clock.h"
#include "base/enc.h"
#include "desk/totp.h"
#include "store/store.h"

#define GOOD "kq8vH2rz-blau"
#define OTHER "nT5-wxq-gelb-77"
#define API "/api/v1"

#define TEXT(ch, ...) str_printf((ch)->a, __VA_ARGS__).p

static inline struct answer *acc_send(struct chain *ch, enum http_method m, const char *bearer,
                                      const char *target, const char *json)
{
    return chain_send(ch, (struct ask){ .method = m, .target = target, .json = json, .bearer = bearer });
}

static inline struct answer *acc_post(struct chain *ch, const char *bearer, const char *target, const char *json)
{
    return acc_send(ch, HTTP_POST, bearer, target, json);
}

static inline struct answer *acc_expect(struct answer *an, int status)
{
    if (an->status != status)
        fail_msg("%d, not %d: %.*s", an->status, status, STR_ARG(an->body));
    return an;
}

static inline void acc_register(struct chain *ch, const char *email, const char *password)
{
    acc_expect(acc_post(ch, NULL, API "/auth/register",
                        TEXT(ch, "{\"name\":\"Ann\",\"email\":\"%s\",\"password\":\"%s\"}", email, password)),
               202);
}

static inline struct answer *acc_login(struct chain *ch, const char *email, const char *password)
{
    return acc_post(ch, NULL, API "/auth/login",
                    TEXT(ch, "{\"email\":\"%s\",\"password\":\"%s\"}", email, password));
}

/* An access token of somebody who registered. */
static inline const char *acc_bearer(struct chain *ch, const char *email, const char *password)
{
    return str_z(answer_text(acc_expect(acc_login(ch, email, password), 200), "/access_token"), ch->a);
}

/* The body of the newest mail of this kind to this address; "" when there is none. */
static inline struct str acc_mail(struct chain *ch, const char *kind, const char *recipient)
{
    struct err e = { 0 };
    struct db *db = NULL;
    struct str body = STR("");

    assert_int_equal(store_connect(ch->app->store, DB_READ, &db, &e), RC_OK);
    {
        struct db_rows r CLEAN(db_rows_end) = { 0 };

        assert_int_equal(db_query(db, &r,
                                  "SELECT body FROM outbox WHERE kind = $1 AND lower(recipient) = $2"
                                  " ORDER BY id DESC LIMIT 1",
                                  DB_ARGS(DB_TEXT(str_of(kind)), DB_TEXT(str_of(recipient))), &e),
                         RC_OK);
        if (db_next(&r, &e))
            body = db_text(&r, 0, ch->a);
    }
    db_close(&db);
    return body;
}

/* The token of the link in it; NULL when there is none. */
static inline const char *acc_link(struct chain *ch, const char *kind, const char *recipient)
{
    struct str body = acc_mail(ch, kind, recipient);
    size_t at = str_find(body, STR("#token="));

    return at == SIZE_MAX ? NULL : str_z(str_trim(str_sub(body, at + 7, body.n)), ch->a);
}

static inline struct answer *acc_token(struct chain *ch, const char *bearer, const char *target,
                                       const char *token, const char *more)
{
    return acc_post(ch, bearer, target, TEXT(ch, "{\"token\":\"%s\"%s}", token, more));
}

static inline const char *acc_code(struct chain *ch, struct str secret32, int64_t steps_on)
{
    struct str secret;

    assert_true(dec_base32(secret32, ch->a, &secret));
    return str_z(totp_code(secret, clock_now_us() / US_PER_S / TOTP_STEP_S + steps_on, TOTP_DIGITS, ch->a), ch->a);
}

#endif
