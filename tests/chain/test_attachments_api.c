/* Uploads and attachments through the whole chain: who gets what, and as what. */
#include "desk_fixture.h"

#include "desk/attachment.h"
#include "desk/blob.h"

#include <unistd.h>

static struct chain *ch;
static int64_t ann, bob, agent, stranger_group;
static const char *ann_token, *bob_token, *agent_token;

static int set_up(void **state)
{
    (void)state;
    ch = chain_open();
    ann = chain_user(ch, 3);
    bob = chain_user(ch, 3);
    agent = chain_user(ch, 2);
    ann_token = chain_token(ch, ann, -1, false);
    bob_token = chain_token(ch, bob, -1, false);
    agent_token = chain_token(ch, agent, -1, false);
    stranger_group = desk_group(ch, "strangers");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    chain_close(&ch);
    return 0;
}

static struct answer *upload(const char *token, const char *name, const char *type,
                             const char *bytes, size_t n)
{
    return chain_send(ch, (struct ask){ .method = HTTP_POST,
                                        .target = desk_path(ch, "/api/v1/uploads?name=%s", name),
                                        .bearer = token,
                                        .body = bytes,
                                        .body_n = n,
                                        .type = type });
}

static int64_t uploaded(const char *token, const char *text)
{
    struct answer *an = upload(token, "a.txt", "text/plain", text, strlen(text));

    assert_int_equal(an->status, 201);
    return answer_int(an, "/id");
}

static int64_t attached(int64_t author, const char *token, int64_t ticket, bool internal)
{
    int64_t id = uploaded(token, "hello");
    struct desk_ask q = { .ch = ch,
                          .ticket = ticket,
                          .customer = author,
                          .text = "see the file",
                          .internal = internal,
                          .uploads = &id,
                          .n_uploads = 1 };

    desk_do(&q);
    return id;
}

static struct answer *get(const char *token, const char *fmt, int64_t id)
{
    char target[128];

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(target, sizeof target, fmt, (long long)id);
#pragma GCC diagnostic pop
    return chain_send(ch, (struct ask){ .target = str_z(str_of(target), ch->a), .bearer = token });
}
#define SHOW "/api/v1/attachments/%lld"
#define CONTENT "/api/v1/attachments/%lld/content"
#define LIST "/api/v1/tickets/%lld/attachments"

static void raw_bytes_become_an_upload_of_the_caller_alone(void **state)
{
    struct answer *an =
        upload(ann_token, "..%2F..%2Fx%3Cy%3E.png", "image/png", "\x89PNG\r\n\x1a\n", 8);
    int64_t id = answer_int(an, "/id");

    (void)state;
    assert_int_equal(an->status, 201);
    assert_str_eq(answer_text(an, "/name"), "x_y_.png");
    assert_str_eq(answer_text(an, "/content_type"), "image/png");
    assert_int_equal(answer_int(an, "/size"), 8);
    assert_true(json_is_null(answer_at(an, "/ticket_id")));
    assert_int_equal(get(ann_token, SHOW, id)->status, 200);
    assert_problem(get(bob_token, SHOW, id), 404, NULL);
    assert_problem(get(agent_token, CONTENT, id), 404, NULL);
}

static void a_form_with_one_file_is_an_upload(void **state)
{
    const char *body =
        "--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"r.csv\"\r\n"
        "Content-Type: text/csv\r\n\r\na,b\r\n--B--\r\n";
    struct answer *an = chain_send(ch, (struct ask){ .method = HTTP_POST,
                                                     .target = "/api/v1/uploads",
                                                     .bearer = ann_token,
                                                     .body = body,
                                                     .type = "multipart/form-data; boundary=B" });

    (void)state;
    assert_int_equal(an->status, 201);
    assert_str_eq(answer_text(an, "/name"), "r.csv");
    assert_str_eq(answer_text(an, "/content_type"), "text/csv");
}

static void broken_uploads_are_refused_and_change_nothing(void **state)
{
    struct str before = chain_checksum(ch);
    struct ask q = { .method = HTTP_POST,
                     .target = "/api/v1/uploads",
                     .bearer = ann_token,
                     .body = "x",
                     .type = "text/plain" };

    (void)state;
    assert_problem(chain_send(ch, q), 422, NULL);
    q.type = "multipart/form-data";
    assert_problem(chain_send(ch, q), 400, "multipart");
    q.type = "multipart/form-data; boundary=B";
    assert_problem(chain_send(ch, q), 400, "multipart");
    q.body = "--B--";
    assert_problem(chain_send(ch, q), 422, NULL);
    q.bearer = NULL;
    assert_problem(chain_send(ch, q), 401, NULL);
    assert_true(str_eq(before, chain_checksum(ch)));
}

