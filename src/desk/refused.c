#include "desk/refused.h"

#include "store/store.h"

#include <pthread.h>
#include <stdlib.h>

enum { SLOTS = 2 * REFUSED_KEYS, ADDRESS = 64, OBJECT = 64, REQUEST = 64, OTHERS = 4 };

static const int statuses[OTHERS] = { 401, 403, 404, 429 };

struct noted {
    struct access x; /* its texts are those below; times 0: nobody's place */
    char address[ADDRESS], object[OBJECT], request_id[REQUEST];
};
struct table {
    struct noted v[SLOTS];
    struct noted others[OTHERS]; /* of each status, when it is full */
    size_t n;
};
struct refused {
    pthread_mutex_t lock;       /* guards fill */
    struct table *fill, *full;  /* owner; full: what is being written, the writer's */
};

struct refused *refused_new(void)
{
    struct refused *r = calloc(1, sizeof(*r));

    INVARIANT(r);
    r->fill = calloc(1, sizeof(*r->fill));
    r->full = calloc(1, sizeof(*r->full));
    INVARIANT(r->fill && r->full);
    pthread_mutex_init(&r->lock, NULL);
    return r;
}

void refused_free(struct refused **rp)
{
    struct refused *r = *rp;

    if (!r)
        return;
    pthread_mutex_destroy(&r->lock);
    free(r->fill);
    free(r->full);
    free(r);
    *rp = NULL;
}

static size_t place_of_status(int64_t status)
{
    size_t i = 0;

    while (i < OTHERS && statuses[i] != status)
        i++;
    return i;
}

bool refused_counts(int status)
{
    return place_of_status(status) < OTHERS;
}

static uint64_t mix(uint64_t h, const void *p, size_t n)
{
    const unsigned char *b = p;

    for (size_t i = 0; i < n; i++)
        h = (h ^ b[i]) * UINT64_C(1099511628211);
    return h;
}

static uint64_t hash_of(const struct access *x)
{
    const int64_t numbers[] = { x->user_id, x->status };
    uint64_t h = mix(UINT64_C(14695981039346656037), numbers, sizeof(numbers));

    h = mix(h, x->address.p, x->address.n);
    h = mix(h, x->op.p, x->op.n);
    return mix(h, x->object.p, x->object.n);
}

static bool is_same(const struct access *a, const struct access *b)
{
    return a->user_id == b->user_id && a->status == b->status && str_eq(a->address, b->address)
           && str_eq(a->op, b->op) && str_eq(a->object, b->object);
}

static struct str keep(struct str s, char *to, size_t max)
{
    size_t n = s.n < max ? s.n : max;

    if (n)
        memcpy(to, s.p, n);
    return (struct str){ to, n };
}

static void fill_place(struct noted *at, const struct access *x)
{
    at->x = *x;
    at->x.times = 0;
    at->x.address = keep(x->address, at->address, ADDRESS);
    at->x.object = keep(x->object, at->object, OBJECT);
    at->x.request_id = keep(x->request_id, at->request_id, REQUEST);
}

static struct noted *place_of(struct table *t, const struct access *x)
{
    const struct access nobody = { .at_us = x->at_us, .op = STR(""), .status = x->status, .address = STR(""),
                                   .object = STR(""), .request_id = STR("") };
    size_t i = hash_of(x) % SLOTS;
    struct noted *other;

    for (; t->v[i].x.times; i = (i + 1) % SLOTS)
        if (is_same(&t->v[i].x, x))
            return &t->v[i];
    if (t->n < REFUSED_KEYS) {
        t->n++;
        fill_place(&t->v[i], x);
        return &t->v[i];
    }
    other = &t->others[place_of_status(x->status)];
    if (!other->x.times)
        fill_place(other, &nobody);
    return other;
}

void refused_note(struct refused *r, const struct access *x)
{
    struct access cut = *x;

    cut.address.n = cut.address.n < ADDRESS ? cut.address.n : ADDRESS;
    cut.object.n = cut.object.n < OBJECT ? cut.object.n : OBJECT;
    pthread_mutex_lock(&r->lock);
    place_of(r->fill, &cut)->x.times++;
    pthread_mutex_unlock(&r->lock);
}

static enum rc write_all(struct db *db, void *arg, struct err *e)
{
    const struct table *t = arg;

    for (size_t i = 0; i < SLOTS; i++)
        if (t->v[i].x.times)
            TRY(access_insert(db, &t->v[i].x, e));
    for (size_t i = 0; i < OTHERS; i++)
        if (t->others[i].x.times)
            TRY(access_insert(db, &t->others[i].x, e));
    return RC_OK;
}

enum rc refused_write(struct refused *r, struct store *s, int64_t *n, struct err *e)
{
    struct table *swap = r->full;

    *n = 0;
    if (r->full->n == 0) { /* else the last time failed */
        pthread_mutex_lock(&r->lock);
        r->full = r->fill;
        r->fill = swap;
        pthread_mutex_unlock(&r->lock);
    }
    if (r->full->n == 0)
        return RC_OK;
    TRY(store_write(s, write_all, r->full, e));
    *n = (int64_t)r->full->n;
    memset(r->full, 0, sizeof(*r->full));
    return RC_OK;
}
