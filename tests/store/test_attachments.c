/* Rows of attachments and stored bytes: whose they are, who may take them, how often a hash is
 * named. */
#include "store_test.h"

#include "desk/attachment.h"
#include "desk/ticket_hooks.h"
#include "store/blobs.h"

enum { NOW = 1000000, KEEP = 3600 };
#define HASH STR("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")

static struct {
    struct store *s;
    struct db *db;
    struct arena *a;
    struct err e;
} t;
static const struct actor ann = { .type = ACTOR_USER, .user_id = 1 };
static const struct actor bob = { .type = ACTOR_USER, .user_id = 2 };
static const struct attachment_limits limits = { .max_bytes = 100,
                                                .max_waiting = 2,
                                                .max_waiting_bytes = 100 };

static int set_up(void **state)
{
    (void)state;
    memset(&t, 0, sizeof t);
    t.a = arena_new(16 * MIB);
    t.s = test_store();
    assert_ok(store_connect(t.s, DB_WRITE, &t.db, &t.e), &t.e);
    assert_ok(db_exec(t.db,
                      "INSERT INTO users (id, name, name_fold, created_us, updated_us) VALUES"
                      " (1, 'Ann', 'ann', 0, 0), (2, 'Bob', 'bob', 0, 0)",
                      DB_NO_ARGS, NULL, &t.e),
              &t.e);
    assert_ok(
        db_exec(t.db,
                "INSERT INTO tickets (id, number, title, state_id, state_type, priority_id,"
                " group_id, customer_id, channel, created_us, updated_us) VALUES"
                " (1, '1', 'one', 1, 0, 2, 1, 1, 0, 0, 0), (2, '2', 'two', 1, 0, 2, 1, 1, 0, 0, 0)",
                DB_NO_ARGS, NULL, &t.e),
        &t.e);
    assert_ok(
        db_exec(t.db,
                "INSERT INTO messages (id, ticket_id, kind, sender, visibility, format, source,"
                " body_text, body_html, created_us) VALUES"
                " (1, 1, 0, 0, 0, 0, '', '', '', 0), (2, 1, 2, 1, 1, 0, '', '', '', 0),"
                " (3, 2, 0, 0, 0, 0, '', '', '', 0)",
                DB_NO_ARGS, NULL, &t.e),
        &t.e);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    db_close(&t.db);
    test_store_free(&t.s);
    arena_free(&t.a);
    return 0;
}

static int64_t upload_by(const struct actor *who, int64_t size, int64_t expires_us)
{
    struct attachment at = { .hash = HASH,
                             .user_id = who->user_id,
                             .name = STR("a.txt"),
                             .content_type = STR("text/plain"),
                             .size = size,
                             .created_us = NOW,
                             .expires_us = expires_us };

    assert_ok(upload_add(t.db, &limits, who, &at, &t.e), &t.e);
    return at.id;
}

static int64_t far_future(void)
{
    return INT64_C(4000000000) * US_PER_S;
}

static int64_t refs(void)
{
    int64_t n = -1;

    assert_ok(db_query_int(t.db, "SELECT coalesce((SELECT refs FROM blobs WHERE hash = $1), -1)",
                           DB_ARGS(DB_TEXT(HASH)), &n, &t.e),
              &t.e);
    return n;
}

static enum rc claim(const struct actor *who, const int64_t *ids, size_t n)
{
    err_clear(&t.e);
    return attachments_claim(t.db, who, &(struct attachments_claim){ ids, n, 1, 1, NULL }, &t.e);
}

static size_t listed(int64_t ticket, bool internal)
{
    struct attachment_page p = { .ticket_id = ticket, .limit = 50, .with_internal = internal };
    struct attachment_list l;

    assert_ok(attachments_list(t.db, &p, t.a, &l, &t.e), &t.e);
    return l.n;
}

static void an_upload_goes_to_one_message_of_its_owner(void **state)
{
    int64_t id = upload_by(&ann, 3, far_future());
    struct attachment at;

    (void)state;
    assert_int_equal(claim(&bob, &id, 1), RC_INVALID);
    assert_string_equal(t.e.fields[0].pointer, "/attachments/0");
    assert_int_equal(claim(&ann, &id, 1), RC_OK);
    assert_int_equal(claim(&ann, &id, 1), RC_INVALID);
    err_clear(&t.e);
    assert_ok(attachments_load(t.db, id, t.a, &at, &t.e), &t.e);
    assert_int_equal(at.message_id, 1);
    assert_int_equal(at.ticket_id, 1);
    assert_int_equal(at.expires_us, 0);
}

static void unknown_doubled_expired_and_too_many_uploads_are_refused(void **state)
{
    int64_t expired = upload_by(&ann, 3, NOW + 1), fresh = upload_by(&ann, 3, far_future());
    int64_t twice[] = { fresh, fresh }, unknown = 77, many[ATTACHMENTS_PER_MESSAGE_MAX + 1];

    (void)state;
    assert_int_equal(claim(&ann, &expired, 1), RC_INVALID);
    assert_int_equal(claim(&ann, &unknown, 1), RC_INVALID);
    assert_int_equal(claim(&ann, twice, 2), RC_INVALID);
    assert_string_equal(t.e.fields[0].pointer, "/attachments/1");
    for (size_t i = 0; i < ARRAY_LEN(many); i++)
        many[i] = (int64_t)i + 100;
    assert_int_equal(claim(&ann, many, ARRAY_LEN(many)), RC_INVALID);
    assert_string_equal(t.e.fields[0].pointer, "/attachments");
}

