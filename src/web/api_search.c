/* Search as you type and search in full. */
#include "desk/can.h"
#include "desk/search.h"
#include "store/query.h"
#include "web/call.h"
#include "web/ctx.h"
#include "web/ticket_json.h"

static const char *const sort_names[] = { "newest", "relevance", NULL };
static const char *const count_names[] = { "none", "exact", NULL };

struct search_query {
    struct j_text q;
    struct j_texts types;
    struct j_int typing, limit, sort, count;
    struct j_text after;
};

static const struct jfield query_params[] = {
    { "q", J_TEXT, JF_REQUIRED, 0, QUERY_BYTES_MAX, 0, NULL, NULL, offsetof(struct search_query, q),
      "What to look for, in the search language." },
    { "types", J_TEXTS, 0, 1, 20, 3, NULL, NULL, offsetof(struct search_query, types),
      "tickets, users, organizations; tickets unless told." },
    { "typing", J_BOOL, 0, 0, 0, 0, NULL, NULL, offsetof(struct search_query, typing),
      "The last word is still being typed: it matches what begins with it." },
    { "limit", J_INT, 0, 1, SEARCH_LIMIT_MAX, 0, NULL, NULL, offsetof(struct search_query, limit),
      "Tickets of a page, 1 to 100; 20 unless told." },
    { "after", J_TEXT, 0, 1, 1024, 0, NULL, NULL, offsetof(struct search_query, after),
      "Cursor from page.next of the answer before." },
    { "sort", J_ENUM, 0, 0, 0, 0, sort_names, NULL, offsetof(struct search_query, sort),
      "newest (default), or relevance among the newest hits." },
    { "count", J_ENUM, 0, 0, 0, 0, count_names, NULL, offsetof(struct search_query, count),
      "exact: also count the tickets, up to 10,000." },
};
static const struct jspec query_spec = JSPEC("SearchQuery", query_params, struct search_query);

static const struct jfield hit_fields[] = {
    { .name = "ticket", .type = J_OBJ, .sub = &ticket_answer },
    { .name = "message_id", .type = J_ID, .flags = JF_NULLABLE, .help = "The newest message with the words." },
    { .name = "excerpt", .type = J_TEXT, .flags = JF_NULLABLE, .help = "Text around the first word." },
};
static const struct jspec hit_answer = JSPEC_ANSWER("SearchHit", hit_fields);

static const struct jfield ref_fields[] = {
    { .name = "id", .type = J_ID },
    { .name = "name", .type = J_TEXT },
};
static const struct jspec ref_answer = JSPEC_ANSWER("FoundOrganization", ref_fields);

static const struct jfield person_fields[] = {
    { .name = "id", .type = J_ID },
    { .name = "name", .type = J_TEXT },
    { .name = "email", .type = J_TEXT, .flags = JF_NULLABLE },
    { .name = "organization", .type = J_OBJ, .flags = JF_NULLABLE, .sub = &ref_answer },
};
static const struct jspec person_answer = JSPEC_ANSWER("FoundUser", person_fields);

static const struct jfield page_fields[] = {
    { .name = "has_more", .type = J_BOOL },
    { .name = "next", .type = J_TEXT, .flags = JF_NULLABLE, .help = "Give it back as after." },
};
static const struct jspec page_answer = JSPEC_ANSWER("SearchPage", page_fields);

static const struct jfield answer_fields[] = {
    { .name = "jump", .type = J_OBJ, .flags = JF_NULLABLE, .sub = &ticket_answer,
      .help = "The ticket whose number was typed." },
    { .name = "tickets", .type = J_OBJS, .sub = &hit_answer },
    { .name = "corrected", .type = J_BOOL, .help = "No ticket has the words as typed; these have similar ones." },
    { .name = "users", .type = J_OBJS, .sub = &person_answer },
    { .name = "organizations", .type = J_OBJS, .sub = &ref_answer },
    { .name = "count", .type = J_INT, .flags = JF_OPTIONAL },
    { .name = "count_capped", .type = J_BOOL, .flags = JF_OPTIONAL },
    { .name = "page", .type = J_OBJ, .sub = &page_answer },
};
static const struct jspec answer = JSPEC_ANSWER("SearchResult", answer_fields);

static enum rc read_types(const struct search_query *q, struct search_request *in, struct err *e)
{
    in->tickets = !q->types.set;
    for (size_t i = 0; i < q->types.n; i++) {
        if (str_eq(q->types.v[i], STR("tickets")))
            in->tickets = true;
        else if (str_eq(q->types.v[i], STR("users")))
            in->people = true;
        else if (str_eq(q->types.v[i], STR("organizations")))
            in->organizations = true;
        else
            err_field(e, "types", "choice", "tickets, users, organizations", "there is no such type");
    }
    if (e->n_fields)
        e->rc = RC_BAD;
    return e->rc;
}

static void one_ticket(struct jw *w, const struct call *c, const struct ticket *t)
{
    const struct ticket_facts facts = { .group_id = t->group_id, .customer_id = t->customer_id,
                                        .organization_id = t->organization_id };
    const struct ticket_view v = { .cat = c->cat,
                                   .internal = can(c->who, CAN_READ_INTERNAL, &facts) };

    ticket_json(w, &v, t);
}

