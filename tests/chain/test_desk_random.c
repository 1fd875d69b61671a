/* Random work on a few tickets: what is kept beside them (counts, the search index, what undoing
 * needs) must say what the rows say. */
#include "desk_fixture.h"

#include "store/search.h"

#include <sodium.h>

enum { TICKETS = 6, STEPS = 60, ROUNDS = 3, FIELDS = 18 };

static struct chain *ch;
static int64_t customers[3], groups[2], tickets[TICKETS * 4];
static size_t n_tickets;
static const char *token;
static uint32_t seed;

static uint32_t dice(uint32_t n)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % n;
}

static int set_up(void **state)
{
    (void)state;
    ch = chain_open();
    for (size_t i = 0; i < ARRAY_LEN(customers); i++)
        customers[i] = chain_user(ch, 3);
    token = chain_admin(ch);
    groups[0] = 1;
    groups[1] = desk_group(ch, "second");
    n_tickets = TICKETS;
    for (size_t i = 0; i < TICKETS; i++)
        tickets[i] = desk_ticket(ch, customers[i % 3], groups[i % 2], desk_path(ch, "title%zu", i));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    chain_close(&ch);
    return 0;
}

static struct answer *ask(enum http_method method, const char *json, const char *what, int64_t id,
                          const char *tail)
{
    const char *path = desk_path(ch, "/api/v1/%s/%lld%s", what, (long long)id, tail);
    struct answer *an = chain_send(
        ch, (struct ask){ .method = method, .target = path, .bearer = token, .json = json });

    if (an->status >= 500)
        fail_msg("%s: %d %.*s", path, an->status, STR_ARG(an->body));
    return an;
}

static int64_t any_ticket(void)
{
    return tickets[dice((uint32_t)n_tickets)];
}

static int64_t some_message(int64_t ticket)
{
    return chain_int(ch,
                     "SELECT COALESCE((SELECT max(id) FROM messages WHERE ticket_id = $1), 0)",
                     DB_ARGS(DB_INT(ticket)));
}

/* ---- What one may do ---- */

static void reply(int64_t id)
{
    ask(HTTP_POST, desk_path(ch, "{\"body\":\"word%u answer\"}", dice(50)),
        "tickets", id, "/messages");
}

static void note(int64_t id)
{
    ask(HTTP_POST, desk_path(ch, "{\"body\":\"note%u\",\"visibility\":\"internal\"}", dice(50)),
        "tickets", id, "/messages");
}

static void edit_note(int64_t id)
{
    ask(HTTP_PATCH, desk_path(ch, "{\"body\":\"other%u\"}", dice(50)), "messages", some_message(id), "");
}

static void redact(int64_t id)
{
    ask(HTTP_POST, "{\"reason\":\"test\"}", "messages", some_message(id), "/redact");
}

static void change(int64_t id)
{
    static const char *const edits[] = { "{\"group\":1}", "{\"group\":\"second\"}",
                                         "{\"title\":\"renamed\"}", "{\"state\":\"open\"}",
                                         "{\"state\":\"closed\"}" };

    ask(HTTP_PATCH, edits[dice(ARRAY_LEN(edits))], "tickets", id, "");
}

static void hand_over(int64_t id)
{
    ask(HTTP_PATCH, desk_path(ch, "{\"customer\":%lld}", (long long)customers[dice(3)]),
        "tickets", id, "");
}

static void invite(int64_t id)
{
    ask(HTTP_POST, desk_path(ch, "{\"user\":%lld}", (long long)customers[dice(3)]),
        "tickets", id, "/participants");
}

static void part(int64_t id)
{
    ask(HTTP_DELETE, NULL, "tickets", id,
        desk_path(ch, "/participants/%lld", (long long)customers[dice(3)]));
}

static void merge(int64_t id)
{
    ask(HTTP_POST, desk_path(ch, "{\"into\":%lld}", (long long)any_ticket()),
        "tickets", id, "/merge");
}

static void unmerge(int64_t id)
{
    ask(HTTP_POST, NULL, "tickets", id, "/unmerge");
}

static void split(int64_t id)
{
    struct answer *an = ask(HTTP_POST,
                            desk_path(ch, "{\"messages\":[%lld],\"mode\":\"%s\"}",
                                      (long long)some_message(id), dice(2) ? "move" : "copy"),
                            "tickets", id, "/split");

    if (an->status == 201 && n_tickets < ARRAY_LEN(tickets))
        tickets[n_tickets++] = answer_int(an, "/id");
}

