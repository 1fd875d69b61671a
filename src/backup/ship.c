#include "backup/ship.h"

#include "backup/file_queue.h"
#include "backup/shipped.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "desk/blob.h"
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    ARENA_MAX = 64 * 1024 * 1024,
    COPY_BACK_FRAMES = 2000,   /* from here on pages are copied back beside the writers */
    BEGIN_ANEW_FRAMES = 8000,  /* and the log is made to begin anew */
    LET_GO_FRAMES = 131072,    /* 512 MiB: a target that fails is waited for no longer */
    PAUSE_MS = 20,
    PAUSE_AGAIN_US = 1000 * 1000,     /* after a pause in vain, doubled each time */
    PAUSE_AGAIN_MAX_US = 8 * 1000 * 1000,
    GAP_US = 250 * 1000,     /* between two rounds, at least */
    RECENT_US = 10 * 60 * 1000 * 1000, /* files that a crash may have left unshipped are no older */
    SEQUENCE_UNKNOWN = 0,
};

struct ship {
    struct ship_opts o;
    struct arena *opts_arena; /* owner; what o points at */
    struct arena *a;          /* owner; one round */
    struct repo repo;
    pthread_t thread;
    bool started;

    struct wal_reader *held, *spare; /* owner; the thread's, or the writer's while it pauses */
    struct shipped_writer *w;         /* owner; NULL: nowhere yet */
    struct wal_place at;             /* shipped up to here */
    uint32_t sequence;               /* number of the log */
    int64_t number;                  /* of the segment */
    struct str row;                  /* in opts_arena */
    int64_t sealed_us;               /* monotonic; when the segment began */
    int64_t pause_after_us, pause_gap_us; /* monotonic; no pause before; since the last in vain */
    bool let_go;         /* something may be missing from here on */
    struct file_queue files; /* put since the last round */

    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t cond;
    bool stop, detached, asked;
    int64_t round_us; /* monotonic; the end of the last round */
    struct ship_stats stats;
};

/* ---- what others ask for ---- */

/* Under a storm of writes a round is due before its second is over. */
static void on_log_grown(void *arg, int frames)
{
    struct ship *s = arg;

    if (frames < BEGIN_ANEW_FRAMES)
        return;
    pthread_mutex_lock(&s->lock);
    if (clock_mono_us() - s->round_us > GAP_US) {
        s->asked = true;
        pthread_cond_signal(&s->cond);
    }
    pthread_mutex_unlock(&s->lock);
}

void ship_stats(struct ship *s, struct ship_stats *out)
{
    pthread_mutex_lock(&s->lock);
    *out = s->stats;
    pthread_mutex_unlock(&s->lock);
}

static void count(struct ship *s, int64_t bytes, int64_t at_us)
{
    pthread_mutex_lock(&s->lock);
    s->stats.runs = true;
    s->stats.bytes += bytes;
    s->stats.rounds++;
    s->stats.at_us = at_us;
    s->stats.log_frames = s->at.frame;
    s->round_us = clock_mono_us();
    pthread_mutex_unlock(&s->lock);
}

static bool may_pause_writer(struct ship *s)
{
    bool may;

    pthread_mutex_lock(&s->lock);
    may = !s->detached;
    pthread_mutex_unlock(&s->lock);
    return may;
}

/* ---- attachments ---- */

static enum rc ship_file(struct ship *s, struct str hash, struct err *e)
{
    struct arena *a CLEAN(arena_clean) = arena_new(MIB);
    const char *path = str_printf(a, "%.*s/attachments/%.2s/%.*s", STR_ARG(s->o.data_dir), hash.p,
                                  STR_ARG(hash)).p;
    int fd CLEAN(fd_close) = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    int64_t bytes;

    if (fd < 0)
        return errno == ENOENT ? RC_OK /* dropped since */
                               : err_set(e, RC_FAIL, "backup_source", "cannot open attachment: %s",
                                         strerror(errno));
    return repo_file_add(&s->repo, hash, fd, a, &bytes, e);
}

/* Those of the commits just read were put before them. */
static enum rc ship_files(struct ship *s, struct err *e)
{
    struct str list = file_queue_list(&s->files, s->a);

