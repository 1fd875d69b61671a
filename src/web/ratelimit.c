#include "web/ratelimit.h"

#include "web/chain.h"
#include "web/live.h"

#include "base/clock.h"
#include "base/rand.h"

#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { WAYS = 8, LOCKS = 64, KEY_MAX = 64, SHARES = 8 };
static const int64_t ahead_max_us = 10 * US_PER_MIN; /* whatever other nodes say */

struct cell {
    uint64_t key;      /* 0: empty */
    int64_t tat_us;    /* theoretical arrival time: until then the bucket is not full */
    int64_t untold_us; /* how much of that other nodes do not know of */
};

struct ratelimit {
    struct cell *cells;
    size_t sets;
    unsigned char secret[crypto_shorthash_KEYBYTES]; /* so that nobody can aim at one set */
    pthread_mutex_t locks[LOCKS];                    /* locks[set % LOCKS] guards the cells of a set */
    _Atomic int64_t refused;
    ratelimit_tell_fn *tell; /* NULL: there are no other nodes */
    void *tell_arg;
};

struct ratelimit *ratelimit_new(size_t cells)
{
    struct ratelimit *rl = calloc(1, sizeof(*rl));

    INVARIANT(rl && cells >= WAYS);
    rl->sets = cells / WAYS;
    rl->cells = calloc(rl->sets * WAYS, sizeof(struct cell));
    INVARIANT(rl->cells);
    rand_bytes(rl->secret, sizeof(rl->secret));
    for (size_t i = 0; i < LOCKS; i++)
        pthread_mutex_init(&rl->locks[i], NULL);
    return rl;
}

void ratelimit_free(struct ratelimit **rl)
{
    if (!*rl)
        return;
    for (size_t i = 0; i < LOCKS; i++)
        pthread_mutex_destroy(&(*rl)->locks[i]);
    free((*rl)->cells);
    free(*rl);
    *rl = NULL;
}

void ratelimit_share(struct ratelimit *rl, const unsigned char *secret, ratelimit_tell_fn *tell, void *arg)
{
    memcpy(rl->secret, secret, sizeof(rl->secret));
    rl->tell = tell;
    rl->tell_arg = arg;
}

static uint64_t key_of(const struct ratelimit *rl, unsigned kind, struct str who)
{
    unsigned char text[KEY_MAX] = { (unsigned char)kind }, out[crypto_shorthash_BYTES];
    size_t n = who.n < KEY_MAX - 1 ? who.n : KEY_MAX - 1;
    uint64_t key;

    if (n)
        memcpy(text + 1, who.p, n);
    crypto_shorthash(out, text, n + 1, rl->secret);
    memcpy(&key, out, sizeof(key));
    key >>= 1; /* so that it is a number in every language */
    return key ? key : 1;
}

/* The cell of this key, or the one that gives way to it. */
static struct cell *cell_of(struct cell *set, uint64_t key)
{
    struct cell *least = set;

    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].key == key)
            return &set[i];
        if (set[i].tat_us < least->tat_us)
            least = &set[i];
    }
    *least = (struct cell){ .key = key };
    return least;
}

static int64_t seconds_up(int64_t us)
{
    return us <= 0 ? 0 : (us + US_PER_S - 1) / US_PER_S;
}

/* What is to be told now: nothing until it is worth a word. */
static int64_t count_untold(const struct ratelimit *rl, struct cell *c, int64_t ahead, int64_t step, int64_t full)
{
    int64_t tell;

    if (!rl->tell)
        return 0;
    if (c->untold_us > ahead) /* the rest was refilled meanwhile */
        c->untold_us = ahead;
    c->untold_us += step;
    if (c->untold_us < full / SHARES)
        return 0;
    tell = c->untold_us;
    c->untold_us = 0;
    return tell;
}

struct rate_result ratelimit_take(struct ratelimit *rl, unsigned kind, struct str who, int64_t per_min,
                                  int64_t now_us)
{
    uint64_t key = key_of(rl, kind, who);
    size_t set = key % rl->sets;
    int64_t step = US_PER_MIN / per_min, full = step * per_min, ahead, tell = 0;
    struct rate_result res = { .limit = per_min };
    struct cell *cell;

    pthread_mutex_lock(&rl->locks[set % LOCKS]);
    cell = cell_of(rl->cells + set * WAYS, key);
    ahead = cell->tat_us > now_us ? cell->tat_us - now_us : 0;
    res.allowed = ahead + step <= full;
    if (res.allowed) {
        tell = count_untold(rl, cell, ahead, step, full);
        ahead += step;
        cell->tat_us = now_us + ahead;
    }
    pthread_mutex_unlock(&rl->locks[set % LOCKS]);
    if (tell)
        rl->tell(rl->tell_arg, key, tell);
    res.remaining = ahead < full ? (full - ahead) / step : 0;
    res.reset_s = seconds_up(ahead);
    if (!res.allowed) {
        res.retry_after_s = seconds_up(ahead + step - full);
        atomic_fetch_add(&rl->refused, 1);
    }
    return res;
}

