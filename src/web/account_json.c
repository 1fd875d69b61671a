#include "web/account_json.h"

#include "base/clock.h"
#include "base/config.h"
#include "desk/proof.h"
#include "desk/token.h"
#include "web/app.h"
#include "web/cookies.h"
#include "web/fields.h"

#include <stdio.h>

static const struct jfield account_ref_fields[] = {
    OUT("id", J_ID, 0, "Id."),
    OUT("name", J_TEXT, JF_NULLABLE, "Name."),
};
const struct jspec account_ref_answer = JSPEC_ANSWER("AccountRef", account_ref_fields);

static const struct jfield identity_fields[] = {
    OUT("id", J_ID, 0, "Id."),
    OUT("kind", J_TEXT, 0, "email, phone or chat."),
    OUT("value", J_TEXT, 0, "The address or number."),
    OUT("verified_at", J_TIME, JF_NULLABLE, "When it was proven."),
    OUT("primary", J_BOOL, 0, "The one that is used."),
};
static const struct jspec identity_answer = JSPEC_ANSWER("Identity", identity_fields);

static const struct jfield level_fields[] = {
    OUT("group_id", J_ID, 0, "The group."),
    OUT("levels", J_TEXTS, 0, "read, create, change, overview, full."),
};
const struct jspec level_answer = JSPEC_ANSWER("GroupLevels", level_fields);

static const struct jfield out_of_office_fields[] = {
    OUT("from", J_TIME, JF_NULLABLE, "Away from."),
    OUT("to", J_TIME, JF_NULLABLE, "Back at."),
    OUT("stand_in_id", J_ID, JF_NULLABLE, "Who stands in."),
};
static const struct jspec out_of_office_answer = JSPEC_ANSWER("OutOfOffice", out_of_office_fields);

static const struct jfield user_fields[] = {
    OUT("id", J_ID, 0, "Id."),
    OUT("name", J_TEXT, 0, "Name."),
    OUT("email", J_TEXT, JF_NULLABLE, "Primary address."),
    OUT("phone", J_TEXT, JF_NULLABLE, "Primary number."),
    OUT_SUB("organization", J_OBJ, JF_NULLABLE, &account_ref_answer, "Primary organisation."),
    OUT("locale", J_TEXT, 0, "Language."),
    OUT("zone", J_TEXT, 0, "Time zone."),
    OUT("vip", J_BOOL, 0, "Important."),
    OUT("note", J_TEXT, JF_OPTIONAL, "What agents wrote about the person."),
    OUT("active", J_BOOL, 0, "May log in."),
    OUT("merged_into_id", J_ID, JF_NULLABLE, "Who took this person over."),
    OUT_SUB("out_of_office", J_OBJ, JF_NULLABLE, &out_of_office_answer, "Absence."),
    OUT("mfa_enabled", J_BOOL, 0, "Logs in with a second step."),
    OUT("last_login_at", J_TIME, JF_NULLABLE, "Last login."),
    OUT("preferences", J_JSON, JF_OPTIONAL, "Settings of the web interface; one's own only."),
    OUT_SUB("roles", J_OBJS, JF_OPTIONAL, &account_ref_answer, "Roles."),
    OUT("organization_ids", J_IDS, JF_OPTIONAL, "Further organisations."),
    OUT_SUB("group_levels", J_OBJS, JF_OPTIONAL, &level_answer, "Rights of his own, without the roles'."),
    OUT_SUB("identities", J_OBJS, JF_OPTIONAL, &identity_answer, "Addresses and numbers."),
    OUT("permissions", J_TEXTS, JF_OPTIONAL, "Of the caller, in answers about the caller."),
    OUT_SUB("effective_levels", J_OBJS, JF_OPTIONAL, &level_answer, "Of the caller, with the roles'."),
    OUT("created_at", J_TIME, 0, "Made."),
    OUT("updated_at", J_TIME, 0, "Changed."),
    OUT("version", J_INT, 0, "Counts changes."),
};
const struct jspec user_answer = JSPEC_ANSWER("User", user_fields);

