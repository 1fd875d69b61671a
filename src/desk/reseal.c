#include "desk/reseal.h"

#include "desk/audit.h"
#include "desk/evidence.h"

enum { STEP_ROWS = 200, LOOK_ROWS = 500, RUN_ARENA_MAX = 16 * 1024 * 1024, WORDS_MAX = 4096 };

/* With the first key, and by its name: a text without one would be tried with all keys for ever. */
static bool is_current(const struct secret_keys *k, struct str text, size_t opener)
{
    return opener == 0 && str_find(str_sub(text, 0, sizeof "k2." - 1 + SECRET_ID_LEN), str_of(k->v[0].id)) != SIZE_MAX;
}

static void count(const struct secret_keys *k, const struct reseal_row *row, struct str text, struct arena *a,
                  struct reseal_report *out)
{
    struct str plain;
    size_t opener = secret_opener(k, text, a, &plain);

    out->rows++;
    if (opener < k->n) {
        out->by_key[opener]++;
        out->former += !is_current(k, text, opener);
        return;
    }
    if (out->unreadable < RESEAL_NAMED)
        out->first[out->unreadable] = *row;
    out->unreadable++;
}

static enum rc look_at(struct db *db, const struct secret_keys *k, enum sealed_place place,
                       struct reseal_report *out, struct err *e)
{
    struct arena *a CLEAN(arena_clean) = arena_new(RUN_ARENA_MAX);
    struct sealed_rows rows = { .n = LOOK_ROWS };
    int64_t after = 0;

    while (rows.n == LOOK_ROWS) {
        arena_reset(a);
        TRY(sealed_list(db, place, after, LOOK_ROWS, a, &rows, e));
        for (size_t i = 0; i < rows.n; i++) {
            after = rows.v[i].id;
            count(k, &(struct reseal_row){ place, after }, rows.v[i].text, a, out);
        }
    }
    return RC_OK;
}

enum rc reseal_look(struct db *db, const struct secret_keys *k, struct reseal_report *out, struct err *e)
{
    *out = (struct reseal_report){ 0 };
    for (size_t i = 0; i < SEALED_PLACES_; i++)
        TRY(look_at(db, k, (enum sealed_place)i, out, e));
    return RC_OK;
}

void reseal_write(struct jw *w, const struct secret_keys *k, const struct reseal_report *report)
{
    jw_obj(w);
    jw_key(w, "keys");
    jw_arr(w);
    for (size_t i = 0; i < k->n; i++) {
        jw_obj(w);
        jw_kv_text(w, "setting", str_of(k->v[i].setting));
        jw_kv_text(w, "key", str_of(k->v[i].id));
        jw_kv_bool(w, "seals", i == 0);
        jw_kv_int(w, "rows", report->by_key[i]);
        jw_obj_end(w);
    }
    jw_arr_end(w);
    jw_kv_int(w, "rows", report->rows);
    jw_kv_int(w, "former", report->former);
    jw_kv_int(w, "unreadable", report->unreadable);
    jw_kv_int(w, "resealed", report->resealed);
    jw_obj_end(w);
}

struct str reseal_names(const struct reseal_report *report, struct arena *a)
{
    struct buf b = BUF_ARENA(a, WORDS_MAX);
    int64_t n = report->unreadable < RESEAL_NAMED ? report->unreadable : RESEAL_NAMED;

    for (int64_t i = 0; i < n; i++)
        buf_printf(&b, "%s%s %lld", i ? ", " : "", sealed_names[report->first[i].place],
                   (long long)report->first[i].id);
    if (report->unreadable > n)
        buf_printf(&b, " and %lld more", (long long)(report->unreadable - n));
    return buf_view(&b);
}

/* ── the run ── */

struct run {
    const struct secret_keys *keys;
    const struct actor *who;
    struct arena *a; /* of one step */
    enum sealed_place place;
    int64_t after, resealed, next; /* the last two: out, of this step */
    bool more;
    const struct reseal_report *report;
};

