#include "desk/tag.h"

#include "base/json.h"
#include "base/utf8.h"
#include "desk/audit.h"
#include "store/jobs.h"
#include "store/tags.h"

#include <utf8proc.h>

enum { TAGS_JSON_MAX = 64 * 1024, TAG_BYTES_MAX = 4 * TAG_POINTS_MAX };

static void add_lower(struct buf *b, uint32_t cp)
{
    char out[4];

    buf_add(b, out, utf8_encode((uint32_t)utf8proc_tolower((utf8proc_int32_t)cp), out));
}

enum rc tag_normalise(struct str name, const char *pointer, struct arena *a, struct str *out,
                      struct err *e)
{
    struct str s = str_trim(utf8_nfc(name, a));
    struct buf b = BUF_ARENA(a, 2 * s.n + 16);
    bool blank = false;

    for (size_t i = 0, len; i < s.n; i += len) {
        uint32_t cp = utf8_decode(s.p + i, s.n - i, &len);

        if (cp == ' ' || cp == '\t' || cp == '\n' || cp == '\r') {
            blank = true;
            continue;
        }
        if (blank)
            buf_char(&b, ' ');
        blank = false;
        add_lower(&b, cp);
    }
    *out = buf_view(&b);
    if (utf8_is_blank(*out) || !utf8_is_line(*out) || str_chr(*out, ',') != SIZE_MAX
        || utf8_count(*out) > TAG_POINTS_MAX || out->n > TAG_BYTES_MAX)
        return err_field(e, pointer, "tag", "1 to 64 characters, no comma",
                         "This cannot be a tag.");
    return RC_OK;
}

void tags_of_json(struct str json, struct arena *a, struct str **names, size_t *n)
{
    json_t *v CLEAN(json_clean) = NULL;
    struct err e = { 0 };
    json_t *item;
    size_t i;

    *n = 0;
    *names = NULL;
    if (json_read(json, &v, &e) != RC_OK || !json_is_array(v))
        return;
    *names = ARENA_ARRAY(a, struct str, json_array_size(v) + 1);
    json_array_foreach(v, i, item)
        if (json_is_string(item))
            (*names)[(*n)++] = str_dup(
                (struct str){ json_string_value(item), json_string_length(item) }, a);
}

static int by_name(const void *x, const void *y)
{
    const struct str *p = x, *q = y;

    return str_cmp(*p, *q);
}

struct str tags_to_json(struct str *names, size_t n, struct arena *a)
{
    struct buf b = BUF_ARENA(a, TAGS_JSON_MAX);
    struct jw w = jw_to(&b);

    if (n)
        qsort(names, n, sizeof(*names), by_name);
    jw_arr(&w);
    for (size_t i = 0; i < n; i++)
        if (!i || !str_eq(names[i], names[i - 1]))
            jw_text(&w, names[i]);
    jw_arr_end(&w);
    return buf_view(&b);
}

static bool among(struct str name, const struct str *names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(names[i], name))
            return true;
    return false;
}

static enum rc set_one(struct call *c, int64_t ticket_id, struct str name, struct err *e)
{
    int64_t id;
    bool found;

    TRY(tags_find(c->db, name, &id, &found, e));
    if (!found && c->cat->settings.tags_frozen && !actor_has(c->who, PERM_ADMIN_TAG))
        return err_field(e, "/tags", "frozen", "the tags of GET /api/v1/tags", "There is no tag \"%.*s\", and new ones are not made.",
                         STR_ARG(name));
    if (!found)
        TRY(tags_ensure(c->db, name, c->now_us, &id, e));
    return tags_set(c->db, ticket_id, id, e);
}

static enum rc unset_one(struct call *c, int64_t ticket_id, struct str name, struct err *e)
{
    int64_t id;
    bool found;

    TRY(tags_find(c->db, name, &id, &found, e));
    return found ? tags_unset(c->db, ticket_id, id, e) : RC_OK;
}

enum rc tags_sync(struct call *c, int64_t ticket_id, struct str before_json, struct str after_json,
                  struct err *e)
{
    struct str *before, *after;
    size_t n_before, n_after;

    if (str_eq(before_json, after_json))
        return RC_OK;
    tags_of_json(before_json, c->a, &before, &n_before);
    tags_of_json(after_json, c->a, &after, &n_after);
    for (size_t i = 0; i < n_before; i++)
        if (!among(before[i], after, n_after))
            TRY(unset_one(c, ticket_id, before[i], e));
    for (size_t i = 0; i < n_after; i++)
        if (!among(after[i], before, n_before))
            TRY(set_one(c, ticket_id, after[i], e));
    return RC_OK;
}

static enum rc audit_tag(struct call *c, const char *action, int64_t id, struct str before,
                         struct str after, struct err *e)
{
    struct buf b = BUF_ARENA(c->a, 4096);
    struct jw w = jw_to(&b);

    jw_obj(&w);
    jw_key(&w, "before");
    jw_obj(&w);
    if (before.p)
        jw_kv_text(&w, "name", before);
    jw_obj_end(&w);
    jw_key(&w, "after");
    jw_obj(&w);
    if (after.p)
        jw_kv_text(&w, "name", after);
    jw_obj_end(&w);
    jw_obj_end(&w);
    return audit_add(c->db, c->who,
                     &(struct audit_entry){ action, "tag", id, buf_view(&b) }, c->a, e);
}

