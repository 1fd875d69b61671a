#include "web/openapi.h"

#include "base/arena.h"
#include "base/version.h"
#include "desk/actor.h"
#include "web/dispatch.h"
#include "web/openapi_priv.h"
#include "web/routes.h"


enum { ARENA_MAX = 64 << 20 };

struct doc {
    struct jw w;
    struct arena *a;
    const struct route **routes; /* the shown ones, in the order of the tables */
    size_t n;
    struct specs specs;
};

/* ── answers that mean a failure ── */

static const struct {
    const char *status, *name, *description;
} problems[] = {
    { "400", "BadRequest", "Malformed: JSON, query parameter, cursor or header." },
    { "401", "Unauthorized", "Nobody is logged in, or the token is not valid (any more)." },
    { "403", "Forbidden", "Logged in, but without the right; or the CSRF token is missing." },
    { "404", "NotFound", "Absent, or not the caller's to see." },
    { "406", "NotAcceptable", "Accept does not allow JSON." },
    { "409", "Conflict", "It contradicts what is there; or a request with this Idempotency-Key is still running." },
    { "412", "VersionMismatch", "If-Match does not hold; `current` is the object as it is now." },
    { "413", "TooLarge", "The body is larger than allowed." },
    { "415", "UnsupportedMediaType", "The body is not of a type that is understood here." },
    { "416", "RangeNotSatisfiable", "None of the bytes that Range asks for is there." },
    { "422", "Invalid", "Well formed, but values are missing, unknown or not allowed; `errors` names each." },
    { "429", "TooManyRequests", "The rate limit is used up; `Retry-After` says when to come again." },
    { "500", "InternalError", "Our fault; the request id finds it in the log." },
    { "503", "Unavailable", "Too busy, or the database is away; nothing was done. See `Retry-After`." },
    { "507", "StorageFull", "The disk is full; nothing was changed. See `Retry-After`." },
};

static bool problem_fits(const struct route *r, const char *status)
{
    bool unsafe = (r->method & (HTTP_GET | HTTP_HEAD)) == 0, body = r->body || (r->flags & R_RAW_BODY);
    bool param = strchr(r->path, '{') != NULL;

    if (strcmp(status, "401") == 0)
        return !(r->flags & R_PUBLIC) || r->bucket == BUCKET_LOGIN;
    if (strcmp(status, "404") == 0)
        return param || unsafe;
    if (strcmp(status, "409") == 0 || strcmp(status, "422") == 0 || strcmp(status, "507") == 0)
        return unsafe;
    if (strcmp(status, "412") == 0)
        return unsafe && param;
    if (strcmp(status, "413") == 0 || strcmp(status, "415") == 0)
        return unsafe && (body || r->method != HTTP_DELETE);
    if (strcmp(status, "416") == 0)
        return r->flags & R_PARTS;
    if (strcmp(status, "406") == 0)
        return r->answer != NULL;
    return true;
}

static void ref_to(struct doc *d, const char *kind, const char *name)
{
    jw_obj(&d->w);
    jw_kv_text(&d->w, "$ref", str_printf(d->a, "#/components/%s/%s", kind, name));
    jw_obj_end(&d->w);
}

static void failures_write(struct doc *d, const struct route *r)
{
    for (size_t i = 0; i < ARRAY_LEN(problems); i++) {
        if (!problem_fits(r, problems[i].status))
            continue;
        jw_key_str(&d->w, str_of(problems[i].status));
        ref_to(d, "responses", problems[i].name);
    }
}

/* ── parameters ── */

static void parameter_open(struct jw *w, struct str name, const char *where, bool required)
{
    jw_obj(w);
    jw_kv_text(w, "name", name);
    jw_kv_text(w, "in", str_of(where));
    if (required)
        jw_kv_bool(w, "required", true);
}

