/* The full-text index against a naive scan, on both engines: random documents, rights and queries. */
#include "store_test.h"

#include "base/buf.h"
#include "base/rand.h"
#include "base/tokens.h"
#include "store/search.h"
#include "store/seed.h"

#include <stdio.h>

enum { TICKETS = 60, MESSAGES = 200, GROUPS = 4, CUSTOMERS = 12, ORGS = 3 };

static const char *const words[] = { "vpn",  "printer", "Drucker", "caf\xC3\xA9", "HD-1234", "colour",
                                     "color", "router",  "password", "e-mail",     "\xE6\x9D\xB1\xE4\xBA\xAC",
                                     "toner", "network", ("Stra\xC3\x9F" "e"),       "x",       "vpnkit" };

struct ticket_row {
    int64_t id, group, customer, org;
    char title[64];
};
struct message_row {
    int64_t id;
    size_t ticket;
    bool internal;
    char body[128];
};
static struct arena *test_arena;

struct world {
    struct store *s;
    struct db *db;
    struct arena *a;
    struct ticket_row t[TICKETS];
    struct message_row m[MESSAGES];
};

static void random_words(char *out, size_t cap, size_t n)
{
    size_t at = 0;

    out[0] = '\0';
    for (size_t i = 0; i < n; i++)
        at += (size_t)snprintf(out + at, cap - at, "%s%s", i ? " " : "",
                               words[rand_below(ARRAY_LEN(words))]);
}

static void exec(struct world *w, const struct sql *q)
{
    struct err e = { 0 };

    assert_ok(db_exec_sql(w->db, q, NULL, &e), &e);
}

static void insert_people(struct world *w)
{
    for (int64_t i = 1; i <= GROUPS; i++) {
        struct sql q = sql_new(w->a);
        struct str name = str_printf(w->a, "group %lld", (long long)i);

        sql_add(&q, "INSERT INTO groups (id, name, name_fold, created_us, updated_us) VALUES (?, ?, ?, 0, 0)",
                DB_ARGS(DB_INT(100 + i), DB_TEXT(name), DB_TEXT(name)));
        exec(w, &q);
    }
    for (int64_t i = 1; i <= ORGS; i++) {
        struct sql q = sql_new(w->a);
        struct str name = str_printf(w->a, "org %lld", (long long)i);

        sql_add(&q, "INSERT INTO organizations (id, name, name_fold, created_us, updated_us) VALUES (?, ?, ?, 0, 0)",
                DB_ARGS(DB_INT(i), DB_TEXT(name), DB_TEXT(name)));
        exec(w, &q);
    }
    for (int64_t i = 1; i <= CUSTOMERS; i++) {
        struct sql q = sql_new(w->a);
        struct str name = str_printf(w->a, "person%lld", (long long)i);

        sql_add(&q, "INSERT INTO users (id, name, name_fold, created_us, updated_us) VALUES (?, ?, ?, 0, 0)",
                DB_ARGS(DB_INT(i), DB_TEXT(name), DB_TEXT(name)));
        exec(w, &q);
    }
}

static void insert_ticket(struct world *w, size_t i)
{
    struct ticket_row *t = &w->t[i];
    struct sql q = sql_new(w->a);

    t->id = (int64_t)i + 1;
    t->group = 101 + (int64_t)rand_below(GROUPS);
    t->customer = 1 + (int64_t)rand_below(CUSTOMERS);
    t->org = (int64_t)rand_below(ORGS + 1);
    random_words(t->title, sizeof(t->title), 2);
    sql_add(&q,
            "INSERT INTO tickets (id, number, title, state_id, state_type, priority_id, group_id,"
            " customer_id, organization_id, channel, created_us, updated_us)"
            " VALUES (?, ?, ?, 1, 0, 2, ?, ?, ?, 0, 0, 0)",
            DB_ARGS(DB_INT(t->id), DB_TEXT(str_printf(w->a, "9%05zu", i)),
                    DB_TEXT(str_of(t->title)), DB_INT(t->group), DB_INT(t->customer),
                    DB_ID(t->org)));
    exec(w, &q);
}

