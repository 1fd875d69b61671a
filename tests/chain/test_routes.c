/* Each route refuses the wrong caller and the wrong input: made from the table of routes itself. */
#include "chain_test.h"

#include "base/config.h"
#include "web/openapi.h"
#include "web/routes.h"

#include <stdlib.h>

enum { BIG_MAX = 8 << 20, SPECS_MAX = 1024 };

static struct chain *ch;
static const char *nobody, *admin, *agent, *customer, *reader, *json_deep;
static struct chain_session browser;

static int open_all(void **state)
{
    int64_t role, user;

    (void)state;
    ch = chain_open();
    role = chain_int(ch,
                     "INSERT INTO roles (name, name_fold, perms, created_us, updated_us) VALUES ('none', 'none', 0, 1, 1)"
                     " RETURNING id",
                     DB_NO_ARGS);
    nobody = chain_token(ch, chain_user(ch, role), -1, false);
    user = chain_user(ch, 1);
    admin = chain_token(ch, user, -1, false);
    reader = chain_token(ch, user, -1, true);
    agent = chain_agent(ch);
    customer = chain_customer(ch);
    browser = chain_session(ch, user);
    json_deep = "{\"a\":[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]}";
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    chain_close(&ch);
    return 0;
}

static bool is_unsafe(const struct route *r)
{
    return (r->method & (HTTP_GET | HTTP_HEAD)) == 0;
}

/* The route's path with an id that nothing has. */
static const char *path_of(const struct route *r)
{
    struct buf b = BUF_ARENA(ch->a, 1024);
    struct str rest = str_of(r->path);

    rest = str_sub(rest, 1, rest.n);
    while (rest.p) {
        struct str segment = str_cut(&rest, '/');

        buf_char(&b, '/');
        buf_str(&b, segment.n && segment.p[0] == '{' ? STR("999999999") : segment);
    }
    return str_z(buf_view(&b), ch->a);
}

/* Calls f for every route that goes through the whole chain. */
static void each(void (*f)(const struct route *r, const char *path))
{
    struct str before = chain_checksum(ch);
    size_t n = 0;

    for (size_t i = 0; i < routes_all_n; i++) {
        for (size_t j = 0; j < routes_all[i]->n; j++) {
            const struct route *r = &routes_all[i]->routes[j];

            if (r->flags & (R_ON_LOOP | R_PAGE)) /* pages: test_portal.c */
                continue;
            f(r, path_of(r));
            n++;
        }
    }
    assert_true(str_eq(chain_checksum(ch), before));
    print_message("%zu routes\n", n);
}

static void expect(const struct route *r, struct ask q, int status, const char *code)
{
    struct answer *an;

    q.method = r->method;
    an = chain_send(ch, q);
    if (an->status != status)
        fail_msg("%s %s: status %d, want %d: %.*s", r->op, q.target, an->status, status, STR_ARG(an->body));
    assert_problem(an, status, code);
}

static void try_nobody(const struct route *r, const char *path)
{
    if (r->flags & R_PUBLIC)
        return;
    expect(r, (struct ask){ .target = path }, 401, NULL);
    expect(r, (struct ask){ .target = path, .bearer = "tkt_unknown" }, 401, NULL);
    expect(r, (struct ask){ .target = path, .bearer = "a.b.c" }, 401, NULL);
    expect(r, (struct ask){ .target = path, .cookie = "session_id=unknown" }, 401, NULL);
}

static void without_login_401(void **state)
{
    (void)state;
    each(try_nobody);
}

static void try_no_right(const struct route *r, const char *path)
{
    if (r->perm)
        expect(r, (struct ask){ .target = path, .bearer = nobody }, 403, "permission");
}

static void without_the_right_403(void **state)
{
    (void)state;
    each(try_no_right);
}

static void try_no_csrf(const struct route *r, const char *path)
{
    if (!is_unsafe(r) || (r->flags & R_NO_CSRF))
        return;
    expect(r, (struct ask){ .target = path, .cookie = browser.cookie }, 403, "csrf");
    expect(r, (struct ask){ .target = path, .cookie = browser.cookie, .csrf = "wrong" }, 403, "csrf");
    expect(r, (struct ask){ .target = path, .cookie = browser.cookie, .csrf = browser.csrf, .origin = "https://evil.example" }, 403, "csrf");
}

