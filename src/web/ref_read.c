#include "web/ref_read.h"

#include "desk/requester.h"
#include "store/ticket_numbers.h"

enum { NO_GROUP = -1 };

static struct str json_str(const json_t *v)
{
    return (struct str){ json_string_value(v), json_string_length(v) };
}

static enum rc unknown(struct err *e, const char *pointer)
{
    return err_field(e, pointer, "unknown", "an id, a name, or {\"id\":…}",
                     "There is nothing like this.");
}

/* The id of an integer or {"id":…}, else 0. */
static int64_t plain_id(const json_t *v)
{
    const json_t *id = json_is_object(v) ? json_object_get(v, "id") : v;

    return json_is_integer(id) && json_integer_value(id) > 0 ? json_integer_value(id) : 0;
}

enum rc ref_state(struct call *c, const json_t *v, const char *pointer, int64_t *id, struct err *e)
{
    const struct cat_state *s = json_is_string(v) ? catalog_state_named(c->cat, json_str(v))
                                                  : catalog_state(c->cat, plain_id(v));

    if (!s)
        return unknown(e, pointer);
    *id = s->id;
    return RC_OK;
}

enum rc ref_priority(struct call *c, const json_t *v, const char *pointer, int64_t *id,
                     struct err *e)
{
    const struct cat_priority *p = json_is_string(v) ? catalog_priority_named(c->cat, json_str(v))
                                                     : catalog_priority(c->cat, plain_id(v));

    if (!p)
        return unknown(e, pointer);
    *id = p->id;
    return RC_OK;
}

enum rc ref_group(struct call *c, const json_t *v, const char *pointer, int64_t *id, struct err *e)
{
    const struct cat_group *g = json_is_string(v) ? catalog_group_named(c->cat, json_str(v))
                                                  : catalog_group(c->cat, plain_id(v));

    if (!g && actor_is_agent(c->who))
        return unknown(e, pointer);
    *id = g ? g->id : NO_GROUP; /* customers do not learn which groups there are */
    return RC_OK;
}

enum rc ref_organization(struct call *c, const json_t *v, const char *pointer, int64_t *id,
                         struct err *e)
{
    (void)c;
    *id = plain_id(v);
    return *id ? RC_OK : unknown(e, pointer);
}

enum rc ref_ticket(struct call *c, const json_t *v, const char *pointer, int64_t *id, struct err *e)
{
    struct str prefix = STR("number:"), text = json_str(v);
    enum rc rc;

    *id = plain_id(v);
    if (*id)
        return RC_OK;
    if (!json_is_string(v) || !str_starts(text, prefix) || text.n == prefix.n)
        return err_field(e, pointer, "unknown", "an id, \"number:…\", or {\"id\":…}", "This is no ticket.");
    rc = ticket_numbers_find(c->db, str_sub(text, prefix.n, text.n), id, e);
    if (rc != RC_NOT_FOUND)
        return rc;
    err_clear(e);
    *id = INT64_MAX; /* no ticket's: from here on all goes as with a foreign one */
    return RC_OK;
}

enum rc ref_user(struct call *c, const json_t *v, const char *pointer, bool may_make, int64_t *id,
                 struct err *e)
{
    const json_t *email = json_is_object(v) ? json_object_get(v, "email") : v;
    struct str name = json_is_object(v) ? json_str(json_object_get(v, "name")) : STR_NONE;

    *id = plain_id(v);
    if (*id)
        return RC_OK;
    if (!json_is_string(email))
        return unknown(e, pointer);
    if (str_eq(json_str(email), STR("me")) && c->who->user_id) {
        *id = c->who->user_id;
        return RC_OK;
    }
    return requester_by_email(c, json_str(email), name, pointer, may_make, id, e);
}
