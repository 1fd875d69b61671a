#include "desk/erase.h"

#include "base/tokens.h"
#include "desk/hold.h"
#include "desk/session.h"
#include "desk/user.h"
#include "desk/user_names.h"
#include "store/attachments.h"
#include "store/search.h"
#include "store/search_words.h"
#include "store/user_merges.h"

enum { AT_ONCE = 200, DOCUMENTS_AT_ONCE = 50, TEXTS_MAX = 1000, JSON_MAX = 1024 * 1024 };

struct work {
    const struct account *c;
    struct erase_ids people;   /* he, and who was merged into him */
    struct user_row *rows;     /* theirs, as they were */
    struct erase_texts addresses; /* of all of them */
    int64_t id;                /* the one at hand */
    struct str put;            /* "Erased person 17" */
    struct str texts[TEXTS_MAX]; /* what rows are looked for by */
    size_t n_texts;
    struct erased *out;
};

/* ── JSON that names the person ── */

static const char *const person_keys[] = { "customer", "owner",  "participants", "source",
                                           "target",   "user",   "on_behalf",    "author" };

static bool is_person_key(const char *key)
{
    for (size_t i = 0; key && i < ARRAY_LEN(person_keys); i++)
        if (strcmp(key, person_keys[i]) == 0)
            return true;
    return false;
}

/* Exactly the name, or an address anywhere in it. */
static bool names_him(const struct work *w, struct str s)
{
    struct str low = str_lower(s, w->c->a);

    for (size_t i = 0; i < w->people.n; i++)
        if (str_eq(s, w->rows[i].name))
            return true;
    for (size_t i = 0; i < w->addresses.n; i++) {
        struct str address = str_lower(w->addresses.v[i], w->c->a);

        if (address.n > 3 && str_find(low, address) != SIZE_MAX)
            return true;
    }
    return false;
}

static bool clean_value(const struct work *w, const char *key, json_t *v);

static bool clean_object(const struct work *w, const char *key, json_t *v)
{
    bool changed = false, is_him = is_person_key(key) && json_integer_value(json_object_get(v, "id")) == w->id;
    const char *name;
    json_t *member;

    json_object_foreach(v, name, member) {
        bool found = json_is_string(member)
                     && ((is_him && strcmp(name, "name") == 0) || names_him(w, str_of(json_string_value(member))));

        if (found && !str_eq(str_of(json_string_value(member)), w->put))
            changed = json_string_setn(member, w->put.p, w->put.n) == 0 || changed;
        else if (!json_is_string(member))
            changed = clean_value(w, strcmp(name, "before") && strcmp(name, "after") ? name : key, member) || changed;
    }
    return changed;
}

static bool clean_value(const struct work *w, const char *key, json_t *v)
{
    bool changed = false;

    if (json_is_object(v))
        return clean_object(w, key, v);
    for (size_t i = 0; json_is_array(v) && i < json_array_size(v); i++) {
        json_t *item = json_array_get(v, i);

        if (!json_is_string(item))
            changed = clean_value(w, key, item) || changed;
        else if (names_him(w, str_of(json_string_value(item))))
            changed = json_string_setn(item, w->put.p, w->put.n) == 0 || changed;
    }
    return changed;
}

/* What does not parse is not ours; it is taken for changed, so that the audit log's is erased. */
static bool clean_json(const struct work *w, struct str text, struct str *out)
{
    json_t *v CLEAN(json_clean) = NULL;
    struct buf b = BUF_ARENA(w->c->a, JSON_MAX);
    struct jw jw = jw_to(&b);
    struct err ignored = { 0 };
    bool changed;

    *out = STR("{}");
    if (json_read(text, &v, &ignored) != RC_OK)
        return true;
    changed = clean_value(w, NULL, v);
    jw_json(&jw, v);
    *out = buf_view(&b);
    return changed;
}

/* ── the steps ── */

static void look_for(struct work *w, struct str text)
{
    if (text.n > 3 && w->n_texts < TEXTS_MAX)
        w->texts[w->n_texts++] = text;
}

/* As it stands inside of JSON, without the quotes. */
static struct str json_inside(struct str s, struct arena *a)
{
    struct buf b = BUF_ARENA(a, 6 * s.n + 16);
    struct jw w = jw_to(&b);

    jw_text(&w, s);
    return str_sub(buf_view(&b), 1, buf_view(&b).n - 2);
}

static enum rc gather_one(struct work *w, size_t i, struct err *e)
{
    struct arena *a = w->c->a;
    int64_t id = w->people.v[i];
    struct erase_texts found;

