/* The caller himself, his API tokens, and the list of permissions. */
#include "desk/token.h"
#include "desk/user.h"
#include "web/account_json.h"
#include "web/fields.h"

struct me_body {
    struct j_text name, locale, zone;
    struct j_obj out_of_office;
    struct j_json preferences;
};
struct away_body {
    struct j_int from, to, stand_in_id;
};
static const struct jfield away_fields[] = {
    IN(struct away_body, from, J_TIME, JF_NULLABLE, 0, 0, "Away from."),
    IN(struct away_body, to, J_TIME, JF_NULLABLE, 0, 0, "Back at."),
    IN(struct away_body, stand_in_id, J_ID, JF_NULLABLE, 0, 0, "Who stands in."),
};
static const struct jspec away_spec = JSPEC("OutOfOfficeChange", away_fields, struct away_body);
static const struct jfield me_fields[] = {
    IN(struct me_body, name, J_TEXT, JF_FILLED, 1, 200, "Name."),
    IN(struct me_body, locale, J_TEXT, JF_FILLED, 2, 35, "Language, such as en."),
    IN(struct me_body, zone, J_TEXT, JF_FILLED, 1, 64, "Time zone, such as Europe/Berlin."),
    IN_SUB(struct me_body, out_of_office, J_OBJ, JF_NULLABLE, &away_spec, "Absence."),
    IN(struct me_body, preferences, J_JSON, 0, 0, 0, "Object with settings of the web interface; replaced as a whole."),
};
static const struct jspec me_body = JSPEC("MeChange", me_fields, struct me_body);

enum { PREFERENCES_MAX = 16 * 1024 };

static enum rc me_json(struct ctx *c, struct err *e)
{
    struct user_extras extras;
    struct identity_rows identities;
    struct user_row u;

    TRY(users_load(c->db, c->who.user_id, c->a, &u, e));
    TRY(users_extras(c->db, u.id, c->a, &extras, e));
    TRY(identities_of(c->db, u.id, c->a, &identities, e));
    ctx_etag(c, u.version);
    jw_obj(&c->out);
    user_json_members(&c->out, &u, &(struct user_view){ &extras, &identities, false });
    jw_key(&c->out, "preferences");
    jw_raw(&c->out, u.preferences_json);
    jw_key(&c->out, "permissions");
    perms_json(&c->out, c->who.perms);
    jw_key(&c->out, "effective_levels");
    jw_arr(&c->out);
    for (size_t i = 0; i < c->who.n_groups; i++) {
        jw_obj(&c->out);
        jw_kv_int(&c->out, "group_id", c->who.groups[i].group_id);
        jw_key(&c->out, "levels");
        levels_json(&c->out, c->who.groups[i].levels);
        jw_obj_end(&c->out);
    }
    jw_arr_end(&c->out);
    jw_obj_end(&c->out);
    return RC_OK;
}

static enum rc me_show(struct ctx *c, struct err *e)
{
    return me_json(c, e);
}

static enum rc preferences_text(struct ctx *c, const json_t *v, struct str *out, struct err *e)
{
    struct buf b = BUF_ARENA(c->a, PREFERENCES_MAX);
    struct jw w = jw_to(&b);

    if (!json_is_object(v))
        return err_field(e, "/preferences", "type", "an object", "This is not an object.");
    jw_json(&w, v);
    if (b.overflow)
        return err_field(e, "/preferences", "length", "16 KiB", "This is too long.");
    *out = buf_view(&b);
    return RC_OK;
}

static enum rc me_change(struct ctx *c, struct err *e)
{
    const struct me_body *b = c->body;
    struct user_change ch = { .has_name = b->name.set, .name = b->name.v,
                              .has_locale = b->locale.set, .locale = b->locale.v,
                              .has_zone = b->zone.set, .zone = b->zone.v,
                              .has_out_of_office = b->out_of_office.set,
                              .has_preferences = b->preferences.set };
    const struct away_body *away = b->out_of_office.v;
    struct account ac = account_of(c);
    int64_t version;
    enum rc rc;

    TRY(ctx_if_match(c, &version, e));
    if (away) {
        ch.out_from_us = away->from.v;
        ch.out_to_us = away->to.v;
        ch.stand_in_id = away->stand_in_id.v;
    }
    if (ch.has_preferences)
        TRY(preferences_text(c, b->preferences.v, &ch.preferences_json, e));
    rc = user_change_self(&ac, version, &ch, e);
    if (rc == RC_STALE && me_json(c, &(struct err){ 0 }) == RC_OK)
        c->shows_current = true;
    TRY(rc);
    return me_json(c, e);
}

/* ── API tokens ── */

