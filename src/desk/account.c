#include "desk/account.h"

#include "base/json.h"
#include "base/log.h"
#include "base/rand.h"
#include "desk/audit.h"
#include "desk/auth_priv.h"
#include "store/outbox.h"
#include "store/roles.h"
#include "store/sessions.h"
#include "store/users.h"

enum { EMAIL_MAX = 254, LOCAL_MAX = 64, TOKEN_BYTES = 32, MAIL_MAX = 16 * 1024, SUBTAG_MAX = 8 };

static bool is_domain(struct str d)
{
    bool dot = false;

    if (d.n < 1 || d.p[0] == '.' || d.p[0] == '-' || d.p[d.n - 1] == '.' || d.p[d.n - 1] == '-')
        return false;
    for (size_t i = 0; i < d.n; i++) {
        char c = d.p[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';

        if (c == '.' && d.p[i + 1] == '.')
            return false;
        dot = dot || c == '.';
        if (!plain && c != '.')
            return false;
    }
    return dot || str_eq(d, STR("localhost"));
}

static bool is_local_part(struct str s)
{
    if (!s.n || s.n > LOCAL_MAX || s.p[0] == '.' || s.p[s.n - 1] == '.')
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] <= ' ' || s.p[i] > '~' || strchr("()<>[]:;,\\\"@", s.p[i]))
            return false;
    return true;
}

enum rc email_check(struct str email, const char *pointer, struct arena *a, struct str *fold,
                    struct err *e)
{
    struct str f = str_lower(str_trim(email), a);
    size_t at = str_chr(f, '@');

    if (f.n > EMAIL_MAX || at == SIZE_MAX || !is_local_part(str_sub(f, 0, at)) ||
        !is_domain(str_sub(f, at + 1, f.n)))
        return err_field(e, pointer, "email", "name@example.com", "This is not an e-mail address.");
    *fold = f;
    return RC_OK;
}

static bool is_subtag(struct str s, bool first)
{
    if (s.n < (first ? 2 : 1) || s.n > SUBTAG_MAX)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

        if (!letter && (first || c < '0' || c > '9'))
            return false;
    }
    return true;
}

enum rc locale_check(struct str locale, const char *pointer, struct err *e)
{
    struct str rest = locale;
    bool fits = is_subtag(str_cut(&rest, '-'), true);

    while (fits && rest.p)
        fits = is_subtag(str_cut(&rest, '-'), false);
    if (!fits)
        return err_field(e, pointer, "locale", "a language such as en or pt-BR", "This is not a language.");
    return RC_OK;
}

struct str email_domain(struct str fold)
{
    size_t at = str_chr(fold, '@');

    return at == SIZE_MAX ? STR_NONE : str_sub(fold, at + 1, fold.n);
}

enum rc account_audit(const struct account *c, const char *action, int64_t user_id,
                      struct str details, struct err *e)
{
    const struct audit_entry entry = { .action = action, .object = "user", .object_id = user_id,
                                       .details = details };

    return audit_add(c->db, c->who, &entry, c->a, e);
}

struct str account_detail(struct arena *a, struct str key, struct str value)
{
    struct buf b = BUF_ARENA(a, 4 * KIB);
    struct jw w = jw_to(&b);

    jw_obj(&w);
    jw_key_str(&w, key);
    jw_text(&w, value);
    jw_obj_end(&w);
    return buf_view(&b);
}

enum rc account_groups(const struct account *c, const int64_t *ids, size_t n, struct err *e)
{
    int64_t found;

    TRY(groups_count(c->db, ids, n, c->a, &found, e));
    if (found != (int64_t)n)
        return err_field(e, "/group_levels", "unknown", "ids from GET /api/v1/groups, each once", "A group does not exist or stands there twice.");
    return RC_OK;
}

enum rc account_one_time(const struct account *c, int64_t user_id, int purpose, struct str object,
                         int64_t life_us, struct str *token, struct err *e)
{
    struct one_time_new t = { .user_id = user_id,
                              .purpose = purpose,
                              .object = object,
                              .now_us = c->now_us,
                              .expires_us = c->now_us + life_us };

    *token = rand_token(TOKEN_BYTES, c->a);
    t.hash = token_hash(*token, c->a);
    return one_time_insert(c->db, &t, e);
}

bool account_serves(const struct user_login *u)
{
    return u->id && (u->verified_us || (u->is_primary && !u->has_proof));
}

enum rc account_bad_token(const char *pointer, struct err *e)
{
    err_clear(e);
    err_field(e, pointer, "invalid_token", "the newest one that was sent, once, before it expires", "This is no token that is valid.");
    return err_set(e, RC_BAD, "invalid_token", "The link or code is not valid, was used or has expired.");
}

struct str account_link(const struct auth *au, const char *path, struct str token, struct arena *a)
{
    return str_printf(a, "%.*s%s#token=%.*s", STR_ARG(au->o.base_url), path, STR_ARG(token));
}

enum rc account_mail(const struct account *c, const struct account_mail *m, struct err *e)
{
    struct buf body = BUF_ARENA(c->a, MAIL_MAX);
    struct outbox_mail mail = { .kind = m->kind, .recipient = m->recipient,
                                .subject = str_of(m->subject) };

    buf_str(&body, str_of(m->text));
    if (m->path) {
        struct str link = account_link(c->au, m->path, m->token, c->a);

        BUF_LIT(&body, "\n\n");
        buf_str(&body, link);
        if (c->au->o.log_links && !m->is_unsent)
            LOG(LOG_INFO, "account.link", KV_Z("kind", m->kind), KV_TEXT("link", link));
    }
    BUF_LIT(&body, "\n");
    mail.body = buf_view(&body);
    return outbox_add(c->db, &mail, c->now_us, e);
}