    TRY(users_load(w->c->db, id, a, &w->rows[i], e));
    TRY(erasures_addresses(w->c->db, id, a, &found, e));
    look_for(w, str_printf(a, "\"%.*s\"", STR_ARG(json_inside(w->rows[i].name, a))));
    look_for(w, str_printf(a, "{\"id\":%lld,\"name\":", (long long)id));
    for (size_t k = 0; k < found.n && w->addresses.n < TEXTS_MAX; k++) {
        look_for(w, json_inside(found.v[k], a));
        w->addresses.v[w->addresses.n++] = found.v[k];
    }
    return RC_OK;
}

static enum rc gather(struct work *w, int64_t id, struct err *e)
{
    TRY(erasures_people(w->c->db, id, w->c->a, &w->people, e));
    w->rows = ARENA_ARRAY(w->c->a, struct user_row, w->people.n);
    w->addresses.v = ARENA_ARRAY(w->c->a, struct str, TEXTS_MAX);
    for (size_t i = 0; i < w->people.n; i++)
        TRY(gather_one(w, i, e));
    w->out->people = (int64_t)w->people.n;
    w->out->addresses = (int64_t)w->addresses.n;
    return RC_OK;
}

static enum rc clean_senders(struct work *w, struct err *e)
{
    struct erase_text t = { .user_id = w->id, .to = w->put };

    for (size_t i = 0; i < w->addresses.n; i++) {
        t.from = w->addresses.v[i];
        TRY(erasures_senders(w->c->db, &t, &w->out->senders, e));
    }
    for (size_t i = 0; i < w->people.n; i++) {
        t.from = w->rows[i].name;
        if (t.from.n > 1)
            TRY(erasures_senders(w->c->db, &t, &w->out->senders, e));
    }
    return RC_OK;
}

static enum rc clean_events(struct work *w, struct err *e)
{
    struct erase_search s = { w->texts, w->n_texts, 0, AT_ONCE };
    struct erase_rows rows = { .n = AT_ONCE };
    struct str json;

    while (rows.n == AT_ONCE) {
        TRY(erasures_events(w->c->db, &s, w->c->a, &rows, e));
        for (size_t i = 0; i < rows.n; i++) {
            s.after = rows.v[i].id;
            if (!clean_json(w, rows.v[i].json, &json))
                continue;
            TRY(erasures_event_set(w->c->db, rows.v[i].id, json, e));
            w->out->events++;
        }
    }
    return RC_OK;
}

static enum rc clean_audit(struct work *w, struct err *e)
{
    struct erase_search s = { w->texts, w->n_texts, 0, AT_ONCE };
    struct erase_rows rows = { .n = AT_ONCE };
    struct str json;
    int64_t of_him;

    TRY(erasures_audit_of(w->c->db, w->id, &of_him, e));
    w->out->audit_details += of_him;
    while (rows.n == AT_ONCE) {
        TRY(erasures_audit(w->c->db, &s, w->c->a, &rows, e));
        for (size_t i = 0; i < rows.n; i++) {
            s.after = rows.v[i].id;
            if (!clean_json(w, rows.v[i].json, &json))
                continue;
            TRY(erasures_audit_clear(w->c->db, rows.v[i].id, e));
            w->out->audit_details++;
        }
    }
    return RC_OK;
}

static enum rc drop_attachments(struct work *w, struct err *e)
{
    struct erase_ids ids = { .n = AT_ONCE };
    struct attachment at;

    while (ids.n == AT_ONCE) {
        TRY(erasures_attachments(w->c->db, w->id, AT_ONCE, w->c->a, &ids, e));
        for (size_t i = 0; i < ids.n; i++) {
            TRY(attachments_load(w->c->db, ids.v[i], w->c->a, &at, e));
            TRY(attachments_delete(w->c->db, &at, w->c->now_us, e));
        }
        w->out->attachments += (int64_t)ids.n;
    }
    return erasures_recount(w->c->db, w->id, e);
}

/* The words that complete what somebody types in the search. */
static enum rc forget_words(const struct work *w, struct err *e)
{
    struct arena *a = w->c->a;

    for (size_t i = 0; i < w->people.n; i++)
        TRY(search_words_drop(w->c->db, text_tokens(w->rows[i].name, TOKENS_DOCUMENT, a), a, e));
    for (size_t i = 0; i < w->addresses.n; i++)
        TRY(search_words_drop(w->c->db, text_tokens(w->addresses.v[i], TOKENS_DOCUMENT, a), a, e));
    return RC_OK;
}

/* His messages, his tickets, and those that he takes part in. */
static enum rc index_again(struct work *w, struct err *e)
{
    struct user_names_walk at = { .user_id = w->id };
    struct erase_ids part;
    bool done = false;

