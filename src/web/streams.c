#include "web/streams.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/wait.h"
#include "desk/auth.h"
#include "desk/catalog.h"
#include "store/rights.h"
#include "web/ticket_json.h"

#include <pthread.h>

enum {
    BATCH = 200,
    BATCHES_MAX = 50, /* in one round */
    NOTES_MAX = 256,
    NOTE_BYTES_MAX = 4096,
    FRAME_MAX = 256 * 1024,
    ARENA_CAP = 256 * 1024 * 1024,
    OWNER_CAP = 4 * 1024 * 1024,
    POLL_MS = 1000,
    SOON_MS = 20, /* a transaction that others wait for ends within moments, headers go out as quickly */
};
static const int64_t heartbeat_us = 15 * US_PER_S;
static const int64_t recheck_us = US_PER_MIN;
static const int64_t opening_us = 10 * US_PER_S; /* the answer's headers are still on their way */

struct stream {
    struct stream *next;
    uint64_t id;
    int64_t user_id;
    /* The rest is the dispatcher's alone. */
    struct arena *a; /* the owner's rights */
    struct actor who;
    int64_t perms_mask, user_version, catalog;
    int64_t cursor, added_us, sent_us, checked_us;
    bool opened, gone, reset;
    /* Guarded by the lock of streams: */
    bool look;   /* look at the owner */
    bool closed; /* its connection is gone */
};

struct streams {
    struct streams_opts o;
    struct db *db;
    struct arena *arena; /* one round */
    pthread_t thread;
    bool started;
    pthread_mutex_t lock; /* guards the list (its links), the notes, stop and woken */
    pthread_cond_t cond;
    struct stream *first;
    struct note {
        struct ticket_facts facts;
        size_t n;
        char frame[NOTE_BYTES_MAX];
    } *notes; /* n_notes of them wait */
    size_t n_notes;
    bool stop, woken;
    bool soon; /* the dispatcher's: events wait for a transaction to end, or a stream to be open */
};

/* ---- Who may see what ---- */

bool feed_row_visible(const struct actor *who, const struct feed_row *row, bool *internal)
{
    struct ticket_facts facts = { row->group_id, row->customer_id, row->organization_id, false, row->created_by };

    for (size_t i = 0; i < row->n_people; i++)
        facts.participates = facts.participates || row->people[i] == who->user_id;
    *internal = can(who, CAN_READ_INTERNAL, &facts);
    return can(who, CAN_READ, &facts) && (*internal || !row->ev.is_internal);
}

/* ---- The list ---- */

static struct stream *first_of(struct streams *s)
{
    struct stream *st;

    pthread_mutex_lock(&s->lock);
    st = s->first; /* new ones come in front: what follows is ours */
    pthread_mutex_unlock(&s->lock);
    return st;
}

enum rc streams_new(const struct streams_opts *o, struct streams **out, struct err *e)
{
    struct streams *s = calloc(1, sizeof *s);

    INVARIANT(s);
    s->o = *o;
    pthread_mutex_init(&s->lock, NULL);
    wait_cond_init(&s->cond);
    s->arena = arena_new(ARENA_CAP);
    s->notes = calloc(NOTES_MAX, sizeof *s->notes);
    INVARIANT(s->notes);
    if (store_connect(o->store, DB_READ, &s->db, e) != RC_OK)
        streams_free(&s);
    *out = s;
    return e->rc;
}

static void stream_free(struct stream *st)
{
    arena_free(&st->a);
    free(st);
}

void streams_stop(struct streams *s)
{
    pthread_mutex_lock(&s->lock);
    s->stop = true;
    pthread_cond_signal(&s->cond);
    pthread_mutex_unlock(&s->lock);
    if (s->started)
        pthread_join(s->thread, NULL);
    s->started = false;
    for (struct stream *st = first_of(s); st; st = st->next)
        s->o.end(s->o.arg, st->id);
    db_close(&s->db);
}

void streams_free(struct streams **sp)
{
    struct streams *s = *sp;

    if (!s)
        return;
    if (s->db)
        streams_stop(s);
    for (struct stream *st = s->first, *next; st; st = next) {
        next = st->next;
        stream_free(st);
    }
    arena_free(&s->arena);
    free(s->notes);
    pthread_cond_destroy(&s->cond);
    pthread_mutex_destroy(&s->lock);
    free(s);
    *sp = NULL;
}

