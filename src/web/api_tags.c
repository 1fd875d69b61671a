/* Tags: agents see them; who manages tags renames, merges and deletes them. */
#include "desk/tag.h"
#include "store/tags.h"
#include "web/call.h"

static const struct jfield tag_fields[] = {
    { .name = "id", .type = J_ID, .help = "Id." },
    { .name = "name", .type = J_TEXT, .help = "Name, lower case." },
    { .name = "created_at", .type = J_TIME, .help = "When it was first used." },
    { .name = "version", .type = J_INT, .help = "Grows with every change." },
    { .name = "uses", .type = J_INT, .flags = JF_OPTIONAL,
      .help = "With uses=true: tickets that have it, counted up to 1000." },
    { .name = "job_id", .type = J_ID, .flags = JF_OPTIONAL,
      .help = "With 202: the job that gives this tag to the tickets of the old one." },
};
static const struct jspec tag_answer = JSPEC_ANSWER("Tag", tag_fields);

struct tag_body {
    struct j_text name;
};
static const struct jfield tag_body_fields[] = {
    { "name", J_TEXT, JF_REQUIRED | JF_FILLED, 1, TAG_POINTS_MAX, 0, NULL, NULL,
      offsetof(struct tag_body, name), "Name; kept in lower case." },
};
static const struct jspec tag_create_spec = JSPEC("TagCreate", tag_body_fields, struct tag_body);
static const struct jspec tag_patch_spec = JSPEC("TagPatch", tag_body_fields, struct tag_body);

struct tags_params {
    struct ctx_list_query list;
    struct j_text prefix;
    struct j_int uses;
};
static const struct jfield tags_params_fields[] = {
    CTX_LIST_FIELDS,
    { "prefix", J_TEXT, 0, 0, TAG_POINTS_MAX, 0, NULL, NULL, offsetof(struct tags_params, prefix),
      "Names that begin so." },
    { "uses", J_BOOL, 0, 0, 0, 0, NULL, NULL, offsetof(struct tags_params, uses),
      "Tells how many tickets have each; needs admin.tag." },
};
static const struct jspec tags_query = JSPEC("TagsQuery", tags_params_fields, struct tags_params);
static const char *const sort_names[] = { "name", NULL };
static const struct ctx_sorts sorts = { sort_names, false };

static void tag_members(struct jw *w, const struct tag *t)
{
    jw_kv_int(w, "id", t->id);
    jw_kv_text(w, "name", t->name);
    jw_kv_time(w, "created_at", t->created_us);
    jw_kv_int(w, "version", t->version);
}

static void tag_json(struct jw *w, const struct tag *t)
{
    jw_obj(w);
    tag_members(w, t);
    jw_obj_end(w);
}

/* Tickets that the caller may not see are counted, too. */
static enum rc uses_denied(struct err *e)
{
    err_field(e, "uses", "permission", "left out, without the permission admin.tag", "it counts all tickets");
    return err_set(e, RC_DENIED, "forbidden", "This needs admin.tag.");
}

static void one_tag(struct ctx *c, const struct tag *t, bool uses)
{
    jw_obj(&c->out);
    tag_members(&c->out, t);
    if (uses)
        jw_kv_int(&c->out, "uses", t->uses);
    jw_obj_end(&c->out);
}

static enum rc tags_list_handle(struct ctx *c, struct err *e)
{
    const struct tags_params *q = c->query;
    struct db_rows r CLEAN(db_rows_end) = { 0 };
    struct tags_page page = { .prefix = str_lower(q->prefix.v, c->a), .uses = q->uses.v != 0 };
    struct ctx_page p;
    struct tag *list;
    size_t n = 0, max;

    if (page.uses && !actor_has(&c->who, PERM_ADMIN_TAG))
        return uses_denied(e);
    TRY(ctx_page_begin(c, &q->list, &sorts, ctx_filter_text(c), &p, e));
    max = (size_t)p.limit;
    page.after = p.has_key ? p.key_text : STR_NONE;
    page.limit = p.limit + 1;
    page.backward = p.backward != p.descending;
    list = ARENA_ARRAY(c->a, struct tag, max + 1);
    TRY(tags_list(c->db, &page, c->a, &r, e));
    while (n <= max && db_next(&r, e))
        list[n++] = (struct tag){ db_int(&r, 0), db_int(&r, 1), db_int(&r, 2), db_text(&r, 3, c->a),
                                  page.uses ? db_int(&r, 4) : 0 };
    TRY(e->rc);
    for (size_t i = 0, shown = n < max ? n : max; i < shown; i++) {
        const struct tag *t = &list[p.backward ? shown - 1 - i : i];

        ctx_page_item(c, &p, 0, t->name, t->id);
        one_tag(c, t, page.uses);
    }
    ctx_page_end(c, &p, n > max);
    return RC_OK;
}