    while (!done)
        TRY(user_names_some(w->c->db, DOCUMENTS_AT_ONCE, &at, &done, e));
    TRY(erasures_part_in(w->c->db, w->id, w->c->a, &part, e));
    for (size_t i = 0; i < part.n; i++) {
        struct arena *one CLEAN(arena_clean) = arena_new(256 * MIB);

        TRY(search_reindex_ticket(w->c->db, part.v[i], one, e));
    }
    w->out->documents += at.n + (int64_t)part.n;
    return RC_OK;
}

static enum rc empty_person(struct work *w, int64_t version, struct err *e)
{
    struct user_row u = { .id = w->id,
                          .version = version,
                          .name = w->put,
                          .locale = STR("en"),
                          .zone = STR("UTC"),
                          .note = STR(""),
                          .preferences_json = STR("{}"),
                          .updated_us = w->c->now_us };

    TRY(session_end_all(w->c, w->id, 0, "user_erased", e));
    TRY(erasures_wipe(w->c->db, w->id, w->c->now_us, e));
    return users_save(w->c->db, &u, w->c->a, e);
}

static enum rc erase_one(struct work *w, size_t i, const struct erase_ask *ask, struct err *e)
{
    const struct account *c = w->c;
    struct erasure x = { .user_id = w->people.v[i],
                         .user_created_us = w->rows[i].created_us,
                         .at_us = ask->is_again ? ask->at_us : c->now_us };

    w->id = x.user_id;
    w->put = str_printf(c->a, "Erased person %lld", (long long)w->id);
    TRY(clean_senders(w, e));
    if (ask->attachments)
        TRY(drop_attachments(w, e));
    TRY(empty_person(w, w->rows[i].version, e));
    TRY(index_again(w, e));
    TRY(clean_events(w, e));
    TRY(clean_audit(w, e));
    return erasures_insert(c->db, &x, e);
}

/* ── the whole ── */

static enum rc check(const struct account *c, const struct erase_ask *ask, struct err *e)
{
    struct user_row u;
    enum rc rc;

    if (ask->is_again)
        return RC_OK;
    if (!actor_has(c->who, PERM_ADMIN_USER))
        return err_set(e, RC_DENIED, "", "Only who manages all people erases one.");
    if (c->who->user_id == ask->user_id)
        return err_set(e, RC_DENIED, "oneself", "Nobody erases himself; ask somebody else.");
    TRY(user_check_change(c, ask->user_id, e));
    rc = users_load(c->db, ask->user_id, c->a, &u, e);
    TRY(rc);
    TRY(hold_check_user(c->db, ask->user_id, e));
    if (!str_eq(ask->confirm, u.name))
        return err_field(e, "/confirm", "confirm", "the name of the person, as it is shown", "This is not the name of the person.");
    return RC_OK;
}

static enum rc check_new(const struct account *c, const struct erase_ask *ask, struct err *e)
{
    struct erasure_rows done;

    TRY(erasures_list(c->db, c->a, &done, e));
    for (size_t i = 0; i < done.n; i++)
        if (done.v[i].user_id == ask->user_id)
            return err_set(e, RC_CONFLICT, "user_erased", "This person was erased before.");
    return RC_OK;
}

void erased_write(struct jw *w, const struct erased *x)
{
    jw_obj(w);
    jw_kv_int(w, "people", x->people);
    jw_kv_int(w, "addresses", x->addresses);
    jw_kv_int(w, "sender_fields", x->senders);
    jw_kv_int(w, "events", x->events);
    jw_kv_int(w, "audit_details", x->audit_details);
    jw_kv_int(w, "search_documents", x->documents);
    jw_kv_int(w, "attachments", x->attachments);
    jw_obj_end(w);
}

enum rc person_erase(const struct account *c, const struct erase_ask *ask, struct erased *out,
                     struct err *e)
{
    struct work *w = ARENA_ARRAY(c->a, struct work, 1);
    struct buf b = BUF_ARENA(c->a, 4096);
    struct jw jw = jw_to(&b);

    *out = (struct erased){ 0 };
    TRY(check(c, ask, e));
    TRY(check_new(c, ask, e));
    TRY(user_merges_lock(c->db, ask->user_id, ask->user_id, c->a, e));
    *w = (struct work){ .c = c, .out = out };
    TRY(gather(w, ask->user_id, e));
    for (size_t i = 0; i < w->people.n; i++)
        TRY(erase_one(w, i, ask, e));
    TRY(forget_words(w, e));
    if (!ask->is_again)
        TRY(admins_remain(c, e));
    erased_write(&jw, out);
    return account_audit(c, ask->is_again ? "user.erase_again" : "user.erase", ask->user_id, buf_view(&b), e);
}
