/* The list of erasures beside the database, so that a restored one is not older than they are. */
#include "base/clock.h"
#include "base/file.h"
#include "desk/erase.h"
#include "store/jobs.h"
#include "store/store.h"
#include "store/users.h"

#include <unistd.h>

enum { LIST_MAX_BYTES = 16 * 1024 * 1024, LINE_MAX_BYTES = 80, LISTS = 2 };

static const struct actor server = { .type = ACTOR_SYSTEM };

static bool read_line(struct str line, struct erasure *out)
{
    struct str id = str_cut(&line, ' '), created = str_cut(&line, ' ');

    return str_i64(id, 1, INT64_MAX, &out->user_id)
           && str_i64(created, 0, INT64_MAX, &out->user_created_us)
           && str_i64(line, 1, INT64_MAX, &out->at_us);
}

static bool holds(const struct erasure_rows *rows, const struct erasure *x)
{
    for (size_t i = 0; i < rows->n; i++)
        if (rows->v[i].user_id == x->user_id && rows->v[i].user_created_us == x->user_created_us)
            return true;
    return false;
}

/* A line that does not read is an error: who was erased must not come back quietly. */
static enum rc read_list(const char *path, struct arena *a, struct erasure_rows *out, struct err *e)
{
    struct str text, line;
    enum rc rc = file_read(path, LIST_MAX_BYTES, a, &text, e);

    *out = (struct erasure_rows){ 0 };
    if (rc == RC_NOT_FOUND) {
        err_clear(e);
        return RC_OK;
    }
    TRY(rc);
    out->v = ARENA_ARRAY(a, struct erasure, text.n / 4 + 1);
    while (text.n) {
        line = str_cut(&text, '\n');
        if (!read_line(line, &out->v[out->n++]))
            return err_set(e, RC_FAIL, "", "%s holds a line that is no erasure", path);
    }
    return RC_OK;
}

enum rc erase_list_sync(struct db *db, const char *path, struct arena *a, struct err *e)
{
    struct erasure_rows there, known;
    struct buf b;
    size_t added = 0;

    TRY(read_list(path, a, &known, e));
    TRY(erasures_list(db, a, &there, e));
    b = BUF_ARENA(a, (known.n + there.n + 1) * LINE_MAX_BYTES);
    for (size_t i = 0; i < known.n + there.n; i++) {
        const struct erasure *x = i < known.n ? &known.v[i] : &there.v[i - known.n];

        if (i >= known.n && holds(&known, x))
            continue;
        added += i >= known.n;
        buf_str(&b, str_printf(a, "%lld %lld %lld\n", (long long)x->user_id,
                               (long long)x->user_created_us, (long long)x->at_us));
    }
    return added ? file_replace(path, buf_view(&b), 0600, e) : RC_OK;
}

struct again {
    struct auth *au;
    struct arena *a;
    struct erasure x;
    bool did;
};

static enum rc again_run(struct db *db, void *arg, struct err *e)
{
    struct again *g = arg;
    const struct account c = { g->au, db, &server, g->a, clock_now_us() };
    const struct erase_ask ask = { .user_id = g->x.user_id, .is_again = true, .at_us = g->x.at_us };
    struct erasure_rows done;
    struct user_row u;
    struct erased out;
    enum rc rc;

    g->did = false;
    TRY(erasures_list(db, g->a, &done, e));
    if (holds(&done, &g->x))
        return RC_OK;
    rc = users_load(db, g->x.user_id, g->a, &u, e);
    if (rc == RC_NOT_FOUND || (rc == RC_OK && u.created_us != g->x.user_created_us)) {
        err_clear(e);
        return RC_OK;
    }
    TRY(rc);
    g->did = true;
    return person_erase(&c, &ask, &out, e);
}

enum rc erase_replay(struct store *s, struct auth *au, const char *path, struct arena *a, int64_t *n,
                     struct err *e)
{
    struct erasure_rows list;

    *n = 0;
    TRY(read_list(path, a, &list, e));
    for (size_t i = 0; i < list.n; i++) {
        struct arena *one CLEAN(arena_clean) = arena_new(ERASE_ARENA_MAX);
        struct again g = { .au = au, .a = one, .x = list.v[i] };

        TRY(store_write(s, again_run, &g, e));
        *n += g.did;
    }
    return RC_OK;
}

/* A missing folder of backups is told where backups are made, not here. */
enum rc erase_lists_sync(struct db *db, struct str data_dir, struct str backup_dir, struct arena *a, struct err *e)
{
    const struct str dirs[LISTS] = { data_dir, backup_dir };

    for (size_t i = 0; i < LISTS; i++) {
        if (!dirs[i].n || access(str_z(dirs[i], a), W_OK) != 0)
            continue;
        TRY(erase_list_sync(db, str_printf(a, "%.*s/erasures", STR_ARG(dirs[i])).p, a, e));
    }
    return RC_OK;
}

enum rc erase_note(const struct account *c, struct err *e)
{
    struct job job = { .kind = STR(ERASURES_JOB),
                       .payload_json = STR("{}"),
                       .run_at_us = c->now_us,
                       .created_us = c->now_us };

    return jobs_add(c->db, &job, e);
}