void ratelimit_hear(struct ratelimit *rl, uint64_t key, int64_t used_us, int64_t now_us)
{
    size_t set = key % rl->sets;
    struct cell *cell;

    if (key == 0 || used_us <= 0 || used_us > ahead_max_us)
        return;
    pthread_mutex_lock(&rl->locks[set % LOCKS]);
    cell = cell_of(rl->cells + set * WAYS, key);
    if (cell->tat_us < now_us)
        cell->tat_us = now_us;
    if (cell->tat_us + used_us <= now_us + ahead_max_us)
        cell->tat_us += used_us;
    pthread_mutex_unlock(&rl->locks[set % LOCKS]);
}

int64_t ratelimit_refused(struct ratelimit *rl)
{
    return atomic_load(&rl->refused);
}

/* ── the stage ── */

static const char *const policies[BUCKET_COUNT_] = {
    [BUCKET_API] = "address", [BUCKET_LOGIN] = "login", [BUCKET_REGISTER] = "register",
    [BUCKET_RESET] = "reset", [BUCKET_FORM] = "form",   [BUCKET_TOKEN] = "token",
};

static enum rc take(struct request *r, enum route_bucket bucket, struct str who, struct err *e)
{
    struct rate_result res = ratelimit_take(r->c.app->ratelimit, bucket, who, r->live->per_min[bucket], clock_mono_us());

    if (!r->rate.policy || !res.allowed || res.remaining < r->rate.remaining)
        r->rate = (struct rate_answer){ policies[bucket], res.limit, res.remaining, res.reset_s };
    if (res.allowed)
        return RC_OK;
    err_set(e, RC_LIMITED, "", "Too many requests: %lld a minute are allowed here.", (long long)res.limit);
    e->retry_after_s = (int)res.retry_after_s;
    return RC_LIMITED;
}

/* An IPv6 client owns at least a /64. */
static struct str bucket_owner(const struct addr *a)
{
    static const unsigned char v4[12] = { [10] = 0xFF, [11] = 0xFF };
    bool is_v4 = memcmp(a->ip, v4, sizeof(v4)) == 0;

    return (struct str){ (const char *)a->ip, is_v4 || a->is_unix ? sizeof(a->ip) : 8 };
}

enum rc ratelimit_check(struct request *r, struct err *e)
{
    const struct route *route = r->match.route;

    if (route && (route->flags & R_NO_RATE))
        return RC_OK;
    return take(r, route ? route->bucket : BUCKET_API, bucket_owner(&r->client), e);
}

enum rc ratelimit_token(struct request *r, struct err *e)
{
    int64_t id = r->c.who.token_id;

    if (id == 0)
        return RC_OK;
    return take(r, BUCKET_TOKEN, (struct str){ (const char *)&id, sizeof(id) }, e);
}

static struct str number(struct arena *a, int64_t v)
{
    struct buf b = BUF_ARENA(a, 32);

    buf_i64(&b, v);
    return buf_view(&b);
}

/* "policy";key=value and what follows. Five of these stand in every answer: printf would show. */
static struct str in_words(struct arena *a, struct str policy, const char *key, struct str value, struct str rest)
{
    struct buf b = BUF_ARENA(a, 128);

    if (policy.p) {
        buf_char(&b, '"');
        buf_str(&b, policy);
        buf_char(&b, '"');
    }
    buf_char(&b, ';');
    buf_str(&b, str_of(key));
    buf_char(&b, '=');
    buf_str(&b, value);
    buf_str(&b, rest);
    return buf_view(&b);
}

void ratelimit_headers(struct request *r)
{
    const struct rate_answer *rate = &r->rate;
    struct str policy, limit, left, reset;
    struct exchange *x = r->c.x;

    if (!rate->policy)
        return;
    limit = number(x->arena, rate->limit);
    left = number(x->arena, rate->remaining);
    reset = number(x->arena, rate->reset_s);
    policy = str_of(rate->policy);
    exchange_header_own(x, STR("ratelimit-policy"), in_words(x->arena, policy, "q", limit, STR(";w=60")));
    exchange_header_own(x, STR("ratelimit"),
                        in_words(x->arena, policy, "r", left, in_words(x->arena, STR_NONE, "t", reset, STR(""))));
    exchange_header_own(x, STR("ratelimit-limit"), limit);
    exchange_header_own(x, STR("ratelimit-remaining"), left);
    exchange_header_own(x, STR("ratelimit-reset"), reset);
}
