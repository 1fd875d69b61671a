/* Words to all nodes: NOTIFY and a listening thread (PostgreSQL), or a call after the commit. */
#include "store/notify.h"

#include "base/clock.h"
#include "store/pg_priv.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
    TOLD_MAX = 4096,      /* hints that wait */
    JOINED_MAX = 7900,    /* hints of one channel that go as one; PostgreSQL takes 7,999 bytes */
    TELL_PAUSE_MS = 5,    /* so that a storm of changes is a few hundred words a second, not thousands */
};

struct word {
    char channel[NOTIFY_CHANNEL_MAX + 1];
    size_t n;
    char *payload; /* owner */
};

struct listener {
    struct store *store;
    const char *const *channels;
    store_heard_fn *fn;
    void *arg;
    pthread_mutex_t lock; /* guards fn: one call at a time, NULL after store_listen_end() */
    int wake_fd;          /* an eventfd; -1 on SQLite, which has no thread */
    pthread_t thread;
    pthread_mutex_t told_lock; /* guards what follows */
    bool stop, connected;
    struct word *told; /* TOLD_MAX, owner; n_told of them wait */
    size_t n_told;
};

/* ---- Telling ---- */

/* A channel is part of a statement that cannot take parameters. */
static bool is_channel(const char *channel)
{
    size_t n = strspn(channel, "abcdefghijklmnopqrstuvwxyz_");

    return n > 0 && n <= NOTIFY_CHANNEL_MAX && channel[n] == '\0';
}

static void word_set(struct word *w, const char *channel, struct str payload)
{
    snprintf(w->channel, sizeof(w->channel), "%s", channel);
    w->n = payload.n;
    w->payload = strndup(payload.n ? payload.p : "", payload.n);
    INVARIANT(w->payload); /* ANALYZER-OK: its owner's struct holds it */
}

enum rc store_notify(struct db *db, const char *channel, struct str payload, struct err *e)
{

    INVARIANT(db->depth > 0 && is_channel(channel) && payload.n <= NOTIFY_PAYLOAD_MAX);
    if (db_kind(db) == DB_POSTGRES)
        return db_exec(db, "SELECT pg_notify($1, $2)", DB_ARGS(DB_TEXT(str_of(channel)), DB_TEXT(payload)), NULL, e);
    if (!db->store->listener)
        return RC_OK;
    db->words = reallocarray(db->words, db->n_words + 1, sizeof(*db->words));
    INVARIANT(db->words);
    word_set(&db->words[db->n_words++], channel, payload);
    return RC_OK;
}

enum rc store_access_changed(struct db *db, int64_t user_id, struct err *e)
{
    char id[24];

    snprintf(id, sizeof(id), "%lld", (long long)user_id);
    return store_notify(db, NOTIFY_ACCESS, str_of(id), e);
}

static bool waits_already(const struct listener *l, const char *channel, struct str payload)
{
    for (size_t i = 0; i < l->n_told; i++)
        if (strcmp(l->told[i].channel, channel) == 0
            && str_eq((struct str){ l->told[i].payload, l->told[i].n }, payload))
            return true;
    return false;
}

void store_tell(struct store *s, const char *channel, struct str payload)
{
    struct listener *l = s->listener;

    INVARIANT(is_channel(channel) && payload.n <= NOTIFY_PAYLOAD_MAX);
    if (!l || l->wake_fd < 0)
        return;
    pthread_mutex_lock(&l->told_lock);
    if (l->connected && l->n_told < TOLD_MAX && !waits_already(l, channel, payload)) {
        word_set(&l->told[l->n_told++], channel, payload);
        (void)!write(l->wake_fd, &(uint64_t){ 1 }, sizeof(uint64_t));
    }
    pthread_mutex_unlock(&l->told_lock);
}

void words_forget(struct db *db, size_t keep)
{
    while (db->n_words > keep)
        free(db->words[--db->n_words].payload);
    if (db->n_words == 0) {
        free(db->words);
        db->words = NULL;
    }
}

