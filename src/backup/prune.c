#include "backup/backup.h"
#include "backup/pgbackrest.h"
#include "backup/shipped.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HASH = 64, FILE_GRACE_S = 24 * 3600, FIRST_DAY = 3 /* 1970-01-01 was a Thursday */ };

/* ---- which sets are kept ---- */

static int64_t day_of(int64_t t_us)
{
    return t_us / US_PER_DAY;
}

static int64_t week_of(int64_t t_us)
{
    return (day_of(t_us) + FIRST_DAY) / 7;
}

static int64_t month_of(int64_t t_us)
{
    char text[CLOCK_TEXT_MAX];

    clock_format(t_us, text);
    return (text[0] * 1000 + text[1] * 100 + text[2] * 10 + text[3]) * 100 + text[5] * 10 + text[6];
}

/* Newest first: the first set of each of so many spans is kept.  Spans without a set do not count,
 * so that neither a pause nor a clock that jumped removes anything that was good. */
static void keep_spans(const struct set *v, size_t n, int64_t (*span_of)(int64_t), int64_t spans,
                       bool *kept)
{
    int64_t last = INT64_MIN;

    for (size_t i = 0; i < n && spans > 0; i++) {
        if (v[i].state != SET_GOOD || span_of(v[i].m.at_us) == last)
            continue;
        last = span_of(v[i].m.at_us);
        kept[i] = true;
        spans--;
    }
}

/* Copies of the newest one's last day: any second since yesterday can be restored. */
static void keep_recent(const struct set *v, size_t n, bool *kept)
{
    int64_t newest_us = 0;

    for (size_t i = 0; i < n; i++) {
        if (v[i].state != SET_GOOD)
            continue;
        newest_us = newest_us ? newest_us : v[i].m.at_us;
        kept[i] |= v[i].m.at_us > newest_us - US_PER_DAY;
    }
}

/* A differential copy of PostgreSQL needs the full one before it. */
static void keep_bases(const struct set *v, size_t n, bool *kept)
{
    bool needs = false;

    for (size_t i = 0; i < n; i++) {
        if (v[i].state != SET_GOOD || !v[i].m.label.n)
            continue;
        needs |= kept[i] && v[i].m.is_step;
        if (v[i].m.is_step)
            continue;
        kept[i] |= needs;
        needs = false;
    }
}

/* The oldest of the daily ones: from its place on the shipped log is needed. */
static const struct set *mark(const struct set *v, size_t n, const struct backup_keep *keep, bool *kept)
{
    const struct set *oldest = NULL;

    keep_spans(v, n, day_of, keep->daily, kept);
    keep_recent(v, n, kept);
    keep_bases(v, n, kept);
    for (size_t i = 0; i < n; i++)
        if (kept[i])
            oldest = &v[i];
    keep_spans(v, n, week_of, keep->weekly, kept);
    keep_spans(v, n, month_of, keep->monthly, kept);
    keep_bases(v, n, kept);
    for (size_t i = 0; i < n; i++)
        kept[i] |= v[i].state != SET_GOOD;
    return oldest;
}

/* ---- pgBackRest's part ---- */

/* Newest first, so that nothing that another one stands on goes before it. */
static enum rc remove_labels(const struct pgbackrest *pg, const struct set *v, size_t n, const bool *kept,
                             struct arena *a, struct err *e)
{
    struct pg_info info;

    TRY(pgbackrest_info(pg, a, &info, e));
    for (size_t i = 0; i < n; i++)
        if (!kept[i] && v[i].m.label.n && pg_info_find(&info, v[i].m.label))
            TRY(pgbackrest_remove(pg, v[i].m.label, a, e));
    return RC_OK;
}

/* The log is kept from the oldest daily copy on; what older copies need to be whole stays too. */
static enum rc trim_archive(const struct pgbackrest *pg, const struct set *v, size_t n, const bool *kept,
                            const struct set *oldest, struct arena *a, struct err *e)
{
    int64_t fulls = 0;

    for (size_t i = 0; oldest && i < n && &v[i] <= oldest; i++)
        fulls += kept[i] && v[i].state == SET_GOOD && v[i].m.label.n && !v[i].m.is_step;
    return fulls ? pgbackrest_trim(pg, fulls, a, e) : RC_OK;
}