void streams_tell(struct streams *s, const struct stream_note *note)
{
    pthread_mutex_lock(&s->lock);
    if (s->first && s->n_notes < NOTES_MAX && note->frame.n <= NOTE_BYTES_MAX) {
        struct note *at = &s->notes[s->n_notes++];

        at->facts = note->facts;
        at->n = note->frame.n;
        memcpy(at->frame, note->frame.p, note->frame.n);
        s->woken = true;
        pthread_cond_signal(&s->cond);
    }
    pthread_mutex_unlock(&s->lock);
}

void streams_look(struct streams *s, int64_t user_id)
{
    pthread_mutex_lock(&s->lock);
    for (struct stream *st = s->first; st; st = st->next)
        st->look = st->look || user_id == 0 || st->user_id == user_id;
    s->woken = true;
    pthread_cond_signal(&s->cond);
    pthread_mutex_unlock(&s->lock);
}

void streams_wake(struct streams *s)
{
    pthread_mutex_lock(&s->lock);
    s->woken = true;
    pthread_cond_signal(&s->cond);
    pthread_mutex_unlock(&s->lock);
}

static struct stream *stream_new(uint64_t id, const struct actor *who, struct stream_from from)
{
    struct stream *st = calloc(1, sizeof *st);

    INVARIANT(st);
    st->id = id;
    st->user_id = who->user_id;
    st->a = arena_new(OWNER_CAP);
    st->who = (struct actor){ .type = who->type,
                              .user_id = who->user_id,
                              .session_id = who->session_id,
                              .token_id = who->token_id };
    st->perms_mask = who->token_id ? who->perms : -1;
    st->cursor = from.after;
    st->reset = from.reset;
    st->added_us = st->sent_us = clock_mono_us();
    return st;
}

enum rc streams_add(struct streams *s, uint64_t id, const struct actor *who, struct stream_from from,
                    struct err *e)
{
    struct stream *st = stream_new(id, who, from);
    size_t n = 0;

    pthread_mutex_lock(&s->lock);
    for (const struct stream *at = s->first; at; at = at->next)
        n += at->user_id == who->user_id && !at->closed;
    if (n < s->o.max_per_user) {
        st->next = s->first;
        s->first = st;
        s->woken = true;
        pthread_cond_signal(&s->cond);
        st = NULL;
    }
    pthread_mutex_unlock(&s->lock);
    if (!st)
        return RC_OK;
    stream_free(st);
    return err_set(e, RC_LIMITED, "too_many_streams", "You have %zu live streams open already.", n);
}

void streams_closed(struct streams *s, uint64_t id)
{
    pthread_mutex_lock(&s->lock);
    for (struct stream *st = s->first; st; st = st->next)
        st->closed = st->closed || st->id == id;
    pthread_mutex_unlock(&s->lock);
}

size_t streams_count(struct streams *s)
{
    size_t n = 0;

    pthread_mutex_lock(&s->lock);
    for (const struct stream *st = s->first; st; st = st->next)
        n++;
    pthread_mutex_unlock(&s->lock);
    return n;
}

static void drop_gone(struct streams *s)
{
    pthread_mutex_lock(&s->lock);
    for (struct stream **at = &s->first; *at;) {
        struct stream *st = *at;

        if (!st->gone && !st->closed) {
            at = &st->next;
            continue;
        }
        *at = st->next;
        stream_free(st);
    }
    pthread_mutex_unlock(&s->lock);
}

/* ---- Sending ---- */

/* False when it could not be sent now: gone, or not yet open. */
static bool send(struct streams *s, struct stream *st, struct str bytes)
{
    if (s->o.send(s->o.arg, st->id, bytes)) {
        st->opened = true;
        st->sent_us = clock_mono_us();
        return true;
    }
    st->gone = st->opened || clock_mono_us() - st->added_us > opening_us;
    return false;
}

static enum rc load_caller(struct streams *s, struct stream *st, struct caller_row *row,
                           bool *lives, struct err *e)
{
    int64_t now = clock_now_us();
    enum rc rc;

    *lives = true;
    if (st->who.token_id)
        TRY(event_feed_token_lives(s->db, st->who.token_id, now, lives, e));
    rc = st->who.session_id ? caller_by_session(s->db, st->who.session_id, s->arena, row, e)
                            : caller_by_user(s->db, st->user_id, s->arena, row, e);
    if (rc == RC_NOT_FOUND) {
        err_clear(e);
        *lives = false;
        return RC_OK;
    }
    TRY(rc);
    *lives = *lives && row->active && !row->ended_us && (!row->expires_us || row->expires_us > now);
    return RC_OK;
}