static void insert_message(struct world *w, size_t i)
{
    struct message_row *m = &w->m[i];
    struct sql q = sql_new(w->a);
    struct err e = { 0 };

    m->id = (int64_t)i + 1;
    m->ticket = rand_below(TICKETS);
    m->internal = rand_below(3) == 0;
    random_words(m->body, sizeof(m->body), 1 + rand_below(5));
    sql_add(&q,
            "INSERT INTO messages (id, ticket_id, kind, sender, visibility, format, source, body_text,"
            " body_html, created_us) VALUES (?, ?, 0, 0, ?, 0, '', ?, '', 0)",
            DB_ARGS(DB_INT(m->id), DB_INT(w->t[m->ticket].id), DB_INT(m->internal),
                    DB_TEXT(str_of(m->body))));
    exec(w, &q);
    assert_ok(search_put_new(w->db, m->id, w->a, &e), &e);
}

static int set_up(void **state)
{
    static struct world w;
    struct err e = { 0 };

    rand_fake(4711);
    w = (struct world){ .s = test_store(), .a = arena_new(256 * MIB) };
    assert_ok(store_connect(w.s, DB_WRITE, &w.db, &e), &e);
    insert_people(&w);
    for (size_t i = 0; i < TICKETS; i++)
        insert_ticket(&w, i);
    for (size_t i = 0; i < MESSAGES; i++)
        insert_message(&w, i);
    *state = &w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;

    db_close(&w->db);
    test_store_free(&w->s);
    arena_free(&w->a);
    rand_fake(0);
    return 0;
}

/* ── the naive scan ── */

static bool has_run(struct str doc, struct str want, bool prefix)
{
    for (struct str rest = doc; rest.p;) {
        struct str d = rest, q = want;
        bool ok = true;

        while (q.p && ok) {
            struct str token = str_cut(&q, ' '), have = d.p ? str_cut(&d, ' ') : STR_NONE;

            ok = prefix && !q.p ? str_starts(have, token) && have.p : str_eq(have, token);
        }
        if (ok)
            return true;
        str_cut(&rest, ' ');
    }
    return false;
}

static bool holds(struct world *w, const struct message_row *m, const struct query_node *n)
{
    const struct ticket_row *t = &w->t[m->ticket];
    struct str want = text_tokens(n->value, TOKENS_QUERY, w->a);
    struct str body = text_tokens(str_of(m->body), TOKENS_DOCUMENT, w->a);
    struct str title = text_tokens(str_of(t->title), TOKENS_DOCUMENT, w->a);
    struct str person = str_printf(w->a, "person%lld", (long long)t->customer);
    bool prefix = n->text_kind == QUERY_PREFIX || (want.n == 3 && (unsigned char)want.p[0] > 0xDF);
    enum query_field_id where = n->field ? n->field->id : QF_IS;

    return (where != QF_SUBJECT && has_run(body, want, prefix))
           || (where != QF_BODY && has_run(title, want, prefix))
           || (where == QF_IS && has_run(person, want, prefix));
}

/* Words hold within one message; NOT holds for the whole ticket, as the caller may see it. */
static bool matches(struct world *w, const struct message_row *m, const struct query_node *n)
{
    if (n->kind == QUERY_TEXT)
        return holds(w, m, n);
    for (const struct query_node *c = n->child; c; c = c->next) {
        bool is = matches(w, m, c);

        if (is != (n->kind == QUERY_AND))
            return is;
    }
    return n->kind == QUERY_AND;
}

static bool listed(const int64_t *v, size_t n, int64_t x)
{
    for (size_t i = 0; i < n; i++)
        if (v[i] == x)
            return true;
    return false;
}

static bool visible(const struct world *w, const struct message_row *m, const struct scope *s)
{
    const struct ticket_row *t = &w->t[m->ticket];
    bool by_group = s->all || listed(s->groups, s->n_groups, t->group);

    if (m->internal)
        return by_group && s->internal;
    return by_group || (s->user_id && t->customer == s->user_id)
           || (t->org && listed(s->orgs, s->n_orgs, t->org));
}

static size_t naive(struct world *w, const struct query_node *n, const struct scope *s,
                    struct search_hit *out)
{
    size_t count = 0;

    for (size_t i = MESSAGES; i-- > 0;) {
        const struct message_row *m = &w->m[i];
        bool again = false;

        if (!visible(w, m, s) || !matches(w, m, n))
            continue;
        for (size_t j = 0; j < count; j++)
            again |= out[j].ticket_id == w->t[m->ticket].id;
        if (!again)
            out[count++] = (struct search_hit){ w->t[m->ticket].id, m->id };
    }
    return count;
}

/* ── */