/* job_id 0: all is done. */
static enum rc answer_later(struct ctx *c, int64_t id, int64_t job_id, struct err *e)
{
    struct tag t;

    TRY(tags_load(c->db, id, c->a, &t, e));
    ctx_etag(c, t.version);
    jw_obj(&c->out);
    tag_members(&c->out, &t);
    if (job_id) {
        c->status = 202;
        ctx_location(c, "/api/v1/jobs/%lld", (long long)job_id);
        jw_kv_int(&c->out, "job_id", job_id);
    }
    jw_obj_end(&c->out);
    return RC_OK;
}

static enum rc answer(struct ctx *c, int64_t id, struct err *e)
{
    return answer_later(c, id, 0, e);
}

static enum rc tag_show(struct ctx *c, struct err *e)
{
    int64_t id;

    TRY(ctx_id(c, 0, &id, e));
    return answer(c, id, e);
}

static enum rc tag_create_handle(struct ctx *c, struct err *e)
{
    const struct tag_body *b = c->body;
    struct call call;
    int64_t id;

    TRY(ctx_call(c, &call, e));
    TRY(tag_create(&call, b->name.v, &id, e));
    ctx_location(c, "/api/v1/tags/%lld", (long long)id);
    return answer(c, id, e);
}

static enum rc tag_patch(struct ctx *c, struct err *e)
{
    const struct tag_body *b = c->body;
    struct call call;
    int64_t id, version, result, job;
    enum rc rc;

    TRY(ctx_id(c, 0, &id, e));
    TRY(ctx_if_match(c, &version, e));
    TRY(ctx_call(c, &call, e));
    rc = tag_rename(&call, id, version, b->name.v, &result, &job, e);
    if (rc == RC_STALE) {
        struct err other = { 0 };

        c->shows_current = answer(c, id, &other) == RC_OK;
    }
    TRY(rc);
    return answer_later(c, result, job, e);
}

static enum rc tag_delete(struct ctx *c, struct err *e)
{
    struct call call;
    int64_t id, version, job;
    struct tag t;

    TRY(ctx_id(c, 0, &id, e));
    TRY(ctx_if_match(c, &version, e));
    TRY(ctx_call(c, &call, e));
    TRY(tags_load(c->db, id, c->a, &t, e));
    if (version && version != t.version) {
        tag_json(&c->out, &t);
        c->shows_current = true;
        return err_set(e, RC_STALE, "", "The tag was changed in the meantime.");
    }
    TRY(tag_remove(&call, id, &job, e));
    if (job) {
        c->status = 202;
        ctx_location(c, "/api/v1/jobs/%lld", (long long)job);
    }
    return RC_OK;
}

static const struct route routes[] = {
    { .method = HTTP_GET, .path = "/api/v1/tags", .op = "tags_list", .tag = "Tags",
      .summary = "Tags in order of their names.", .handle = tags_list_handle, .flags = R_LIST,
      .perm = PERM_TICKET_AGENT | PERM_ADMIN_TICKET | PERM_ADMIN_TAG, .query = &tags_query,
      .answer = &tag_answer, .status = 200 },
    { .method = HTTP_POST, .path = "/api/v1/tags", .op = "tag_create", .tag = "Tags",
      .summary = "Makes a tag (using one on a ticket makes it too, unless tags are frozen).",
      .handle = tag_create_handle, .flags = R_WRITE, .perm = PERM_ADMIN_TAG,
      .body = &tag_create_spec, .answer = &tag_answer, .status = 201 },
    { .method = HTTP_GET, .path = "/api/v1/tags/{id}", .op = "tag_show", .tag = "Tags",
      .summary = "One tag.", .handle = tag_show,
      .perm = PERM_TICKET_AGENT | PERM_ADMIN_TICKET | PERM_ADMIN_TAG, .answer = &tag_answer,
      .status = 200 },
    { .method = HTTP_PATCH, .path = "/api/v1/tags/{id}", .op = "tag_patch", .tag = "Tags",
      .summary = "Renames a tag on all tickets; a name that is there merges the two.  202: a job does it.",
      .handle = tag_patch, .flags = R_WRITE, .perm = PERM_ADMIN_TAG, .body = &tag_patch_spec,
      .answer = &tag_answer, .status = 200 },
    { .method = HTTP_DELETE, .path = "/api/v1/tags/{id}", .op = "tag_delete", .tag = "Tags",
      .summary = "Takes a tag from all tickets.  202: a job does it.", .handle = tag_delete, .flags = R_WRITE | R_EMPTY,
      .perm = PERM_ADMIN_TAG, .status = 204 },
};
const struct route_table routes_tags = { routes, ARRAY_LEN(routes) };
