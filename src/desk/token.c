#include "desk/token.h"

#include "base/rand.h"
#include "desk/audit.h"
#include "desk/auth_priv.h"
#include "store/notify.h"

enum { TOKEN_BYTES = 32, HINT_LEN = 8 };

static const struct {
    int64_t bit;
    const char *name, *help;
} perm_names[] = {
#define X(bit, name, text, help) { INT64_C(1) << (bit), text, help },
    PERM_TABLE(X)
#undef X
};

const char *perm_name(size_t i, int64_t *bit, const char **help)
{
    if (i >= ARRAY_LEN(perm_names))
        return NULL;
    *bit = perm_names[i].bit;
    if (help)
        *help = perm_names[i].help;
    return perm_names[i].name;
}

static int64_t perm_of(struct str name)
{
    for (size_t i = 0; i < ARRAY_LEN(perm_names); i++)
        if (str_eq(name, str_of(perm_names[i].name)))
            return perm_names[i].bit;
    return 0;
}

enum rc perms_read(const struct str *names, size_t n, const char *pointer, int64_t *perms,
                   struct err *e)
{
    *perms = 0;
    for (size_t i = 0; i < n; i++) {
        int64_t bit = perm_of(names[i]);

        if (!bit)
            return err_field(e, pointer, "choice", "names from GET /api/v1/permissions",
                             "There is no permission \"%.*s\".", (int)(names[i].n < 60 ? names[i].n : 60),
                             names[i].p);
        *perms |= bit;
    }
    return RC_OK;
}

static enum rc audit(const struct account *c, const char *action, int64_t id, struct str details,
                     struct err *e)
{
    const struct audit_entry entry = { .action = action, .object = "token", .object_id = id,
                                       .details = details };

    return audit_add(c->db, c->who, &entry, c->a, e);
}

enum rc token_create(const struct account *c, const struct token_new *t, struct api_token_row *out,
                     struct str *token, struct err *e)
{
    if (!c->who->session_id)
        return err_set(e, RC_DENIED, "session_needed", "This needs a login, not an API token.");
    if (t->perms & ~c->who->perms)
        return err_field(e, "/permissions", "range", "permissions that you have yourself",
                         "A token cannot have more rights than its owner.");
    if (t->expires_us && t->expires_us <= c->now_us)
        return err_field(e, "/expires_at", "range", "a time in the future", "This time is over.");
    *token = str_printf(c->a, API_TOKEN_PREFIX "%.*s", STR_ARG(rand_token(TOKEN_BYTES, c->a)));
    *out = (struct api_token_row){ .version = 1,
                                   .user_id = c->who->user_id,
                                   .name = t->name,
                                   .hint = str_sub(*token, 0, HINT_LEN),
                                   .perms = t->perms,
                                   .read_only = t->read_only,
                                   .expires_us = t->expires_us,
                                   .created_us = c->now_us };
    TRY(api_tokens_insert(c->db, out, token_hash(*token, c->a), &out->id, e));
    return audit(c, "token.create", out->id, account_detail(c->a, STR("name"), t->name), e);
}

enum rc token_load(const struct account *c, int64_t id, struct api_token_row *out, struct err *e)
{
    enum rc rc = api_tokens_load(c->db, id, c->a, out, e);

    if (rc == RC_OK && (out->revoked_us || (out->user_id != c->who->user_id &&
                                            !actor_has(c->who, PERM_ADMIN_TOKEN))))
        rc = RC_NOT_FOUND;
    if (rc == RC_NOT_FOUND)
        return err_set(e, RC_NOT_FOUND, "not_found", "There is no such token.");
    return rc;
}

enum rc token_revoke(const struct account *c, int64_t id, struct err *e)
{
    struct api_token_row t;

    TRY(token_load(c, id, &t, e));
    TRY(api_tokens_revoke(c->db, id, c->now_us, e));
    TRY(store_access_changed(c->db, t.user_id, e));
    return audit(c, "token.revoke", id, account_detail(c->a, STR("name"), t.name), e);
}

enum rc token_revoke_all(const struct account *c, int64_t user_id, const char *why, struct err *e)
{
    int64_t changed;

    TRY(api_tokens_revoke_all(c->db, user_id, c->now_us, &changed, e));
    if (!changed)
        return RC_OK;
    return account_audit(c, "token.revoke_all", user_id, account_detail(c->a, STR("why"), str_of(why)), e);
}
