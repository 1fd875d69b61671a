/* Drafts: what somebody is still writing, for a ticket or a new one.  Others who may change the
 * ticket read the shared ones. */
#include "base/clock.h"
#include "desk/ticket.h"
#include "store/drafts.h"
#include "web/call.h"

enum { DRAFTS_MAX = 200, DRAFT_BYTES_MAX = 256 * 1024, SLOT_MAX = 40 };
static const char slot_allowed[] = "1 to 40 characters of a to z, 0 to 9, - and _";

static const struct jfield author_fields[] = {
    { .name = "id", .type = J_ID, .help = "The person's id." },
    { .name = "name", .type = J_TEXT, .help = "The person's name." },
};
static const struct jspec author_answer = JSPEC_ANSWER("DraftAuthor", author_fields);
static const struct jfield draft_fields[] = {
    { .name = "id", .type = J_ID, .help = "Its id." },
    { .name = "ticket_id",
      .type = J_ID,
      .flags = JF_NULLABLE,
      .help = "Its ticket; null: of a new one." },
    { .name = "slot", .type = J_TEXT, .help = "Name that tells drafts beside each other apart." },
    { .name = "author", .type = J_OBJ, .sub = &author_answer, .help = "Who writes it." },
    { .name = "shared", .type = J_BOOL, .help = "Others who may change the ticket read it." },
    { .name = "data", .type = J_JSON, .help = "What the client keeps in it." },
    { .name = "created_at", .type = J_TIME, .help = "When it was begun." },
    { .name = "updated_at", .type = J_TIME, .help = "When it was kept last." },
    { .name = "version", .type = J_INT, .help = "Grows with each change." },
};
static const struct jspec draft_answer = JSPEC_ANSWER("Draft", draft_fields);

static void write_draft(struct jw *w, const struct draft *d)
{
    jw_obj(w);
    jw_kv_int(w, "id", d->id);
    jw_kv_id(w, "ticket_id", d->ticket_id);
    jw_kv_text(w, "slot", d->slot);
    jw_key(w, "author");
    jw_obj(w);
    jw_kv_int(w, "id", d->user_id);
    jw_kv_text(w, "name", d->user_name);
    jw_obj_end(w);
    jw_kv_bool(w, "shared", d->is_shared);
    jw_key(w, "data");
    jw_raw(w, d->data_json);
    jw_kv_time(w, "created_at", d->created_us);
    jw_kv_time(w, "updated_at", d->updated_us);
    jw_kv_int(w, "version", d->version);
    jw_obj_end(w);
}

/* The ticket of the path, or 0; may_share: the caller works on it as an agent. */
static enum rc find_ticket(struct ctx *c, bool of_ticket, int64_t *id, bool *may_share,
                           struct err *e)
{
    struct ticket_seen s;
    enum rc rc;

    *id = 0;
    *may_share = false;
    if (!of_ticket)
        return RC_OK;
    TRY(ctx_ticket(c, &s, e));
    *id = s.t.id;
    rc = ticket_may(&s.call, &s.t, CAN_CHANGE, e);
    if (rc == RC_DENIED)
        err_clear(e);
    else
        TRY(rc);
    *may_share = rc == RC_OK;
    return RC_OK;
}

static enum rc list(struct ctx *c, bool of_ticket, struct err *e)
{
    struct draft_query q = { .user_id = c->who.user_id, .limit = DRAFTS_MAX };
    struct draft_list drafts;
    struct jw *w = &c->out;

    TRY(find_ticket(c, of_ticket, &q.ticket_id, &q.with_shared, e));
    TRY(drafts_list(c->db, &q, c->a, &drafts, e));
    jw_obj(w);
    jw_key(w, "data");
    jw_arr(w);
    for (size_t i = 0; i < drafts.n; i++)
        write_draft(w, &drafts.v[i]);
    jw_arr_end(w);
    ctx_page_whole(c);
    jw_obj_end(w);
    return RC_OK;
}

struct draft_body {
    struct j_json data;
    struct j_int shared, version;
};
static const struct jfield draft_body_fields[] = {
    { "data", J_JSON, JF_REQUIRED, 0, 0, 0, NULL, NULL, offsetof(struct draft_body, data),
      "An object, kept as it is, 256 KiB at most." },
    { "shared", J_BOOL, 0, 0, 0, 0, NULL, NULL, offsetof(struct draft_body, shared),
      "Lets others who may change the ticket read it; agents only." },
    { "version", J_INT, 0, 0, INT64_MAX, 0, NULL, NULL, offsetof(struct draft_body, version),
      "The version that is replaced; absent or 0: there is none yet." },
};
static const struct jspec draft_body = JSPEC("DraftPut", draft_body_fields, struct draft_body);

static enum rc read_data(struct ctx *c, const struct draft_body *b, struct str *out, struct err *e)
{
    struct buf text = BUF_ARENA(c->a, DRAFT_BYTES_MAX);
    struct jw w = jw_to(&text);

    if (!json_is_object(b->data.v))
        return err_field(e, "/data", "type", "an object", "The draft's data must be an object.");
    jw_json(&w, b->data.v);
    if (text.overflow)
        return err_field(e, "/data", "length", "256 KiB", "The draft is too large.");
    *out = buf_view(&text);
    return RC_OK;
}

static enum rc check_slot(struct str slot, struct err *e)
{
    bool fits = slot.n && slot.n <= SLOT_MAX;

