#include "desk/later.h"

#include "desk/auth_priv.h"

enum { TEXT_MAX = 64 * 1024 };

void later_caller_json(struct jw *w, const struct actor *who)
{
    jw_kv_int(w, "perms", who->perms);
    jw_kv_text(w, "address", who->address);
    jw_kv_text(w, "request_id", who->request_id);
}

struct job later_job(const struct actor *who, const char *kind, struct str payload, int64_t now_us)
{
    return (struct job){ .kind = str_of(kind),
                         .payload_json = payload,
                         .result_json = STR("{}"),
                         .user_id = who->user_id,
                         .run_at_us = now_us,
                         .created_us = now_us };
}

enum rc later_ask(const struct account *c, const char *kind, struct str members, struct job *out, struct err *e)
{
    struct buf b = BUF_ARENA(c->a, TEXT_MAX);
    struct jw w = jw_to(&b);
    int64_t open;

    TRY(jobs_open_of(c->db, c->who->user_id, &open, e));
    if (open >= LATER_OPEN_MAX)
        return err_set(e, RC_LIMITED, "jobs_open", "%d jobs of yours are not done yet.", LATER_OPEN_MAX);
    jw_obj(&w);
    later_caller_json(&w, c->who);
    jw_kv_bool(&w, "session", c->who->session_id != 0);
    if (members.n)
        buf_printf(&b, ",%.*s", STR_ARG(members));
    jw_obj_end(&w);
    *out = later_job(c->who, kind, buf_view(&b), c->now_us);
    return jobs_add(c->db, out, e);
}

static struct str text_at(const json_t *payload, const char *key, struct arena *a)
{
    return str_dup(str_of(json_string_value(json_object_get(payload, key))), a);
}

enum rc later_actor(struct db *db, const struct job *j, const json_t *payload, struct arena *a, struct actor *who,
                    struct err *e)
{
    TRY(actor_load(db, j->user_id, a, who, e));
    actor_cut(who, json_integer_value(json_object_get(payload, "perms")));
    who->address = text_at(payload, "address", a);
    who->request_id = text_at(payload, "request_id", a);
    return RC_OK;
}

struct str later_file(const struct attachment *at, struct arena *a)
{
    struct buf b = BUF_ARENA(a, TEXT_MAX);
    struct jw w = jw_to(&b);

    jw_obj(&w);
    jw_kv_int(&w, "attachment", at->id);
    jw_kv_text(&w, "name", at->name);
    jw_kv_int(&w, "size", at->size);
    jw_kv_text(&w, "sha256", at->hash);
    jw_kv_time(&w, "expires_at", at->expires_us);
    jw_kv_text(&w, "content_url", str_printf(a, "/api/v1/attachments/%lld/content", (long long)at->id));
    jw_obj_end(&w);
    return buf_view(&b);
}
