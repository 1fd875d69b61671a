/* The pages of the portal, as a browser without scripts uses them, on both databases. */
#include "desk_fixture.h"
#include "portal_fixture.h"

#include "web/routes.h"

#define HOSTILE "\\\"'><script>alert(1)</script><img src=x onerror=alert(2)>"
#define HOSTILE_FORM "%22%27%3E%3Cscript%3Ealert%281%29%3C%2Fscript%3E%3Cimg+src%3Dx+onerror%3Dalert%282%29%3E"

static struct chain *ch;
static struct visitor ann;

static int open_all(void **state)
{
    (void)state;
    ch = chain_open();
    ann = visitor_new(ch, 3);
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    chain_close(&ch);
    return 0;
}

/* A request of hers; returns its path, "/requests/10001". */
static const char *new_request(const struct visitor *v, const char *fields)
{
    struct str to = goes_to(send_form(v, "/requests/new", fields), "/requests/1");

    return str_z(str_sub(to, 0, str_chr(to, '?')), ch->a);
}

static int64_t id_of(const char *path)
{
    return chain_int(ch, "SELECT id FROM tickets WHERE number = $1", DB_ARGS(DB_TEXT(str_of(path + strlen("/requests/")))));
}

static void agent_says(int64_t ticket, const char *body, const char *more)
{
    acc_expect(acc_post(ch, chain_admin(ch), TEXT(ch, API "/tickets/%lld/messages", (long long)ticket), TEXT(ch, "{\"body\":\"%s\"%s}", body, more)),
               201);
}

/* ---- Getting in ---- */

static void a_customer_registers_confirms_and_signs_in(void **state)
{
    struct visitor bob = { .ch = ch };
    struct answer *an;

    (void)state;
    goes_to(send_form(&bob, "/register", "name=Bob&email=bob%40example.com&password=" GOOD "&locale=ar"), "/register/done");
    page_ok(visit(&bob, "/register/done"), 200);
    goes_to(send_form(&bob, "/verify-email", TEXT(ch, "token=http%%3A%%2F%%2Fx%%2Fverify-email%%23token%%3D%s", acc_link(ch, "mail.verify", "bob@example.com"))),
            "/sign-in?done=verified");
    assert_says(page_ok(visit(&bob, "/sign-in?done=verified"), 200), "Your address is confirmed.");
    an = page_ok(send_form(&bob, "/sign-in", "email=bob%40example.com&password=wrong-one"), 422);
    assert_says(an, "The address or the password is wrong.");
    assert_says(an, "value=\"bob@example.com\"");
    assert_false(says(an, "wrong-one"));
    an = send_form(&bob, "/sign-in", "email=bob%40example.com&password=" GOOD "&next=%2Frequests%2Fnew");
    goes_to(an, "/requests/new");
    bob.cookie = cookie_of_answer(ch, an);
    assert_non_null(bob.cookie);
    assert_says(page_ok(visit(&bob, "/requests"), 200), "Your requests");
    assert_int_equal(chain_int(ch, "SELECT count(*) FROM users WHERE locale = 'ar'", DB_NO_ARGS), 1);
}

static void the_second_step_stands_on_a_page_of_its_own(void **state)
{
    struct visitor eve = { .ch = ch };
    const char *bearer, *token, *code;
    struct answer *an;
    struct str secret;
    size_t at;

    (void)state;
    clock_fake(clock_now_us());
    acc_register(ch, "eve@example.com", GOOD);
    bearer = acc_bearer(ch, "eve@example.com", GOOD);
    secret = answer_text(acc_expect(acc_post(ch, bearer, API "/auth/mfa/setup", "{\"current_password\":\"" GOOD "\"}"), 200), "/secret");
    acc_expect(acc_post(ch, bearer, API "/auth/mfa/confirm", TEXT(ch, "{\"code\":\"%s\"}", acc_code(ch, secret, -1))), 200);
    an = page_ok(send_form(&eve, "/sign-in", "email=eve%40example.com&password=" GOOD), 200);
    at = str_find(an->body, STR("name=\"mfa_token\" value=\"")) + strlen("name=\"mfa_token\" value=\"");
    token = str_z(str_sub(str_sub(an->body, at, an->body.n), 0, str_chr(str_sub(an->body, at, an->body.n), '"')), ch->a);
    an = page_ok(send_form(&eve, "/sign-in/code", TEXT(ch, "mfa_token=%s&code=000000", token)), 422);
    assert_says(an, token);
    code = acc_code(ch, secret, 0);
    an = send_form(&eve, "/sign-in/code", TEXT(ch, "mfa_token=%s&code=%.3s+%.3s", token, code, code + 3));
    goes_to(an, "/");
    assert_non_null(cookie_of_answer(ch, an));
    page_ok(send_form(&eve, "/sign-in/code", TEXT(ch, "mfa_token=%s&code=123456", token)), 410);
    clock_fake(0);
}