static void with_the_cookie_but_no_csrf_token_403(void **state)
{
    (void)state;
    each(try_no_csrf);
}

static void try_read_only(const struct route *r, const char *path)
{
    if (is_unsafe(r) && !(r->flags & R_FOR_WRITE_TOKENS_TOO))
        expect(r, (struct ask){ .target = path, .bearer = reader }, 403, "read_only_token");
}

static void with_a_read_only_token_403(void **state)
{
    (void)state;
    each(try_read_only);
}

static void try_bad_body(const struct route *r, const char *path)
{
    struct ask q = { .target = path, .bearer = admin };

    if (!is_unsafe(r) || (r->flags & R_RAW_BODY))
        return;
    q.type = "text/plain";
    q.body = "x";
    expect(r, q, 415, NULL);
    q.type = q.body = NULL;
    q.json = "{\"a\":";
    expect(r, q, 400, "malformed_json");
    q.json = "{\"a\":1,\"a\":2}";
    expect(r, q, 400, NULL);
    q.json = json_deep;
    expect(r, q, 400, NULL);
    q.json = "{\"a\":\"\xC3\x28\"}";
    expect(r, q, 400, NULL);
}

static void malformed_bodies_400_and_other_types_415(void **state)
{
    (void)state;
    each(try_bad_body);
}

static void try_unknown_field(const struct route *r, const char *path)
{
    struct ask q = { .method = r->method, .target = path, .bearer = admin, .json = "{\"no_such_field\":1}" };
    struct answer *an;

    if (!is_unsafe(r) || (r->flags & R_RAW_BODY))
        return;
    an = chain_send(ch, q);
    if (an->status != 422)
        fail_msg("%s: %d %.*s", r->op, an->status, STR_ARG(an->body));
    assert_problem_field(an, "/no_such_field");
    if (r->body && r->body->n_fields)
        assert_true(str_find(an->body, str_of(r->body->fields[r->body->n_fields - 1].name)) != SIZE_MAX);
}

static void unknown_fields_422_by_name(void **state)
{
    (void)state;
    each(try_unknown_field);
}

/* Of the body's fields each one written otherwise or of another type, and columns that no body has. */
static const char *const hidden[] = { "id", "version", "created_at", "updated_us", "created_by", "password_hash", "token_hash",
                                      "perms", "is_admin", "user_id", "__proto__", "constructor" };

static void refuses_field(const struct route *r, const char *path, const char *bearer, const char *name, const char *value)
{
    struct answer *an = chain_send(ch, (struct ask){ .method = r->method, .target = path, .bearer = bearer,
                                                     .json = str_printf(ch->a, "{\"%s\":%s}", name, value).p });

    if (an->status == 403 && bearer != admin)
        return;
    if (an->status != 422)
        fail_msg("%s: \"%s\": %s was answered with %d %.*s", r->op, name, value, an->status, STR_ARG(an->body));
    assert_problem_field(an, str_printf(ch->a, "/%s", name).p);
}

static void try_each_field(const struct route *r, const char *path)
{
    const char *const roles[] = { admin, agent, customer };

    if (!r->body || (r->flags & R_RAW_BODY))
        return;
    for (size_t k = 0; k < ARRAY_LEN(roles); k++) {
        for (size_t i = 0; i < r->body->n_fields; i++) {
            const struct jfield *f = &r->body->fields[i];
            char *otherwise = arena_memdup(ch->a, f->name, strlen(f->name) + 1);

            otherwise[0] = (char)(otherwise[0] - 'a' + 'A');
            refuses_field(r, path, roles[k], otherwise, "null");
            if (f->type != J_JSON && !(f->flags & JF_TOKEN))
                refuses_field(r, path, roles[k], f->name, f->type == J_OBJ ? "[5]" : "{\"x\":[]}");
        }
        for (size_t i = 0; i < ARRAY_LEN(hidden); i++) {
            bool known = false;

            for (size_t j = 0; j < r->body->n_fields; j++)
                known |= strcmp(r->body->fields[j].name, hidden[i]) == 0;
            if (!known)
                refuses_field(r, path, roles[k], hidden[i], "1");
        }
    }
}