static void (*const all_work[])(int64_t id) = { reply, reply,  note, edit_note, redact,  change,
                                                change, hand_over, invite, part, merge, merge,
                                                unmerge, split };

/* ---- What must hold ---- */

static void the_counts_are_what_is_shown(void)
{
    assert_int_equal(
        chain_int(ch,
                  "SELECT count(*) FROM tickets t JOIN (SELECT s.id, count(m.id) AS n,"
                  " count(m.id) FILTER (WHERE m.visibility = 0) AS p FROM tickets s"
                  " LEFT JOIN tickets o ON o.id = s.id OR o.merged_into_id = s.id"
                  " LEFT JOIN messages m ON m.ticket_id = o.id GROUP BY s.id) x ON x.id = t.id"
                  " WHERE x.n <> t.message_count OR x.p <> t.public_message_count",
                  DB_NO_ARGS),
        0);
}

static enum rc hash_rows(struct db *db, const struct sql *q, unsigned char hash[32], struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };
    crypto_hash_sha256_state sha;

    crypto_hash_sha256_init(&sha);
    TRY(db_query_sql(db, &r, q, e));
    while (db_next(&r, e))
        for (int i = 0; i < 5; i++) {
            struct str v = db_view(&r, i);

            crypto_hash_sha256_update(&sha, (const unsigned char *)v.p, v.n);
            crypto_hash_sha256_update(&sha, (const unsigned char *)"|", 1);
        }
    crypto_hash_sha256_final(&sha, hash);
    return e->rc;
}

/* What the index holds: its rows, and in SQLite the words themselves. */
static enum rc hash_index(struct db *db, unsigned char docs[32], unsigned char words[32],
                          struct err *e)
{
    struct sql q = sql_new(ch->a), v = sql_new(ch->a);

    if (db_kind(db) == DB_POSTGRES) {
        sql_add(&q,
                "SELECT CAST(message_id AS TEXT), CAST(ticket_id AS TEXT), CAST(group_id AS TEXT),"
                " CAST(internal AS TEXT), CAST(doc AS TEXT) FROM search_docs ORDER BY message_id",
                DB_NO_ARGS);
        return hash_rows(db, &q, docs, e);
    }
    sql_add(&q,
            "SELECT CAST(message_id AS TEXT), CAST(ticket_id AS TEXT), CAST(group_id AS TEXT),"
            " CAST(internal AS TEXT), head FROM search_docs ORDER BY message_id",
            DB_NO_ARGS);
    sql_add(&v,
            "SELECT CAST(term AS TEXT), CAST(doc AS TEXT), CAST(col AS TEXT), CAST(\"offset\" AS"
            " TEXT), '' FROM search_vocabulary ORDER BY term, doc, col, \"offset\"",
            DB_NO_ARGS);
    TRY(hash_rows(db, &q, docs, e));
    return hash_rows(db, &v, words, e);
}

struct index_state {
    bool rebuild;
    unsigned char docs[32], words[32];
};

static enum rc rebuild_index(struct db *db, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    TRY(db_exec(db, "DELETE FROM search_docs", DB_NO_ARGS, NULL, e));
    if (db_kind(db) == DB_SQLITE)
        TRY(db_exec(db, "INSERT INTO search_fts (search_fts) VALUES ('delete-all')", DB_NO_ARGS,
                    NULL, e));
    TRY(db_query(db, &r, "SELECT id FROM messages ORDER BY id", DB_NO_ARGS, e));
    while (db_next(&r, e))
        TRY(search_put_new(db, db_int(&r, 0), ch->a, e));
    return e->rc;
}

static enum rc write_index(struct db *db, void *arg, struct err *e)
{
    struct index_state *st = arg;
    int64_t missing = 0;

    if (st->rebuild)
        return rebuild_index(db, e);
    if (db_kind(db) == DB_SQLITE) {
        TRY(db_exec(db, "INSERT INTO search_fts (search_fts) VALUES ('integrity-check')",
                    DB_NO_ARGS, NULL, e));
        TRY(db_exec(db,
                    "CREATE VIRTUAL TABLE IF NOT EXISTS search_vocabulary"
                    " USING fts5vocab('search_fts', 'instance')",
                    DB_NO_ARGS, NULL, e));
        TRY(db_query_int(db,
                         "SELECT count(*) FROM search_vocabulary WHERE substr(term, 1, 1) <> '_'"
                         " AND term NOT IN (SELECT word FROM search_words)",
                         DB_NO_ARGS, &missing, e));
        assert_int_equal(missing, 0);
    }
    return hash_index(db, st->docs, st->words, e);
}