struct token_body {
    struct j_text name;
    struct j_texts permissions;
    struct j_int read_only, expires_at;
};
static const struct jfield token_fields[] = {
    IN(struct token_body, name, J_TEXT, JF_REQUIRED | JF_FILLED, 1, 100, "What it is for."),
    IN(struct token_body, permissions, J_TEXTS, 0, 1, 64, "Part of the caller's; all of them unless told."),
    IN(struct token_body, read_only, J_BOOL, 0, 0, 0, "May change nothing."),
    IN(struct token_body, expires_at, J_TIME, JF_NULLABLE, 0, 0, "Ends then."),
};
static const struct jspec token_spec = JSPEC("TokenCreate", token_fields, struct token_body);
static const struct jfield token_answer_fields[] = {
    OUT("id", J_ID, 0, "Id."),
    OUT("user_id", J_ID, 0, "Owner."),
    OUT("name", J_TEXT, 0, "What it is for."),
    OUT("hint", J_TEXT, 0, "How it begins."),
    OUT("permissions", J_TEXTS, 0, "What it may at most."),
    OUT("read_only", J_BOOL, 0, "May change nothing."),
    OUT("expires_at", J_TIME, JF_NULLABLE, "Ends."),
    OUT("last_used_at", J_TIME, JF_NULLABLE, "To the minute."),
    OUT("created_at", J_TIME, 0, "Made."),
    OUT("version", J_INT, 0, "Counts changes."),
    OUT("token", J_TEXT, JF_OPTIONAL, "The token itself, only in the answer that made it."),
};
static const struct jspec token_answer = JSPEC_ANSWER("Token", token_answer_fields);

struct token_query {
    struct ctx_list_query list;
    struct j_int all;
};
static const struct jfield token_query_fields[] = {
    CTX_LIST_FIELDS,
    IN(struct token_query, all, J_BOOL, 0, 0, 0, "Everybody's; needs admin.token."),
};
static const struct jspec token_query = JSPEC("TokenQuery", token_query_fields, struct token_query);

static void token_json(struct ctx *c, const struct api_token_row *t, struct str token)
{
    jw_obj(&c->out);
    jw_kv_int(&c->out, "id", t->id);
    jw_kv_int(&c->out, "user_id", t->user_id);
    jw_kv_text(&c->out, "name", t->name);
    jw_kv_text(&c->out, "hint", t->hint);
    jw_key(&c->out, "permissions");
    perms_json(&c->out, t->perms);
    jw_kv_bool(&c->out, "read_only", t->read_only);
    jw_kv_time(&c->out, "expires_at", t->expires_us);
    jw_kv_time(&c->out, "last_used_at", t->last_used_us);
    jw_kv_time(&c->out, "created_at", t->created_us);
    jw_kv_int(&c->out, "version", t->version);
    if (token.p)
        jw_kv_text(&c->out, "token", token);
    jw_obj_end(&c->out);
}

static enum rc all_denied(struct err *e)
{
    err_field(e, "all", "permission", "left out, without the permission admin.token", "these are other people's");
    return err_set(e, RC_DENIED, "forbidden", "This needs admin.token.");
}

static enum rc token_list(struct ctx *c, struct err *e)
{
    static const char *const names[] = { "id", NULL };
    static const struct ctx_sorts sorts = { names, true };
    const struct token_query *q = c->query;
    struct api_token_rows rows;
    struct ctx_page p;
    size_t n;
    bool more;

    if (q->all.v && !actor_has(&c->who, PERM_ADMIN_TOKEN))
        return all_denied(e);
    TRY(ctx_page_begin(c, &q->list, &sorts, q->all.v ? STR("all") : STR("mine"), &p, e));
    TRY(api_tokens_list(c->db,
                        &(struct api_token_filter){ .user_id = q->all.v ? 0 : c->who.user_id,
                                                    .beyond_id = p.has_key ? p.key_id : 0,
                                                    .limit = p.limit + 1,
                                                    .descending = p.descending != p.backward },
                        c->a, &rows, e));
    more = (int64_t)rows.n > p.limit;
    n = more ? (size_t)p.limit : rows.n;
    for (size_t i = 0; i < n; i++) {
        const struct api_token_row *t = &rows.v[p.backward ? n - 1 - i : i];

        ctx_page_item(c, &p, t->id, STR_NONE, t->id);
        token_json(c, t, STR_NONE);
    }
    ctx_page_end(c, &p, more);
    return RC_OK;
}

static enum rc token_create_handle(struct ctx *c, struct err *e)
{
    const struct token_body *b = c->body;
    struct token_new t = { .name = b->name.v, .perms = c->who.perms, .read_only = b->read_only.v != 0,
                           .expires_us = b->expires_at.v };
    struct account ac = account_of(c);
    struct api_token_row row;
    struct str token;