static void fields_otherwise_written_hidden_or_of_another_type_422_by_name_for_each_role(void **state)
{
    (void)state;
    each(try_each_field);
}

static void try_unknown_parameter(const struct route *r, const char *path)
{
    struct ask q = { .method = r->method, .bearer = admin, .target = str_printf(ch->a, "%s?no_such_parameter=1", path).p };
    struct answer *an = chain_send(ch, q);

    assert_problem(an, 400, NULL);
    assert_problem_field(an, "no_such_parameter");
    if (r->query && r->query->n_fields)
        assert_true(str_find(an->body, str_of(r->query->fields[r->query->n_fields - 1].name)) != SIZE_MAX);
}

static void unknown_parameters_400_by_name(void **state)
{
    (void)state;
    each(try_unknown_parameter);
}

static void try_too_big(const struct route *r, const char *path)
{
    size_t max = r->max_body ? r->max_body : (size_t)ch->cfg->max_body_kib * KIB;
    char *big;

    if (!is_unsafe(r) || (r->flags & R_RAW_BODY) || max > BIG_MAX)
        return;
    big = malloc(max + 2);
    assert_non_null(big);
    memset(big, ' ', max + 1);
    big[max + 1] = '\0';
    expect(r, (struct ask){ .target = path, .bearer = admin, .json = big }, 413, NULL);
    free(big);
}

static void bodies_that_are_too_big_413(void **state)
{
    (void)state;
    each(try_too_big);
}

static void try_foreign(const struct route *r, const char *path)
{
    if (r->method == HTTP_GET && strchr(r->path, '{') && !(r->flags & R_PUBLIC))
        expect(r, (struct ask){ .target = path, .bearer = admin }, 404, NULL);
}

static void what_does_not_exist_404(void **state)
{
    (void)state;
    each(try_foreign);
}

/* ── the table itself ── */

static void check_route(const struct route *r)
{
    bool is_get = r->method == HTTP_GET;

    assert_true(r->handle != NULL && r->op && r->tag && r->summary && r->summary[0]);
    assert_true(r->status == 200 || r->status == 201 || r->status == 202 || r->status == 204
                || (r->status == 303 && (r->flags & R_PAGE)));
    if (is_get && (r->flags & R_WRITE))
        fail_msg("%s: a GET changes nothing", r->op);
    if (is_get && r->body)
        fail_msg("%s: a GET has no body", r->op);
    if (((r->flags & R_EMPTY) != 0) != (r->status == 204))
        fail_msg("%s: R_EMPTY and 204 go together", r->op);
    if ((r->flags & R_PUBLIC) && r->perm)
        fail_msg("%s: public, and yet it asks for a permission", r->op);
    if ((r->flags & R_NO_CSRF) && !(r->flags & R_PUBLIC))
        fail_msg("%s: without CSRF only where there is no session yet", r->op);
    if ((r->flags & R_LIST) && !r->answer)
        fail_msg("%s: a list of what?", r->op);
    if (r->query && r->query->size == 0)
        fail_msg("%s: its query is an answer's table", r->op);
}

/* Two tables of fields under one name would be one schema in the document. */
static void check_names(const struct jspec *spec, const struct jspec **all, size_t *n)
{
    for (size_t i = 0; i < *n; i++) {
        if (all[i] == spec)
            return;
        if (strcmp(all[i]->name, spec->name) == 0)
            fail_msg("two tables of fields are named %s", spec->name);
    }
    assert_true(*n < SPECS_MAX);
    all[(*n)++] = spec;
    for (size_t i = 0; i < spec->n_fields; i++) {
        if (spec->fields[i].sub)
            check_names(spec->fields[i].sub, all, n);
    }
}

static void names_of_schemas_are_unique(void **state)
{
    static const struct jspec *all[SPECS_MAX];
    size_t n = 0;

    (void)state;
    for (size_t i = 0; i < routes_all_n; i++) {
        for (size_t j = 0; j < routes_all[i]->n; j++) {
            const struct route *r = &routes_all[i]->routes[j];

            if (r->body)
                check_names(r->body, all, &n);
            if (r->answer)
                check_names(r->answer, all, &n);
        }
    }
}