    for (size_t i = 0; i < slot.n; i++) {
        char ch = slot.p[i];

        fits = fits && ((ch >= 'a' && ch <= 'z') || (ch >= '0' && ch <= '9') || ch == '-' || ch == '_');
    }
    if (fits)
        return RC_OK;
    err_field(e, "slot", "format", slot_allowed, "this is no name of a slot");
    return err_set(e, RC_NOT_FOUND, "", "A slot's name has %s.", slot_allowed);
}

static enum rc check_room(struct ctx *c, struct err *e)
{
    int64_t n;

    TRY(drafts_count(c->db, c->who.user_id, &n, e));
    return n < DRAFTS_MAX ? RC_OK
                          : err_set(e, RC_CONFLICT, "too_many_drafts",
                                    "You have %d drafts; delete some.", DRAFTS_MAX);
}

static enum rc show_current(struct ctx *c, const struct draft *d, struct err *e)
{
    struct err quiet = { 0 };
    struct draft now;

    if (drafts_find(c->db, d->user_id, d->ticket_id, d->slot, c->a, &now, &quiet) != RC_OK)
        return e->rc;
    err_field(e, "/version", "version_mismatch", "the version of the draft as it is now",
              "This is not the version of the draft.");
    write_draft(&c->out, &now);
    c->shows_current = true;
    return e->rc;
}

static enum rc put(struct ctx *c, bool of_ticket, struct err *e)
{
    const struct draft_body *b = c->body;
    struct draft d = { .user_id = c->who.user_id,
                       .user_name = c->who.name,
                       .slot = c->params[of_ticket ? 1 : 0],
                       .version = b->version.v,
                       .is_shared = b->shared.v != 0,
                       .updated_us = clock_now_us() };
    bool may_share;
    enum rc rc;

    TRY(check_slot(d.slot, e));
    TRY(find_ticket(c, of_ticket, &d.ticket_id, &may_share, e));
    if (d.is_shared && !may_share)
        return err_field(e, "/shared", "denied", "false",
                         "Only who may change the ticket shares drafts.");
    TRY(read_data(c, b, &d.data_json, e));
    if (!d.version)
        TRY(check_room(c, e));
    rc = drafts_put(c->db, &d, e);
    if (rc == RC_STALE)
        return show_current(c, &d, e);
    TRY(rc);
    ctx_etag(c, d.version);
    write_draft(&c->out, &d);
    return RC_OK;
}

static enum rc remove_one(struct ctx *c, bool of_ticket, struct err *e)
{
    struct draft d;
    bool may_share;
    int64_t ticket;

    TRY(find_ticket(c, of_ticket, &ticket, &may_share, e));
    TRY(drafts_find(c->db, c->who.user_id, ticket, c->params[of_ticket ? 1 : 0], c->a, &d, e));
    return drafts_delete(c->db, d.id, e);
}

static enum rc ticket_drafts_list(struct ctx *c, struct err *e)
{
    return list(c, true, e);
}

static enum rc ticket_draft_put(struct ctx *c, struct err *e)
{
    return put(c, true, e);
}

static enum rc ticket_draft_delete(struct ctx *c, struct err *e)
{
    return remove_one(c, true, e);
}

static enum rc drafts_of_new(struct ctx *c, struct err *e)
{
    return list(c, false, e);
}

static enum rc draft_put(struct ctx *c, struct err *e)
{
    return put(c, false, e);
}

static enum rc draft_delete(struct ctx *c, struct err *e)
{
    return remove_one(c, false, e);
}

static const struct route routes[] = {
    { .method = HTTP_GET,
      .path = "/api/v1/tickets/{id}/drafts",
      .op = "ticket_drafts_list",
      .tag = "Drafts",
      .summary = "The caller's drafts of a ticket, and those that others share.",
      .handle = ticket_drafts_list,
      .flags = R_LIST,
      .answer = &draft_answer,
      .status = 200 },
    { .method = HTTP_PUT,
      .path = "/api/v1/tickets/{id}/drafts/{slot}",
      .op = "ticket_draft_put",
      .tag = "Drafts",
      .summary = "Keeps a draft of a ticket.",
      .handle = ticket_draft_put,
      .flags = R_WRITE,
      .body = &draft_body,
      .answer = &draft_answer,
      .status = 200 },
    { .method = HTTP_DELETE,
      .path = "/api/v1/tickets/{id}/drafts/{slot}",
      .op = "ticket_draft_delete",
      .tag = "Drafts",
      .summary = "Throws the caller's draft of a ticket away.",
      .handle = ticket_draft_delete,
      .flags = R_WRITE | R_EMPTY,
      .status = 204 },
    { .method = HTTP_GET,
      .path = "/api/v1/drafts",
      .op = "drafts_list",
      .tag = "Drafts",
      .summary = "The caller's drafts of new tickets.",
      .handle = drafts_of_new,
      .flags = R_LIST,
      .answer = &draft_answer,
      .status = 200 },
    { .method = HTTP_PUT,
      .path = "/api/v1/drafts/{slot}",
      .op = "draft_put",
      .tag = "Drafts",
      .summary = "Keeps a draft of a new ticket.",
      .handle = draft_put,
      .flags = R_WRITE,
      .body = &draft_body,
      .answer = &draft_answer,
      .status = 200 },
    { .method = HTTP_DELETE,
      .path = "/api/v1/drafts/{slot}",
      .op = "draft_delete",
      .tag = "Drafts",
      .summary = "Throws a draft of a new ticket away.",
      .handle = draft_delete,
      .flags = R_WRITE | R_EMPTY,
      .status = 204 },
};
const struct route_table routes_drafts = { routes, ARRAY_LEN(routes) };