static struct scope random_scope(struct arena *a)
{
    struct scope s = { .all = rand_below(4) == 0, .internal = rand_below(2) == 0 };
    int64_t *groups = ARENA_ARRAY(a, int64_t, GROUPS), *orgs = ARENA_ARRAY(a, int64_t, ORGS);

    for (int64_t i = 1; i <= GROUPS; i++)
        if (rand_below(3) == 0)
            groups[s.n_groups++] = 100 + i;
    for (int64_t i = 1; i <= ORGS; i++)
        if (rand_below(4) == 0)
            orgs[s.n_orgs++] = i;
    s.groups = groups;
    s.orgs = orgs;
    s.user_id = (int64_t)rand_below(CUSTOMERS + 1);
    return s;
}

static const char *const queries[] = {
    "vpn", "vpn*", "vp*", "PRINTER", "cafe", "hd-1234", "HD-12*", "\"printer toner\"", "strasse",
    "vpn printer", "vpn OR printer", "(vpn OR toner) router", "subject:vpn", "body:vpn",
    "subject:hd-1234", "\xE6\x9D\xB1", "\xE6\x9D\xB1\xE4\xBA\xAC", "e-mail", "\"e-mail vpn\"", "person3",
    "nothing", "x", "title:pass* body:net*", "\"x x\"", "mail", "person*", "print*", "subject:prin*",
    "body:drucke*", "p*", "co*", "colo* netw*", "stras*", "zzzz* OR vpnk*", "subject:vp*", "e-mai*",
};

static void hits_equal_the_naive_scan(void **state)
{
    struct world *w = *state;
    size_t found = 0;

    for (size_t i = 0; i < 600; i++) {
        struct arena *a CLEAN(arena_clean) = arena_new(64 * MIB);
        const char *text = queries[i % ARRAY_LEN(queries)];
        struct scope s = random_scope(a);
        struct query_env env = { w->db, a, 1, 1, &s };
        struct search_hit want[TICKETS], got[TICKETS];
        const struct query_node *rest;
        struct query_node *n;
        struct str match;
        struct search_page page;
        size_t n_want, n_got = 0;
        bool more = true;
        struct err e = { 0 };

        assert_ok(query_parse(str_of(text), false, a, &n, &e), &e);
        assert_ok(query_split(n, &env, &match, &rest, &e), &e);
        n_want = naive(w, n, &s, want);
        while (more) { /* in pages of 7: none twice, none left out */
            int64_t before = n_got ? got[n_got - 1].message_id : 0;

            page.hits = got + n_got;
            assert_ok(search_hits(&env, &(struct search_for){ match, rest, before, n_got + 7 > TICKETS ? TICKETS - n_got : 7 },
                                  &page, &e), &e);
            more = page.more;
            n_got += page.n;
        }
        if (n_got != n_want)
            fail_msg("\"%s\": %zu hits, want %zu; %.*s", text, n_got, n_want, STR_ARG(match));
        for (size_t j = 0; j < n_got; j++) {
            assert_int_equal(got[j].ticket_id, want[j].ticket_id);
            assert_int_equal(got[j].message_id, want[j].message_id);
        }
        found += n_got;
    }
    assert_true(found > 500);
}

static size_t count_hits(struct world *w, const char *text)
{
    struct arena *a CLEAN(arena_clean) = arena_new(64 * MIB);
    struct scope s = { .all = true, .internal = true };
    struct query_env env = { w->db, a, 1, 1, &s };
    struct search_hit got[TICKETS];
    const struct query_node *rest;
    struct query_node *n;
    struct str match;
    struct search_page page = { .hits = got };
    struct err e = { 0 };

    assert_ok(query_parse(str_of(text), false, a, &n, &e), &e);
    assert_ok(query_split(n, &env, &match, &rest, &e), &e);
    assert_ok(search_hits(&env, &(struct search_for){ match, rest, 0, TICKETS }, &page, &e), &e);
    return page.n;
}

static enum rc put_then_fail(struct db *db, void *arg, struct err *e)
{
    TRY(search_put(db, *(int64_t *)arg, test_arena, e));
    return err_set(e, RC_CONFLICT, "", "%s", "given up");
}

static enum rc put(struct db *db, void *arg, struct err *e)
{
    return search_put(db, *(int64_t *)arg, test_arena, e);
}

