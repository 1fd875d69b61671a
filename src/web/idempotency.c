/* Idempotency-Key: the same key and request get the stored answer, another request 422, one that is
 * still running 409.  The answer is stored in the transaction of the change itself. */
#include "store/idempotency.h"

#include "web/chain.h"
#include "web/form.h"
#include "web/live.h"

#include "base/clock.h"
#include "base/enc.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { KEY_MAX = 255, SLOTS = 256, HEADERS_MAX = 8192 };
#define KEPT_US US_PER_DAY

/* The keys of requests that are running in this process. */
struct inflight {
    pthread_mutex_t lock; /* guards slots */
    struct idem *slots[SLOTS];
};

struct inflight *inflight_new(void)
{
    struct inflight *f = calloc(1, sizeof(*f));

    INVARIANT(f);
    pthread_mutex_init(&f->lock, NULL);
    return f;
}

void inflight_free(struct inflight **f)
{
    if (!*f)
        return;
    pthread_mutex_destroy(&(*f)->lock);
    free(*f);
    *f = NULL;
}

static struct idem **slot_of(struct inflight *f, const struct idem *idem)
{
    return &f->slots[(unsigned char)(idem->key_hash.p[0] * 31 + idem->key_hash.p[1] * 7 + idem->key_hash.p[2])];
}

static bool inflight_add(struct inflight *f, struct idem *idem)
{
    struct idem **slot = slot_of(f, idem);
    bool there = false;

    pthread_mutex_lock(&f->lock);
    for (const struct idem *i = *slot; i && !there; i = i->next)
        there = str_eq(i->key_hash, idem->key_hash);
    if (!there) {
        idem->next = *slot;
        *slot = idem;
        idem->held = true;
    }
    pthread_mutex_unlock(&f->lock);
    return !there;
}

void idempotency_end(struct request *r)
{
    struct inflight *f = r->c.app->inflight;

    if (!r->idem.held)
        return;
    pthread_mutex_lock(&f->lock);
    for (struct idem **i = slot_of(f, &r->idem); *i; i = &(*i)->next) {
        if (*i == &r->idem) {
            *i = r->idem.next;
            break;
        }
    }
    pthread_mutex_unlock(&f->lock);
    r->idem.held = false;
}

static bool key_is_sound(struct str key)
{
    if (key.n == 0 || key.n > KEY_MAX)
        return false;
    for (size_t i = 0; i < key.n; i++) {
        if (key.p[i] <= ' ' || key.p[i] > '~')
            return false;
    }
    return true;
}

/* Of the body in memory, or in its spool file. */
static enum rc body_hash(struct request *r, struct str *hex, struct err *e)
{
    struct exchange *x = r->c.x;
    struct str body = x->body;
    void *map = NULL;

    if (x->body_fd >= 0 && x->body_len > 0) {
        map = mmap(NULL, x->body_len, PROT_READ, MAP_PRIVATE, x->body_fd, 0);
        if (map == MAP_FAILED)
            return err_fail(e, "cannot map the spooled body");
        body = (struct str){ map, x->body_len };
    }
    *hex = sha256_hex(hash_sha256(body), r->c.a);
    if (map)
        munmap(map, x->body_len);
    return RC_OK;
}

static enum rc make_hashes(struct request *r, struct str key, struct err *e)
{
    struct ctx *c = &r->c;
    struct str owner, body;

    if (c->form)
        body = sha256_hex(hash_sha256(form_fingerprint(c->form, c->a)), c->a);
    else
        TRY(body_hash(r, &body, e));
    owner = c->who.user_id ? str_printf(c->a, "user:%lld", (long long)c->who.user_id)
                           : str_printf(c->a, "address:%.*s", STR_ARG(c->who.address));
    r->idem.key_hash =
        sha256_hex(hash_sha256(str_printf(c->a, "%.*s\n%.*s", STR_ARG(owner), STR_ARG(key))), c->a);
    r->idem.request_hash = sha256_hex(hash_sha256(str_printf(c->a, "%s %.*s\n%.*s", c->route->op,
                                                             STR_ARG(c->x->target), STR_ARG(body))), c->a);
    return RC_OK;
}

enum rc idempotency_begin(struct request *r, struct err *e)
{
    struct str key = r->c.form ? form_get(r->c.form, FORM_ONCE) : http_header_get(r->c.x, STR("idempotency-key"));
    const unsigned method = r->c.x->method;

    if (!key.p || !(method & (HTTP_POST | HTTP_PATCH)) || !(r->c.route->flags & R_WRITE)
        || (r->c.route->flags & R_NO_IDEMPOTENCY))
        return RC_OK;
    if (!key_is_sound(key)) {
        err_field(e, "Idempotency-Key", "format", "1 to 255 visible ASCII characters", "this key cannot be used");
        return err_set(e, RC_BAD, "bad_idempotency_key", "Idempotency-Key must be 1 to 255 visible ASCII characters.");
    }
    TRY(make_hashes(r, key, e));
    if (inflight_add(r->c.app->inflight, &r->idem))
        return RC_OK;
    err_conflict(e, "idempotency_in_flight", "Idempotency-Key", "the same key after Retry-After",
                 "A request with this Idempotency-Key is still running.");
    e->retry_after_s = 1;
    return RC_CONFLICT;
}

static void replay(struct request *r, const struct idempotency_row *row)
{
    struct exchange *x = r->c.x;
    struct str rest = row->headers;

    r->idem.replayed = true;
    r->c.status = (int)row->status;
    while (rest.p && rest.n) {
        struct str value = str_cut(&rest, '\n');
        struct str name = str_cut(&value, ':');

        exchange_header(x, name, str_trim(value));
    }
    exchange_header(x, STR("idempotency-replayed"), STR("true"));
    buf_str(&x->out_body, row->body);
}

enum rc idempotency_take(struct request *r, struct db *db, struct err *e)
{
    struct idempotency_row row;
    enum rc rc;

    r->idem.replayed = false;
    if (!r->idem.key_hash.p)
        return RC_OK;
    rc = idempotency_load(db, r->idem.key_hash, clock_now_us() - KEPT_US, r->c.a, &row, e);
    if (rc == RC_NOT_FOUND) {
        err_clear(e);
        return RC_OK;
    }
    if (rc != RC_OK)
        return rc;
    if (!str_eq(row.request_hash, r->idem.request_hash))
        return err_set(e, RC_INVALID, "idempotency_key_reused",
                       "This Idempotency-Key was used for another request; take a new one.");
    replay(r, &row);
    return RC_OK;
}

enum rc idempotency_keep(struct request *r, struct db *db, struct err *e)
{
    const struct exchange *x = r->c.x;
    struct buf headers = BUF_ARENA(r->c.a, HEADERS_MAX);
    struct idempotency_row row = {
        .key_hash = r->idem.key_hash,
        .request_hash = r->idem.request_hash,
        .status = r->c.status,
        .body = buf_view(&x->out_body),
        .created_us = clock_now_us(),
    };

    if (!row.key_hash.p || r->idem.replayed)
        return RC_OK;
    for (size_t i = r->n_out_start; i < x->n_out; i++) {
        buf_str(&headers, x->out[i].name);
        buf_char(&headers, ':');
        buf_str(&headers, x->out[i].value);
        buf_char(&headers, '\n');
    }
    row.headers = buf_view(&headers);
    return idempotency_save(db, &row, row.created_us - KEPT_US, e);
}