static bool any_goes(const struct set *v, size_t n, const bool *kept)
{
    for (size_t i = 0; i < n; i++)
        if (!kept[i] && v[i].m.label.n)
            return true;
    return false;
}

static enum rc prune_postgres(const struct pgbackrest *pg, const struct set *v, size_t n, const bool *kept,
                              const struct set *oldest, struct arena *a, struct err *e)
{
    if (!pg || !any_goes(v, n, kept))
        return RC_OK;
    TRY(remove_labels(pg, v, n, kept, a, e));
    return trim_archive(pg, v, n, kept, oldest, a, e);
}

/* ---- folders ---- */

static enum rc remove_sets(const struct set *v, size_t n, const bool *kept, bool dry, struct arena *a,
                           struct backup_pruned *out, struct err *e)
{
    for (size_t i = 0; i < n; i++) {
        const char *gone = str_printf(a, "%s.tmp", v[i].path).p;

        out->unfinished += v[i].state == SET_UNFINISHED;
        out->kept += kept[i] && v[i].state == SET_GOOD;
        out->sets += !kept[i];
        if (kept[i] || dry)
            continue;
        if (rename(v[i].path, gone) != 0) /* never seen half removed */
            return err_set(e, RC_FAIL, "backup_target", "cannot remove backup %.*s: %s",
                           STR_ARG(v[i].id), strerror(errno));
        TRY(tree_remove(gone, e));
    }
    return RC_OK;
}

/* ---- the shipped log ---- */

/* Segments before the one in which the oldest daily set stands.  A set that stands in none keeps
 * what is younger than it. */
static size_t segments_needed_from(const struct segment *seg, size_t n, const struct set *oldest)
{
    size_t first = shipped_find(seg, n, &oldest->m.place);

    if (first < n)
        return first;
    for (first = 0; first < n; first++)
        if (!seg[first].sealed || seg[first].to_us >= oldest->m.at_us)
            break;
    return first;
}

static enum rc remove_segments(const struct repo *r, const struct set *oldest, bool dry, struct arena *a,
                               struct backup_pruned *out, struct err *e)
{
    struct segment *seg;
    size_t n, first;

    if (!oldest)
        return RC_OK;
    TRY(shipped_list(r, a, &seg, &n, e));
    first = segments_needed_from(seg, n, oldest);
    for (size_t i = 0; i < first; i++) {
        out->segments++;
        if (!dry && unlink(seg[i].path) != 0)
            return err_set(e, RC_FAIL, "backup_target", "cannot remove a segment: %s", strerror(errno));
        if (!dry && !str_eq(seg[i].row, seg[first < n ? first : i].row)) /* the last one takes the folder */
            (void)rmdir(str_printf(a, "%s/wal/%.*s", r->dir, STR_ARG(seg[i].row)).p);
    }
    return RC_OK;
}

/* ---- files that no set and no segment names ---- */

struct names {
    const struct repo *r;
    struct arena *a, *scratch;
    void *tree; /* tsearch: file names */
};

static int by_text(const void *x, const void *y)
{
    return strcmp(x, y);
}

static void ignore(void *p)
{
    (void)p; /* lives in the arena */
}

static enum rc add_name(void *arg, struct str hash, int64_t size, struct err *e)
{
    struct names *n = arg;

    (void)size, (void)e;
    arena_reset(n->scratch);
    for (const struct box_key *k = &n->r->key; k; k = k->former) {
        const char *path = repo_file_path(n->r, k, hash, n->scratch), *name = path + strlen(path) - HASH;

        if (!tfind(name, &n->tree, by_text))
            tsearch(str_z(str_of(name), n->a), &n->tree, by_text);
    }
    return RC_OK;
}

static enum rc add_names(void *arg, struct str hashes, struct err *e)
{
    for (size_t i = 0; i + HASH <= hashes.n; i += HASH)
        TRY(add_name(arg, str_sub(hashes, i, HASH), 0, e));
    return RC_OK;
}