static void tickets_json(struct jw *w, const struct call *c, const struct search_result *r)
{
    jw_key(w, "jump");
    if (r->has_jump)
        one_ticket(w, c, &r->jump);
    else
        jw_null(w);
    jw_key(w, "tickets");
    jw_arr(w);
    for (size_t i = 0; i < r->n_tickets; i++) {
        const struct search_ticket *t = &r->tickets[i];

        jw_obj(w);
        jw_key(w, "ticket");
        one_ticket(w, c, &t->t);
        jw_kv_id(w, "message_id", t->message_id);
        jw_key(w, "excerpt");
        if (t->excerpt.p)
            jw_text(w, t->excerpt);
        else
            jw_null(w);
        jw_obj_end(w);
    }
    jw_arr_end(w);
    jw_kv_bool(w, "corrected", r->corrected);
}

static void others_json(struct jw *w, const struct search_result *r)
{
    jw_key(w, "users");
    jw_arr(w);
    for (size_t i = 0; i < r->n_people; i++) {
        const struct found_person *p = &r->people[i];

        jw_obj(w);
        jw_kv_id(w, "id", p->id);
        jw_kv_text(w, "name", p->name);
        jw_key(w, "email");
        if (p->email.p)
            jw_text(w, p->email);
        else
            jw_null(w);
        jw_key(w, "organization");
        ref_json(w, p->organization_id, p->organization_name);
        jw_obj_end(w);
    }
    jw_arr_end(w);
    jw_key(w, "organizations");
    jw_arr(w);
    for (size_t i = 0; i < r->n_orgs; i++)
        ref_json(w, r->orgs[i].id, r->orgs[i].name);
    jw_arr_end(w);
}

/* A cursor of the one is none of the other. */
static const struct ctx_sorts *sorts_of(const struct search_request *in)
{
    static const struct ctx_sorts newest = { sort_names, true }, relevance = { sort_names + 1, true };

    return in->relevance ? &relevance : &newest;
}

static enum rc api_search(struct ctx *c, struct err *e)
{
    const struct search_query *q = c->query;
    struct search_request in = { .text = q->q.v,
                                 .typing = q->typing.v != 0,
                                 .relevance = q->sort.v == 1,
                                 .limit = q->limit.set ? q->limit.v : 20,
                                 .count = q->count.v == 1 };
    struct search_result r;
    struct ctx_page p;
    struct call call;

    TRY(read_types(q, &in, e));
    TRY(ctx_page_read(c, &(struct ctx_list_query){ .after = q->after }, sorts_of(&in), ctx_filter_text(c), &p, e));
    in.after = (struct search_at){ p.key, p.key_id };
    TRY(ctx_call(c, &call, e));
    if (search_run(&call, &in, &r, e) != RC_OK) {
        if (e->rc == RC_INVALID)
            e->rc = RC_BAD; /* q is a query parameter */
        return e->rc;
    }
    jw_obj(&c->out);
    tickets_json(&c->out, &call, &r);
    others_json(&c->out, &r);
    if (in.count) {
        jw_kv_int(&c->out, "count", r.count);
        jw_kv_bool(&c->out, "count_capped", r.capped);
    }
    jw_key(&c->out, "page");
    jw_obj(&c->out);
    jw_kv_bool(&c->out, "has_more", r.more);
    ctx_page_item(c, &p, r.next.key, STR_NONE, r.next.id);
    jw_key(&c->out, "next");
    if (r.more)
        jw_text(&c->out, ctx_page_next(c, &p));
    else
        jw_null(&c->out);
    jw_obj_end(&c->out);
    jw_obj_end(&c->out);
    return RC_OK;
}

static const struct jfield field_fields[] = {
    { .name = "name", .type = J_TEXT },
    { .name = "help", .type = J_TEXT },
};
static const struct jspec field_answer = JSPEC_ANSWER("SearchField", field_fields);

static void one_field(struct jw *w, struct str name, struct str help)
{
    jw_obj(w);
    jw_kv_text(w, "name", name);
    jw_kv_text(w, "help", help);
    jw_obj_end(w);
}

/* Searching for values of custom fields is for agents. */
static void custom_fields(struct ctx *c, const struct catalog *cat)
{
    for (size_t i = 0; actor_is_agent(&c->who) && i < cat->n_fields; i++) {
        const struct cat_field *f = &cat->fields[i];

        if (f->object == FIELD_TICKET && f->active)
            one_field(&c->out, str_printf(c->a, "field.%.*s", STR_ARG(f->name)), f->label);
    }
}

static enum rc api_search_fields(struct ctx *c, struct err *e)
{
    struct call call;

    TRY(ctx_call(c, &call, e));
    jw_obj(&c->out);
    jw_key(&c->out, "data");
    jw_arr(&c->out);
    for (const struct query_field *f = query_fields; f->name; f++)
        one_field(&c->out, str_of(f->name), str_of(f->help));
    custom_fields(c, call.cat);
    jw_arr_end(&c->out);
    ctx_page_whole(c);
    jw_obj_end(&c->out);
    return RC_OK;
}

static const struct route routes[] = {
    { HTTP_GET, "/api/v1/search", "search", "Search",
      "Looks for tickets, people and organisations that the caller may see.", NULL, api_search, 0, 0,
      &query_spec, NULL, &answer, 200, 0, BUCKET_API },
    { HTTP_GET, "/api/v1/search/fields", "search_fields", "Search",
      "The fields of the search language, for suggestions.", NULL, api_search_fields, R_LIST, 0, NULL,
      NULL, &field_answer, 200, 0, BUCKET_API },
};
const struct route_table routes_search = { routes, ARRAY_LEN(routes) };