static void the_uploads_that_wait_are_limited_per_user(void **state)
{
    struct attachment big = { .hash = HASH,
                              .user_id = 1,
                              .size = 98,
                              .created_us = NOW,
                              .name = STR("b"),
                              .content_type = STR("a/b"),
                              .expires_us = far_future() };

    (void)state;
    upload_by(&ann, 3, far_future());
    assert_int_equal(upload_add(t.db, &limits, &ann, &big, &t.e), RC_LIMITED);
    err_clear(&t.e);
    big.size = 97;
    assert_ok(upload_add(t.db, &limits, &ann, &big, &t.e), &t.e);
    big.size = 0;
    assert_int_equal(upload_add(t.db, &limits, &ann, &big, &t.e), RC_LIMITED);
    err_clear(&t.e);
    big.user_id = 2;
    assert_ok(upload_add(t.db, &limits, &bob, &big, &t.e), &t.e);
}

static void expired_uploads_go_and_claimed_ones_stay(void **state)
{
    int64_t kept = upload_by(&ann, 3, far_future()), n;

    (void)state;
    upload_by(&ann, 3, NOW + KEEP);
    assert_int_equal(refs(), 2);
    assert_int_equal(claim(&ann, &kept, 1), RC_OK);
    assert_ok(uploads_expire(t.db, NOW + KEEP - 1, 10, t.a, &n, &t.e), &t.e);
    assert_int_equal(n, 0);
    assert_ok(uploads_expire(t.db, NOW + KEEP, 10, t.a, &n, &t.e), &t.e);
    assert_int_equal(n, 1);
    assert_int_equal(refs(), 1);
    assert_int_equal(listed(1, true), 1);
}

static void a_blob_is_forgotten_only_when_nothing_names_it_for_a_while(void **state)
{
    struct blob_hashes gone;
    int64_t n;

    (void)state;
    upload_by(&ann, 3, NOW + KEEP);
    assert_ok(blobs_forget(t.db, far_future(), 10, t.a, &gone, &t.e), &t.e);
    assert_int_equal(gone.n, 0);
    assert_ok(uploads_expire(t.db, NOW + KEEP, 10, t.a, &n, &t.e), &t.e);
    assert_ok(blobs_forget(t.db, NOW + KEEP, 10, t.a, &gone, &t.e), &t.e);
    assert_int_equal(gone.n, 0);
    assert_ok(blobs_forget(t.db, NOW + KEEP + 1, 10, t.a, &gone, &t.e), &t.e);
    assert_int_equal(gone.n, 1);
    assert_true(str_eq(gone.v[0], HASH));
    assert_int_equal(refs(), -1);
}

static void copies_and_moves_keep_the_counts(void **state)
{
    int64_t id = upload_by(&ann, 3, far_future()), n;
    struct attachment_copy copy = {
        .from_message = 1, .to_message = 3, .to_ticket = 2, .now_us = NOW
    };

    (void)state;
    assert_int_equal(claim(&ann, &id, 1), RC_OK);
    assert_ok(attachments_copy(t.db, &copy, &n, &t.e), &t.e);
    assert_int_equal(n, 1);
    assert_int_equal(refs(), 2);
    assert_int_equal(listed(1, true), 1);
    assert_int_equal(listed(2, true), 1);
    assert_ok(attachments_move(t.db, 1, 2, &n, &t.e), &t.e);
    assert_int_equal(listed(1, true), 0);
    assert_int_equal(listed(2, true), 2);
    assert_int_equal(refs(), 2);
}

static void files_of_internal_messages_and_merged_tickets_are_listed_by_right(void **state)
{
    int64_t id = upload_by(&ann, 3, far_future());

    (void)state;
    assert_ok(attachments_claim(t.db, &ann, &(struct attachments_claim){ &id, 1, 1, 2, NULL }, &t.e), &t.e);
    assert_int_equal(listed(1, true), 1);
    assert_int_equal(listed(1, false), 0);
    assert_int_equal(listed(2, true), 0);
    assert_ok(
        db_exec(t.db, "UPDATE tickets SET merged_into_id = 2 WHERE id = 1", DB_NO_ARGS, NULL, &t.e),
        &t.e);
    assert_int_equal(listed(2, true), 1);
    assert_int_equal(listed(2, false), 0);
}

int main(void)
{
#define EACH(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        EACH(an_upload_goes_to_one_message_of_its_owner),
        EACH(unknown_doubled_expired_and_too_many_uploads_are_refused),
        EACH(the_uploads_that_wait_are_limited_per_user),
        EACH(expired_uploads_go_and_claimed_ones_stay),
        EACH(a_blob_is_forgotten_only_when_nothing_names_it_for_a_while),
        EACH(copies_and_moves_keep_the_counts),
        EACH(files_of_internal_messages_and_merged_tickets_are_listed_by_right),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
