/* The audit log: reading and checking it.  Nothing here writes. */
#include "base/config.h"
#include "base/file.h"
#include "desk/audit_json.h"
#include "store/audit.h"
#include "web/app.h"
#include "web/ctx.h"

enum { WITNESS_MAX = 32 * 1024 * 1024 };

struct list_query {
    struct ctx_list_query list;
    struct j_int actor_id, object_id, from, to;
    struct j_text action, object, request_id;
};

#define Q(field) offsetof(struct list_query, field)
static const struct jfield list_query_fields[] = {
    CTX_LIST_FIELDS,
    { .name = "actor_id", .type = J_ID, .off = Q(actor_id), .help = "Only what this person did." },
    { .name = "action",
      .type = J_TEXT,
      .min = 1,
      .max = 64,
      .off = Q(action),
      .help = "Only this action: ticket.update." },
    { .name = "object",
      .type = J_TEXT,
      .min = 1,
      .max = 64,
      .off = Q(object),
      .help = "Only this kind of object: ticket." },
    { .name = "object_id",
      .type = J_ID,
      .off = Q(object_id),
      .help = "Only this object; goes with object." },
    { .name = "request_id",
      .type = J_TEXT,
      .min = 1,
      .max = 64,
      .off = Q(request_id),
      .help = "Only what this request did; its answer had it as X-Request-ID." },
    { .name = "from", .type = J_TIME, .off = Q(from), .help = "Not before this time." },
    { .name = "to", .type = J_TIME, .off = Q(to), .help = "Before this time." },
};
static const struct jspec list_query = JSPEC("AuditLogQuery", list_query_fields, struct list_query);

static const struct jfield entry_fields[] = {
    { .name = "n", .type = J_INT, .help = "Number of the entry; without gaps." },
    { .name = "at", .type = J_TIME, .help = "When it was done." },
    { .name = "actor_type", .type = J_TEXT, .help = "anonymous, user, system or cli." },
    { .name = "actor_id", .type = J_ID, .flags = JF_NULLABLE, .help = "Who did it." },
    { .name = "address", .type = J_TEXT, .help = "The client's address." },
    { .name = "request_id", .type = J_TEXT, .help = "The request, as in its answer and the log." },
    { .name = "action", .type = J_TEXT, .help = "What was done: object.verb." },
    { .name = "object", .type = J_TEXT, .help = "Kind of object." },
    { .name = "object_id", .type = J_ID, .flags = JF_NULLABLE, .help = "The object." },
    { .name = "details",
      .type = J_JSON,
      .flags = JF_NULLABLE,
      .help = "Before and after, changed fields only." },
    { .name = "erased", .type = J_BOOL, .help = "The details were erased." },
    { .name = "hash", .type = J_TEXT, .help = "The chain's hash up to this entry." },
};
static const struct jspec entry_answer = JSPEC_ANSWER("AuditEntry", entry_fields);

/* What a cursor is bound to. */
static struct str filter_text(struct ctx *c, const struct list_query *q)
{
    return str_printf(c->a, "%lld %lld %lld %lld %.*s %.*s %.*s", (long long)q->actor_id.v,
                      (long long)q->object_id.v, (long long)q->from.v, (long long)q->to.v,
                      STR_ARG(q->action.v), STR_ARG(q->object.v), STR_ARG(q->request_id.v));
}

static enum rc audit_list(struct ctx *c, struct err *e)
{
    static const char *const names[] = { "n", NULL };
    static const struct ctx_sorts sorts = { names, true };
    const struct list_query *q = c->query;
    struct audit_filter f = { .actor_id = q->actor_id.v,
                              .action = q->action.v,
                              .object = q->object.v,
                              .request_id = q->request_id.v,
                              .object_id = q->object_id.v,
                              .from_us = q->from.v,
                              .to_us = q->to.v };
    struct audit_row *rows;
    struct ctx_page p;
    size_t n, shown;

    TRY(ctx_page_begin(c, &q->list, &sorts, filter_text(c, q), &p, e));
    f.has_key = p.has_key;
    f.key = p.key_id;
    f.ascending = p.descending == p.backward;
    f.limit = p.limit + 1;
    TRY(audit_rows_list(c->db, &f, c->a, &rows, &n, e));
    shown = n < (size_t)p.limit ? n : (size_t)p.limit;
    for (size_t i = 0; i < shown; i++) {
        const struct audit_row *row = &rows[p.backward ? shown - 1 - i : i];

        ctx_page_item(c, &p, row->n, STR_NONE, row->n);
        audit_row_write(&c->out, row, false);
    }
    ctx_page_end(c, &p, n > shown);
    return RC_OK;
}

static const struct jfield verdict_fields[] = {
    { .name = "whole", .type = J_BOOL, .help = "Nothing was done to the log." },
    { .name = "finding",
      .type = J_TEXT,
      .help = "whole, altered, removed, inserted, moved, cut, head, older, rewritten." },
    { .name = "detail", .type = J_TEXT, .help = "The finding in words." },
    { .name = "first_wrong",
      .type = J_INT,
      .flags = JF_NULLABLE,
      .help = "The first wrong entry." },
    { .name = "checked", .type = J_INT, .help = "Entries read." },
    { .name = "erased", .type = J_INT, .help = "Entries whose details were erased." },
    { .name = "witnessed",
      .type = J_INT,
      .help = "Heads written down outside of the database that were compared." },
    { .name = "head", .type = J_INT, .help = "Number of the last entry." },
    { .name = "head_hash", .type = J_TEXT, .help = "Hash of the last entry." },
};
static const struct jspec verdict_answer = JSPEC_ANSWER("AuditVerdict", verdict_fields);

static enum rc audit_check(struct ctx *c, struct err *e)
{
    struct str path = str_printf(c->a, "%.*s/audit-head", STR_ARG(c->app->cfg->data_dir)),
               witness = STR("");
    struct audit_verdict v;

    if (file_read(path.p, WITNESS_MAX, c->a, &witness, e) == RC_NOT_FOUND)
        err_clear(e);
    else if (e->rc != RC_OK)
        return e->rc;
    TRY(audit_verify(c->db, witness, c->a, &v, e));
    audit_verdict_write(&c->out, &v);
    return RC_OK;
}

static const struct route routes[] = {
    { .method = HTTP_GET,
      .path = "/api/v1/audit-log",
      .op = "audit_list",
      .tag = "Audit log",
      .summary = "Who did what, newest first.",
      .handle = audit_list,
      .flags = R_LIST,
      .perm = PERM_ADMIN_AUDIT,
      .query = &list_query,
      .answer = &entry_answer,
      .status = 200 },
    { .method = HTTP_GET,
      .path = "/api/v1/audit-log/verify",
      .op = "audit_verify",
      .tag = "Audit log",
      .summary = "Reads the whole chain and names the first wrong entry.",
      .handle = audit_check,
      .perm = PERM_ADMIN_AUDIT,
      .answer = &verdict_answer,
      .status = 200 },
};
const struct route_table routes_audit = { routes, ARRAY_LEN(routes) };