    if (b->permissions.set)
        TRY(perms_read(b->permissions.v, b->permissions.n, "/permissions", &t.perms, e));
    TRY(token_create(&ac, &t, &row, &token, e));
    c->x->no_compress = true;
    ctx_location(c, "/api/v1/tokens/%lld", (long long)row.id);
    ctx_etag(c, row.version);
    token_json(c, &row, token);
    return RC_OK;
}

static enum rc token_show(struct ctx *c, struct err *e)
{
    struct account ac = account_of(c);
    struct api_token_row row;
    int64_t id;

    TRY(ctx_id(c, 0, &id, e));
    TRY(token_load(&ac, id, &row, e));
    ctx_etag(c, row.version);
    token_json(c, &row, STR_NONE);
    return RC_OK;
}

static enum rc token_delete(struct ctx *c, struct err *e)
{
    struct account ac = account_of(c);
    struct api_token_row row;
    int64_t id, version;

    TRY(ctx_id(c, 0, &id, e));
    TRY(ctx_if_match(c, &version, e));
    TRY(token_load(&ac, id, &row, e));
    if (version && version != row.version) {
        token_json(c, &row, STR_NONE);
        c->shows_current = true;
        return err_set(e, RC_STALE, "version_mismatch", "The token was changed in the meantime.");
    }
    return token_revoke(&ac, id, e);
}

/* ── permissions ── */

static const struct jfield perm_fields[] = {
    OUT("name", J_TEXT, 0, "As roles and tokens name it."),
    OUT("description", J_TEXT, 0, "What it allows."),
};
static const struct jspec perm_answer = JSPEC_ANSWER("Permission", perm_fields);

static enum rc perms_list(struct ctx *c, struct err *e)
{
    const char *name, *help;
    int64_t bit;

    (void)e;
    jw_obj(&c->out);
    jw_key(&c->out, "data");
    jw_arr(&c->out);
    for (size_t i = 0; (name = perm_name(i, &bit, &help)) != NULL; i++) {
        jw_obj(&c->out);
        jw_kv_text(&c->out, "name", str_of(name));
        jw_kv_text(&c->out, "description", str_of(help));
        jw_obj_end(&c->out);
    }
    jw_arr_end(&c->out);
    ctx_page_whole(c);
    jw_obj_end(&c->out);
    return RC_OK;
}

static const struct route me_routes[] = {
    { HTTP_GET, "/api/v1/auth/me", "auth_me_show", "Authentication", "The caller.", NULL, me_show, 0, 0, NULL, NULL, &user_answer, 200, 0, BUCKET_API },
    { HTTP_PATCH, "/api/v1/auth/me", "auth_me_change", "Authentication", "Change one's own name, language, zone, absence, preferences.", NULL, me_change, R_WRITE, 0, NULL, &me_body, &user_answer, 200, 0, BUCKET_API },
    { HTTP_GET, "/api/v1/me", "me_show", "Authentication", "The caller; the same as auth/me.", NULL, me_show, 0, 0, NULL, NULL, &user_answer, 200, 0, BUCKET_API },
    { HTTP_PATCH, "/api/v1/me", "me_change", "Authentication", "The same as auth/me.", NULL, me_change, R_WRITE, 0, NULL, &me_body, &user_answer, 200, 0, BUCKET_API },
    { HTTP_GET, "/api/v1/permissions", "permissions_list", "Roles", "All permissions.", NULL, perms_list, R_LIST, 0, NULL, NULL, &perm_answer, 200, 0, BUCKET_API },
    { HTTP_GET, "/api/v1/tokens", "tokens_list", "API tokens", "The caller's API tokens.", NULL, token_list, R_LIST, 0, &token_query, NULL, &token_answer, 200, 0, BUCKET_API },
    { HTTP_POST, "/api/v1/tokens", "tokens_create", "API tokens", "Make an API token; it is shown this once.", NULL, token_create_handle, R_WRITE | R_NO_IDEMPOTENCY, 0, NULL, &token_spec, &token_answer, 201, 0, BUCKET_API },
    { HTTP_GET, "/api/v1/tokens/{id}", "tokens_show", "API tokens", "One API token.", NULL, token_show, 0, 0, NULL, NULL, &token_answer, 200, 0, BUCKET_API },
    { HTTP_DELETE, "/api/v1/tokens/{id}", "tokens_revoke", "API tokens", "End an API token.", NULL, token_delete, R_WRITE | R_EMPTY, 0, NULL, NULL, NULL, 204, 0, BUCKET_API },
};
const struct route_table routes_me = { me_routes, ARRAY_LEN(me_routes) };
