#include "web/presence.h"

#include "base/clock.h"
#include "base/json.h"
#include "web/ticket_json.h"

#include <pthread.h>
#include <stdlib.h>

static const int64_t keep_us = US_PER_MIN;
const char *const presence_state_names[] = { "viewing", "writing", "gone", NULL };

struct presence {
    pthread_mutex_t lock; /* guards v */
    struct present v[PRESENCE_MAX]; /* free or over: until_us in the past */
};

struct presence *presence_new(void)
{
    struct presence *p = calloc(1, sizeof *p);

    INVARIANT(p);
    pthread_mutex_init(&p->lock, NULL);
    return p;
}

void presence_free(struct presence **p)
{
    if (!*p)
        return;
    pthread_mutex_destroy(&(*p)->lock);
    free(*p);
    *p = NULL;
}

/* His place, or the one that is free the longest: when all are taken, the oldest word is forgotten. */
static struct present *place_of(struct presence *p, const struct present *who)
{
    struct present *oldest = &p->v[0];

    for (size_t i = 0; i < PRESENCE_MAX; i++) {
        struct present *at = &p->v[i];

        if (at->ticket_id == who->ticket_id && at->user_id == who->user_id)
            return at;
        if (at->until_us < oldest->until_us)
            oldest = at;
    }
    return oldest;
}

bool presence_say(struct presence *p, const struct present *who, int64_t now_us, struct present *out)
{
    struct present *at;
    bool same, here;

    pthread_mutex_lock(&p->lock);
    at = place_of(p, who);
    here = at->ticket_id == who->ticket_id && at->user_id == who->user_id && at->until_us > now_us;
    same = here && at->state == who->state;
    *out = *who;
    out->since_us = same ? at->since_us : now_us;
    out->until_us = who->state == PRESENCE_GONE ? now_us : now_us + keep_us;
    if (who->state != PRESENCE_GONE)
        *at = *out;
    else if (here)
        *at = (struct present){ 0 };
    pthread_mutex_unlock(&p->lock);
    return who->state == PRESENCE_GONE ? here : !same;
}

size_t presence_list(struct presence *p, int64_t ticket_id, int64_t now_us, struct present *out)
{
    size_t n = 0;

    pthread_mutex_lock(&p->lock);
    for (size_t i = 0; i < PRESENCE_MAX && n < PRESENCE_SHOWN_MAX; i++)
        if (p->v[i].ticket_id == ticket_id && p->v[i].until_us > now_us)
            out[n++] = p->v[i];
    pthread_mutex_unlock(&p->lock);
    return n;
}

void presence_members(struct jw *w, const struct present *p)
{
    jw_key(w, "user"), ref_json(w, p->user_id, str_of(p->name));
    jw_kv_text(w, "state", str_of(presence_state_names[p->state]));
    jw_kv_time(w, "since", p->since_us);
    jw_kv_time(w, "until", p->until_us);
}
