#include "web/nodes.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/enc.h"
#include "base/json.h"
#include "desk/auth.h"
#include "store/notify.h"
#include "store/store.h"
#include "web/app.h"
#include "web/presence.h"
#include "web/ratelimit.h"
#include "web/streams.h"
#include "web/ticket_json.h"

enum { WORD_MAX = 512, FRAME_MAX = 4096 };

#define EVENTS "events"
#define PRESENCE "presence"
#define RATES "rates"

/* The next number of a word, up to a space. */
static bool take(struct str *rest, int64_t *out)
{
    return str_i64(str_cut(rest, ' '), 0, INT64_MAX, out);
}

/* ---- Presence ---- */

bool presence_frame(struct buf *b, const struct present *p)
{
    struct jw w = jw_to(b);

    BUF_LIT(b, "event: presence\ndata: ");
    jw_obj(&w);
    jw_kv_int(&w, "ticket_id", p->ticket_id);
    presence_members(&w, p);
    jw_obj_end(&w);
    BUF_LIT(b, "\n\n");
    return !b->overflow;
}

/* Keeps it, and tells the streams of this node when it is new. */
static void present_here(struct app *app, const struct present *who, const struct ticket_facts *facts,
                         struct present *now)
{
    struct stream_note note = { *facts, STR_NONE };
    struct buf b = BUF_HEAP(FRAME_MAX);

    if (presence_say(app->presence, who, clock_now_us(), now) && app->streams && presence_frame(&b, now)) {
        note.frame = buf_view(&b);
        streams_tell(app->streams, &note);
    }
    buf_release(&b);
}

void nodes_present(struct app *app, const struct present *who, const struct ticket_facts *facts,
                   struct present *now)
{
    struct buf b = BUF_HEAP(WORD_MAX);

    present_here(app, who, facts, now);
    buf_printf(&b, "%lld %lld %d %lld %lld %lld %s", (long long)who->ticket_id, (long long)who->user_id,
               (int)who->state, (long long)facts->group_id, (long long)facts->customer_id,
               (long long)facts->organization_id, who->name);
    if (!b.overflow && str_chr(buf_view(&b), '\n') == SIZE_MAX)
        store_tell(app->store, PRESENCE, buf_view(&b));
    buf_release(&b);
}

static void hear_presence(struct app *app, struct str word)
{
    struct present who = { 0 }, now;
    struct ticket_facts facts = { 0 };
    int64_t state;

    if (!take(&word, &who.ticket_id) || !take(&word, &who.user_id) || !take(&word, &state)
        || state > PRESENCE_GONE || !take(&word, &facts.group_id) || !take(&word, &facts.customer_id)
        || !take(&word, &facts.organization_id) || word.n >= PRESENCE_NAME_MAX)
        return;
    who.state = (enum presence_state)state;
    if (word.n)
        memcpy(who.name, word.p, word.n);
    present_here(app, &who, &facts, &now);
}

/* ---- Rates ---- */

static void share_rate(void *arg, uint64_t key, int64_t used_us)
{
    struct app *app = arg;
    char word[64];
    int n = snprintf(word, sizeof word, "%llu %lld", (unsigned long long)key, (long long)used_us);

    store_tell(app->store, RATES, (struct str){ word, (size_t)n });
}

static void hear_rate(struct app *app, struct str word)
{
    int64_t key, used_us;

    if (take(&word, &key) && take(&word, &used_us))
        ratelimit_hear(app->ratelimit, (uint64_t)key, used_us, clock_mono_us());
}

/* ---- Events and rights ---- */

void nodes_wrote(struct app *app)
{
    if (!app->streams)
        return;
    streams_wake(app->streams);
    store_tell(app->store, EVENTS, STR(""));
}

static void hear_events(struct app *app, struct str word)
{
    (void)word;
    streams_wake(app->streams);
}

static void hear_access(struct app *app, struct str word)
{
    int64_t user_id;

    if (take(&word, &user_id))
        streams_look(app->streams, user_id);
}

/* ---- Listening ---- */

static const char *const channels[] = { EVENTS, NOTIFY_ACCESS, PRESENCE, RATES, NULL };
static void (*const hearers[])(struct app *app, struct str word) = { hear_events, hear_access,
                                                                     hear_presence, hear_rate };

static void hear(void *arg, const char *channel, struct str word)
{
    struct app *app = arg;

    if (!channel) { /* something was missed: whatever it was, look */
        streams_look(app->streams, 0);
        return;
    }
    for (size_t i = 0; channels[i]; i++)
        if (strcmp(channels[i], channel) == 0)
            hearers[i](app, word);
}

enum rc nodes_open(struct app *app, struct err *e)
{
    struct sha256 secret;

    auth_derive(app->auth, STR("ratelimit"), &secret);
    if (store_kind(app->store) == DB_POSTGRES)
        ratelimit_share(app->ratelimit, secret.b, share_rate, app);
    return store_listen(app->store, channels, hear, app, e);
}

void nodes_close(struct app *app)
{
    if (app->store)
        store_listen_end(app->store);
}