/* Looks at the owner again. */
static enum rc recheck(struct streams *s, struct stream *st, struct err *e)
{
    struct caller_row row = { 0 };
    int64_t session = st->who.session_id, token = st->who.token_id;
    bool lives;

    TRY(load_caller(s, st, &row, &lives, e));
    if (!lives) {
        s->o.end(s->o.arg, st->id);
        st->gone = true;
        return RC_OK;
    }
    st->checked_us = clock_mono_us();
    if (st->user_version == row.user_version && st->catalog == row.catalog)
        return RC_OK;
    arena_reset(st->a);
    TRY(actor_load(s->db, st->user_id, st->a, &st->who, e));
    st->who.session_id = session;
    st->who.token_id = token;
    st->who.perms &= st->perms_mask;
    if (!actor_has(&st->who, PERM_TICKET_AGENT))
        st->who.n_groups = 0;
    st->user_version = row.user_version;
    st->catalog = row.catalog;
    return RC_OK;
}

static struct str reset_frame(struct arena *a, int64_t event_id)
{
    return str_printf(a, "id: %lld\nevent: reset\ndata: {}\n\n", (long long)event_id);
}

static struct str frame_of(const struct feed_row *row, const struct ticket_view *v, struct arena *a)
{
    struct buf b = BUF_ARENA(a, FRAME_MAX);
    struct jw w = jw_to(&b);

    buf_printf(&b, "id: %lld\nevent: ticket\ndata: ", (long long)row->ev.id);
    event_json(&w, v, &row->ev);
    BUF_LIT(&b, "\n\n");
    /* Too large to be told whole: the client reads the ticket again. */
    return b.overflow ? reset_frame(a, row->ev.id) : buf_view(&b);
}

/* Events of a batch up to this one; those behind it are for the streams that are up to date. */
struct batch {
    struct feed_from from;
    int64_t upto;
    struct feed_rows rows;
    const struct catalog *cat;
};

static void deliver(struct streams *s, struct stream *st, const struct batch *b)
{
    struct ticket_view v = { .cat = b->cat };

    for (size_t i = 0; i < b->rows.n && !st->gone; i++) {
        const struct feed_row *row = &b->rows.v[i];

        if (row->ev.id <= st->cursor)
            continue;
        if (row->ev.id > b->upto)
            return;
        if (feed_row_visible(&st->who, row, &v.internal)
            && !send(s, st, frame_of(row, &v, s->arena)))
            return;
        st->cursor = row->ev.id;
    }
}

/* ---- One round ---- */

static bool find_ends(struct streams *s, int64_t *least, int64_t *most)
{
    *least = INT64_MAX;
    *most = -1;
    for (const struct stream *st = first_of(s); st; st = st->next) {
        if (st->gone)
            continue;
        if (st->cursor < *least)
            *least = st->cursor;
        if (st->cursor > *most)
            *most = st->cursor;
    }
    return *most >= 0;
}

static enum rc serve(struct streams *s, int64_t after, int64_t upto, struct batch *b, struct err *e)
{
    *b = (struct batch){ .from = { after, BATCH }, .upto = upto };
    arena_reset(s->arena);
    TRY(event_feed_read(s->db, s->o.gate, &b->from, s->arena, &b->rows, e));
    if (!b->rows.n)
        return RC_OK;
    TRY(catalog_get(s->db, &b->cat, e));
    for (struct stream *st = first_of(s); st; st = st->next) {
        /* One that came while this was read may want older events: the next round is its first. */
        if (st->gone || st->reset || st->cursor < after || st->cursor >= b->rows.v[b->rows.n - 1].ev.id)
            continue;
        TRY(recheck(s, st, e));
        deliver(s, st, b);
    }
    return RC_OK;
}

/* A batch for those who are up to date, and one for those who are the farthest behind. */
static enum rc round_of_events(struct streams *s, bool *more, struct err *e)
{
    int64_t least, most, behind;
    struct batch b;

