/* Segments: reading them back. */
#include "backup/shipped.h"

#include "base/clock.h"

enum { CLOCK_SLACK_US = 50 * 1000 }; /* rounds begin at full seconds, and a little later */

static uint32_t get32(const char *z)
{
    const unsigned char *p = (const unsigned char *)z;

    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int64_t get64(const char *p)
{
    return (int64_t)((uint64_t)get32(p) << 32 | get32(p + 4));
}

static enum rc damaged(const struct segment *s, const char *what, struct err *e)
{
    return err_set(e, RC_FAIL, "backup_damaged", "segment %.*s of the shipped log: %s",
                   STR_ARG(s->name), what);
}

static bool is_torn(const struct err *e)
{
    return strcmp(e->code, "backup_truncated") == 0;
}

/* A segment that a crash cut has no end: what came before is as good as ever.  A finished one was
 * cut to whole rounds when it was mended, and its name says how far it goes. */
enum rc shipped_look(const struct repo *r, const struct segment *s, struct shipped_end *out,
                    struct err *e)
{
    struct box_reader *box CLEAN(box_close) = NULL;
    struct str p;
    char type;
    enum rc rc;

    *out = (struct shipped_end){ .frame = s->first - 1, .at_us = s->from_us };
    rc = box_open(s->path, &r->key, &box, e);
    while (rc == RC_OK && (rc = box_next(box, &type, &p, e)) == RC_OK && type != BOX_END) {
        if (type == SHIPPED_HEAD && p.n == 8) {
            out->page_size = get32(p.p);
            out->sound_bytes = box_sound(box);
        }
        if (type != SHIPPED_DONE || p.n != 12 + WAL_FRAME_HEAD)
            continue;
        out->at_us = get64(p.p);
        out->frame = get32(p.p + 8);
        memcpy(out->head, p.p + 12, WAL_FRAME_HEAD);
        out->sound_bytes = box_sound(box);
        out->rounds++;
    }
    if (rc != RC_OK && !is_torn(e))
        return rc;
    err_clear(e);
    if (s->sealed && out->frame < s->last)
        return err_set(e, RC_FAIL, "backup_truncated", "segment %.*s of the shipped log is truncated",
                       STR_ARG(s->name));
    return RC_OK;
}

enum rc shipped_files_of(const struct repo *r, const struct segment *s,
                        enum rc (*each)(void *arg, struct str hashes, struct err *e), void *arg,
                        struct err *e)
{
    struct box_reader *box CLEAN(box_close) = NULL;
    struct str p;
    char type;
    enum rc rc;

    TRY(box_open(s->path, &r->key, &box, e));
    while ((rc = box_next(box, &type, &p, e)) == RC_OK && type != BOX_END)
        if (type == SHIPPED_FILES)
            TRY(each(arg, p, e));
    if (rc != RC_OK && is_torn(e)) {
        err_clear(e);
        return RC_OK;
    }
    return rc;
}

struct reading {
    const struct segment *s;
    const struct shipped_to *to;
    struct shipped_went *went;
    int64_t rounds_left; /* whole rounds that are in the file */
    uint32_t frame;
};

static enum rc take_frames(struct reading *g, struct str p, struct err *e)
{
    size_t each = WAL_FRAME_HEAD + (size_t)g->to->page_size;
    uint32_t first, n, skip;

    if (p.n < 8)
        return damaged(g->s, "a piece is too short", e);
    first = get32(p.p), n = get32(p.p + 4);
    if (first != g->frame + 1 || n > BOX_RECORD_MAX || p.n != 8 + n * each)
        return damaged(g->s, "changes are missing", e);
    g->frame += n;
    skip = g->to->after >= first ? g->to->after - first + 1 : 0;
    if (skip >= n)
        return RC_OK;
    return g->to->frames(g->to->arg, p.p + 8 + skip * each, n - skip, e);
}

/* False: this round is later than what was asked for, or not whole. */
static bool begins(struct reading *g, struct str p)
{
    int64_t at = p.n == 12 ? get64(p.p) : 0, until = g->to->until_us;

    if (g->rounds_left-- <= 0)
        return false;
    if (until && at > until + CLOCK_SLACK_US) {
        g->went->reached = true;
        return false;
    }
    g->went->clock_went_back |= at < g->went->at_us;
    return true;
}

static enum rc take(struct reading *g, char type, struct str p, bool *on, struct err *e)
{
    switch (type) {
    case SHIPPED_HEAD:
        if (p.n != 8 || get32(p.p) != g->to->page_size)
            return damaged(g->s, "another page size", e);
        return RC_OK;
    case SHIPPED_ROUND:
        *on = begins(g, p);
        return RC_OK;
    case SHIPPED_FRAMES:
        return take_frames(g, p, e);
    case SHIPPED_FILES:
        return g->to->files ? g->to->files(g->to->arg, p, e) : RC_OK;
    case SHIPPED_DONE:
        if (p.n != 12 + WAL_FRAME_HEAD || get32(p.p + 8) != g->frame)
            return damaged(g->s, "changes are missing", e);
        g->went->at_us = get64(p.p);
        g->went->frame = g->frame;
        return RC_OK;
    default:
        return damaged(g->s, "a record of an unknown kind", e);
    }
}

/* How much of it is whole: a finished segment's name says so, an unfinished one is read for it. */
static enum rc look_ahead(const struct repo *r, const struct segment *s, struct shipped_end *end,
                          struct err *e)
{
    *end = (struct shipped_end){ .frame = s->last, .rounds = INT64_MAX / 2 };
    return s->sealed ? RC_OK : shipped_look(r, s, end, e);
}

enum rc shipped_read(const struct repo *r, const struct segment *s, const struct shipped_to *to,
                    struct shipped_went *went, struct err *e)
{
    struct box_reader *box CLEAN(box_close) = NULL;
    struct reading g = { .s = s, .to = to, .went = went, .frame = s->first - 1 };
    struct shipped_end end;
    char type = BOX_DATA;
    bool on = true;
    struct str p;
    enum rc rc;

    TRY(look_ahead(r, s, &end, e));
    g.rounds_left = end.rounds;
    TRY(box_open(s->path, &r->key, &box, e));
    while (on && g.rounds_left + (type != SHIPPED_DONE) > 0) {
        rc = box_next(box, &type, &p, e);
        if (rc != RC_OK && is_torn(e) && g.frame >= end.frame) { /* mended after a crash */
            err_clear(e);
            return RC_OK;
        }
        TRY(rc);
        if (type == BOX_END)
            return g.frame >= end.frame ? RC_OK : damaged(s, "changes are missing", e);
        TRY(take(&g, type, p, &on, e));
    }
    return RC_OK;
}