    if (list.n == 0)
        return RC_OK;
    for (size_t at = 0; at < list.n; at += BLOB_HASH_LEN)
        TRY(ship_file(s, str_sub(list, at, BLOB_HASH_LEN), e));
    TRY(shipped_files(s->w, list, e));
    file_queue_drop(&s->files, list.n / BLOB_HASH_LEN);
    return RC_OK;
}

/* ---- segments and rows ---- */

static enum rc begin_segment(struct ship *s, const struct wal_view *v, uint32_t first, struct err *e)
{
    struct segment seg = { .row = s->row, .number = s->number, .first = first,
                           .from_us = clock_now_us() };

    memcpy(seg.salt, v->place.salt, WAL_SALT_LEN);
    TRY(shipped_begin(&s->repo, &seg, v->page_size, s->sequence, &s->w, e));
    s->number++;
    s->at = (struct wal_place){ .frame = first - 1 };
    memcpy(s->at.salt, v->place.salt, WAL_SALT_LEN);
    s->sealed_us = clock_mono_us();
    return RC_OK;
}

static enum rc read_sequence(struct ship *s, struct wal_reader *log, const struct wal_view *v,
                             struct err *e)
{
    s->sequence = SEQUENCE_UNKNOWN;
    return v->place.frame ? wal_sequence(log, &s->sequence, e) : RC_OK;
}

static int64_t next_row(const struct segment *v, size_t n)
{
    int64_t last = 0;

    if (n)
        (void)!str_i64(str_sub(v[n - 1].row, 0, 8), 0, INT64_MAX, &last);
    return last + 1;
}

static enum rc begin_row(struct ship *s, struct wal_reader *log, const struct wal_view *v,
                         const char *why, struct err *e)
{
    struct segment *list;
    size_t n;

    shipped_drop(&s->w);
    TRY(shipped_list(&s->repo, s->a, &list, &n, e));
    s->row = str_printf(s->opts_arena, "%08lld-%.*s", (long long)next_row(list, n),
                        STR_ARG(time_name(clock_now_us(), s->a)));
    s->number = 1;
    TRY(read_sequence(s, log, v, e));
    TRY(begin_segment(s, v, v->place.frame + 1, e));
    LOG(LOG_INFO, "backup.ship.row", KV_TEXT("row", s->row), KV_Z("why", why));
    pthread_mutex_lock(&s->lock);
    s->stats.rows++;
    pthread_mutex_unlock(&s->lock);
    return RC_OK;
}

static bool same_salt(const unsigned char *x, const unsigned char *y)
{
    return memcmp(x, y, WAL_SALT_LEN) == 0;
}

/* Whether the log still holds the very frame with which the last segment ended. */
static enum rc goes_on(struct wal_reader *log, const struct wal_view *v, const struct segment *last,
                       const struct shipped_end *end, struct arena *a, bool *yes, struct err *e)
{
    char *frame = arena_alloc(a, WAL_FRAME_HEAD + WAL_PAGE_MAX);

    *yes = same_salt(v->place.salt, last->salt) && v->place.frame >= end->frame
           && end->page_size == v->page_size;
    if (!*yes || end->rounds == 0 || end->frame == 0)
        return RC_OK;
    TRY(wal_frames(log, end->frame, 1, frame, e));
    *yes = memcmp(frame, end->head, WAL_FRAME_HEAD) == 0;
    return RC_OK;
}

/* At the start and after a failure: behind what is on disk, when that can be proved. */
static enum rc find_place(struct ship *s, struct wal_reader *log, const struct wal_view *v,
                          struct err *e)
{
    struct segment *list, *last;
    struct shipped_end end;
    bool on = false;
    size_t n;