static void a_read_only_token_uploads_nothing(void **state)
{
    (void)state;
    assert_problem(upload(chain_token(ch, ann, -1, true), "a", "a/b", "x", 1), 403,
                   "read_only_token");
}

static void the_same_bytes_are_stored_once(void **state)
{
    (void)state;
    uploaded(ann_token, "same");
    uploaded(bob_token, "same");
    assert_int_equal(chain_int(ch, "SELECT count(*) FROM blobs", DB_NO_ARGS), 1);
    assert_int_equal(chain_int(ch, "SELECT refs FROM blobs", DB_NO_ARGS), 2);
}

static void each_failing_statement_leaves_no_row(void **state)
{
    struct answer *an = chain_fail_each(ch, (struct ask){ .method = HTTP_POST,
                                                          .target = "/api/v1/uploads?name=a.txt",
                                                          .bearer = ann_token,
                                                          .body = "bytes",
                                                          .type = "text/plain" });

    (void)state;
    assert_int_equal(an->status, 201);
}

static void attachments_follow_the_rights_of_their_ticket(void **state)
{
    int64_t ticket = desk_ticket(ch, ann, 0, "printer"),
            far = desk_ticket(ch, ann, stranger_group, "vault");
    int64_t mine = attached(ann, ann_token, ticket, false),
            note = attached(agent, agent_token, ticket, true);
    int64_t hidden = attached(ann, ann_token, far, false);

    (void)state;
    assert_int_equal(get(ann_token, CONTENT, mine)->status, 200);
    assert_int_equal(get(agent_token, CONTENT, mine)->status, 200);
    assert_problem(get(bob_token, CONTENT, mine), 404, NULL);
    assert_int_equal(get(agent_token, CONTENT, note)->status, 200);
    assert_problem(get(ann_token, CONTENT, note), 404, NULL);
    assert_problem(get(ann_token, SHOW, note), 404, NULL);
    assert_problem(get(agent_token, SHOW, hidden), 404, NULL);
    assert_int_equal(json_array_size(answer_at(get(agent_token, LIST, ticket), "/data")), 2);
    assert_int_equal(json_array_size(answer_at(get(ann_token, LIST, ticket), "/data")), 1);
    assert_problem(get(bob_token, LIST, ticket), 404, NULL);
    assert_true(str_eq(answer_text(get(bob_token, SHOW, mine), "/detail"),
                       answer_text(get(bob_token, SHOW, 999999), "/detail")));
}

static void content_of_a_merged_ticket_is_read_through_its_target(void **state)
{
    int64_t source = desk_ticket(ch, ann, stranger_group, "a"),
            target = desk_ticket(ch, bob, 0, "b");
    int64_t id = attached(ann, ann_token, source, false);

    (void)state;
    assert_problem(get(agent_token, CONTENT, id), 404, NULL);
    chain_exec(ch,
               "UPDATE tickets SET merged_into_id = $1, state_id = 8, state_type = 6 WHERE id = $2",
               DB_ARGS(DB_INT(target), DB_INT(source)));
    assert_int_equal(get(agent_token, CONTENT, id)->status, 200);
    assert_int_equal(get(ann_token, CONTENT, id)->status, 200);
    assert_int_equal(json_array_size(answer_at(get(agent_token, LIST, target), "/data")), 1);
}

static void content_goes_out_as_nothing_that_a_browser_runs(void **state)
{
    static const char *const bodies[] = { "<script>alert(1)</script>", "<svg onload=alert(1)>",
                                          "<?xml version='1.0'?>", "%PDF-1.4", "hello" };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
        struct answer *an =
            upload(ann_token, "%C3%A4%22.html", "text/html", bodies[i], strlen(bodies[i]));
        struct answer *out = get(ann_token, CONTENT, answer_int(an, "/id"));
        struct str how = answer_header(out, "content-disposition");

        assert_int_equal(out->status, 200);
        assert_true(str_starts(how, STR("attachment; filename=\"")));
        assert_true(str_ends(how, STR("filename*=UTF-8''%C3%A4_.html")));
        assert_str_eq(answer_header(out, "x-content-type-options"), "nosniff");
        assert_true(str_find(answer_header(out, "content-security-policy"), STR("sandbox"))
                    != SIZE_MAX);
        assert_int_equal(answer_header(out, "etag").n, 2 + BLOB_HASH_LEN);
    }
}