static enum rc gather_sets(struct names *n, const struct set *v, size_t n_sets, const bool *kept,
                           struct err *e)
{
    for (size_t i = 0; i < n_sets; i++)
        if (kept[i] && v[i].state != SET_UNFINISHED)
            TRY(backup_attachments(n->r, &v[i], add_name, n, e));
    return RC_OK;
}

static enum rc gather_segments(struct names *n, struct err *e)
{
    struct segment *seg;
    size_t n_seg;

    TRY(shipped_list(n->r, n->a, &seg, &n_seg, e));
    for (size_t i = 0; i < n_seg; i++)
        TRY(shipped_files_of(n->r, &seg[i], add_names, n, e));
    return RC_OK;
}

static bool is_old(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0
           && clock_now_us() / US_PER_S - st.st_mtim.tv_sec > FILE_GRACE_S;
}

static enum rc remove_files_in(struct names *n, const char *dir, bool dry, int64_t *removed, struct err *e)
{
    const char **names;
    size_t n_names;

    TRY(dir_names(dir, n->a, &names, &n_names, e));
    for (size_t i = 0; i < n_names; i++) {
        const char *path = str_printf(n->a, "%s/%s", dir, names[i]).p;

        if (tfind(names[i], &n->tree, by_text) || !is_old(path))
            continue;
        ++*removed;
        if (!dry && unlink(path) != 0)
            return err_set(e, RC_FAIL, "backup_target", "cannot remove a file: %s", strerror(errno));
    }
    return RC_OK;
}

static enum rc remove_files(struct names *n, bool dry, int64_t *removed, struct err *e)
{
    char shard[4];

    for (unsigned i = 0; i < 256; i++) {
        snprintf(shard, sizeof(shard), "%02x", i);
        TRY(remove_files_in(n, str_printf(n->a, "%s/files/%s", n->r->dir, shard).p, dry, removed, e));
    }
    return RC_OK;
}

/* All of the shipped log is only read when there is a file that no set names. */
static enum rc find_and_remove(struct names *n, const struct set *v, size_t n_sets, const bool *kept,
                               bool dry, int64_t *removed, struct err *e)
{
    int64_t candidates = 0;

    TRY(gather_sets(n, v, n_sets, kept, e));
    TRY(remove_files(n, true, &candidates, e));
    if (candidates == 0)
        return RC_OK;
    TRY(gather_segments(n, e));
    return remove_files(n, dry, removed, e);
}

/* A list that cannot be read could name anything: then no file goes. */
static enum rc prune_files(const struct repo *r, const struct set *v, size_t n_sets, const bool *kept,
                           bool dry, int64_t *removed, struct err *e)
{
    struct arena *a CLEAN(arena_clean) = arena_new(GIB);
    struct arena *scratch CLEAN(arena_clean) = arena_new(MIB);
    struct names n = { .r = r, .a = a, .scratch = scratch };
    enum rc rc = find_and_remove(&n, v, n_sets, kept, dry, removed, e);

    if (rc != RC_OK) {
        LOG(LOG_WARN, "backup.prune.files_kept", KV_Z("detail", e->detail));
        err_clear(e);
        rc = RC_OK;
    }
    tdestroy(n.tree, ignore);
    return rc;
}

enum rc backup_prune(const struct repo *r, const struct backup_keep *keep, bool dry, struct arena *a,
                     struct backup_pruned *out, struct err *e)
{
    const struct set *oldest;
    struct set *v;
    bool *kept;
    size_t n;

    *out = (struct backup_pruned){ 0 };
    TRY(repo_sets(r, a, &v, &n, e));
    kept = ARENA_ARRAY(a, bool, n + 1);
    oldest = mark(v, n, keep, kept);
    if (!dry)
        TRY(prune_postgres(keep->pg, v, n, kept, oldest, a, e));
    TRY(remove_sets(v, n, kept, dry, a, out, e));
    TRY(remove_segments(r, oldest, dry, a, out, e));
    return prune_files(r, v, n, kept, dry, &out->files, e);
}