static enum rc audit_step(struct db *db, const struct run *r, struct err *e)
{
    struct buf b = BUF_ARENA(r->a, WORDS_MAX);
    struct jw w = jw_to(&b);
    struct audit_entry entry = { .action = "secrets.reseal", .object = "" };

    jw_obj(&w);
    jw_kv_text(&w, "place", str_of(sealed_names[r->place]));
    jw_kv_text(&w, "key", str_of(r->keys->v[0].id));
    jw_kv_int(&w, "rows", r->resealed);
    jw_kv_int(&w, "to_id", r->next);
    jw_obj_end(&w);
    entry.details = buf_view(&b);
    return audit_add(db, r->who, &entry, r->a, e);
}

/* What does not open any more was written since the look; the look behind the run tells it. */
static enum rc step(struct db *db, void *arg, struct err *e)
{
    struct run *r = arg;
    struct sealed_rows rows;

    arena_reset(r->a);
    r->resealed = 0;
    r->next = r->after;
    TRY(sealed_list(db, r->place, r->after, STEP_ROWS, r->a, &rows, e));
    for (size_t i = 0; i < rows.n; i++) {
        const struct sealed *row = &rows.v[i];
        struct str plain;
        size_t opener = secret_opener(r->keys, row->text, r->a, &plain);

        r->next = row->id;
        if (opener == r->keys->n || is_current(r->keys, row->text, opener))
            continue;
        TRY(sealed_replace(db, r->place, row, secret_seal(r->keys, plain, r->a), e));
        r->resealed++;
    }
    r->more = rows.n == STEP_ROWS;
    return r->resealed ? audit_step(db, r, e) : RC_OK;
}

static enum rc run_place(struct store *s, struct run *r, int64_t *resealed, struct err *e)
{
    r->after = 0;
    do {
        TRY(store_write(s, step, r, e));
        *resealed += r->resealed;
        r->after = r->next;
    } while (r->more);
    return RC_OK;
}

static enum rc record(struct db *db, void *arg, struct err *e)
{
    const struct run *r = arg;
    struct buf b = BUF_ARENA(r->a, WORDS_MAX);
    struct jw w = jw_to(&b);
    struct evidence ev = { .kind = "secrets.rotate",
                           .ok = !r->report->former && !r->report->unreadable };

    reseal_write(&w, r->keys, r->report);
    ev.figures = buf_view(&b);
    ev.summary = str_printf(r->a, "%lld sealed anew with key %s, %lld still with a former one",
                            (long long)r->report->resealed, r->keys->v[0].id, (long long)r->report->former);
    return evidence_add(db, r->who, &ev, r->a, e);
}

static enum rc refuse(const struct reseal_report *report, struct arena *a, struct err *e)
{
    return err_set(e, RC_CONFLICT, "sealed_unreadable",
                   "%lld of %lld sealed texts open with none of the keys (%.*s): nothing was changed. Set the key "
                   "that sealed them as SECRET_KEY_FORMER or JWT_SECRET_FORMER.",
                   (long long)report->unreadable, (long long)report->rows, STR_ARG(reseal_names(report, a)));
}

enum rc reseal_run(struct store *s, struct db *db, const struct secret_keys *k, const struct actor *who,
                   struct reseal_report *out, struct err *e)
{
    struct arena *a CLEAN(arena_clean) = arena_new(RUN_ARENA_MAX);
    struct run r = { .keys = k, .who = who, .a = a, .report = out };
    int64_t resealed = 0;

    TRY(reseal_look(db, k, out, e));
    if (out->unreadable)
        return refuse(out, a, e);
    for (size_t i = 0; i < SEALED_PLACES_; i++) {
        r.place = (enum sealed_place)i;
        TRY(run_place(s, &r, &resealed, e));
    }
    TRY(reseal_look(db, k, out, e));
    out->resealed = resealed;
    arena_reset(a);
    TRY(store_write(s, record, &r, e));
    if (!out->former && !out->unreadable)
        return RC_OK;
    return err_set(e, RC_CONFLICT, "sealed_former",
                   "%lld sealed texts were written meanwhile with another key: a server runs with other settings. "
                   "Give all servers the same keys, and run this again.",
                   (long long)(out->former + out->unreadable));
}