/* {id} and {…_id} are numbers; a ticket's may be its public number too; the rest is text. */
static void path_parameter(struct doc *d, const struct route *r, struct str name)
{
    struct jw *w = &d->w;
    bool ticket = str_starts(str_of(r->path), STR("/api/v1/tickets/{")) && str_eq(name, STR("id"));

    parameter_open(w, name, "path", true);
    jw_key(w, "schema");
    jw_obj(w);
    if (ticket) {
        jw_kv_text(w, "type", STR("string"));
        jw_kv_text(w, "pattern", STR("^([1-9][0-9]*|number:.+)$"));
    } else if (str_eq(name, STR("id")) || str_ends(name, STR("_id"))) {
        jw_kv_text(w, "type", STR("integer"));
        jw_kv_int(w, "minimum", 1);
    } else {
        jw_kv_text(w, "type", STR("string"));
    }
    jw_obj_end(w);
    jw_obj_end(w);
}

static void path_parameters(struct doc *d, const struct route *r)
{
    struct str rest = str_of(r->path);

    while (rest.p) {
        struct str segment = str_cut(&rest, '/');

        if (segment.n > 2 && segment.p[0] == '{')
            path_parameter(d, r, str_sub(segment, 1, segment.n - 2));
    }
}

static void query_parameters(struct doc *d, const struct route *r)
{
    struct jw *w = &d->w;

    for (size_t i = 0; r->query && i < r->query->n_fields; i++) {
        const struct jfield *f = &r->query->fields[i];

        parameter_open(w, str_of(f->name), "query", f->flags & JF_REQUIRED);
        if (f->help && f->help[0])
            jw_kv_text(w, "description", str_of(f->help));
        if (f->type == J_TEXTS || f->type == J_IDS) {
            jw_kv_text(w, "style", STR("form"));
            jw_kv_bool(w, "explode", false);
        }
        jw_key(w, "schema");
        schema_of_field(w, f, false);
        jw_obj_end(w);
    }
}

static void parameters_write(struct doc *d, const struct route *r)
{
    bool unsafe = (r->method & (HTTP_GET | HTTP_HEAD)) == 0;

    jw_key(&d->w, "parameters");
    jw_arr(&d->w);
    path_parameters(d, r);
    query_parameters(d, r);
    ref_to(d, "parameters", "RequestId");
    ref_to(d, "parameters", "ApiVersion");
    if ((r->method & (HTTP_POST | HTTP_PATCH)) && (r->flags & R_WRITE) && !(r->flags & R_NO_IDEMPOTENCY))
        ref_to(d, "parameters", "IdempotencyKey");
    if (unsafe && strchr(r->path, '{'))
        ref_to(d, "parameters", "IfMatch");
    if (!unsafe)
        ref_to(d, "parameters", "IfNoneMatch");
    jw_arr_end(&d->w);
}

/* ── body and answer ── */

static void binary_content(struct jw *w, const char *type)
{
    jw_key_str(w, str_of(type));
    jw_obj(w);
    jw_obj_end(w);
}

static void body_write(struct doc *d, const struct route *r)
{
    struct jw *w = &d->w;

    if (!r->body && !(r->flags & R_RAW_BODY))
        return;
    jw_key(w, "requestBody");
    jw_obj(w);
    jw_kv_bool(w, "required", true);
    jw_key(w, "content");
    jw_obj(w);
    if (r->flags & R_RAW_BODY) {
        binary_content(w, "multipart/form-data");
        binary_content(w, "*/*");
    } else {
        jw_key(w, "application/json");
        jw_obj(w);
        jw_key(w, "schema");
        schema_ref(w, r->body);
        jw_obj_end(w);
    }
    jw_obj_end(w);
    jw_obj_end(w);
}

static void list_schema(struct doc *d, const struct route *r)
{
    struct jw *w = &d->w;

    jw_obj(w);
    jw_kv_text(w, "type", STR("object"));
    jw_key(w, "required");
    jw_raw(w, STR("[\"data\",\"page\"]"));
    jw_key(w, "properties");
    jw_obj(w);
    jw_key(w, "data");
    jw_obj(w);
    jw_kv_text(w, "type", STR("array"));
    jw_key(w, "items");
    schema_ref(w, r->answer);
    jw_obj_end(w);
    jw_key(w, "included");
    jw_raw(w, STR("{\"type\":\"object\",\"description\":\"What include= asked for, by kind.\"}"));
    jw_key(w, "page");
    jw_raw(w, STR("{\"$ref\":\"#/components/schemas/Page\"}"));
    jw_obj_end(w);
    jw_obj_end(w);
}