static bool listens_to(const struct listener *l, const char *channel)
{
    for (const char *const *c = l->channels; *c; c++)
        if (strcmp(*c, channel) == 0)
            return true;
    return false;
}

static void hear(struct listener *l, const char *channel, struct str payload)
{
    pthread_mutex_lock(&l->lock);
    if (l->fn)
        l->fn(l->arg, channel, payload);
    pthread_mutex_unlock(&l->lock);
}

void store_listen_end(struct store *s)
{
    if (!s->listener)
        return;
    pthread_mutex_lock(&s->listener->lock);
    s->listener->fn = NULL;
    pthread_mutex_unlock(&s->listener->lock);
}

void words_tell(struct db *db)
{
    struct listener *l = db->store->listener;

    for (size_t i = 0; l && i < db->n_words; i++)
        if (listens_to(l, db->words[i].channel))
            hear(l, db->words[i].channel, (struct str){ db->words[i].payload, db->words[i].n });
    words_forget(db, 0);
}

/* ---- Listening: PostgreSQL ---- */

/* False when the thread is to end; waits for the socket (or not, when it is -1), or for something
 * to tell, at most ms. */
static bool wait_for(struct listener *l, int fd, int ms)
{
    struct pollfd p[2] = { { .fd = l->wake_fd, .events = POLLIN }, { .fd = fd, .events = POLLIN } };
    bool stop;

    (void)poll(p, fd < 0 ? 1 : 2, ms);
    if (p[0].revents)
        (void)!read(l->wake_fd, &(uint64_t){ 0 }, sizeof(uint64_t));
    pthread_mutex_lock(&l->told_lock);
    stop = l->stop;
    pthread_mutex_unlock(&l->told_lock);
    return !stop;
}

static bool command(struct listener *l, PGconn *c, const char *sql)
{
    PGresult *res = NULL;
    bool ok;

    if (PQsendQuery(c, sql))
        res = pg_collect(c, l->store->opts.connect_ms);
    ok = PQresultStatus(res) == PGRES_COMMAND_OK;
    PQclear(res);
    return ok;
}

/* Hints need not wait for the disk. */
static bool subscribe(struct listener *l, PGconn *c)
{
    char sql[64];

    if (!command(l, c, "SET synchronous_commit = off"))
        return false;
    for (const char *const *ch = l->channels; *ch; ch++) {
        snprintf(sql, sizeof(sql), "LISTEN %s", *ch);
        if (!command(l, c, sql))
            return false;
    }
    return true;
}

/* What is to be told of the first channel that waits, joined; false when there is nothing. */
static bool take_told(struct listener *l, char channel[NOTIFY_CHANNEL_MAX + 1], char text[JOINED_MAX + 1])
{
    size_t n = 0, kept = 0;

    pthread_mutex_lock(&l->told_lock);
    if (l->n_told > 0)
        memcpy(channel, l->told[0].channel, NOTIFY_CHANNEL_MAX + 1);
    for (size_t i = 0; i < l->n_told; i++) {
        struct word *w = &l->told[i];

        if (strcmp(w->channel, channel) != 0 || n + w->n + 1 > JOINED_MAX) {
            l->told[kept++] = *w;
            continue;
        }
        if (i > 0)
            text[n++] = '\n';
        memcpy(text + n, w->payload, w->n);
        n += w->n;
        free(w->payload);
    }
    text[n] = '\0';
    n = l->n_told;
    l->n_told = kept;
    pthread_mutex_unlock(&l->told_lock);
    return n > 0;
}

static bool tell_all(struct listener *l, PGconn *c)
{
    char channel[NOTIFY_CHANNEL_MAX + 1], text[JOINED_MAX + 1];
    const char *const params[] = { channel, text };

    while (take_told(l, channel, text)) {
        PGresult *res = NULL;
        bool ok;

        if (PQsendQueryParams(c, "SELECT pg_notify($1, $2)", 2, NULL, params, NULL, NULL, 0))
            res = pg_collect(c, l->store->opts.connect_ms);
        ok = PQresultStatus(res) == PGRES_TUPLES_OK;
        PQclear(res);
        if (!ok)
            return false;
    }
    return true;
}