static void a_forgotten_password_is_set_by_the_mails_link(void **state)
{
    struct visitor dan = { .ch = ch };
    const char *token;
    struct answer *an;

    (void)state;
    acc_register(ch, "dan@example.com", GOOD);
    goes_to(send_form(&dan, "/forgot-password", "email=dan%40example.com"), "/forgot-password/done");
    page_ok(visit(&dan, "/forgot-password/done"), 200);
    token = acc_link(ch, "mail.password_reset", "dan@example.com");
    an = page_ok(send_form(&dan, "/reset-password", TEXT(ch, "token=%s&password=short", token)), 422);
    assert_says(an, "Use 8 characters or more.");
    assert_says(an, token);
    goes_to(send_form(&dan, "/reset-password", TEXT(ch, "token=%s&password=" OTHER, token)), "/sign-in?done=password");
    assert_says(page_ok(send_form(&dan, "/reset-password", TEXT(ch, "token=%s&password=" OTHER, token)), 410), "used already");
    goes_to(send_form(&dan, "/sign-in", "email=dan%40example.com&password=" OTHER), "/");
}

static void pages_of_ones_own_lead_to_the_sign_in_and_back(void **state)
{
    struct visitor nobody = { .ch = ch };

    (void)state;
    goes_to(visit(&nobody, "/requests?q=a%26b"), "/sign-in?next=%2Frequests%3Fq%3Da%2526b");
    goes_to(visit(&nobody, "/requests/10001"), "/sign-in?next=");
    goes_to(visit(&nobody, "/profile"), "/sign-in?next=");
    page_ok(visit(&nobody, "/"), 200);
    goes_to(visit(&ann, "/"), "/requests");
    goes_to(send_form(&nobody, "/sign-in?next=x", "email=bob%40example.com&password=" GOOD "&next=%2F%2Fevil.example"), "/");
    goes_to(send_form(&nobody, "/language", "lang=ar&back=https%3A%2F%2Fevil.example"), "/");
}

/* ---- Requests ---- */

static void a_request_is_opened_answered_closed_and_opened_again(void **state)
{
    const char *path = new_request(&ann, "title=Printer&body=Does+not+print%0D%0Aat+all");
    struct answer *an;

    (void)state;
    an = page_ok(visit(&ann, path), 200);
    assert_says(an, "Printer");
    assert_says(an, "Does not print<br>\nat all");
    agent_says(id_of(path), "try another tray", "");
    agent_says(id_of(path), "his mother in law broke it", ",\"visibility\":\"internal\"");
    an = page_ok(visit(&ann, path), 200);
    assert_says(an, "try another tray");
    assert_false(says(an, "mother in law"));
    goes_to(send_form(&ann, path, "body=thanks"), path);
    assert_says(page_ok(visit(&ann, path), 200), "thanks");
    goes_to(send_form(&ann, TEXT(ch, "%s/close", path), ""), path);
    an = page_ok(visit(&ann, path), 200);
    assert_says(an, "to open it again");
    assert_false(says(an, "Close request"));
    assert_says(page_ok(visit(&ann, "/requests?state=closed"), 200), path);
    assert_false(says(page_ok(visit(&ann, "/requests?state=open"), 200), path));
    goes_to(send_form(&ann, path, "body=again"), path);
    assert_says(page_ok(visit(&ann, "/requests?state=open"), 200), path);
    assert_says(page_ok(visit(&ann, "/requests?q=tray"), 200), path);
    assert_says(page_ok(visit(&ann, "/requests?q=nofield%3Ax"), 200), "We do not understand this search.");
    assert_false(says(page_ok(visit(&ann, "/requests?q=mother"), 200), path));
}

