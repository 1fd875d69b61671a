#include "web/ref_read.h"

#include "base/json_where.h"
#include "base/near.h"
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

struct form {
    const char *allowed;          /* in words */
    const char *const *members;   /* of an object */
};
static const struct form thing = { "an integer (id), a string (name), or {\"id\":…}", (const char *const[]){ "id", "name", NULL } };
static const struct form person = { "an integer (id), a string (address), or {\"id\":…}",
                                    (const char *const[]){ "id", "name", "email", NULL } };
static const struct form ticket = { "an integer (id), \"number:…\", or {\"id\":…}",
                                    (const char *const[]){ "id", "number", "title", NULL } };

/* An integer, a string or an object names something.  The object has no members but those of its form: a
 * role or a password beside the id is no reference, and is not passed over. */
static enum rc only(const struct call *c, const json_t *v, const char *pointer, const struct form *form,
                    struct err *e)
{
    const char *key;
    json_t *member;

    if (!json_is_string(v) && !json_is_integer(v) && !json_is_object(v))
        return err_field(e, pointer, "type", form->allowed, "This is of another type than what can stand here.");
    if (!json_is_object(v))
        return RC_OK;
    json_object_foreach((json_t *)(uintptr_t)v, key, member) {
        const char *const *m = form->members;
        struct buf allowed = BUF_ARENA(c->a, ERR_ALLOWED_BYTES);

        while (*m && strcmp(*m, key) != 0)
            m++;
        if (*m)
            continue;
        for (m = form->members; *m; m++)
            buf_printf(&allowed, "%s%s", m == form->members ? "" : ", ", *m);
        err_field(e, json_pointer_to(pointer, str_of(key), c->a), "unknown", str_z(buf_view(&allowed), c->a),
                  "A reference has no such member.");
    }
    return e->rc;
}

/* The names that there are, for who gave another; cut between two of them. */
struct names {
    struct near near;
    struct buf list;
};

static struct names names_for(const struct call *c, const json_t *v)
{
    return (struct names){ .near = near_start(json_str(v)), .list = BUF_ARENA(c->a, ERR_ALLOWED_BYTES) };
}

static void names_add(struct names *n, struct str name, struct arena *a)
{
    if (n->list.n + name.n + 8 > ERR_ALLOWED_BYTES)
        return;
    buf_printf(&n->list, "%s%.*s", n->list.n ? ", " : "", STR_ARG(name));
    near_try(&n->near, str_z(name, a));
}

static enum rc unknown_name(struct call *c, const struct names *n, const json_t *v, const char *pointer,
                            struct err *e)
{
    struct str given = str_sub(json_str(v), 0, 40);

    if (!json_is_string(v))
        return err_field(e, pointer, "unknown", str_z(buf_view(&n->list), c->a), "There is nothing like this.");
    return err_field(e, pointer, "unknown", str_z(buf_view(&n->list), c->a), "There is no \"%.*s\"%s%s%s",
                     STR_ARG(given), n->near.name ? "; did you mean \"" : ".", n->near.name ? n->near.name : "",
                     n->near.name ? "\"?" : "");
}

static enum rc no_state(struct call *c, const json_t *v, const char *pointer, struct err *e)
{
    struct names n = names_for(c, v);

    for (size_t i = 0; i < c->cat->n_states; i++)
        if (c->cat->states[i].active)
            names_add(&n, actor_is_agent(c->who) ? c->cat->states[i].name : c->cat->states[i].customer_name, c->a);
    return unknown_name(c, &n, v, pointer, e);
}

static enum rc no_priority(struct call *c, const json_t *v, const char *pointer, struct err *e)
{
    struct names n = names_for(c, v);

    for (size_t i = 0; i < c->cat->n_priorities; i++)
        if (c->cat->priorities[i].active)
            names_add(&n, c->cat->priorities[i].name, c->a);
    return unknown_name(c, &n, v, pointer, e);
}

static enum rc no_group(struct call *c, const json_t *v, const char *pointer, struct err *e)
{
    struct names n = names_for(c, v);

    for (size_t i = 0; i < c->cat->n_groups; i++)
        if (c->cat->groups[i].active)
            names_add(&n, c->cat->groups[i].name, c->a);
    return unknown_name(c, &n, v, pointer, e);
}

enum rc ref_state(struct call *c, const json_t *v, const char *pointer, int64_t *id, struct err *e)
{
    const struct cat_state *s = json_is_string(v) ? catalog_state_named(c->cat, json_str(v))
                                                  : catalog_state(c->cat, plain_id(v));

    TRY(only(c, v, pointer, &thing, e));
    if (!s)
        return no_state(c, v, pointer, e);
    *id = s->id;
    return RC_OK;
}

enum rc ref_priority(struct call *c, const json_t *v, const char *pointer, int64_t *id,
                     struct err *e)
{
    const struct cat_priority *p = json_is_string(v) ? catalog_priority_named(c->cat, json_str(v))
                                                     : catalog_priority(c->cat, plain_id(v));

    TRY(only(c, v, pointer, &thing, e));
    if (!p)
        return no_priority(c, v, pointer, e);
    *id = p->id;
    return RC_OK;
}

enum rc ref_group(struct call *c, const json_t *v, const char *pointer, int64_t *id, struct err *e)
{
    const struct cat_group *g = json_is_string(v) ? catalog_group_named(c->cat, json_str(v))
                                                  : catalog_group(c->cat, plain_id(v));

    TRY(only(c, v, pointer, &thing, e));
    if (!g && actor_is_agent(c->who))
        return no_group(c, v, pointer, e);
    *id = g ? g->id : NO_GROUP; /* customers do not learn which groups there are */
    return RC_OK;
}

enum rc ref_organization(struct call *c, const json_t *v, const char *pointer, int64_t *id,
                         struct err *e)
{
    TRY(only(c, v, pointer, &thing, e));
    *id = plain_id(v);
    return *id ? RC_OK : unknown(e, pointer);
}

enum rc ref_ticket(struct call *c, const json_t *v, const char *pointer, int64_t *id, struct err *e)
{
    struct str prefix = STR("number:"), text = json_str(v);
    enum rc rc;

    TRY(only(c, v, pointer, &ticket, e));
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

    TRY(only(c, v, pointer, &person, e));
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
