/* Copies SQLite's log back into the file on a thread of its own, so that commits do not wait for
 * it.  Under writes without a pause this alone never reaches the end of the log: when the log has
 * grown too long, the writer's own connection does the little that is left (db_sqlite.c). */
#include "store/db_priv.h"

void checkpoint_init(struct checkpointer *c, struct store *s)
{
    *c = (struct checkpointer){ .store = s };
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->cond, NULL);
}

static bool wait_until_asked(struct checkpointer *c)
{
    bool stop;

    pthread_mutex_lock(&c->lock);
    while (!c->wanted && !c->stop)
        pthread_cond_wait(&c->cond, &c->lock);
    c->wanted = false;
    stop = c->stop;
    pthread_mutex_unlock(&c->lock);
    return !stop;
}

static void *checkpoint_main(void *arg)
{
    struct checkpointer *c = arg;

    while (wait_until_asked(c)) {
        struct err e = { 0 };

        if (c->db || store_connect(c->store, DB_WRITE, &c->db, &e) == RC_OK)
            db_sqlite_checkpoint(c->db);
    }
    return NULL;
}

enum {
    BESIDE_FRAMES = 2000, /* then pages are copied back beside the writes */
    NOW_FRAMES = 12000,   /* and from here on by the writer */
};

void checkpoint_own(struct checkpointer *c, void (*grown)(void *arg, int frames), void *arg)
{
    pthread_mutex_lock(&c->lock);
    c->grown = grown;
    c->grown_arg = arg;
    pthread_mutex_unlock(&c->lock);
}

bool checkpoint_is_owned(struct checkpointer *c)
{
    bool owned;

    pthread_mutex_lock(&c->lock);
    owned = c->grown != NULL;
    pthread_mutex_unlock(&c->lock);
    return owned;
}

/* The thread begins when it is first needed: most commands never do. */
static void ask(struct checkpointer *c)
{
    c->wanted = true;
    if (!c->started && !c->stop) {
        c->started = pthread_create(&c->thread, NULL, checkpoint_main, c) == 0;
        if (c->started)
            pthread_setname_np(c->thread, "checkpoint");
    }
    pthread_cond_signal(&c->cond);
}

bool checkpoint_ask(struct checkpointer *c, int frames)
{
    bool taken = true;

    if (frames < BESIDE_FRAMES)
        return true;
    pthread_mutex_lock(&c->lock);
    if (c->grown)
        c->grown(c->grown_arg, frames);
    else if (frames < NOW_FRAMES)
        ask(c);
    else
        taken = false;
    pthread_mutex_unlock(&c->lock);
    return taken;
}

void checkpoint_release(struct checkpointer *c)
{
    pthread_mutex_lock(&c->lock);
    c->stop = true;
    pthread_cond_signal(&c->cond);
    pthread_mutex_unlock(&c->lock);
    if (c->started)
        pthread_join(c->thread, NULL);
    db_close(&c->db);
    pthread_cond_destroy(&c->cond);
    pthread_mutex_destroy(&c->lock);
}