static const struct jfield login_fields[] = {
    OUT("access_token", J_TEXT, JF_OPTIONAL, "JWT for Authorization: Bearer."),
    OUT("token_type", J_TEXT, JF_OPTIONAL, "Bearer."),
    OUT("expires_in", J_INT, 0, "Seconds."),
    OUT("refresh_token", J_TEXT, JF_OPTIONAL, "Works once, for the next pair of tokens."),
    OUT("csrf_token", J_TEXT, JF_OPTIONAL, "For X-CSRF-Token when the cookie is used."),
    OUT_SUB("user", J_OBJ, JF_OPTIONAL, &user_answer, "Who logged in."),
    OUT("mfa_required", J_BOOL, JF_OPTIONAL, "The second step is due: POST /api/v1/auth/mfa/login."),
    OUT("mfa_token", J_TEXT, JF_OPTIONAL, "For the second step."),
};
const struct jspec login_answer = JSPEC_ANSWER("Login", login_fields);

static const struct jfield accepted_fields[] = { OUT("status", J_TEXT, 0, "accepted.") };
const struct jspec accepted_answer = JSPEC_ANSWER("Accepted", accepted_fields);

static const struct jfield session_fields[] = {
    OUT("id", J_ID, 0, "Id."),
    OUT("current", J_BOOL, 0, "The one of this request."),
    OUT("address", J_TEXT, 0, "Where the login came from."),
    OUT("user_agent", J_TEXT, 0, "The program."),
    OUT("mfa", J_BOOL, 0, "With a second step."),
    OUT("created_at", J_TIME, 0, "Login."),
    OUT("seen_at", J_TIME, 0, "Last request, to the minute."),
    OUT("expires_at", J_TIME, 0, "Ends."),
};
const struct jspec session_answer = JSPEC_ANSWER("Session", session_fields);

struct account account_of(struct ctx *c)
{
    return (struct account){ c->app->auth, c->db, &c->who, c->a, clock_now_us() };
}

enum rc account_keep_attempt(struct ctx *c, enum rc rc)
{
    c->commit_error = rc == RC_UNAUTH || rc == RC_LIMITED;
    return rc;
}

enum rc account_prove(struct ctx *c, struct str password, struct err *e)
{
    struct account ac = account_of(c);

    c->prepared = ARENA_NEW(c->a, struct proof);
    return proof_prepare(&ac, password, c->prepared, e);
}

enum rc account_proved(struct ctx *c, enum rc rc, struct err *e)
{
    bool is_code = strcmp(e->code, "invalid_code") == 0;

    if (account_keep_attempt(c, rc) != RC_UNAUTH)
        return rc;
    err_clear(e);
    return is_code ? err_field(e, "/code", "wrong", "the newest code of six digits, or a recovery code that was not used", "The code is wrong, was used or is too old.")
                   : account_wrong_password(e);
}

enum rc account_wrong_password(struct err *e)
{
    err_clear(e);
    return err_field(e, "/current_password", "wrong", "the password of this account", "This is not the current password.");
}

static const struct {
    int64_t bit;
    const char *name;
} level_names[] = { { LEVEL_READ, "read" },
                    { LEVEL_CREATE, "create" },
                    { LEVEL_CHANGE, "change" },
                    { LEVEL_OVERVIEW, "overview" },
                    { LEVEL_FULL, "full" } };

void levels_json(struct jw *w, int64_t levels)
{
    jw_arr(w);
    for (size_t i = 0; i < ARRAY_LEN(level_names); i++)
        if (levels & level_names[i].bit)
            jw_text(w, str_of(level_names[i].name));
    jw_arr_end(w);
}

struct group_levels_body {
    struct j_int group_id;
    struct j_texts levels;
};
static const struct jfield group_levels_fields[] = {
    IN(struct group_levels_body, group_id, J_ID, JF_REQUIRED, 0, 0, "The group."),
    IN(struct group_levels_body, levels, J_TEXTS, JF_REQUIRED, 1, 20, "read, create, change, overview, full."),
};
const struct jspec group_levels_spec = JSPEC("GroupLevelsBody", group_levels_fields, struct group_levels_body);