static enum rc move_one(struct call *c, int64_t ticket, int64_t from, int64_t to, struct err *e)
{
    if (to)
        TRY(tags_set(c->db, ticket, to, e));
    if (to != from)
        TRY(tags_unset(c->db, ticket, from, e));
    return tags_rewrite_copy(c->db, ticket, c->a, e);
}

/* The tickets of one tag get another, or none (to 0), and their copies are rewritten. */
static enum rc retag(struct call *c, int64_t from, int64_t to, struct err *e)
{
    int64_t *ids;
    size_t n;

    TRY(tags_tickets(c->db, from, TAG_NOW_MAX, c->a, &ids, &n, e));
    for (size_t i = 0; i < n; i++)
        TRY(move_one(c, ids[i], from, to, e));
    return to == from ? RC_OK : tags_delete(c->db, from, e);
}

static enum rc end_of_tag(struct call *c, const struct tag *t, int64_t to, struct err *e)
{
    struct tag other = { 0 };

    TRY(tags_delete(c->db, t->id, e));
    if (to)
        TRY(tags_load(c->db, to, c->a, &other, e));
    return audit_tag(c, to ? "tag.merge" : "tag.delete", t->id, t->name,
                     to ? other.name : STR_NONE, e);
}

enum rc tag_move_some(struct call *c, int64_t from, int64_t to, int64_t limit, int64_t *moved,
                      bool *done, struct err *e)
{
    struct tag t;
    int64_t *ids;
    size_t n;

    *moved = 0;
    if (tags_load(c->db, from, c->a, &t, e) == RC_NOT_FOUND) {
        err_clear(e);
        *done = true;
        return RC_OK;
    }
    TRY(e->rc);
    TRY(tags_tickets(c->db, from, limit, c->a, &ids, &n, e));
    for (size_t i = 0; i < n; i++)
        TRY(move_one(c, ids[i], from, to, e));
    *moved = (int64_t)n;
    *done = (int64_t)n < limit;
    return *done ? end_of_tag(c, &t, to, e) : RC_OK;
}

/* *job_id stays 0 when there are few enough to do it at once. */
static enum rc move_later(struct call *c, int64_t from, int64_t to, int64_t *job_id, struct err *e)
{
    struct job j = { .kind = STR(TAG_JOB),
                     .result_json = STR("{}"),
                     .user_id = c->who->user_id,
                     .run_at_us = c->now_us,
                     .created_us = c->now_us };

    j.payload_json =
        str_printf(c->a, "{\"from\":%lld,\"to\":%lld}", (long long)from, (long long)to);
    TRY(tags_count(c->db, from, &j.total, e));
    *job_id = 0;
    if (j.total <= TAG_NOW_MAX)
        return RC_OK;
    TRY(jobs_add(c->db, &j, e));
    *job_id = j.id;
    return RC_OK;
}

static enum rc rename_to(struct call *c, const struct tag *t, struct str want, int64_t *result_id,
                         int64_t *job_id, struct err *e)
{
    int64_t many, other;
    bool taken;

    TRY(tags_find(c->db, want, &other, &taken, e));
    TRY(tags_count(c->db, t->id, &many, e));
    if (!taken && many <= TAG_NOW_MAX) {
        TRY(tags_rename(c->db, t, want, e));
        TRY(retag(c, t->id, t->id, e));
        return audit_tag(c, "tag.rename", t->id, t->name, want, e);
    }
    if (!taken)
        TRY(tags_ensure(c->db, want, c->now_us, &other, e));
    *result_id = other;
    TRY(move_later(c, t->id, other, job_id, e));
    if (*job_id)
        return RC_OK;
    TRY(retag(c, t->id, other, e));
    return audit_tag(c, "tag.merge", t->id, t->name, want, e);
}

enum rc tag_rename(struct call *c, int64_t id, int64_t if_match, struct str name, int64_t *result_id,
                   int64_t *job_id, struct err *e)
{
    struct tag t;
    struct str want;

    TRY(tags_load(c->db, id, c->a, &t, e));
    if (if_match && if_match != t.version)
        return err_set(e, RC_STALE, "", "The tag was changed in the meantime.");
    TRY(tag_normalise(name, "/name", c->a, &want, e));
    *result_id = id;
    *job_id = 0;
    return str_eq(want, t.name) ? RC_OK : rename_to(c, &t, want, result_id, job_id, e);
}

enum rc tag_remove(struct call *c, int64_t id, int64_t *job_id, struct err *e)
{
    struct tag t;

    TRY(tags_load(c->db, id, c->a, &t, e));
    TRY(move_later(c, id, 0, job_id, e));
    if (*job_id)
        return RC_OK;
    TRY(retag(c, id, 0, e));
    return audit_tag(c, "tag.delete", id, t.name, STR_NONE, e);
}

enum rc tag_create(struct call *c, struct str name, int64_t *id, struct err *e)
{
    struct str want;
    bool taken;

    TRY(tag_normalise(name, "/name", c->a, &want, e));
    TRY(tags_find(c->db, want, id, &taken, e));
    if (taken)
        return err_conflict(e, "tag_exists", "/name", "a name that no other tag has",
                            "There is a tag of this name.");
    TRY(tags_ensure(c->db, want, c->now_us, id, e));
    return audit_tag(c, "tag.create", *id, STR_NONE, want, e);
}