static void the_table_is_consistent(void **state)
{
    (void)state;
    for (size_t i = 0; i < routes_all_n; i++) {
        for (size_t j = 0; j < routes_all[i]->n; j++)
            check_route(&routes_all[i]->routes[j]);
    }
}

/* Every reference of the document leads somewhere. */
static void check_refs(json_t *doc, json_t *at)
{
    const char *key;
    json_t *v;

    for (size_t i = 0; i < json_array_size(at); i++)
        check_refs(doc, json_array_get(at, i));
    if (!json_is_object(at))
        return;
    json_object_foreach (at, key, v) {
        struct answer whole = { .json = doc };

        check_refs(doc, v);
        if (strcmp(key, "$ref") == 0 && !answer_at(&whole, json_string_value(v) + 1))
            fail_msg("nothing at %s", json_string_value(v));
    }
}

static void the_document_lists_the_routes(void **state)
{
    struct answer *an = chain_send(ch, (struct ask){ .target = "/api/openapi.json" });
    size_t want = 0, have = 0, t;
    const char *key;
    json_t *ops, *tag;

    (void)state;
    assert_int_equal(an->status, 200);
    assert_non_null(an->json);
    check_refs(an->json, an->json);
    json_array_foreach(json_object_get(an->json, "tags"), t, tag)
        if (json_string_length(json_object_get(tag, "description")) == 0)
            fail_msg("no words for the tag %s (src/web/openapi.c)", json_string_value(json_object_get(tag, "name")));
    json_object_foreach (json_object_get(an->json, "paths"), key, ops)
        have += json_object_size(ops);
    for (size_t i = 0; i < routes_all_n; i++) {
        for (size_t j = 0; j < routes_all[i]->n; j++)
            want += !(routes_all[i]->routes[j].flags & (R_HIDDEN | R_PAGE));
    }
    assert_int_equal(have, want);
}

static void the_documentation_page_needs_no_inline_script(void **state)
{
    struct answer *an = chain_send(ch, (struct ask){ .target = "/api/docs" });

    (void)state;
    assert_int_equal(an->status, 200);
    assert_str_eq(answer_header(an, "content-type"), "text/html; charset=utf-8");
    assert_true(str_find(answer_header(an, "content-security-policy"), STR("script-src 'self'")) != SIZE_MAX);
    assert_true(str_find(answer_header(an, "content-security-policy"), STR("unsafe")) == SIZE_MAX);
    assert_true(str_find(an->body, STR("style=")) == SIZE_MAX);
    assert_true(str_find(an->body, STR("onclick")) == SIZE_MAX);
    assert_true(str_find(an->body, STR("http://")) == SIZE_MAX);
    assert_true(str_find(an->body, STR("https://")) == SIZE_MAX);
    assert_int_equal(chain_send(ch, (struct ask){ .target = "/docs/docs.js" })->status, 200);
    assert_int_equal(chain_send(ch, (struct ask){ .target = "/docs/docs.css" })->status, 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_login_401),
        cmocka_unit_test(without_the_right_403),
        cmocka_unit_test(with_the_cookie_but_no_csrf_token_403),
        cmocka_unit_test(with_a_read_only_token_403),
        cmocka_unit_test(malformed_bodies_400_and_other_types_415),
        cmocka_unit_test(unknown_fields_422_by_name),
        cmocka_unit_test(fields_otherwise_written_hidden_or_of_another_type_422_by_name_for_each_role),
        cmocka_unit_test(unknown_parameters_400_by_name),
        cmocka_unit_test(bodies_that_are_too_big_413),
        cmocka_unit_test(what_does_not_exist_404),
        cmocka_unit_test(the_table_is_consistent),
        cmocka_unit_test(names_of_schemas_are_unique),
        cmocka_unit_test(the_document_lists_the_routes),
        cmocka_unit_test(the_documentation_page_needs_no_inline_script),
    };

    return cmocka_run_group_tests_name("routes", tests, open_all, close_all);
}
