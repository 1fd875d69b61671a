#include "desk/requester.h"

#include "base/utf8.h"
#include "desk/account.h"
#include "desk/audit.h"
#include "store/refs.h"
#include "store/search.h"

enum { NAME_POINTS_MAX = 120, DETAILS_MAX = 4096 };

static enum rc make(struct call *c, struct str email, struct str name, int64_t *id, struct err *e)
{
    struct buf b = BUF_ARENA(c->a, DETAILS_MAX);
    struct jw w = jw_to(&b);
    struct user_new u = { .name = name, .email = email, .now_us = c->now_us };
    enum rc rc;

    u.email_fold = str_lower(email, c->a);
    u.name_fold = utf8_fold(name, c->a);
    u.domain = email_domain(u.email_fold);
    rc = refs_user_insert(c->db, &u, id, e);
    /* Somebody else made him while this transaction ran: run again, it finds him. */
    if (rc == RC_CONFLICT)
        return err_set(e, RC_RETRY, "unique", "The person was just made by another request.");
    TRY(rc);
    TRY(search_put_person(c->db, *id, u.name_fold, e));
    jw_obj(&w);
    jw_key(&w, "after");
    jw_obj(&w);
    jw_kv_text(&w, "name", name);
    jw_kv_text(&w, "email", email);
    jw_obj_end(&w);
    jw_obj_end(&w);
    return audit_add(c->db, c->who,
                     &(struct audit_entry){ "user.create", "user", *id, buf_view(&b) }, c->a, e);
}

enum rc requester_by_email(struct call *c, struct str email, struct str name, const char *pointer,
                           bool may_make, int64_t *id, struct err *e)
{
    bool may_look = c->who->type != ACTOR_USER || actor_is_agent(c->who);
    struct err not_one = { 0 };
    struct user_ref u;
    struct str fold;
    enum rc rc;

    email = str_trim(email);
    if (email_check(email, pointer, c->a, &fold, &not_one) != RC_OK || (!may_look && !str_ieq(email, c->who->email)))
        return err_field(e, pointer, "unknown", "an id or an e-mail address",
                         "There is no such person.");
    rc = refs_user_by_email(c->db, fold, c->a, &u, e);
    if (rc == RC_OK) {
        *id = u.id;
        return RC_OK;
    }
    if (rc != RC_NOT_FOUND)
        return rc;
    err_clear(e);
    if (!may_make || !may_look)
        return err_field(e, pointer, "unknown", "an id or an e-mail address",
                         "There is no such person.");
    if (utf8_is_blank(name) || utf8_count(name) > NAME_POINTS_MAX || !utf8_is_line(name))
        name = str_sub(email, 0, str_chr(email, '@'));
    return make(c, email, name, id, e);
}