static void content_write(struct doc *d, const struct route *r)
{
    struct jw *w = &d->w;

    jw_key(w, "content");
    jw_obj(w);
    if (r->answer) {
        jw_key(w, "application/json");
        jw_obj(w);
        jw_key(w, "schema");
        if (r->flags & R_LIST)
            list_schema(d, r);
        else
            schema_ref(w, r->answer);
        jw_obj_end(w);
    }
    if (r->flags & R_STREAM)
        binary_content(w, "text/event-stream");
    else if (!r->answer)
        binary_content(w, "*/*");
    jw_obj_end(w);
}

static void success_headers(struct doc *d, const struct route *r)
{
    static const char *const names[] = { "X-Request-Id", "RateLimit", "RateLimit-Policy", "Server-Timing" };
    struct jw *w = &d->w;

    jw_key(w, "headers");
    jw_obj(w);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        jw_key_str(w, str_of(names[i]));
        ref_to(d, "headers", names[i]);
    }
    if (r->status == 201) {
        jw_key(w, "Location");
        ref_to(d, "headers", "Location");
    }
    jw_obj_end(w);
}

static void success_write(struct doc *d, const struct route *r, int status)
{
    struct jw *w = &d->w;

    jw_key_str(w, str_printf(d->a, "%d", status));
    jw_obj(w);
    jw_kv_text(w, "description",
               status == 201 ? STR("Created.") : status == 202 ? STR("Accepted; it goes on in the background.")
                                             : status == 204   ? STR("Done; nothing to say.")
                                             : status == 206   ? STR("The part that Range asks for.")
                                                               : STR("Done."));
    success_headers(d, r);
    if (status != 204 && !(r->flags & R_EMPTY))
        content_write(d, r);
    jw_obj_end(w);
}

static void responses_write(struct doc *d, const struct route *r)
{
    struct jw *w = &d->w;

    jw_key(w, "responses");
    jw_obj(w);
    success_write(d, r, r->status);
    if (r->flags & R_LATER)
        success_write(d, r, 202);
    if (r->flags & R_PARTS)
        success_write(d, r, 206);
    if (r->method == HTTP_GET) {
        jw_key(w, "304");
        jw_raw(w, STR("{\"description\":\"Not changed since If-None-Match.\"}"));
    }
    failures_write(d, r);
    jw_obj_end(w);
}

/* ── operations ── */

static void security_write(struct doc *d, const struct route *r)
{
    bool csrf = (r->method & (HTTP_GET | HTTP_HEAD)) == 0 && !(r->flags & R_NO_CSRF);
    struct jw *w = &d->w;

    jw_key(w, "security");
    jw_arr(w);
    if (r->flags & R_PUBLIC)
        jw_raw(w, STR("{}"));
    jw_raw(w, STR("{\"bearer\":[]}"));
    jw_raw(w, csrf ? STR("{\"session\":[],\"csrf\":[]}") : STR("{\"session\":[]}"));
    jw_arr_end(w);
}

static void permissions_write(struct doc *d, const struct route *r)
{
    static const struct {
        int64_t bit;
        const char *text;
    } perms[] = {
#define X(bit, name, text, help) { PERM_##name, text },
        PERM_TABLE(X)
#undef X
    };
    struct jw *w = &d->w;

    if (r->perm == 0)
        return;
    jw_key(w, "x-permissions");
    jw_arr(w);
    for (size_t i = 0; i < ARRAY_LEN(perms); i++) {
        if (r->perm & perms[i].bit)
            jw_text(w, str_of(perms[i].text));
    }
    jw_arr_end(w);
}