/* Each line is a word. */
static void hear_all(struct listener *l, PGconn *c)
{
    PGnotify *n;

    while ((n = PQnotifies(c))) {
        struct str rest = str_of(n->extra);

        if (n->be_pid != PQbackendPID(c))
            do
                hear(l, n->relname, str_cut(&rest, '\n'));
            while (rest.p);
        PQfreemem(n);
    }
}

static bool has_told(struct listener *l)
{
    bool has;

    pthread_mutex_lock(&l->told_lock);
    has = l->n_told > 0;
    pthread_mutex_unlock(&l->told_lock);
    return has;
}

/* Until the connection breaks or the thread is to end. */
static void listen_on(struct listener *l, PGconn *c)
{
    while (wait_for(l, PQsocket(c), -1)) {
        bool told = has_told(l);

        if ((told && !tell_all(l, c)) || !PQconsumeInput(c))
            return;
        hear_all(l, c);
        if (told && !wait_for(l, -1, TELL_PAUSE_MS))
            return;
    }
}

/* What waits when the connection is gone would come too late. */
static void set_connected(struct listener *l, bool connected)
{
    pthread_mutex_lock(&l->told_lock);
    l->connected = connected;
    while (!connected && l->n_told > 0)
        free(l->told[--l->n_told].payload);
    pthread_mutex_unlock(&l->told_lock);
}

static void *listen_main(void *arg)
{
    struct listener *l = arg;
    unsigned failures = 0;
    int64_t pause_us = 0;

    while (wait_for(l, -1, (int)(pause_us / US_PER_MS))) {
        struct err e = { 0 };
        PGconn *c = NULL;

        if (pg_connect(l->store->url_z, l->store->opts.connect_ms, &c, &e) == RC_OK && subscribe(l, c)) {
            failures = 0;
            set_connected(l, true);
            hear(l, NULL, STR_NONE); /* what was told while nobody listened */
            listen_on(l, c);
            set_connected(l, false);
        }
        PQfinish(c);
        pause_us = pg_backoff_us(++failures);
    }
    return NULL;
}

static void listener_drop(struct listener *l)
{
    if (l->wake_fd >= 0)
        close(l->wake_fd);
    pthread_mutex_destroy(&l->lock);
    pthread_mutex_destroy(&l->told_lock);
    free(l->told);
    free(l);
}

enum rc store_listen(struct store *s, const char *const *channels, store_heard_fn *fn, void *arg,
                     struct err *e)
{
    struct listener *l = calloc(1, sizeof(*l));

    INVARIANT(l && !s->listener);
    for (const char *const *c = channels; *c; c++)
        INVARIANT(is_channel(*c));
    *l = (struct listener){ .store = s, .channels = channels, .fn = fn, .arg = arg, .wake_fd = -1 };
    pthread_mutex_init(&l->lock, NULL);
    pthread_mutex_init(&l->told_lock, NULL);
    if (s->kind == DB_POSTGRES) {
        l->told = calloc(TOLD_MAX, sizeof(*l->told));
        INVARIANT(l->told);
        l->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (l->wake_fd < 0 || pthread_create(&l->thread, NULL, listen_main, l) != 0) {
            listener_drop(l);
            return err_fail(e, "%s", "no thread to listen to the database");
        }
        pthread_setname_np(l->thread, "listen");
    }
    s->listener = l;
    return RC_OK;
}

void listener_free(struct listener **lp)
{
    struct listener *l = *lp;

    if (!l)
        return;
    if (l->wake_fd >= 0) {
        pthread_mutex_lock(&l->told_lock);
        l->stop = true;
        pthread_mutex_unlock(&l->told_lock);
        (void)!write(l->wake_fd, &(uint64_t){ 1 }, sizeof(uint64_t));
        pthread_join(l->thread, NULL);
    }
    listener_drop(l);
    *lp = NULL;
}
