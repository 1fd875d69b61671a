#include "desk/lockout.h"

#include "store/sessions.h"

#include <arpa/inet.h>

enum { ACCOUNT_FREE = 5, ADDRESS_FREE = 20, LOCK_MAX_S = 15 * 60 };
static const int64_t forget_us = US_PER_DAY;

int64_t lockout_delay_s(int64_t failures, int64_t free_tries)
{
    int64_t over = failures - free_tries;

    if (over < 0)
        return 0;
    return over >= 9 ? LOCK_MAX_S : INT64_C(2) << over;
}

static struct str account_key(struct str email_fold, struct arena *a)
{
    return str_printf(a, "account:%.*s", STR_ARG(email_fold));
}

/* An IPv6 client has a /64 to itself. */
static struct str address_key(struct str address, struct arena *a)
{
    char text[INET6_ADDRSTRLEN];
    unsigned char ip[16];

    if (inet_pton(AF_INET6, str_z(address, a), ip) != 1)
        return str_printf(a, "address:%.*s", STR_ARG(address));
    for (size_t i = 8; i < sizeof ip; i++)
        ip[i] = 0;
    return str_printf(a, "address:%s/64", inet_ntop(AF_INET6, ip, text, sizeof text));
}

static enum rc refuse_locked(const struct login_failures *f, int64_t now_us, struct err *e)
{
    if (f->locked_until_us <= now_us)
        return RC_OK;
    err_set(e, RC_LIMITED, "login_locked", "Too many failed logins; try again later.");
    e->retry_after_s = (int)((f->locked_until_us - now_us + US_PER_S - 1) / US_PER_S);
    return RC_LIMITED;
}

static enum rc check_one(struct db *db, struct str key, int64_t now_us, struct err *e)
{
    struct login_failures f;

    TRY(login_failures_get(db, key, &f, e));
    return refuse_locked(&f, now_us, e);
}

enum rc lockout_check(struct db *db, struct str email_fold, struct str address, int64_t now_us,
                      struct arena *a, struct err *e)
{
    TRY(check_one(db, account_key(email_fold, a), now_us, e));
    return check_one(db, address_key(address, a), now_us, e);
}

enum rc lockout_hold(const struct account *c, struct str email_fold, struct err *e)
{
    struct login_failures account, address;

    TRY(login_failures_hold(c->db, account_key(email_fold, c->a), c->now_us, &account, e));
    TRY(login_failures_hold(c->db, address_key(c->who->address, c->a), c->now_us, &address, e));
    TRY(refuse_locked(&account, c->now_us, e));
    return refuse_locked(&address, c->now_us, e);
}

static enum rc count_one(const struct account *c, struct str key, int64_t free_tries, struct err *e)
{
    struct login_failures f;

    TRY(login_failures_get(c->db, key, &f, e));
    if (f.last_us + forget_us < c->now_us)
        f.failures = 0;
    f.failures++;
    f.last_us = c->now_us;
    f.locked_until_us = c->now_us + lockout_delay_s(f.failures, free_tries) * US_PER_S;
    return login_failures_set(c->db, key, &f, e);
}

enum rc lockout_failed(const struct account *c, struct str email_fold, struct err *e)
{
    TRY(count_one(c, account_key(email_fold, c->a), ACCOUNT_FREE, e));
    return count_one(c, address_key(c->who->address, c->a), ADDRESS_FREE, e);
}

enum rc lockout_succeeded(const struct account *c, struct str email_fold, struct err *e)
{
    return login_failures_clear(c->db, account_key(email_fold, c->a), e);
}
