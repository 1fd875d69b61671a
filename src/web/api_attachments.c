/* Uploads and attachments.  Bytes come in by POST /uploads, are taken by a message, and go out as
 * something that no browser runs. */
#include "base/clock.h"
#include "base/config.h"
#include "base/enc.h"
#include "desk/attachment.h"
#include "desk/ticket.h"
#include "web/api_attachments.h"
#include "web/app.h"
#include "web/call.h"
#include "web/multipart.h"

#include <sys/mman.h>
#include <unistd.h>

/* ---- What an answer shows ---- */

static const struct jfield attachment_fields[] = {
    { .name = "id", .type = J_ID, .help = "Its id." },
    { .name = "name", .type = J_TEXT, .help = "File name, made harmless." },
    { .name = "content_type", .type = J_TEXT, .help = "Media type, as the bytes show it." },
    { .name = "size", .type = J_INT, .help = "Bytes." },
    { .name = "sha256", .type = J_TEXT, .help = "SHA-256 of the bytes, hexadecimal." },
    { .name = "ticket_id",
      .type = J_ID,
      .flags = JF_NULLABLE,
      .help = "Its ticket; null while no message took it." },
    { .name = "message_id",
      .type = J_ID,
      .flags = JF_NULLABLE,
      .help = "Its message; null while no message took it." },
    { .name = "internal", .type = J_BOOL, .help = "Its message is hidden from customers." },
    { .name = "created_at", .type = J_TIME, .help = "When it was uploaded." },
    { .name = "expires_at",
      .type = J_TIME,
      .flags = JF_NULLABLE,
      .help = "Until when a message must take it." },
    { .name = "content_url", .type = J_TEXT, .help = "Where its bytes are." },
};
static const struct jspec attachment_answer = JSPEC_ANSWER("Attachment", attachment_fields);

static void write_attachment(struct ctx *c, const struct attachment *at)
{
    struct jw *w = &c->out;

    jw_obj(w);
    jw_kv_int(w, "id", at->id);
    jw_kv_text(w, "name", at->name);
    jw_kv_text(w, "content_type", at->content_type);
    jw_kv_int(w, "size", at->size);
    jw_kv_text(w, "sha256", at->hash);
    jw_kv_id(w, "ticket_id", at->ticket_id);
    jw_kv_id(w, "message_id", at->message_id);
    jw_kv_bool(w, "internal", at->is_internal);
    jw_kv_time(w, "created_at", at->created_us);
    jw_kv_time(w, "expires_at", at->expires_us);
    jw_kv_text(w, "content_url",
               str_printf(c->a, "/api/v1/attachments/%lld/content", (long long)at->id));
    jw_obj_end(w);
}

/* ---- Uploading ---- */

struct upload_query {
    struct j_text name;
};
static const struct jfield upload_query_fields[] = {
    { "name", J_TEXT, 0, 1, 1000, 0, NULL, NULL, offsetof(struct upload_query, name),
      "File name of a body that is the bytes themselves; not with multipart/form-data." },
};
static const struct jspec upload_query =
    JSPEC("UploadQuery", upload_query_fields, struct upload_query);

struct attachment_limits api_attachment_limits(const struct ctx *c)
{
    const struct config *cfg = config_live(c->app->cfg);

    return (struct attachment_limits){
        .max_bytes = cfg->attachment_max_kib * (int64_t)KIB,
        .max_waiting = cfg->uploads_waiting_max,
        .max_waiting_bytes = cfg->uploads_waiting_max_mib * (int64_t)MIB,
        .keep_us = cfg->upload_keep_hours * US_PER_HOUR,
    };
}

static enum rc from_multipart(struct ctx *c, struct str body, struct str type, struct upload *up,
                              struct err *e)
{
    const struct upload_query *q = c->query;
    const struct multipart_part *file = NULL;
    struct multipart *m = ARENA_NEW(c->a, struct multipart);
    struct str boundary;