static void set_body(struct world *w, int64_t id, struct str body)
{
    struct err e = { 0 };

    assert_ok(search_remove(w->db, id, w->a, &e), &e);
    assert_ok(db_exec(w->db, "UPDATE messages SET body_text = $1 WHERE id = $2", DB_ARGS(DB_TEXT(body), DB_INT(id)),
                      NULL, &e), &e);
}

static void a_new_word_is_found_by_its_beginning_also_after_a_rollback(void **state)
{
    struct world *w = *state;
    int64_t id = w->m[0].id;
    struct err e = { 0 };

    test_arena = w->a;
    set_body(w, id, STR("xylophone and a_wholly_new_word"));
    assert_int_equal(store_write(w->s, put_then_fail, &id, &e), RC_CONFLICT);
    err_clear(&e);
    assert_int_equal(count_hits(w, "xylo*"), 0);
    assert_ok(store_write(w->s, put, &id, &e), &e);
    assert_int_equal(count_hits(w, "xylo*"), 1);
    assert_int_equal(count_hits(w, "whol*"), 1);
    assert_int_equal(count_hits(w, "xylophones*"), 0);
    set_body(w, id, str_of(w->m[0].body));
    assert_ok(search_put(w->db, id, w->a, &e), &e);
    assert_int_equal(count_hits(w, "xylo*"), 0);
}

/* More words than the index is asked for one by one. */
static void a_beginning_of_very_many_words_finds_all_of_them(void **state)
{
    struct world *w = *state;
    struct buf b = BUF_ARENA(w->a, 64 * KIB);
    int64_t id = w->m[1].id;
    struct err e = { 0 };

    for (int i = 0; i < 300; i++)
        buf_printf(&b, "quux%03d ", i);
    set_body(w, id, buf_view(&b));
    assert_ok(search_put(w->db, id, w->a, &e), &e);
    assert_int_equal(count_hits(w, "quux*"), 1);
    assert_int_equal(count_hits(w, "quux29*"), 1);
    assert_int_equal(count_hits(w, "quux3*"), 0);
    set_body(w, id, str_of(w->m[1].body));
    assert_ok(search_put(w->db, id, w->a, &e), &e);
    assert_int_equal(count_hits(w, "quux*"), 0);
}

static void one_wrong_letter_is_forgiven_when_asked(void **state)
{
    struct world *w = *state;
    size_t colour = count_hits(w, "colour"), color = count_hits(w, "color");

    assert_true(colour > 0 && color > 0);
    assert_int_equal(count_hits(w, "colour~"), count_hits(w, "colour OR color"));
    assert_int_equal(count_hits(w, "pritner~"), count_hits(w, "printer"));
    assert_int_equal(count_hits(w, "rooter~"), count_hits(w, "router"));
    assert_int_equal(count_hits(w, "rooter"), 0);
}

static void what_changed_is_found_anew_and_what_went_is_forgotten(void **state)
{
    struct world *w = *state;
    struct err e = { 0 };

    assert_ok(db_exec(w->db, "UPDATE tickets SET title = 'zebra crossing' WHERE id = 1", DB_NO_ARGS,
                      NULL, &e), &e);
    assert_int_equal(count_hits(w, "zebra"), 0);
    assert_ok(search_reindex_ticket(w->db, 1, w->a, &e), &e);
    assert_int_equal(count_hits(w, "zebra"), 1);
    assert_int_equal(count_hits(w, "subject:\"zebra crossing\""), 1);
    for (size_t i = 0; i < MESSAGES; i++)
        assert_ok(search_remove(w->db, w->m[i].id, w->a, &e), &e);
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        assert_int_equal(count_hits(w, words[i]), 0);
    for (size_t i = 0; i < MESSAGES; i++)
        assert_ok(search_put(w->db, w->m[i].id, w->a, &e), &e);
    assert_int_equal(count_hits(w, "zebra"), 1);
}

static void merging_the_index_ends_and_changes_no_hit(void **state)
{
    struct world *w = *state;
    size_t before[ARRAY_LEN(words)], steps = 0;
    bool more = true;
    struct err e = { 0 };

    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        before[i] = count_hits(w, words[i]);
    for (; more; steps++)
        assert_ok(search_merge(w->db, 1, w->a, &more, &e), &e);
    assert_true(test_is_sqlite() ? steps > 2 : steps == 1);
    if (test_is_sqlite()) {
        int64_t segments;

        assert_ok(db_query_int(w->db, "SELECT count(DISTINCT segid) FROM search_fts_idx", DB_NO_ARGS, &segments, &e), &e);
        assert_in_range(segments, 1, 5);
    }
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        assert_int_equal(count_hits(w, words[i]), before[i]);
}

