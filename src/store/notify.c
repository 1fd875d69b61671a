/* Words to all nodes: NOTIFY and a listening thread (PostgreSQL), or a call after the commit. */
#include "store/notify.h"

#include "base/clock.h"
#include "store/pg_priv.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

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
    pthread_mutex_t lock; /* one call of fn at a time */
    int stop_fd;          /* an eventfd; -1 on SQLite, which has no thread */
    pthread_t thread;
};

/* ---- Telling ---- */

/* A channel is part of a statement that cannot take parameters. */
static bool is_channel(const char *channel)
{
    size_t n = strspn(channel, "abcdefghijklmnopqrstuvwxyz_");

    return n > 0 && n <= NOTIFY_CHANNEL_MAX && channel[n] == '\0';
}

enum rc store_notify(struct db *db, const char *channel, struct str payload, struct err *e)
{
    struct word *w;

    INVARIANT(db->depth > 0 && is_channel(channel) && payload.n <= NOTIFY_PAYLOAD_MAX);
    if (db_kind(db) == DB_POSTGRES)
        return db_exec(db, "SELECT pg_notify($1, $2)", DB_ARGS(DB_TEXT(str_of(channel)), DB_TEXT(payload)), NULL, e);
    if (!db->store->listener)
        return RC_OK;
    db->words = reallocarray(db->words, db->n_words + 1, sizeof(*db->words));
    INVARIANT(db->words);
    w = &db->words[db->n_words++];
    snprintf(w->channel, sizeof(w->channel), "%s", channel);
    w->n = payload.n;
    w->payload = strndup(payload.n ? payload.p : "", payload.n);
    INVARIANT(w->payload); /* ANALYZER-OK: its owner's struct holds it */
    return RC_OK;
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
    l->fn(l->arg, channel, payload);
    pthread_mutex_unlock(&l->lock);
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

/* False when the thread is to end; waits for the socket (or not, when it is -1) at most ms. */
static bool wait_for(struct listener *l, int fd, int ms)
{
    struct pollfd p[2] = { { .fd = l->stop_fd, .events = POLLIN }, { .fd = fd, .events = POLLIN } };

    (void)poll(p, fd < 0 ? 1 : 2, ms);
    return p[0].revents == 0;
}

static bool subscribe(struct listener *l, PGconn *c)
{
    char sql[64];

    for (const char *const *ch = l->channels; *ch; ch++) {
        PGresult *res = NULL;
        bool ok;

        snprintf(sql, sizeof(sql), "LISTEN %s", *ch);
        if (PQsendQuery(c, sql))
            res = pg_collect(c, l->store->opts.connect_ms);
        ok = PQresultStatus(res) == PGRES_COMMAND_OK;
        PQclear(res);
        if (!ok)
            return false;
    }
    return true;
}

/* Until the connection breaks or the thread is to end. */
static void listen_on(struct listener *l, PGconn *c)
{
    while (wait_for(l, PQsocket(c), -1)) {
        PGnotify *n;

        if (!PQconsumeInput(c))
            return;
        while ((n = PQnotifies(c))) {
            hear(l, n->relname, str_of(n->extra));
            PQfreemem(n);
        }
    }
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
            hear(l, NULL, STR_NONE); /* what was told while nobody listened */
            listen_on(l, c);
        }
        PQfinish(c);
        pause_us = pg_backoff_us(++failures);
    }
    return NULL;
}

enum rc store_listen(struct store *s, const char *const *channels, store_heard_fn *fn, void *arg,
                     struct err *e)
{
    struct listener *l = calloc(1, sizeof(*l));

    INVARIANT(l && !s->listener);
    for (const char *const *c = channels; *c; c++)
        INVARIANT(is_channel(*c));
    *l = (struct listener){ .store = s, .channels = channels, .fn = fn, .arg = arg, .stop_fd = -1 };
    pthread_mutex_init(&l->lock, NULL);
    if (s->kind == DB_POSTGRES) {
        l->stop_fd = eventfd(0, EFD_CLOEXEC);
        if (l->stop_fd < 0 || pthread_create(&l->thread, NULL, listen_main, l) != 0) {
            if (l->stop_fd >= 0)
                close(l->stop_fd);
            pthread_mutex_destroy(&l->lock);
            free(l);
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
    if (l->stop_fd >= 0) {
        (void)!write(l->stop_fd, &(uint64_t){ 1 }, sizeof(uint64_t));
        pthread_join(l->thread, NULL);
        close(l->stop_fd);
    }
    pthread_mutex_destroy(&l->lock);
    free(l);
    *lp = NULL;
}