    if (q->name.set)
        return err_field(e, "name", "unknown", "no name here: the part's own",
                         "With multipart/form-data the part carries the name.");
    TRY(multipart_boundary(type, c->a, &boundary, e));
    TRY(multipart_read(body, boundary, c->a, m, e));
    for (size_t i = 0; i < m->n; i++) {
        if (!m->parts[i].file_name.p)
            return err_field(e, "body", "unknown", "one file",
                             "The form may hold one file and nothing else.");
        if (file)
            return err_field(e, "body", "length", "one file", "One file an upload.");
        file = &m->parts[i];
    }
    if (!file)
        return err_field(e, "body", "required", "one file", "The form holds no file.");
    *up = (struct upload){ file->file_name, file->content_type, file->data };
    return RC_OK;
}

static enum rc from_raw(struct ctx *c, struct str body, struct str type, struct upload *up,
                        struct err *e)
{
    const struct upload_query *q = c->query;
    struct str header = http_header_get(c->x, STR("x-file-name")), name = q->name.v;

    if (!q->name.set && header.p && !dec_url(header, false, c->a, &name))
        return err_field(e, "X-File-Name", "format", "percent-encoded UTF-8",
                         "The file name cannot be decoded.");
    if (!q->name.set && !header.p)
        return err_field(e, "name", "required", "1 to 255 characters",
                         "Say the file's name, or send multipart/form-data.");
    *up = (struct upload){ name, type.p ? type : STR(""), body };
    return RC_OK;
}

struct mapping {
    void *p;
    size_t n;
};

static void unmap(struct mapping *m)
{
    if (m->p)
        munmap(m->p, m->n);
}

/* The body, wherever http/ put it. */
static enum rc view_body(struct ctx *c, struct mapping *m, struct str *out, struct err *e)
{
    struct exchange *x = c->x;

    *out = x->body.p ? x->body : STR("");
    if (x->body_fd < 0 || !x->body_len)
        return RC_OK;
    m->n = (size_t)x->body_len;
    m->p = mmap(NULL, m->n, PROT_READ, MAP_PRIVATE, x->body_fd, 0);
    if (m->p == MAP_FAILED) {
        m->p = NULL;
        return err_fail(e, "upload: the spooled body cannot be mapped");
    }
    *out = (struct str){ m->p, m->n };
    return RC_OK;
}

/* On the read lane: the bytes are on disk before the row is thought of. */
static enum rc upload_prepare(struct ctx *c, struct err *e)
{
    struct mapping m CLEAN(unmap) = { 0 };
    struct attachment_limits lim = api_attachment_limits(c);
    struct str body, type = http_header_get(c->x, STR("content-type"));
    struct attachment *at = ARENA_NEW(c->a, struct attachment);
    struct upload up;

    TRY(view_body(c, &m, &body, e));
    TRY(multipart_is(type) ? from_multipart(c, body, type, &up, e)
                           : from_raw(c, body, type, &up, e));
    TRY(upload_check(c->db, &lim, &c->who, (int64_t)up.bytes.n, clock_now_us(), e));
    TRY(upload_store(c->app->blobs, &lim, &c->who, &up, c->a, at, e));
    c->prepared = at;
    return RC_OK;
}

static enum rc upload_create(struct ctx *c, struct err *e)
{
    struct attachment_limits lim = api_attachment_limits(c);
    struct attachment *at = c->prepared;

    TRY(upload_add(c->db, &lim, &c->who, at, e));
    ctx_location(c, "/api/v1/attachments/%lld", (long long)at->id);
    write_attachment(c, at);
    return RC_OK;
}

/* ---- Reading ---- */

static enum rc attachment_show(struct ctx *c, struct err *e)
{
    struct attachment at;
    struct call call;
    int64_t id;

    TRY(ctx_id(c, 0, &id, e));
    TRY(ctx_call(c, &call, e));
    TRY(attachment_read(&call, id, &at, e));
    write_attachment(c, &at);
    return RC_OK;
}

/* The name twice: plain for old clients, and as RFC 8187 has it. */
static struct str disposition(struct ctx *c, const struct attachment *at)
{
    struct buf plain = BUF_ARENA(c->a, at->name.n + 1);
    struct str kind = STR("attachment");

    for (size_t i = 0; i < at->name.n; i++) {
        char ch = at->name.p[i];

        buf_char(&plain, ch >= ' ' && ch < 0x7F && ch != '"' && ch != '\\' && ch != '%' ? ch : '_');
    }
    return str_printf(c->a, "%.*s; filename=\"%.*s\"; filename*=UTF-8''%.*s", STR_ARG(kind),
                      STR_ARG(buf_view(&plain)), STR_ARG(enc_url(at->name, c->a)));
}