static void messages_of_a_merged_ticket_belong_to_its_target(void **state)
{
    struct world *w = *state;
    struct arena *a CLEAN(arena_clean) = arena_new(64 * MIB);
    int64_t group = w->t[2].group;
    struct scope s = { .groups = &group, .n_groups = 1, .internal = true };
    struct query_env env = { w->db, a, 1, 1, &s };
    struct search_hit hit[4];
    struct search_page page = { .hits = hit };
    struct err e = { 0 };
    struct str match = test_is_sqlite() ? STR("\"zebra\"") : STR("'zebra'");

    assert_ok(db_exec(w->db, "UPDATE tickets SET group_id = 104 WHERE id = 1", DB_NO_ARGS, NULL, &e), &e);
    assert_ok(db_exec(w->db, "UPDATE tickets SET merged_into_id = 2 WHERE id = 1", DB_NO_ARGS, NULL, &e), &e);
    assert_ok(db_exec(w->db, "UPDATE tickets SET merged_into_id = 3, title = 'zebra' WHERE id = 2", DB_NO_ARGS, NULL, &e), &e);
    assert_ok(db_exec(w->db, "UPDATE tickets SET title = 'zebra three' WHERE id = 3", DB_NO_ARGS, NULL, &e), &e);
    assert_ok(search_reindex_ticket(w->db, 3, a, &e), &e);
    assert_ok(search_hits(&env, &(struct search_for){ match, NULL, 0, 4 }, &page, &e), &e);
    assert_int_equal(page.n, 1);
    assert_int_equal(hit[0].ticket_id, 3);
}

static struct str document(struct world *w, int64_t message_id)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };
    struct err e = { 0 };

    if (test_is_sqlite())
        assert_ok(db_query(w->db, &r, "SELECT head FROM search_docs WHERE message_id = $1",
                           DB_ARGS(DB_INT(message_id)), &e), &e);
    else
        assert_ok(db_query(w->db, &r, "SELECT CAST(doc AS TEXT) FROM search_docs WHERE message_id = $1",
                           DB_ARGS(DB_INT(message_id)), &e), &e);
    assert_true(db_next(&r, &e));
    return db_text(&r, 0, w->a);
}

/* Many at once: more than one statement holds. */
static void the_seeder_writes_what_indexing_would(void **state)
{
    enum { N = 100 };
    struct world *w = *state;
    struct db_tx tx CLEAN(db_tx_end) = { 0 }; /* the other tests know nothing of it */
    struct seed_rows rows = { .ticket_id = 1000, .n_tickets = N, .message_id = 1000, .n_messages = N };
    int64_t ids[N], tag_id;
    struct err e = { 0 };

    assert_ok(db_tx_begin(w->db, &tx, &e), &e);
    assert_ok(seed_put_tag(w->db, STR("seeded"), 1, &tag_id, &e), &e);
    seed_rows_begin(&rows, w->db, w->a);
    for (size_t i = 0; i < N; i++) {
        struct ticket t = { .number = str_printf(w->a, "seed%zu", i), .title = STR("A colour printer"),
                            .state_id = 1, .priority_id = 2, .group_id = 101, .customer_id = 2,
                            .organization_id = 1, .tags_json = STR("[]"), .fields_json = STR("{}") };
        struct message m = { .author_id = 3, .source = STR("x"), .body_text = STR("Hello VPN"),
                             .body_html = STR("x"), .visibility = VISIBILITY_INTERNAL };
        struct event ev = { .type = STR("create"), .changes_json = STR("{}"), .ticket_version = 1 };
        struct search_source src = { .group_id = 101, .customer_id = 2, .organization_id = 1, .internal = true,
                                     .text = m.body_text, .author_name = STR("person3"), .number = t.number,
                                     .title = t.title, .customer_name = STR("person2") };

        assert_ok(seed_put_ticket(&rows, &t, tag_id, &e), &e);
        m.ticket_id = src.ticket_id = ev.ticket_id = t.id;
        assert_ok(seed_put_message(&rows, &m, &e), &e);
        src.message_id = ev.message_id = ids[i] = m.id;
        assert_ok(seed_put_doc(&rows, &src, &e), &e);
        assert_ok(seed_put_event(&rows, &ev, &e), &e);
    }
    assert_ok(seed_flush(&rows, &e), &e);
    for (size_t i = 0; i < N; i++) {
        struct str seeded = document(w, ids[i]);

        assert_ok(search_put(w->db, ids[i], w->a, &e), &e);
        assert_true(str_eq(seeded, document(w, ids[i])));
    }
}