static void operation_write(struct doc *d, const struct route *r)
{
    struct jw *w = &d->w;

    jw_key_str(w, str_lower(dispatch_method_text(r->method), d->a));
    jw_obj(w);
    jw_kv_text(w, "operationId", str_of(r->op));
    jw_key(w, "tags");
    jw_arr(w);
    jw_text(w, str_of(r->tag));
    jw_arr_end(w);
    jw_kv_text(w, "summary", str_of(r->summary));
    jw_kv_text(w, "description", str_of(r->summary));
    permissions_write(d, r);
    security_write(d, r);
    parameters_write(d, r);
    body_write(d, r);
    responses_write(d, r);
    jw_obj_end(w);
}

static bool is_first_of_path(const struct doc *d, size_t at)
{
    for (size_t i = 0; i < at; i++) {
        if (strcmp(d->routes[i]->path, d->routes[at]->path) == 0)
            return false;
    }
    return true;
}

static void paths_write(struct doc *d)
{
    jw_key(&d->w, "paths");
    jw_obj(&d->w);
    for (size_t i = 0; i < d->n; i++) {
        if (!is_first_of_path(d, i))
            continue;
        jw_key_str(&d->w, str_of(d->routes[i]->path));
        jw_obj(&d->w);
        for (size_t j = i; j < d->n; j++) {
            if (strcmp(d->routes[i]->path, d->routes[j]->path) == 0)
                operation_write(d, d->routes[j]);
        }
        jw_obj_end(&d->w);
    }
    jw_obj_end(&d->w);
}

/* ── the rest ── */

static const char *const tag_words[][2] = {
    { "Authentication", "Accounts, logins with a second step, sessions, passwords, proved addresses." },
    { "Roles", "Sets of permissions and levels in groups that people have." },
    { "API tokens", "Tokens for programs, each with at most the rights of its person." },
    { "People", "Customers and agents, their addresses, and merging two records of one person." },
    { "Organizations", "Firms and other bodies that people belong to." },
    { "Groups", "Teams that tickets belong to, and what holds in each." },
    { "Audit log", "Who changed what and when, as an unbroken chain." },
    { "Settings", "What administrators set while the server runs." },
    { "Tickets", "Requests of customers: lists, bulk changes, merging, splitting, participants." },
    { "Messages", "What is said on a ticket, in public or among agents." },
    { "Attachments", "Files: uploaded first, then taken by a message." },
    { "Links", "Tickets that belong together." },
    { "Drafts", "Answers and tickets that were not sent yet." },
    { "Tags", "Words that tickets are marked with." },
    { "States", "What a ticket can be in, and which clock runs." },
    { "Priorities", "How urgent a ticket is." },
    { "Fields", "Fields that administrators define." },
    { "Jobs", "Long work that runs in the background, and its result." },
    { "Data protection", "Exports, erasure, retention and legal holds." },
    { "Events", "The live stream, presence and counters." },
    { "API", "This document." },
    { "Search", "Full-text search, and the language of queries." },
    { "Reports", "Figures of the desk over a period, and what waits for oneself." },
    { "System", "How the server and what it stands on are, in words." },
    { "Views", "Saved searches with columns and an order." },
};

/* A test looks that each tag has its words. */
static struct str tag_description(const char *tag)
{
    for (size_t i = 0; i < ARRAY_LEN(tag_words); i++)
        if (strcmp(tag_words[i][0], tag) == 0)
            return str_of(tag_words[i][1]);
    return STR("");
}

static void tags_write(struct doc *d)
{
    jw_key(&d->w, "tags");
    jw_arr(&d->w);
    for (size_t i = 0; i < d->n; i++) {
        bool seen = false;

        for (size_t j = 0; j < i; j++)
            seen |= strcmp(d->routes[i]->tag, d->routes[j]->tag) == 0;
        if (seen)
            continue;
        jw_obj(&d->w);
        jw_kv_text(&d->w, "name", str_of(d->routes[i]->tag));
        jw_kv_text(&d->w, "description", tag_description(d->routes[i]->tag));
        jw_obj_end(&d->w);
    }
    jw_arr_end(&d->w);
}