static void the_rule_of_a_closed_ticket_is_told_before_and_followed(void **state)
{
    const char *path = new_request(&ann, "title=Old&body=x");
    struct str to;

    (void)state;
    goes_to(send_form(&ann, TEXT(ch, "%s/close", path), ""), path);
    acc_expect(acc_send(ch, HTTP_PATCH, chain_admin(ch), API "/groups/1", "{\"follow_up\":\"new_ticket\"}"), 200);
    assert_says(page_ok(visit(&ann, path), 200), "Your message will open a new one.");
    to = goes_to(send_form(&ann, path, "body=once+more"), "/requests/1");
    assert_false(str_starts(to, str_of(path)));
    acc_expect(acc_send(ch, HTTP_PATCH, chain_admin(ch), API "/groups/1", "{\"follow_up\":\"reject\"}"), 200);
    assert_false(says(page_ok(visit(&ann, path), 200), "<textarea"));
    assert_says(page_ok(send_form(&ann, path, "body=all+the+same"), 409), "This request is closed");
    acc_expect(acc_send(ch, HTTP_PATCH, chain_admin(ch), API "/groups/1", "{\"follow_up\":\"reopen\"}"), 200);
}

static void what_is_not_hers_is_not_there(void **state)
{
    struct visitor other = visitor_new(ch, 3), agent = visitor_new(ch, 2);
    const char *path = new_request(&ann, "title=Mine&body=x");
    struct answer *foreign = page_ok(visit(&other, path), 404), *none = page_ok(visit(&other, "/requests/99999999"), 404);
    size_t at = str_find(foreign->body, STR("<main")), end = str_find(foreign->body, STR("</main"));
    size_t at2 = str_find(none->body, STR("<main")), end2 = str_find(none->body, STR("</main"));

    (void)state;
    assert_true(str_eq(str_sub(foreign->body, at, end - at), str_sub(none->body, at2, end2 - at2)));
    page_ok(send_form(&other, path, "body=let+me+in"), 404);
    page_ok(send_form(&other, TEXT(ch, "%s/close", path), ""), 404);
    assert_false(says(page_ok(visit(&other, "/requests?state=all"), 200), "Mine"));
    page_ok(visit(&agent, "/requests"), 403);
    chain_exec(ch, "INSERT INTO user_roles (user_id, role_id) VALUES ($1, 3)", DB_ARGS(DB_INT(agent.user_id)));
    chain_exec(ch, "UPDATE users SET version = version + 1 WHERE id = $1", DB_ARGS(DB_INT(agent.user_id)));
    page_ok(visit(&agent, path), 404); /* an agent sees here what is his as a customer */
}

static void an_organisations_requests_are_shared_when_it_shares(void **state)
{
    struct visitor one = visitor_new(ch, 3), two = visitor_new(ch, 3);
    const char *admin = chain_admin(ch), *path;
    int64_t org = answer_int(acc_expect(acc_post(ch, admin, API "/organizations", "{\"name\":\"Acme\",\"shared\":true}"), 201), "/id");

    (void)state;
    chain_exec(ch, "UPDATE users SET organization_id = $1, version = version + 1 WHERE id IN ($2, $3)",
               DB_ARGS(DB_INT(org), DB_INT(one.user_id), DB_INT(two.user_id)));
    chain_exec(ch, "UPDATE identities SET verified_us = 1 WHERE user_id IN ($1, $2)", DB_ARGS(DB_INT(one.user_id), DB_INT(two.user_id)));
    path = new_request(&one, "title=Shared+thing&body=x");
    assert_says(page_ok(visit(&two, "/requests"), 200), "Shared thing");
    assert_false(says(page_ok(visit(&two, "/requests?whose=mine"), 200), "Shared thing"));
    page_ok(visit(&two, path), 200);
    goes_to(send_form(&two, path, "body=me+too"), path);
}