    TRY(shipped_list(&s->repo, s->a, &list, &n, e));
    if (n == 0)
        return begin_row(s, log, v, "the first", e);
    last = &list[n - 1];
    if (shipped_mend(&s->repo, last, &end, e) != RC_OK) {
        LOG(LOG_WARN, "backup.ship.segment", KV_Z("detail", e->detail));
        err_clear(e);
        return begin_row(s, log, v, "the last segment cannot be read", e);
    }
    if (!s->let_go)
        TRY(goes_on(log, v, last, &end, s->a, &on, e));
    s->let_go = false;
    if (!on)
        return begin_row(s, log, v, "the log was written by others, or let go", e);
    s->row = str_dup(last->row, s->opts_arena);
    s->number = last->number + 1;
    file_queue_put_since(&s->files, s->o.data_dir, end.at_us - RECENT_US);
    TRY(read_sequence(s, log, v, e));
    return begin_segment(s, v, end.frame + 1, e);
}

/* The log began anew.  With a place held it only can when that place was the end of a log that is in
 * the file as a whole; and then the next log cannot be copied back, so it began anew once. */
static enum rc follow_anew(struct ship *s, struct wal_reader *log, const struct wal_view *v,
                           struct err *e)
{
    uint32_t before = s->sequence, now = SEQUENCE_UNKNOWN;
    bool nothing_yet = before == SEQUENCE_UNKNOWN && s->at.frame == 0;

    TRY(wal_sequence(log, &now, e));
    if (!nothing_yet && now != before + 1)
        return begin_row(s, log, v, "the log began anew more than once", e);
    TRY(shipped_seal(&s->w, e));
    s->sequence = now;
    return begin_segment(s, v, 1, e);
}

/* ---- a round ---- */

/* Copies what is new; *more when there is something for finish_round() to end. */
static enum rc copy_frames(struct ship *s, struct wal_reader *log, const struct wal_view *v,
                           int64_t at_us, bool *more, struct err *e)
{
    uint32_t n = v->place.frame > s->at.frame ? v->place.frame - s->at.frame : 0;

    if (!same_salt(v->place.salt, s->at.salt) || (n == 0 && !file_queue_has(&s->files)))
        return RC_OK;
    *more = true;
    TRY(shipped_round(s->w, at_us, v->place.frame, e));
    if (n)
        TRY(shipped_frames(s->w, log, s->at.frame + 1, n, e));
    s->at.frame += n;
    return RC_OK;
}

static enum rc finish_round(struct ship *s, struct err *e)
{
    TRY(ship_files(s, e));
    return shipped_done(s->w, true, e);
}

static enum rc ship_view(struct ship *s, struct wal_reader *log, const struct wal_view *v,
                         int64_t at_us, struct err *e)
{
    bool more = false;

    if (!s->w)
        TRY(find_place(s, log, v, e));
    else if (!same_salt(v->place.salt, s->at.salt) && v->place.frame > 0)
        TRY(follow_anew(s, log, v, e));
    TRY(copy_frames(s, log, v, at_us, &more, e));
    return more ? finish_round(s, e) : RC_OK;
}

struct anew {
    struct ship *s;
    bool more, whole;
    enum rc rc;
    struct err e;
};

/* On the writer's thread, between two commits: the rest of the log, and all of it into the file.
 * Nothing here waits for the target's disk. */
static void pause_and_begin_anew(void *arg)
{
    struct anew *n = arg;
    struct ship *s = n->s;
    struct wal_view v;
    uint32_t frames;

    n->rc = wal_hold(s->spare, &v, &n->e);
    if (n->rc == RC_OK)
        n->rc = copy_frames(s, s->spare, &v, clock_now_us(), &n->more, &n->e);
    wal_release(s->spare);
    if (n->rc != RC_OK || !same_salt(v.place.salt, s->at.salt))
        return;
    wal_release(s->held);
    n->whole = wal_checkpoint_whole(s->spare, PAUSE_MS, &frames, &n->e) == RC_OK;
    n->rc = wal_hold(s->held, &v, &n->e);
    /* Nothing was held for a moment: another process may have written what is gone now. */
    s->let_go = n->whole ? frames != s->at.frame : !same_salt(v.place.salt, s->at.salt);
}

/* Somebody reads an old state for long, a full copy for one: the writer must not wait for that again
 * and again. */