static void index_do(struct index_state *st)
{
    struct err e = { 0 };

    assert_ok(store_write(ch->app->store, write_index, st, &e), &e);
}

static void the_index_is_what_a_fresh_one_would_be(void)
{
    struct index_state kept = { 0 }, fresh = { .rebuild = true };

    index_do(&kept);
    index_do(&fresh);
    fresh.rebuild = false;
    index_do(&fresh);
    assert_memory_equal(kept.docs, fresh.docs, sizeof kept.docs);
    assert_memory_equal(kept.words, fresh.words, sizeof kept.words);
}

static void random_work_leaves_counts_and_index_true(void **state)
{
    (void)state;
    for (seed = 1; seed <= ROUNDS; seed++) {
        uint32_t round = seed;

        for (int i = 0; i < STEPS; i++) {
            all_work[dice(ARRAY_LEN(all_work))](any_ticket());
            the_counts_are_what_is_shown();
        }
        the_index_is_what_a_fresh_one_would_be();
        seed = round;
    }
}

/* ---- Undoing ---- */

static struct str essence(int64_t id)
{
    struct str out = STR("");
    struct err e = { 0 };
    struct db *db = NULL;
    struct db_rows r = { 0 };

    assert_ok(store_connect(ch->app->store, DB_READ, &db, &e), &e);
    assert_ok(db_query(db, &r,
                       "SELECT state_id, state_type, until_us, owner_id, solved_us, closed_us,"
                       " first_close_us, last_close_us, reopen_count, merged_into_id,"
                       " message_count, public_message_count, attachment_count, title, group_id,"
                       " customer_id, waiting_since_us, (SELECT count(*) FROM participants p"
                       " WHERE p.ticket_id = t.id) FROM tickets t WHERE id = $1",
                       DB_ARGS(DB_INT(id)), &e),
              &e);
    assert_true(db_next(&r, &e));
    for (int i = 0; i < FIELDS; i++) {
        struct str col = db_text(&r, i, ch->a);

        out = str_printf(ch->a, "%.*s|%.*s", STR_ARG(out), STR_ARG(col));
    }
    db_rows_end(&r);
    db_close(&db);
    return out;
}

static void undoing_in_turn_gives_everything_back(void **state)
{
    struct str before[ARRAY_LEN(tickets)];
    int64_t merged[TICKETS];

    (void)state;
    for (uint32_t round = 1; round <= ROUNDS * 2; round++) {
        size_t n = 0;

        seed = round * 77;
        for (int i = 0; i < 12; i++) {
            static void (*const work[])(int64_t id) = { reply, note, change, invite };

            work[dice(ARRAY_LEN(work))](any_ticket());
        }
        for (size_t i = 0; i < n_tickets; i++)
            before[i] = essence(tickets[i]);
        for (int i = 0; i < TICKETS; i++) {
            int64_t from = any_ticket(), into = any_ticket();

            if (ask(HTTP_POST, desk_path(ch, "{\"into\":%lld}", (long long)into),
                    "tickets", from, "/merge")
                    ->status
                == 200)
                merged[n++] = from;
        }
        while (n)
            assert_int_equal(
                ask(HTTP_POST, NULL, "tickets", merged[--n], "/unmerge")->status, 200);
        for (size_t i = 0; i < n_tickets; i++)
            if (!str_eq(before[i], essence(tickets[i])))
                fail_msg("round %u ticket %zu: %.*s became %.*s", round, i, STR_ARG(before[i]),
                         STR_ARG(essence(tickets[i])));
        the_index_is_what_a_fresh_one_would_be();
    }
}

static void undoing_in_any_order_leaves_nothing_merged(void **state)
{
    (void)state;
    for (uint32_t round = 1; round <= ROUNDS; round++) {
        seed = round * 991;
        for (int i = 0; i < TICKETS * 2; i++)
            merge(any_ticket());
        for (int i = 0; i < 200; i++)
            unmerge(any_ticket());
        for (size_t i = 0; i < n_tickets; i++)
            unmerge(tickets[i]);
        assert_int_equal(
            chain_int(ch, "SELECT count(*) FROM tickets WHERE merged_into_id IS NOT NULL",
                      DB_NO_ARGS),
            0);
        the_counts_are_what_is_shown();
        the_index_is_what_a_fresh_one_would_be();
    }
}

int main(void)
{
#define EACH(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        EACH(random_work_leaves_counts_and_index_true),
        EACH(undoing_in_turn_gives_everything_back),
        EACH(undoing_in_any_order_leaves_nothing_merged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
