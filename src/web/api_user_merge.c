/* Merging people and taking it back. */
#include "desk/user.h"
#include "desk/user_merge.h"
#include "web/account_json.h"
#include "web/fields.h"

enum side { SIDE_TARGET, SIDE_SOURCE };
static const char *const sides[] = { "target", "source", NULL };

struct merge_fields {
    struct j_int name, locale, zone, note, vip, organization, email, phone;
};
#define SIDE(nm, hlp) IN_ENUM(struct merge_fields, nm, 0, sides, hlp)
static const struct jfield fields_fields[] = {
    SIDE(name, "Whose name stays."),
    SIDE(locale, "Whose language."),
    SIDE(zone, "Whose time zone."),
    SIDE(note, "Whose note."),
    SIDE(vip, "Whose importance."),
    SIDE(organization, "Whose primary organisation; the other becomes a further one."),
    SIDE(email, "Whose primary address."),
    SIDE(phone, "Whose primary number."),
};
static const struct jspec fields_spec = JSPEC("UserMergeFields", fields_fields, struct merge_fields);

struct merge_body {
    struct j_int source;
    struct j_obj fields;
};
static const struct jfield body_fields[] = {
    IN(struct merge_body, source, J_ID, JF_REQUIRED, 0, 0, "Id of the person who becomes part of this one."),
    IN_SUB(struct merge_body, fields, J_OBJ, 0, &fields_spec, "Whose value stays, where they differ; this person's unless told."),
};
static const struct jspec body_spec = JSPEC("UserMerge", body_fields, struct merge_body);

static unsigned of_source(const struct merge_fields *f)
{
    const struct {
        const struct j_int *side;
        unsigned bit;
    } picks[] = {
        { &f->name, MERGE_F_NAME },   { &f->locale, MERGE_F_LOCALE },
        { &f->zone, MERGE_F_ZONE },   { &f->note, MERGE_F_NOTE },
        { &f->vip, MERGE_F_VIP },     { &f->organization, MERGE_F_ORGANIZATION },
        { &f->email, MERGE_F_EMAIL }, { &f->phone, MERGE_F_PHONE },
    };
    unsigned bits = 0;

    for (size_t i = 0; i < ARRAY_LEN(picks); i++)
        if (picks[i].side->set && picks[i].side->v == SIDE_SOURCE)
            bits |= picks[i].bit;
    return bits;
}

static enum rc merge(struct ctx *c, struct err *e)
{
    const struct merge_body *b = c->body;
    struct account ac = account_of(c);
    struct user_merge_ask ask = { .source_id = b->source.v,
                                  .of_source = b->fields.v ? of_source(b->fields.v) : 0 };
    enum rc rc;

    TRY(ctx_id(c, 0, &ask.target_id, e));
    TRY(ctx_if_match(c, &ask.if_match, e));
    rc = user_merge(&ac, &ask, e);
    if (rc == RC_STALE && user_json_whole(c, ask.target_id, true, &(struct err){ 0 }) == RC_OK)
        c->shows_current = true;
    TRY(rc);
    return user_json_whole(c, ask.target_id, true, e);
}

static enum rc unmerge(struct ctx *c, struct err *e)
{
    struct account ac = account_of(c);
    int64_t id;

    TRY(ctx_id(c, 0, &id, e));
    TRY(user_unmerge(&ac, id, e));
    return user_json_whole(c, id, true, e);
}

#define TAG "People"
#define EDIT (PERM_USER_EDIT | PERM_ADMIN_USER)

static const struct route merge_routes[] = {
    { HTTP_POST, "/api/v1/users/{id}/merge", "user_merge", TAG, "Make another person part of this one: addresses, requests, messages, watches. Roles and groups stay apart.", NULL, merge, R_WRITE, EDIT, NULL, &body_spec, &user_answer, 200, 0, BUCKET_API },
    { HTTP_POST, "/api/v1/users/{id}/unmerge", "user_unmerge", TAG, "Take the merge of this person back; what was changed since then stays.", NULL, unmerge, R_WRITE, EDIT, NULL, NULL, &user_answer, 200, 0, BUCKET_API },
};
const struct route_table routes_user_merge = { merge_routes, ARRAY_LEN(merge_routes) };