static void plan_pause(struct ship *s, bool in_vain)
{
    int64_t twice = 2 * s->pause_gap_us;

    s->pause_gap_us = !in_vain                      ? 0
                      : twice < PAUSE_AGAIN_US      ? PAUSE_AGAIN_US
                      : twice > PAUSE_AGAIN_MAX_US  ? PAUSE_AGAIN_MAX_US
                                                    : twice;
    s->pause_after_us = clock_mono_us() + s->pause_gap_us;
}

static enum rc begin_anew(struct ship *s, struct err *e)
{
    struct anew n = { .s = s };

    if (clock_mono_us() < s->pause_after_us)
        return RC_OK;
    store_between_commits(s->o.store, pause_and_begin_anew, &n);
    plan_pause(s, !n.whole);
    if (n.rc != RC_OK) {
        *e = n.e;
        return n.rc;
    }
    if (s->let_go)
        return err_set(e, RC_BUSY, "", "another process wrote while the log was to begin anew");
    return n.more ? finish_round(s, e) : RC_OK;
}

static enum rc look_after_log(struct ship *s, const struct wal_view *v, struct err *e)
{
    if (v->place.frame >= COPY_BACK_FRAMES)
        wal_checkpoint(s->spare);
    return v->place.frame >= BEGIN_ANEW_FRAMES && may_pause_writer(s) ? begin_anew(s, e) : RC_OK;
}

static enum rc seal_when_due(struct ship *s, const struct wal_view *v, struct err *e)
{
    const char *wish = str_printf(s->a, "%s/wal/seal", s->repo.dir).p; /* server backup --incremental */
    bool asked = access(wish, F_OK) == 0;

    if (!asked && clock_mono_us() - s->sealed_us < s->o.seal_s * US_PER_S)
        return RC_OK;
    s->sealed_us = clock_mono_us();
    TRY(shipped_seal(&s->w, e));
    TRY(begin_segment(s, v, s->at.frame + 1, e));
    if (asked)
        unlink(wish);
    return RC_OK;
}

static enum rc round_run(struct ship *s, struct err *e)
{
    struct wal_reader *before = s->held;
    int64_t at_us, bytes;
    struct wal_view v;

    arena_reset(s->a);
    TRY(wal_hold(s->spare, &v, e));
    at_us = clock_now_us();
    bytes = s->w ? shipped_bytes(s->w) : 0;
    s->held = s->spare;
    s->spare = before;
    TRY(ship_view(s, s->held, &v, at_us, e));
    wal_release(before);
    if (same_salt(v.place.salt, s->at.salt))
        TRY(seal_when_due(s, &v, e));
    shipped_alive(s->w, at_us);
    count(s, shipped_bytes(s->w) > bytes ? shipped_bytes(s->w) - bytes : shipped_bytes(s->w), at_us);
    return look_after_log(s, &v, e);
}

/* The target fails: what is not shipped stays in the log, but not for ever. */
static void failed(struct ship *s, const struct err *e)
{
    struct wal_view v = { 0 };
    struct err ignored = { 0 };
    bool first;

    shipped_drop(&s->w);
    pthread_mutex_lock(&s->lock);
    first = s->stats.runs || s->stats.failures == 0;
    s->stats.runs = false;
    s->stats.failures++;
    pthread_mutex_unlock(&s->lock);
    if (first)
        LOG(LOG_ERROR, "backup.ship.failed", KV_Z("detail", e->detail), KV_Z("error", e->internal));
    wal_release(s->spare);
    if (wal_hold(s->spare, &v, &ignored) != RC_OK)
        return;
    wal_release(s->spare);
    if (v.place.frame < LET_GO_FRAMES)
        return;
    LOG(LOG_ERROR, "backup.ship.let_go", KV_INT("frames", v.place.frame));
    s->let_go = true;
    wal_release(s->held);
    wal_checkpoint(s->spare);
}

/* ---- the thread ---- */