    *more = false;
    if (!find_ends(s, &least, &most))
        return RC_OK;
    TRY(serve(s, most, INT64_MAX, &b, e));
    s->soon = s->soon || b.rows.held;
    *more = b.rows.n == BATCH;
    if (least == most)
        return RC_OK;
    TRY(serve(s, least, most, &b, e));
    behind = least;
    if (!find_ends(s, &least, &most))
        return RC_OK;
    *more = *more || (least > behind && least < most);
    return RC_OK;
}

static bool take_note(struct streams *s, struct note *out)
{
    bool found;

    pthread_mutex_lock(&s->lock);
    found = s->n_notes > 0;
    if (found) {
        *out = s->notes[0];
        memmove(s->notes, s->notes + 1, --s->n_notes * sizeof *s->notes);
    }
    pthread_mutex_unlock(&s->lock);
    return found;
}

static enum rc tell_one(struct streams *s, struct stream *st, const struct note *note, struct err *e)
{
    TRY(recheck(s, st, e));
    if (!st->gone && can(&st->who, CAN_READ_INTERNAL, &note->facts))
        send(s, st, (struct str){ note->frame, note->n });
    return RC_OK;
}

/* A note that cannot be told now is forgotten: nobody waits for it. */
static void tell_notes(struct streams *s)
{
    struct note *note = ARENA_NEW(s->arena, struct note);
    struct err e = { 0 };

    for (int i = 0; i < NOTES_MAX && take_note(s, note); i++)
        for (struct stream *st = first_of(s); st; st = st->next)
            if (!st->gone && tell_one(s, st, note, &e) != RC_OK)
                err_clear(&e);
}

static bool take_look(struct streams *s, struct stream *st)
{
    bool look;

    pthread_mutex_lock(&s->lock);
    look = st->look;
    st->look = false;
    pthread_mutex_unlock(&s->lock);
    return look;
}

/* First of all: who lost a right hears nothing more. */
static void look_at_owners(struct streams *s)
{
    int64_t now = clock_mono_us();
    struct err e = { 0 };

    for (struct stream *st = first_of(s); st; st = st->next) {
        bool look = take_look(s, st) || now - st->checked_us > recheck_us;

        if (!st->gone && look && recheck(s, st, &e) != RC_OK) {
            err_clear(&e); /* the database is away: the next round looks again */
            st->checked_us = 0;
        }
    }
}

static void tell_resets(struct streams *s)
{
    for (struct stream *st = first_of(s); st; st = st->next)
        if (!st->gone && st->reset)
            st->reset = !send(s, st, reset_frame(s->arena, st->cursor));
}

static void keep_alive(struct streams *s)
{
    int64_t now = clock_mono_us();

    for (struct stream *st = first_of(s); st; st = st->next)
        if (!st->gone && (!st->opened || now - st->sent_us > heartbeat_us) && !send(s, st, STR(":\n\n")))
            s->soon = s->soon || !st->gone;
}

static void tell_events(struct streams *s)
{
    struct err e = { 0 };
    bool more = true;

    for (int i = 0; more && i < BATCHES_MAX; i++) {
        if (round_of_events(s, &more, &e) == RC_OK)
            continue;
        LOG(LOG_WARN, "streams.failed", KV_Z("error", e.detail), KV_Z("internal", e.internal));
        break;
    }
}

void streams_tick(struct streams *s)
{
    s->soon = false;
    if (!first_of(s))
        return;
    arena_reset(s->arena);
    look_at_owners(s);
    tell_resets(s);
    tell_events(s);
    arena_reset(s->arena);
    tell_notes(s);
    keep_alive(s);
    drop_gone(s);
}

/* ---- The thread ---- */

static bool rest(struct streams *s)
{
    const struct timespec until = wait_end(s->soon ? SOON_MS : POLL_MS);
    bool stop;

    pthread_mutex_lock(&s->lock);
    if (!s->stop && !s->woken)
        pthread_cond_timedwait(&s->cond, &s->lock, &until);
    s->woken = false;
    stop = s->stop;
    pthread_mutex_unlock(&s->lock);
    return !stop;
}

static void *main_of_thread(void *arg)
{
    struct streams *s = arg;

    pthread_setname_np(pthread_self(), "streams");
    while (rest(s))
        streams_tick(s);
    return NULL;
}

bool streams_start(struct streams *s)
{
    s->started = pthread_create(&s->thread, NULL, main_of_thread, s) == 0;
    return s->started;
}