static int64_t level_bit(struct str name)
{
    for (size_t k = 0; k < ARRAY_LEN(level_names); k++)
        if (str_eq(name, str_of(level_names[k].name)))
            return level_names[k].bit;
    return 0;
}

enum rc group_level_read(const struct j_objs *of, size_t i, int64_t *group_id, int64_t *levels, struct err *e)
{
    const struct group_levels_body *in = (const struct group_levels_body *)of->v + i;
    char pointer[64];

    *group_id = in->group_id.v;
    *levels = 0;
    for (size_t k = 0; k < in->levels.n; k++) {
        int64_t bit = level_bit(in->levels.v[k]);

        snprintf(pointer, sizeof(pointer), "/group_levels/%zu/levels/%zu", i, k);
        if (!bit)
            return err_field(e, pointer, "choice", "read, create, change, overview, full", "There is no such level.");
        *levels |= bit;
    }
    return RC_OK;
}

void perms_json(struct jw *w, int64_t perms)
{
    const char *name;
    int64_t bit;

    jw_arr(w);
    for (size_t i = 0; (name = perm_name(i, &bit, NULL)) != NULL; i++)
        if (perms & bit)
            jw_text(w, str_of(name));
    jw_arr_end(w);
}

static void text_or_null(struct jw *w, struct str s)
{
    if (s.p)
        jw_text(w, s);
    else
        jw_null(w);
}

static void ref(struct jw *w, int64_t id, struct str name)
{
    if (!id) {
        jw_null(w);
        return;
    }
    jw_obj(w);
    jw_kv_int(w, "id", id);
    jw_key(w, "name");
    text_or_null(w, name);
    jw_obj_end(w);
}

static void out_of_office(struct jw *w, const struct user_row *u)
{
    jw_key(w, "out_of_office");
    if (!u->out_from_us && !u->out_to_us) {
        jw_null(w);
        return;
    }
    jw_obj(w);
    jw_kv_time(w, "from", u->out_from_us);
    jw_kv_time(w, "to", u->out_to_us);
    jw_kv_id(w, "stand_in_id", u->stand_in_id);
    jw_obj_end(w);
}

static void extras_members(struct jw *w, const struct user_extras *x)
{
    jw_key(w, "roles");
    jw_arr(w);
    for (size_t i = 0; i < x->n_roles; i++)
        ref(w, x->role_ids[i], x->role_names[i]);
    jw_arr_end(w);
    jw_key(w, "organization_ids");
    jw_arr(w);
    for (size_t i = 0; i < x->n_organizations; i++)
        jw_int(w, x->organization_ids[i]);
    jw_arr_end(w);
    jw_key(w, "group_levels");
    jw_arr(w);
    for (size_t i = 0; i < x->n_levels; i++) {
        jw_obj(w);
        jw_kv_int(w, "group_id", x->levels[i].group_id);
        jw_key(w, "levels");
        levels_json(w, x->levels[i].levels);
        jw_obj_end(w);
    }
    jw_arr_end(w);
}

static void identities_member(struct jw *w, const struct identity_rows *rows)
{
    static const char *const kinds[] = { "email", "phone", "chat" };

    jw_key(w, "identities");
    jw_arr(w);
    for (size_t i = 0; i < rows->n; i++) {
        const struct identity_row *r = &rows->v[i];

        jw_obj(w);
        jw_kv_int(w, "id", r->id);
        jw_kv_text(w, "kind", str_of(kinds[(unsigned)r->kind % ARRAY_LEN(kinds)]));
        jw_kv_text(w, "value", r->value);
        jw_kv_time(w, "verified_at", r->verified_us);
        jw_kv_bool(w, "primary", r->is_primary);
        jw_obj_end(w);
    }
    jw_arr_end(w);
}