enum rc api_attachment_content(struct ctx *c, struct err *e)
{
    struct exchange *x = c->x;
    struct attachment at;
    struct call call;
    int64_t id, size;

    TRY(ctx_id(c, 0, &id, e));
    TRY(ctx_call(c, &call, e));
    TRY(attachment_read(&call, id, &at, e));
    TRY(blob_get(c->app->blobs, at.hash, &x->out_fd, &size, e));
    x->out_fd_off = 0;
    x->out_fd_len = (uint64_t)size;
    x->no_compress = true;
    exchange_header(x, STR("content-type"), at.content_type);
    exchange_header(x, STR("content-disposition"), disposition(c, &at));
    exchange_header(x, STR("content-security-policy"), STR("default-src 'none'; sandbox"));
    exchange_header(x, STR("x-content-type-options"), STR("nosniff"));
    exchange_header(x, STR("cache-control"), STR("no-store"));
    exchange_header(x, STR("etag"), str_printf(c->a, "\"%.*s\"", STR_ARG(at.hash)));
    return RC_OK;
}

static const char *const by_id[] = { "id", NULL };
static const struct ctx_sorts list_sorts = { by_id, false };
static const struct jfield list_query_fields[] = { CTX_LIST_FIELDS };
static const struct jspec list_query =
    JSPEC("AttachmentListQuery", list_query_fields, struct ctx_list_query);

static enum rc attachment_list(struct ctx *c, struct err *e)
{
    struct attachment_page want = { 0 };
    struct attachment_list list;
    struct ctx_page p;
    struct ticket_seen s;
    size_t n;

    TRY(ctx_ticket(c, &s, e));
    TRY(ctx_page_begin(c, c->query, &list_sorts, STR_NONE, &p, e));
    want.ticket_id = s.t.id;
    want.with_internal = s.internal;
    want.limit = p.limit + 1;
    want.after = p.has_key ? p.key_id : 0;
    want.descending = p.descending != p.backward;
    TRY(attachments_list(c->db, &want, c->a, &list, e));
    n = list.n < (size_t)p.limit ? list.n : (size_t)p.limit;
    for (size_t i = 0; i < n; i++) {
        const struct attachment *at = &list.v[p.backward ? n - 1 - i : i];

        ctx_page_item(c, &p, at->id, STR_NONE, at->id);
        write_attachment(c, at);
    }
    ctx_page_end(c, &p, list.n > n);
    return RC_OK;
}

static const struct route routes[] = {
    { .method = HTTP_POST,
      .path = "/api/v1/uploads",
      .op = "upload_create",
      .tag = "Attachments",
      .summary = "Uploads a file for a message: one part of multipart/form-data, or the bytes with "
                 "?name=.",
      .prepare = upload_prepare,
      .handle = upload_create,
      .flags = R_WRITE | R_RAW_BODY,
      .perm = PERM_TICKET_CUSTOMER | PERM_TICKET_AGENT | PERM_ADMIN_TICKET,
      .query = &upload_query,
      .answer = &attachment_answer,
      .status = 201 },
    { .method = HTTP_GET,
      .path = "/api/v1/tickets/{id}/attachments",
      .op = "ticket_attachments_list",
      .tag = "Attachments",
      .summary = "Files of a ticket's messages.",
      .handle = attachment_list,
      .flags = R_LIST,
      .query = &list_query,
      .answer = &attachment_answer,
      .status = 200 },
    { .method = HTTP_GET,
      .path = "/api/v1/attachments/{id}",
      .op = "attachment_show",
      .tag = "Attachments",
      .summary = "What is known of a file.",
      .handle = attachment_show,
      .answer = &attachment_answer,
      .status = 200 },
    { .method = HTTP_GET,
      .path = "/api/v1/attachments/{id}/content",
      .op = "attachment_content",
      .tag = "Attachments",
      .summary = "The bytes of a file, with Range.",
      .handle = api_attachment_content,
      .flags = R_PARTS,
      .status = 200 },
};
const struct route_table routes_attachments = { routes, ARRAY_LEN(routes) };