static void too_many_and_too_large_uploads_are_refused(void **state)
{
    static const char *const settings[] = { "ATTACHMENT_MAX_KIB=1", "UPLOADS_WAITING_MAX=2", NULL };
    char big[1025];

    (void)state;
    chain_close(&ch);
    ch = chain_open_with(settings);
    ann = chain_user(ch, 3);
    ann_token = chain_token(ch, ann, -1, false);
    memset(big, 'x', sizeof big);
    assert_problem(upload(ann_token, "a", "text/plain", big, sizeof big), 413, NULL);
    assert_int_equal(upload(ann_token, "a", "text/plain", big, sizeof big - 1)->status, 201);
    uploaded(ann_token, "second");
    assert_problem(upload(ann_token, "a", "text/plain", "third", 5), 429, "uploads_waiting");
}

#define REDACT "/api/v1/attachments/%lld/redact"

static struct answer *redact(const char *token, int64_t id)
{
    return chain_send(ch, (struct ask){ .method = HTTP_POST,
                                        .target = desk_path(ch, REDACT, (long long)id),
                                        .bearer = token,
                                        .type = "application/json",
                                        .body = "{\"reason\":\"a passport\"}" });
}

static void a_file_is_taken_out_for_good_and_who_and_why_are_kept(void **state)
{
    const char *admin_token = chain_token(ch, chain_user(ch, 1), -1, false);
    int64_t ticket = desk_ticket(ch, ann, 0, "printer");
    int64_t mine = attached(ann, ann_token, ticket, false), other = attached(ann, ann_token, ticket, false);
    struct answer *an;

    (void)state;
    assert_problem(redact(ann_token, mine), 403, NULL);
    assert_problem(redact(agent_token, mine), 403, NULL);
    assert_problem(redact(bob_token, mine), 404, NULL);
    assert_int_equal(chain_int(ch, "SELECT count(*) FROM attachments WHERE id = $1", DB_ARGS(DB_INT(mine))), 1);
    an = redact(admin_token, mine);
    assert_int_equal(an->status, 200);
    assert_int_equal(json_array_size(answer_at(an, "/attachments")), 0);
    assert_int_equal(answer_int(an, "/version"), 2);
    assert_problem(get(ann_token, CONTENT, mine), 404, NULL);
    assert_int_equal(get(ann_token, CONTENT, other)->status, 200); /* the same bytes, elsewhere */
    assert_int_equal(json_array_size(answer_at(get(agent_token, LIST, ticket), "/data")), 1);
    assert_int_equal(answer_int(get(agent_token, "/api/v1/tickets/%lld", ticket), "/attachment_count"), 1);
    an = get(agent_token, "/api/v1/tickets/%lld/events?sort=-id&limit=1", ticket);
    assert_str_eq(answer_text(an, "/data/0/type"), "file_removed");
    assert_str_eq(answer_text(an, "/data/0/changes/file_removed/1/reason"), "a passport");
    assert_int_equal(answer_int(an, "/data/0/changes/file_removed/1/attachment"), mine);
    assert_true(str_find(an->body, STR("a.txt")) == SIZE_MAX);
    assert_int_equal(chain_int(ch, "SELECT count(*) FROM audit WHERE object_id = $1 AND details LIKE '%a passport%'",
                               DB_ARGS(DB_INT(ticket))),
                     1);
    assert_problem(redact(admin_token, mine), 404, NULL);
    assert_problem(redact(admin_token, uploaded(agent_token, "waits")), 404, NULL);
}

static void ones_own_waiting_upload_is_no_file_of_a_message(void **state)
{
    (void)state;
    assert_problem(redact(agent_token, uploaded(agent_token, "waits")), 409, "attachment_waits");
}

int main(void)
{
#define EACH(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        EACH(raw_bytes_become_an_upload_of_the_caller_alone),
        EACH(a_form_with_one_file_is_an_upload),
        EACH(broken_uploads_are_refused_and_change_nothing),
        EACH(a_read_only_token_uploads_nothing),
        EACH(the_same_bytes_are_stored_once),
        EACH(each_failing_statement_leaves_no_row),
        EACH(attachments_follow_the_rights_of_their_ticket),
        EACH(content_of_a_merged_ticket_is_read_through_its_target),
        EACH(content_goes_out_as_nothing_that_a_browser_runs),
        EACH(too_many_and_too_large_uploads_are_refused),
        EACH(a_file_is_taken_out_for_good_and_who_and_why_are_kept),
        EACH(ones_own_waiting_upload_is_no_file_of_a_message),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