static void who_is_in_several_organisations_chooses_one(void **state)
{
    struct visitor one = visitor_new(ch, 3), two = visitor_new(ch, 3), both = visitor_new(ch, 3);
    const char *admin = chain_admin(ch);
    int64_t a = answer_int(acc_expect(acc_post(ch, admin, API "/organizations", "{\"name\":\"First <b>\",\"shared\":true}"), 201), "/id");
    int64_t b = answer_int(acc_expect(acc_post(ch, admin, API "/organizations", "{\"name\":\"Second\",\"shared\":true}"), 201), "/id");
    struct answer *an;

    (void)state;
    chain_exec(ch, "UPDATE users SET organization_id = $1, version = version + 1 WHERE id = $2", DB_ARGS(DB_INT(a), DB_INT(one.user_id)));
    chain_exec(ch, "UPDATE users SET organization_id = $1, version = version + 1 WHERE id = $2", DB_ARGS(DB_INT(b), DB_INT(two.user_id)));
    chain_exec(ch, "UPDATE identities SET verified_us = 1", DB_NO_ARGS);
    acc_expect(acc_send(ch, HTTP_PATCH, admin, TEXT(ch, API "/users/%lld", (long long)both.user_id),
                        TEXT(ch, "{\"organization_id\":%lld,\"organization_ids\":[%lld]}", (long long)a, (long long)b)), 200);
    new_request(&one, "title=Of+the+first&body=x");
    new_request(&two, "title=Of+the+second&body=x");
    an = page_ok(visit(&both, "/requests"), 200);
    assert_says(an, "First &lt;b&gt;");
    assert_says(an, "Of the first");
    assert_says(an, "Of the second");
    an = page_ok(visit(&both, TEXT(ch, "/requests?whose=%lld&q=Of", (long long)b)), 200);
    assert_false(says(an, "Of the first"));
    assert_says(an, "Of the second");
    assert_says(an, TEXT(ch, "name=\"whose\" value=\"%lld\"", (long long)b));
    an = page_ok(visit(&one, TEXT(ch, "/requests?whose=%lld", (long long)b)), 200);
    assert_false(says(an, "Of the second"));
    assert_says(an, "Of the first");
}

static void pages_of_a_list_neither_skip_nor_repeat(void **state)
{
    struct visitor many = visitor_new(ch, 3);
    const char *next = "/requests?state=all";
    size_t seen = 0;

    (void)state;
    for (int i = 0; i < 45; i++)
        new_request(&many, TEXT(ch, "title=Number+%d&body=x", i));
    for (int page = 0; page < 3; page++) {
        struct answer *an = page_ok(visit(&many, next), 200);
        struct str rest = an->body, link;
        size_t at;

        while ((at = str_find(rest, STR("class=\"title\""))) != SIZE_MAX) {
            seen++;
            rest = str_sub(rest, at + 5, rest.n);
        }
        at = str_find(an->body, STR("rel=\"next\" href=\""));
        if (page == 2)
            assert_true(at == SIZE_MAX);
        if (at == SIZE_MAX)
            break;
        link = str_sub(an->body, at + strlen("rel=\"next\" href=\""), an->body.n);
        link = str_sub(link, 0, str_chr(link, '"'));
        at = str_find(link, STR("&amp;"));
        next = TEXT(ch, "%.*s&%.*s", STR_ARG(str_sub(link, 0, at)), STR_ARG(str_sub(link, at + 5, link.n)));
    }
    assert_int_equal(seen, 45);
    page_ok(visit(&many, "/requests?after=nonsense"), 200);
}

/* ---- Nothing typed is lost ---- */

#define PART(name, value) "--B\r\nContent-Disposition: form-data; name=\"" name "\"\r\n\r\n" value "\r\n"
#define FILE_PART(name, bytes)                                                                     \
    "--B\r\nContent-Disposition: form-data; name=\"files\"; filename=\"" name "\"\r\nContent-Type: text/plain\r\n\r\n" bytes "\r\n"

static struct answer *send_parts(const struct visitor *v, const char *target, const char *parts)
{
    return chain_send(ch, (struct ask){ .method = HTTP_POST, .target = target, .cookie = v->cookie, .type = "multipart/form-data; boundary=B",
                                        .body = TEXT(ch, "%s" PART("csrf", "%.*s") "--B--\r\n", parts,
                                                     STR_ARG(csrf_mask(str_of(v->csrf), ch->a))) });
}

static void a_refused_form_comes_back_filled_with_its_errors_in_place(void **state)
{
    struct answer *an;

    (void)state;
    acc_expect(acc_post(ch, chain_admin(ch), API "/fields",
                        "{\"object\":\"ticket\",\"name\":\"room\",\"label\":\"Room\",\"type\":\"text\",\"screens\":{\"customer_create\":\"required\"}}"), 201);
    acc_expect(acc_post(ch, chain_admin(ch), API "/fields",
                        "{\"object\":\"ticket\",\"name\":\"people\",\"label\":\"People\",\"type\":\"integer\",\"screens\":{\"customer_create\":\"shown\"}}"), 201);
    an = page_ok(send_form(&ann, "/requests/new", "title=&body=all+of+this&field.people=many"), 422);
    assert_says(an, "all of this</textarea>");
    assert_says(an, "value=\"many\"");
    assert_says(an, "<a href=\"#f-title\">Subject: Please fill this in.</a>");
    assert_says(an, "<a href=\"#f-field.room\">Room: Please fill this in.</a>");
    assert_says(an, "id=\"e-field.people\">Please type a number.");
    assert_says(an, "aria-describedby=\"h-title e-title\" aria-invalid=\"true\"");
    goes_to(send_form(&ann, "/requests/new", "title=T&body=b&field.room=B+12&field.people=0&field.gone=1"), "/requests/1");
}