/* Until the next full second (of every_s), or until asked. */
static bool wait_for_round(struct ship *s)
{
    int64_t every = s->o.every_s * US_PER_S, now = clock_now_us(), at = (now / every + 1) * every;
    struct timespec until = { at / US_PER_S, at % US_PER_S * 1000 };
    bool stop;

    pthread_mutex_lock(&s->lock);
    while (!s->stop && !s->asked)
        if (pthread_cond_timedwait(&s->cond, &s->lock, &until) != 0)
            break;
    s->asked = false;
    stop = s->stop;
    pthread_mutex_unlock(&s->lock);
    return !stop;
}

static void run_once(struct ship *s)
{
    struct err e = { 0 };

    if (round_run(s, &e) != RC_OK)
        failed(s, &e);
}

static void *ship_main(void *arg)
{
    struct ship *s = arg;
    struct err e = { 0 };

    run_once(s);
    while (wait_for_round(s))
        run_once(s);
    run_once(s); /* what was written up to the end */
    if (s->w && shipped_seal(&s->w, &e) != RC_OK)
        LOG(LOG_WARN, "backup.ship.end", KV_Z("detail", e.detail));
    return NULL;
}

static void ship_free(struct ship **sp)
{
    struct ship *s = *sp;

    shipped_drop(&s->w);
    wal_reader_close(&s->held);
    wal_reader_close(&s->spare);
    repo_close(&s->repo);
    pthread_mutex_destroy(&s->lock);
    pthread_cond_destroy(&s->cond);
    arena_free(&s->a);
    arena_free(&s->opts_arena);
    file_queue_free(&s->files);
    free(s);
    *sp = NULL;
}

/* Two servers must not ship into one folder. */
static enum rc lock_out_others(struct ship *s, struct err *e)
{
    const char *path = str_printf(s->opts_arena, "%s/wal/lock", s->repo.dir).p;

    s->repo.lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (s->repo.lock < 0 || lockf(s->repo.lock, F_TLOCK, 0) != 0)
        return err_set(e, RC_CONFLICT, "backup_running",
                       "the log is shipped into %.100s by another process already, or the folder "
                       "cannot be written to",
                       s->repo.dir);
    return RC_OK;
}

static enum rc ship_open(struct ship *s, struct err *e)
{
    const char *path = str_z(store_path(s->o.store), s->opts_arena);

    TRY(repo_open(s->o.backup_dir, s->o.keys, true, s->opts_arena, &s->repo, e));
    TRY(lock_out_others(s, e));
    TRY(wal_reader_open(path, &s->held, e));
    return wal_reader_open(path, &s->spare, e);
}

enum rc ship_start(const struct ship_opts *o, struct ship **out, struct err *e)
{
    struct ship *s = calloc(1, sizeof(*s));
    enum rc rc;

    INVARIANT(s);
    s->o = *o;
    s->opts_arena = arena_new(ARENA_MAX);
    s->a = arena_new(ARENA_MAX);
    s->o.data_dir = str_dup(o->data_dir, s->opts_arena);
    file_queue_init(&s->files);
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->cond, NULL);
    rc = ship_open(s, e);
    if (rc != RC_OK) {
        ship_free(&s);
        return rc;
    }
    store_own_checkpoints(o->store, on_log_grown, s);
    blobs_on_put(o->blobs, file_queue_put, &s->files);
    s->started = pthread_create(&s->thread, NULL, ship_main, s) == 0;
    INVARIANT(s->started);
    pthread_setname_np(s->thread, "ship");
    *out = s;
    return RC_OK;
}

void ship_detach(struct ship *s)
{
    pthread_mutex_lock(&s->lock);
    s->detached = true;
    pthread_mutex_unlock(&s->lock);
    store_own_checkpoints(s->o.store, NULL, NULL);
    blobs_on_put(s->o.blobs, NULL, NULL);
}

void ship_finish(struct ship *s, struct ship_stats *out)
{
    pthread_mutex_lock(&s->lock);
    s->stop = true;
    pthread_cond_signal(&s->cond);
    pthread_mutex_unlock(&s->lock);
    if (s->started)
        pthread_join(s->thread, NULL);
    s->started = false;
    ship_stats(s, out);
}

void ship_stop(struct ship **sp)
{
    struct ship_stats ignored;

    if (!*sp)
        return;
    ship_finish(*sp, &ignored);
    ship_free(sp);
}