void user_json_members(struct jw *w, const struct user_row *u, const struct user_view *v)
{
    jw_kv_int(w, "id", u->id);
    jw_kv_text(w, "name", u->name);
    jw_key(w, "email");
    text_or_null(w, u->email);
    jw_key(w, "phone");
    text_or_null(w, u->phone);
    jw_key(w, "organization");
    ref(w, u->organization_id, u->organization_name);
    jw_kv_text(w, "locale", u->locale);
    jw_kv_text(w, "zone", u->zone);
    jw_kv_bool(w, "vip", u->vip);
    if (v->note)
        jw_kv_text(w, "note", u->note);
    jw_kv_bool(w, "active", u->active);
    jw_kv_id(w, "merged_into_id", u->merged_into_id);
    out_of_office(w, u);
    jw_kv_bool(w, "mfa_enabled", u->mfa_us != 0);
    jw_kv_time(w, "last_login_at", u->last_login_us);
    if (v->extras)
        extras_members(w, v->extras);
    if (v->identities)
        identities_member(w, v->identities);
    jw_key(w, "created_at");
    jw_time(w, u->created_us);
    jw_key(w, "updated_at");
    jw_time(w, u->updated_us);
    jw_kv_int(w, "version", u->version);
}

void user_json(struct jw *w, const struct user_row *u, const struct user_view *v)
{
    jw_obj(w);
    user_json_members(w, u, v);
    jw_obj_end(w);
}

enum rc user_json_whole(struct ctx *c, int64_t id, bool note, struct err *e)
{
    struct user_extras extras;
    struct identity_rows identities;
    struct user_row u;

    TRY(users_load(c->db, id, c->a, &u, e));
    TRY(users_extras(c->db, id, c->a, &extras, e));
    TRY(identities_of(c->db, id, c->a, &identities, e));
    ctx_etag(c, u.version);
    user_json(&c->out, &u, &(struct user_view){ &extras, &identities, note });
    return RC_OK;
}

void sessions_json(struct ctx *c, const struct session_rows *rows)
{
    jw_obj(&c->out);
    jw_key(&c->out, "data");
    jw_arr(&c->out);
    for (size_t i = 0; i < rows->n; i++) {
        const struct session_row *s = &rows->v[i];

        jw_obj(&c->out);
        jw_kv_int(&c->out, "id", s->id);
        jw_kv_bool(&c->out, "current", s->id == c->who.session_id);
        jw_kv_text(&c->out, "address", s->address);
        jw_kv_text(&c->out, "user_agent", s->user_agent);
        jw_kv_bool(&c->out, "mfa", s->mfa_us != 0);
        jw_kv_time(&c->out, "created_at", s->created_us);
        jw_kv_time(&c->out, "seen_at", s->seen_us);
        jw_kv_time(&c->out, "expires_at", s->expires_us);
        jw_obj_end(&c->out);
    }
    jw_arr_end(&c->out);
    ctx_page_whole(c);
    jw_obj_end(&c->out);
}

bool cookies_prefixed(const struct ctx *c)
{
    return c->x->tls || str_starts(c->app->cfg->base_url, STR("https://"));
}

bool cookies_secure(const struct ctx *c)
{
    return cookies_prefixed(c) || config_is_production(c->app->cfg);
}

struct str user_agent_of(const struct ctx *c)
{
    struct str s = http_header_get(c->x, STR("user-agent"));

    return s.p ? s : STR("");
}

enum rc login_reply(struct ctx *c, const struct session_tokens *t, struct err *e)
{
    struct user_row u;

    TRY(users_load(c->db, t->user_id, c->a, &u, e));
    if (t->cookie.n)
        TRY(cookies_set(c->x, &(struct cookie_rules){ cookies_prefixed(c), cookies_secure(c) }, t->cookie,
                        t->csrf, t->session_s));
    c->x->no_compress = true;
    jw_obj(&c->out);
    jw_kv_text(&c->out, "access_token", t->access);
    jw_kv_text(&c->out, "token_type", STR("Bearer"));
    jw_kv_int(&c->out, "expires_in", t->access_s);
    jw_kv_text(&c->out, "refresh_token", t->refresh);
    jw_kv_text(&c->out, "csrf_token", t->csrf);
    jw_key(&c->out, "user");
    user_json(&c->out, &u, &(struct user_view){ 0 });
    jw_obj_end(&c->out);
    return RC_OK;
}

enum rc accepted_reply(struct ctx *c)
{
    jw_obj(&c->out);
    jw_kv_text(&c->out, "status", STR("accepted"));
    jw_obj_end(&c->out);
    return RC_OK;
}