static size_t count_where(struct world *w, const char *text, struct err *e)
{
    struct arena *a CLEAN(arena_clean) = arena_new(64 * MIB);
    struct scope s = { .all = true, .internal = true };
    struct query_env env = { w->db, a, 1000 * US_PER_DAY, 5, &s };
    struct db_rows r CLEAN(db_rows_end) = { 0 };
    struct sql q = sql_new(a);
    struct query_node *n;

    err_clear(e);
    if (query_parse(str_of(text), false, a, &n, e) != RC_OK)
        return SIZE_MAX;
    sql_add(&q, "SELECT count(*) FROM tickets t WHERE 1 = 1", DB_NO_ARGS);
    if (query_where(&q, n, &env, e) != RC_OK)
        return SIZE_MAX;
    assert_ok(db_query_sql(w->db, &r, &q, e), e);
    assert_true(db_next(&r, e));
    return (size_t)db_int(&r, 0);
}

static void fields_become_conditions(void **state)
{
    struct world *w = *state;
    struct err e = { 0 };
    size_t g1 = 0, p5 = 0, no_org = 0;

    for (size_t i = 0; i < TICKETS; i++) {
        p5 += w->t[i].customer == 5;
        no_org += w->t[i].org == 0;
        g1 += w->t[i].group == 102;
    }
    assert_int_equal(count_where(w, "customer:me", &e), p5);
    assert_int_equal(count_where(w, "customer:person5", &e), p5);
    assert_int_equal(count_where(w, "org:none", &e), no_org);
    assert_int_equal(count_where(w, "-org:none", &e), TICKETS - no_org);
    assert_int_equal(count_where(w, "NOT (org:none OR customer:me) OR org:none OR customer:me", &e), TICKETS);
    assert_true(count_where(w, "group:\"group 2\"", &e) + 1 >= g1);
    assert_int_equal(count_where(w, "state:new is:open is:unassigned owner:none", &e), TICKETS);
    assert_int_equal(count_where(w, "state:open", &e), 0);
    assert_int_equal(count_where(w, "number:900007", &e), 1);
    assert_int_equal(count_where(w, "created:<2026-01-01", &e), TICKETS);
    assert_int_equal(count_where(w, "created:>7d", &e), TICKETS); /* older than a week */
    assert_int_equal(count_where(w, "created:<7d", &e), 0);
    assert_int_equal(count_where(w, "created:1970-01-01", &e), TICKETS);
    assert_int_equal(count_where(w, "created:1970-01-01..1970-01-02", &e), TICKETS);
    assert_int_equal(count_where(w, "is:overdue", &e), 0);
    assert_int_equal(count_where(w, "tag:x", &e), 0);
    assert_int_equal(count_where(w, "tag:none -has:attachment priority:normal channel:web", &e), TICKETS);
    assert_int_equal(count_where(w, "-is:overdue", &e), TICKETS);
    assert_true(count_where(w, "vpn OR is:closed", &e) > 0);
    assert_int_equal(count_where(w, "vpn", &e) + count_where(w, "-vpn", &e), TICKETS);
    static const char *const bad[] = { "state:nonsense", "priority:x", "channel:x", "is:x", "has:x",
                                       "created:yesterdayish", "field.nothere:1" };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_int_equal(count_where(w, bad[i], &e), SIZE_MAX);
        assert_int_equal(e.rc, RC_INVALID);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hits_equal_the_naive_scan),
        cmocka_unit_test(a_new_word_is_found_by_its_beginning_also_after_a_rollback),
        cmocka_unit_test(a_beginning_of_very_many_words_finds_all_of_them),
        cmocka_unit_test(merging_the_index_ends_and_changes_no_hit),
        cmocka_unit_test(the_seeder_writes_what_indexing_would),
        cmocka_unit_test(one_wrong_letter_is_forgiven_when_asked),
        cmocka_unit_test(fields_become_conditions),
        cmocka_unit_test(what_changed_is_found_anew_and_what_went_is_forgotten),
        cmocka_unit_test(messages_of_a_merged_ticket_belong_to_its_target),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