static void files_of_a_refused_form_stay(void **state)
{
    struct answer *an = page_ok(send_parts(&ann, "/requests/new", PART("title", "") PART("body", "b") FILE_PART("notes.txt", "hello")), 422);
    size_t at = str_find(an->body, STR("name=\"upload\" value=\""));
    struct str id;
    const char *path;

    (void)state;
    assert_says(an, "notes.txt");
    assert_true(at != SIZE_MAX);
    id = str_sub(an->body, at + strlen("name=\"upload\" value=\""), 20);
    id = str_sub(id, 0, str_chr(id, '"'));
    path = new_request(&ann, TEXT(ch, "title=T&body=b&field.room=1&upload=%.*s", STR_ARG(id)));
    assert_says(page_ok(visit(&ann, path), 200), "notes.txt");
    assert_int_equal(visit(&ann, TEXT(ch, "/files/%.*s", STR_ARG(id)))->status, 200);
    an = page_ok(send_form(&ann, path, TEXT(ch, "body=again&upload=%.*s", STR_ARG(id))), 422);
    assert_says(an, "A file is no longer there.");
    assert_says(an, "again</textarea>");
    page_ok(visit(&(struct visitor){ ch, 0, visitor_new(ch, 3).cookie, NULL }, TEXT(ch, "/files/%.*s", STR_ARG(id))), 404);
}

static void a_form_of_another_session_or_place_is_refused_and_kept(void **state)
{
    struct visitor other = visitor_new(ch, 3), nobody = { .ch = ch };
    const char *path = new_request(&ann, "title=T&body=b&field.room=1");
    struct visitor mixed = { ch, ann.user_id, ann.cookie, other.csrf };
    struct ask q = form_ask(&ann, path, "body=kept+words");
    struct answer *an = page_ok(send_form(&mixed, path, "body=kept+words"), 403);

    (void)state;
    assert_says(an, "kept words</textarea>");
    assert_says(an, "This form is too old");
    q.origin = "https://evil.example";
    assert_says(page_ok(chain_send(ch, q), 403), "It was not sent from a page of ours.");
    q.origin = NULL;
    q.headers[0] = "sec-fetch-site";
    q.headers[1] = "cross-site";
    page_ok(chain_send(ch, q), 403);
    q = form_ask(&nobody, "/sign-in", "email=a%40b.example&password=x");
    q.origin = "https://evil.example";
    page_ok(chain_send(ch, q), 403);
    an = page_ok(send_form(&nobody, path, "body=kept+words"), 401);
    assert_says(an, "kept words</textarea>");
    assert_false(says(page_ok(visit(&ann, path), 200), "kept words"));
}

static void a_form_counts_once_and_never_drops_other_words(void **state)
{
    int64_t before = chain_int(ch, "SELECT count(*) FROM tickets", DB_NO_ARGS);
    struct ask q = form_ask(&ann, "/requests/new", "title=Once&body=b&field.room=1");
    struct str first = goes_to(chain_send(ch, q), "/requests/1");
    struct str other;
    struct answer *an;

    (void)state;
    assert_true(str_eq(goes_to(chain_send(ch, q), "/requests/1"), first));
    assert_int_equal(chain_int(ch, "SELECT count(*) FROM tickets", DB_NO_ARGS), before + 1);
    other = str_of(q.body);
    q.body = TEXT(ch, "title=Twice%.*s", STR_ARG(str_sub(other, strlen("title=Once"), other.n)));
    an = page_ok(chain_send(ch, q), 422);
    assert_says(an, "You have sent this form already.");
    assert_says(an, "value=\"Twice\"");
}

/* ---- Hostile texts ---- */