static void problem_components(struct doc *d)
{
    struct jw *w = &d->w;

    jw_key(w, "responses");
    jw_obj(w);
    for (size_t i = 0; i < ARRAY_LEN(problems); i++) {
        const char *status = problems[i].status;
        bool retry = strcmp(status, "429") == 0 || strcmp(status, "503") == 0 || strcmp(status, "507") == 0;

        jw_key_str(w, str_of(problems[i].name));
        jw_obj(w);
        jw_kv_text(w, "description", str_of(problems[i].description));
        if (retry) {
            jw_key(w, "headers");
            jw_raw(w, STR("{\"Retry-After\":{\"$ref\":\"#/components/headers/Retry-After\"}}"));
        }
        jw_key(w, "content");
        jw_raw(w, STR("{\"application/problem+json\":{\"schema\":{\"$ref\":\"#/components/schemas/Problem\"}}}"));
        jw_obj_end(w);
    }
    jw_obj_end(w);
}

static void components_write(struct doc *d)
{
    struct jw *w = &d->w;

    jw_key(w, "components");
    jw_obj(w);
    jw_raw(w, openapi_fixed_components);
    problem_components(d);
    jw_key(w, "schemas");
    jw_obj(w);
    jw_raw(w, openapi_fixed_schemas);
    schemas_write(w, &d->specs);
    jw_obj_end(w);
    jw_obj_end(w);
}

static void info_write(struct jw *w)
{
    jw_kv_text(w, "openapi", STR("3.1.0"));
    jw_key(w, "info");
    jw_obj(w);
    jw_kv_text(w, "title", STR("ticketing-system"));
    jw_kv_text(w, "version", STR(VERSION));
    jw_kv_text(w, "description",
               STR("The API of the help desk. JSON in UTF-8; times are RFC 3339 in UTC; failures are RFC 9457 problems. "
                   "Unknown parameters and fields are refused by name. Lists are paged by signed cursors."));
    jw_key(w, "contact");
    jw_raw(w, STR("{\"name\":\"ticketing-system\"}"));
    jw_key(w, "license");
    jw_raw(w, STR("{\"name\":\"Apache-2.0\",\"identifier\":\"Apache-2.0\"}"));
    jw_obj_end(w);
    jw_key(w, "servers");
    jw_raw(w, STR("[{\"url\":\"/\"}]"));
}

static void collect(struct doc *d, const struct route_table *const *tables, size_t n)
{
    size_t all = 0;

    for (size_t i = 0; i < n; i++)
        all += tables[i]->n;
    d->routes = ARENA_ARRAY(d->a, const struct route *, all + 1);
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < tables[i]->n; j++) {
            const struct route *r = &tables[i]->routes[j];

            if (r->flags & (R_HIDDEN | R_PAGE))
                continue;
            d->routes[d->n++] = r;
            if (r->body)
                specs_add(&d->specs, r->body);
            if (r->answer)
                specs_add(&d->specs, r->answer);
        }
    }
}

void openapi_write_tables(struct buf *out, const struct route_table *const *tables, size_t n, struct arena *a)
{
    struct doc *d = ARENA_NEW(a, struct doc);

    d->w = jw_to(out);
    d->a = a;
    collect(d, tables, n);
    jw_obj(&d->w);
    info_write(&d->w);
    tags_write(d);
    paths_write(d);
    components_write(d);
    jw_obj_end(&d->w);
}

void openapi_write(struct buf *out, bool yaml)
{
    struct arena *a CLEAN(arena_clean) = arena_new(ARENA_MAX);
    struct buf json = BUF_ARENA(a, OPENAPI_MAX);

    openapi_write_tables(&json, routes_all, routes_all_n, a);
    INVARIANT(!json.overflow);
    if (yaml)
        INVARIANT(openapi_yaml(buf_view(&json), out));
    else
        buf_str(out, buf_view(&json));
}