static void hostile_texts_stay_texts_on_every_page(void **state)
{
    static const char *const paths[] = { "/", "/sign-in?next=/" HOSTILE_FORM, "/register", "/requests?state=all&q=" HOSTILE_FORM, "/requests?state=all",
                                         "/requests/new", "/profile", "/nothing/" HOSTILE_FORM, "/requests/" HOSTILE_FORM };
    const char *admin = chain_admin(ch), *path;
    struct visitor mallory = visitor_new(ch, 3), nobody = { .ch = ch };
    struct answer *an;

    (void)state;
    acc_expect(acc_send(ch, HTTP_PATCH, admin, API "/settings", "{\"product_name\":\"" HOSTILE "\"}"), 200);
    acc_expect(acc_send(ch, HTTP_PATCH, admin, API "/groups/1", "{\"name\":\"" HOSTILE "\"}"), 200);
    acc_expect(acc_post(ch, admin, API "/groups", "{\"name\":\"b" HOSTILE "\",\"customers_may_choose\":true}"), 201);
    chain_exec(ch, "UPDATE states SET customer_name = $1", DB_ARGS(DB_TEXT(STR("<script>alert(1)</script>"))));
    chain_exec(ch, "UPDATE counters SET value = value + 1 WHERE name = 'catalog'", DB_NO_ARGS);
    acc_expect(acc_post(ch, admin, API "/fields",
                        "{\"object\":\"ticket\",\"name\":\"evil\",\"label\":\"" HOSTILE "\",\"help\":\"" HOSTILE "\",\"type\":\"choice\","
                        "\"options\":{\"choices\":[{\"value\":\"" HOSTILE "\",\"label\":\"" HOSTILE "\"}]},\"screens\":{\"customer_create\":\"shown\"}}"), 201);
    goes_to(send_form(&mallory, "/profile", "name=" HOSTILE_FORM "&locale=en"), "/profile?done=saved");
    path = new_request(&mallory, "title=" HOSTILE_FORM "&body=" HOSTILE_FORM "&field.room=" HOSTILE_FORM "&field.evil=" HOSTILE_FORM);
    agent_says(id_of(path), HOSTILE, ",\"format\":\"html\"");
    agent_says(id_of(path), HOSTILE, ",\"format\":\"markdown\"");
    goes_to(send_parts(&mallory, path, PART("body", "x") FILE_PART("a<script>alert(1)</script>.txt", "x")), path);
    for (size_t i = 0; i <= ARRAY_LEN(paths); i++) {
        for (int signed_in = 0; signed_in < 2; signed_in++) {
            an = chain_send(ch, (struct ask){ .target = i < ARRAY_LEN(paths) ? paths[i] : path, .cookie = signed_in ? mallory.cookie : NULL,
                                              .headers = { "accept", "text/html", "user-agent", "<script>alert(1)</script>" } });
            if (says(an, "<script>alert") || says(an, "<img src=x"))
                fail_msg("%s: %.*s", i < ARRAY_LEN(paths) ? paths[i] : path, STR_ARG(an->body));
            assert_false(says(an, " style=\""));
            assert_true(str_find(answer_header(an, "content-security-policy"), STR("unsafe")) == SIZE_MAX);
        }
    }
    an = page_ok(send_form(&nobody, "/register", "name=" HOSTILE_FORM "&email=" HOSTILE_FORM "&password=x"), 422);
    assert_false(says(an, "<script>alert"));
    an = page_ok(send_form(&mallory, "/requests/new", "title=&body=" HOSTILE_FORM "&field.evil=" HOSTILE_FORM "2"), 422);
    assert_false(says(an, "<script>alert"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_customer_registers_confirms_and_signs_in),
        cmocka_unit_test(the_second_step_stands_on_a_page_of_its_own),
        cmocka_unit_test(a_forgotten_password_is_set_by_the_mails_link),
        cmocka_unit_test(pages_of_ones_own_lead_to_the_sign_in_and_back),
        cmocka_unit_test(a_request_is_opened_answered_closed_and_opened_again),
        cmocka_unit_test(the_rule_of_a_closed_ticket_is_told_before_and_followed),
        cmocka_unit_test(what_is_not_hers_is_not_there),
        cmocka_unit_test(an_organisations_requests_are_shared_when_it_shares),
        cmocka_unit_test(who_is_in_several_organisations_chooses_one),
        cmocka_unit_test(pages_of_a_list_neither_skip_nor_repeat),
        cmocka_unit_test(a_refused_form_comes_back_filled_with_its_errors_in_place),
        cmocka_unit_test(files_of_a_refused_form_stay),
        cmocka_unit_test(a_form_of_another_session_or_place_is_refused_and_kept),
        cmocka_unit_test(a_form_counts_once_and_never_drops_other_words),
        cmocka_unit_test(hostile_texts_stay_texts_on_every_page),
    };

    return cmocka_run_group_tests_name("portal", tests, open_all, close_all);
}
