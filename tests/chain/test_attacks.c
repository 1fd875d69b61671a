/* What must fail: attacks on rights and accounts, on both databases. */
#include "desk_fixture.h"

#include <pthread.h>

#define GOOD "kq8vH2rz-blau"
#define OTHER "nT5-wxq-gelb-77"

static struct answer *post(struct chain *ch, const char *bearer, const char *target, const char *json)
{
    return chain_send(ch, (struct ask){ .method = HTTP_POST, .target = target, .json = json, .bearer = bearer });
}

static struct answer *get(struct chain *ch, const char *bearer, const char *target)
{
    return chain_send(ch, (struct ask){ .target = target, .bearer = bearer });
}

static void expect(const struct answer *an, int status)
{
    if (an->status != status)
        fail_msg("%d, not %d: %.*s", an->status, status, STR_ARG(an->body));
}

/* ── accounts ── */

static void sign_up(struct chain *ch, const char *email, const char *password)
{
    expect(post(ch, NULL, "/api/v1/auth/register",
                str_printf(ch->a, "{\"name\":\"Ann\",\"email\":\"%s\",\"password\":\"%s\"}", email, password).p),
           202);
}

static int login(struct chain *ch, const char *email, const char *password)
{
    return post(ch, NULL, "/api/v1/auth/login",
                str_printf(ch->a, "{\"email\":\"%s\",\"password\":\"%s\"}", email, password).p)
        ->status;
}

/* The token of the newest link of this kind in the outbox; NULL when there is none. */
static const char *mailed_token(struct chain *ch, const char *kind)
{
    struct err e = { 0 };
    struct db *db = NULL;
    struct str body = STR_NONE;
    size_t at;

    assert_int_equal(store_connect(ch->app->store, DB_READ, &db, &e), RC_OK);
    {
        struct db_rows r CLEAN(db_rows_end) = { 0 };

        assert_int_equal(db_query(db, &r, "SELECT body FROM outbox WHERE kind = $1 ORDER BY id DESC LIMIT 1",
                                  DB_ARGS(DB_TEXT(str_of(kind))), &e),
                         RC_OK);
        if (db_next(&r, &e))
            body = db_text(&r, 0, ch->a);
    }
    db_close(&db);
    at = body.p ? str_find(body, STR("#token=")) : SIZE_MAX;
    return at == SIZE_MAX ? NULL : str_z(str_trim(str_sub(body, at + 7, body.n)), ch->a);
}

static struct answer *give_token(struct chain *ch, const char *target, const char *token, const char *more)
{
    return post(ch, NULL, target, str_printf(ch->a, "{\"token\":\"%s\"%s}", token, more).p);
}

/* The attacker registers the victim's address first; the victim registers too and follows the mail
 * that comes: the attacker's password must not become the victim's. */
static void whoever_registers_an_address_first_does_not_get_its_owners_account(void **state)
{
    const char *const settings[] = { "REGISTRATION=verify", NULL };
    struct chain *ch = chain_open_with(settings);
    const char *first, *reset;

    (void)state;
    sign_up(ch, "victim@example.com", OTHER);
    first = mailed_token(ch, "mail.verify");
    assert_non_null(first);
    sign_up(ch, "victim@example.com", GOOD);
    assert_true(str_eq(str_of(first), str_of(mailed_token(ch, "mail.verify"))));
    expect(give_token(ch, "/api/v1/auth/email/verify", first, ""), 400);
    expect(post(ch, NULL, "/api/v1/auth/email/verify-again", "{\"email\":\"victim@example.com\"}"), 202);
    assert_true(str_eq(str_of(first), str_of(mailed_token(ch, "mail.verify"))));
    reset = mailed_token(ch, "mail.password_reset");
    assert_non_null(reset);
    expect(give_token(ch, "/api/v1/auth/password/reset", reset, ",\"password\":\"" GOOD "\""), 204);
    assert_int_equal(login(ch, "victim@example.com", OTHER), 401);
    assert_int_equal(login(ch, "victim@example.com", GOOD), 200);
    chain_close(&ch);
}

static void a_second_registration_takes_nothing_from_somebody_who_proved_an_address(void **state)
{
    const char *const settings[] = { "REGISTRATION=verify", NULL };
    struct chain *ch = chain_open_with(settings);

    (void)state;
    sign_up(ch, "ann@example.com", GOOD);
    expect(give_token(ch, "/api/v1/auth/email/verify", mailed_token(ch, "mail.verify"), ""), 204);
    chain_exec(ch, "INSERT INTO identities (user_id, kind, value, value_fold, created_us)"
                   " SELECT user_id, 0, 'ann@work.example', 'ann@work.example', 0 FROM identities"
                   " WHERE value_fold = 'ann@example.com'",
               DB_NO_ARGS);
    sign_up(ch, "ann@work.example", OTHER);
    assert_int_equal(login(ch, "ann@example.com", GOOD), 200);
    assert_int_equal(login(ch, "ann@example.com", OTHER), 401);
    chain_close(&ch);
}

static void one_reset_ends_all_other_links(void **state)
{
    struct chain *ch = chain_open();
    const char *first;

    (void)state;
    sign_up(ch, "ann@example.com", GOOD);
    expect(post(ch, NULL, "/api/v1/auth/password/forgot", "{\"email\":\"ann@example.com\"}"), 202);
    first = mailed_token(ch, "mail.password_reset");
    expect(post(ch, NULL, "/api/v1/auth/password/forgot", "{\"email\":\"ann@example.com\"}"), 202);
    expect(give_token(ch, "/api/v1/auth/password/reset", mailed_token(ch, "mail.password_reset"),
                      ",\"password\":\"" OTHER "\""),
           204);
    expect(give_token(ch, "/api/v1/auth/password/reset", first, ",\"password\":\"" GOOD "\""), 400);
    assert_int_equal(login(ch, "ann@example.com", OTHER), 200);
    chain_close(&ch);
}

static void a_stolen_session_cannot_guess_the_password_for_ever(void **state)
{
    struct chain *ch = chain_open();
    struct answer *an;
    const char *access;
    int refused = 0;

    (void)state;
    sign_up(ch, "Ann@Example.com", GOOD);
    an = post(ch, NULL, "/api/v1/auth/login", "{\"email\":\"ann@example.com\",\"password\":\"" GOOD "\"}");
    access = str_z(answer_text(an, "/access_token"), ch->a);
    for (int i = 0; i < 8; i++)
        refused += post(ch, access, "/api/v1/auth/password",
                        "{\"current_password\":\"not it at all\",\"new_password\":\"" OTHER "\"}")
                       ->status
                   == 429;
    assert_true(refused >= 2);
    chain_close(&ch);
}

struct guess {
    struct chain *ch;
    int status;
};

static void *guess(void *arg)
{
    struct guess *g = arg;
    struct answer *an = chain_send(
        g->ch, (struct ask){ .method = HTTP_POST, .target = "/api/v1/auth/login",
                             .json = "{\"email\":\"ann@example.com\",\"password\":\"not it at all\"}" });

    g->status = an->status;
    return NULL;
}

/* All of them may have been read before the first one failed. */
static void guesses_at_once_are_no_more_than_guesses_one_by_one(void **state)
{
    enum { GUESSES = 24 };
    struct chain *ch = chain_open();
    struct guess g[GUESSES];
    pthread_t threads[GUESSES];
    int wrong = 0, locked = 0;

    (void)state;
    sign_up(ch, "ann@example.com", GOOD);
    for (int i = 0; i < GUESSES; i++) {
        g[i] = (struct guess){ .ch = ch };
        assert_int_equal(pthread_create(&threads[i], NULL, guess, &g[i]), 0);
    }
    for (int i = 0; i < GUESSES; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        wrong += g[i].status == 401;
        locked += g[i].status == 429;
    }
    assert_int_equal(wrong, 5);
    assert_int_equal(locked, GUESSES - 5);
    assert_int_equal(login(ch, "ann@example.com", GOOD), 429);
    chain_close(&ch);
}

static void under_tls_only_the_cookie_that_no_other_host_can_set_counts(void **state)
{
    struct chain *ch = chain_open();
    struct chain_session s = chain_session(ch, chain_user(ch, 3));
    const char *host = str_printf(ch->a, "__Host-%s", s.cookie).p;

    (void)state;
    expect(chain_send(ch, (struct ask){ .target = "/api/v1/auth/me", .cookie = s.cookie }), 200);
    expect(chain_send(ch, (struct ask){ .target = "/api/v1/auth/me", .cookie = s.cookie, .tls = true }), 401);
    expect(chain_send(ch, (struct ask){ .target = "/api/v1/auth/me", .cookie = host, .tls = true }), 200);
    chain_close(&ch);
}

/* A letter that only looks the same, or folds to the same, is another mailbox. */
static void an_address_that_folds_to_anothers_is_not_his(void **state)
{
    struct chain *ch = chain_open();
    const char *agent = chain_agent(ch);
    static const char *const twins[] = { "str\xC3\xA1sse@example.org", "stra\xC3\x9F" "e@example.org",
                                         "\xEF\xBC\x93" "strasse@example.org", "strasse@ex\xC3\xA1mple.org" };

    (void)state;
    expect(post(ch, agent, "/api/v1/tickets",
                "{\"title\":\"a\",\"message\":{\"body\":\"b\"},\"customer\":\"strasse@example.org\"}"), 201);
    for (size_t i = 0; i < ARRAY_LEN(twins); i++)
        expect(post(ch, agent, "/api/v1/tickets",
                    str_printf(ch->a, "{\"title\":\"a\",\"message\":{\"body\":\"b\"},\"customer\":\"%s\"}",
                               twins[i]).p),
               422);
    chain_close(&ch);
}

/* ── oracles ── */

struct desk {
    struct chain *ch;
    const char *agent, *overview, *customer;
    int64_t customer_id, ticket;
};

/* One ticket with an internal note, a tag, a hidden field; an agent who may only list the group. */
static struct desk desk_open(void)
{
    struct desk d = { .ch = chain_open() };
    int64_t role = chain_int(d.ch, "INSERT INTO roles (name, name_fold, perms, created_us, updated_us)"
                                   " VALUES ('overseer', 'overseer', $1, 0, 0) RETURNING id",
                             DB_ARGS(DB_INT(PERM_TICKET_AGENT)));
    int64_t overseer = chain_user(d.ch, role);

    d.agent = chain_agent(d.ch);
    d.customer_id = chain_user(d.ch, 3);
    d.customer = chain_token(d.ch, d.customer_id, -1, false);
    chain_exec(d.ch, "INSERT INTO user_groups (user_id, group_id, levels) VALUES ($1, 1, $2)",
               DB_ARGS(DB_INT(overseer), DB_INT(LEVEL_OVERVIEW)));
    d.overview = chain_token(d.ch, overseer, -1, false);
    d.ticket = desk_ticket(d.ch, d.customer_id, 1, "the wombat request");
    expect(post(d.ch, d.agent, desk_path(d.ch, "/api/v1/tickets/%lld/actions", (long long)d.ticket),
                "{\"add_tags\":[\"fraud\"],\"message\":{\"body\":\"secret platypus\",\"visibility\":\"internal\"}}"),
           200);
    return d;
}

static int64_t hits(struct desk *d, const char *who, const char *query)
{
    struct answer *an = get(d->ch, who, str_printf(d->ch->a, "/api/v1/search?count=exact&q=%s", query).p);
    int64_t n;

    expect(an, 200);
    n = (int64_t)json_array_size(answer_at(an, "/tickets"));
    assert_int_equal(answer_int(an, "/count"), n);
    return n;
}

static int64_t counted(struct desk *d, const char *who, const char *query)
{
    struct answer *an = post(d->ch, who, "/api/v1/views",
                             str_printf(d->ch->a, "{\"name\":\"probe\",\"query\":\"%s\"}", query).p);
    int64_t id, n = -1;
    json_t *row;
    size_t i;

    expect(an, 201);
    id = answer_int(an, "/id");
    an = get(d->ch, who, "/api/v1/views/counts");
    json_array_foreach(answer_at(an, "/data"), i, row)
        if (json_integer_value(json_object_get(row, "view_id")) == id)
            n = json_integer_value(json_object_get(row, "count"));
    return n;
}

static void who_may_only_list_tickets_learns_nothing_of_their_words(void **state)
{
    static const char *const probes[] = { "platypus", "wombat", "body:platypus", "tag:fraud", "has:note",
                                          "has:tag", "plat*" };
    struct desk d = desk_open();

    (void)state;
    assert_int_equal(json_array_size(answer_at(get(d.ch, d.overview, "/api/v1/tickets"), "/data")), 1);
    assert_int_equal(counted(&d, d.agent, "platypus"), 1);
    assert_int_equal(counted(&d, d.overview, "state:new"), counted(&d, d.agent, "state:new"));
    for (size_t i = 0; i < ARRAY_LEN(probes); i++) {
        assert_int_equal(counted(&d, d.agent, probes[i]), 1);
        assert_int_equal(counted(&d, d.overview, probes[i]), 0);
        if (i != 4) /* which search does not know as a word to him */
            assert_int_equal(hits(&d, d.overview, probes[i]), 0);
    }
    chain_close(&d.ch);
}

static void customers_do_not_find_by_what_they_are_not_shown(void **state)
{
    static const char *const probes[] = { "tag:fraud", "has:tag", "platypus", "until:%3E2000-01-01",
                                          "field.risk:high" };
    struct desk d = desk_open();

    (void)state;
    chain_exec(d.ch, "INSERT INTO fields (object, name, label, type, screens_json, created_us, updated_us)"
                     " VALUES (0, 'risk', 'Risk', 0, '{\"customer_create\":\"hidden\"}', 0, 0)", DB_NO_ARGS);
    chain_exec(d.ch, "INSERT INTO field_values (field_id, object_id, text_fold) SELECT id, $1, 'high' FROM fields"
                     " WHERE name = 'risk'", DB_ARGS(DB_INT(d.ticket)));
    chain_exec(d.ch, "UPDATE tickets SET until_us = 2000000000000000 WHERE id = $1", DB_ARGS(DB_INT(d.ticket)));
    for (size_t i = 0; i < ARRAY_LEN(probes); i++) {
        assert_int_equal(hits(&d, d.agent, probes[i]), 1);
        assert_int_equal(hits(&d, d.customer, probes[i]), 0);
        assert_int_equal(hits(&d, d.customer, str_printf(d.ch->a, "-%s", probes[i]).p), 1);
    }
    assert_int_equal(hits(&d, d.customer, "wombat"), 1);
    assert_int_equal(json_array_size(answer_at(get(d.ch, d.agent, "/api/v1/tickets?tag=fraud"), "/data")), 1);
    assert_int_equal(json_array_size(answer_at(get(d.ch, d.customer, "/api/v1/tickets?tag=fraud"), "/data")), 0);
    chain_close(&d.ch);
}

static void customers_do_not_find_the_addresses_of_agents(void **state)
{
    struct desk d = desk_open();
    int64_t owner = chain_user(d.ch, 2);

    (void)state;
    expect(chain_send(d.ch, (struct ask){ .method = HTTP_PATCH,
                                          .target = desk_path(d.ch, "/api/v1/tickets/%lld", (long long)d.ticket),
                                          .json = str_printf(d.ch->a, "{\"owner\":%lld}", (long long)owner).p,
                                          .bearer = d.agent }),
           200);
    chain_exec(d.ch, "INSERT INTO identities (user_id, kind, value, value_fold, created_us)"
                     " VALUES ($1, 0, 'quokka@private.example', 'quokka@private.example', 0)",
               DB_ARGS(DB_INT(owner)));
    assert_int_equal(hits(&d, d.agent, "owner:quokka@private.example"), 1);
    assert_int_equal(hits(&d, d.customer, "owner:quokka"), 0);
    assert_int_equal(hits(&d, d.customer, "owner:quokka@private.example"), 0);
    chain_close(&d.ch);
}

/* The index holds names and addresses of all who wrote; customers match what they are shown. */
static void customers_guess_nobodys_address_word_by_word(void **state)
{
    static const char *const probes[] = { "quokka", "quok*", "quokka@private.example", "numbat", "numbat@home.example",
                                          "%22quokka%20private%22", "quoka~", "private", "customer:numbat" };
    struct desk d = desk_open();
    int64_t agent = chain_user(d.ch, 2), org, colleague = chain_user(d.ch, 3);

    (void)state;
    org = chain_int(d.ch, "INSERT INTO organizations (name, name_fold, shared, created_us, updated_us)"
                          " VALUES ('Acme', 'acme', 1, 0, 0) RETURNING id", DB_NO_ARGS);
    chain_exec(d.ch, "UPDATE users SET organization_id = $1 WHERE id IN ($2, $3)",
               DB_ARGS(DB_INT(org), DB_INT(colleague), DB_INT(d.customer_id)));
    chain_exec(d.ch, "UPDATE users SET email = 'quokka@private.example' WHERE id = $1", DB_ARGS(DB_INT(agent)));
    chain_exec(d.ch, "UPDATE users SET email = 'numbat@home.example' WHERE id = $1", DB_ARGS(DB_INT(colleague)));
    expect(post(d.ch, chain_token(d.ch, agent, -1, false),
                desk_path(d.ch, "/api/v1/tickets/%lld/messages", (long long)d.ticket), "{\"body\":\"a public answer\"}"), 201);
    expect(post(d.ch, chain_token(d.ch, colleague, -1, false), "/api/v1/tickets",
                "{\"title\":\"the echidna request\",\"message\":{\"body\":\"echidna\"}}"), 201);
    assert_int_equal(hits(&d, d.agent, "quokka"), 1);
    assert_int_equal(hits(&d, d.agent, "from:quokka"), 1);
    assert_int_equal(hits(&d, d.agent, "numbat"), 1);
    for (size_t i = 0; i < ARRAY_LEN(probes); i++)
        assert_int_equal(hits(&d, d.customer, probes[i]), 0);
    assert_problem(get(d.ch, d.customer, "/api/v1/search?q=from:quokka"), 400, NULL);
    assert_problem(get(d.ch, d.customer, "/api/v1/search?q=-cc:quokka"), 400, NULL);
    assert_problem(get(d.ch, d.customer, "/api/v1/search?typing=true&q=x%20(from:q)"), 400, NULL);
    assert_int_equal(hits(&d, d.customer, "echidna"), 1);
    assert_int_equal(hits(&d, d.customer, "subject:echidna"), 1);
    assert_int_equal(hits(&d, d.customer, "public%20answer"), 1);
    assert_int_equal(hits(&d, d.customer, "echidan"), 1); /* misspelled */
    chain_close(&d.ch);
}

/* A name that customers are not shown is answered as one that does not exist. */
static void hidden_is_unknown(struct desk *d)
{
    struct answer *hidden = get(d->ch, d->customer, "/api/v1/search?q=state:Hidden");
    struct answer *unknown = get(d->ch, d->customer, "/api/v1/search?q=state:nosuch");

    expect(hidden, 400);
    expect(unknown, 400);
    assert_true(str_eq(answer_text(hidden, "/errors/0/allowed"), answer_text(unknown, "/errors/0/allowed")));
    assert_true(str_find(answer_text(hidden, "/errors/0/allowed"), STR("idden")) == SIZE_MAX);
    assert_true(str_find(answer_text(hidden, "/errors/0/allowed"), STR("spam")) == SIZE_MAX);
}

static void customers_learn_no_state_that_is_not_shown(void **state)
{
    static const char *const probes[] = { "state:spam", "state:deleted" };
    struct desk d = desk_open();
    int64_t id = chain_int(d.ch, "INSERT INTO states (name, name_fold, customer_name, type, created_us, updated_us)"
                                 " VALUES ('Hidden', 'hidden', 'In work', 1, 0, 0) RETURNING id", DB_NO_ARGS);

    (void)state;
    chain_exec(d.ch, "UPDATE tickets SET state_id = $2, state_type = 1 WHERE id = $1", DB_ARGS(DB_INT(d.ticket), DB_INT(id)));
    assert_int_equal(json_array_size(answer_at(get(d.ch, d.agent, "/api/v1/search?q=state:hidden"), "/tickets")), 1);
    hidden_is_unknown(&d);
    assert_int_equal(hits(&d, d.customer, "state:%22in%20work%22"), 1);
    chain_exec(d.ch, "UPDATE tickets SET state_type = 7 WHERE id = $1", DB_ARGS(DB_INT(d.ticket)));
    for (size_t i = 0; i < ARRAY_LEN(probes); i++)
        assert_int_equal(hits(&d, d.customer, probes[i]), 0);
    assert_int_equal(hits(&d, d.customer, "is:closed"), 1);
    assert_int_equal(hits(&d, d.customer, "state:closed"), 1);
    chain_close(&d.ch);
}

/* ── much of it ── */

static void many_long_messages_do_not_keep_a_ticket_from_being_read(void **state)
{
    enum { MESSAGES = 29, LETTERS = 130000 };
    struct desk d = desk_open();
    char *json = arena_alloc(d.ch->a, LETTERS * 6 + 64), *at = json;
    const char *target = desk_path(d.ch, "/api/v1/tickets/%lld/messages", (long long)d.ticket), *page = target;
    struct answer *an;
    size_t seen = 0, pages = 0;

    (void)state;
    memcpy(at, "{\"body\":\"", 9);
    at += 9;
    for (int i = 0; i < LETTERS; i++, at += 6)
        memcpy(at, "\\\"\xF0\x9F\x98\x80", 6);
    memcpy(at, "\"}", 3);
    for (int i = 0; i < MESSAGES; i++)
        expect(post(d.ch, d.customer, target, json), 201);
    do {
        an = get(d.ch, d.customer, page);
        expect(an, 200);
        seen += json_array_size(answer_at(an, "/data"));
        if (!json_is_true(answer_at(an, "/page/has_more")))
            break;
        page = str_printf(d.ch->a, "%s?after=%.*s", target, STR_ARG(answer_text(an, "/page/next"))).p;
    } while (++pages < MESSAGES);
    assert_int_equal(seen, MESSAGES + 1);
    an = get(d.ch, d.agent, desk_path(d.ch, "/api/v1/tickets/%lld?include=messages", (long long)d.ticket));
    expect(an, 200);
    assert_true(json_is_true(answer_at(an, "/messages_has_more")));
    assert_true(json_array_size(answer_at(an, "/messages")) > 1);
    chain_close(&d.ch);
}

static void a_search_of_many_inexact_words_is_refused(void **state)
{
    struct desk d = desk_open();

    (void)state;
    expect(get(d.ch, d.customer, "/api/v1/search?q=wombat~%20OR%20consectetuer~%20OR%20platypus~"), 200);
    expect(get(d.ch, d.customer, "/api/v1/search?q=aaaaaaaa~%20bbbbbbbb~%20cccccccc~%20dddddddd~%20eeeeeeee~"), 400);
    expect(post(d.ch, d.agent, "/api/v1/views",
                "{\"name\":\"probe\",\"query\":\"aaaaaaaa~ bbbbbbbb~ cccccccc~ (dddddddd~ OR eeeeeeee~)\"}"),
           422);
    chain_close(&d.ch);
}

/* ── rights that were taken away ── */

/* How many doors of the ticket are open to him: list, one, words, messages, history, people, file. */
static int open_doors(struct desk *d, const char *who, int64_t upload)
{
    static const char *const parts[] = { "", "/messages", "/events", "/participants", "/links", "/drafts" };
    int n = json_array_size(answer_at(get(d->ch, who, "/api/v1/tickets"), "/data")) > 0;

    n += hits(d, who, "wombat") > 0;
    n += get(d->ch, who, desk_path(d->ch, "/api/v1/attachments/%lld/content", (long long)upload))->status == 200;
    for (size_t i = 0; i < ARRAY_LEN(parts); i++)
        n += get(d->ch, who, desk_path(d->ch, "/api/v1/tickets/%lld%s", (long long)d->ticket, parts[i]))->status == 200;
    n += post(d->ch, who, desk_path(d->ch, "/api/v1/tickets/%lld/messages", (long long)d->ticket),
              "{\"body\":\"still here\"}")->status == 201;
    return n;
}

static void every_door_closes_when_the_right_is_taken_away(void **state)
{
    enum { DOORS = 10 };
    struct desk d = desk_open();
    const char *admin = chain_admin(d.ch), *colleague, *guest;
    int64_t colleague_id = chain_user(d.ch, 3), guest_id = chain_user(d.ch, 3), org, upload;
    const char *people = desk_path(d.ch, "/api/v1/tickets/%lld/participants", (long long)d.ticket);
    const char *overseer = d.overview;
    int64_t overseer_id = chain_int(d.ch, "SELECT max(user_id) FROM user_groups", DB_NO_ARGS);
    struct answer *an;

    (void)state;
    colleague = chain_token(d.ch, colleague_id, -1, false);
    guest = chain_token(d.ch, guest_id, -1, false);
    an = chain_send(d.ch, (struct ask){ .method = HTTP_POST, .target = "/api/v1/uploads?name=a.txt", .body = "text",
                                        .type = "text/plain", .bearer = d.customer });
    expect(an, 201);
    upload = answer_int(an, "/id");
    expect(post(d.ch, d.customer, desk_path(d.ch, "/api/v1/tickets/%lld/messages", (long long)d.ticket),
                str_printf(d.ch->a, "{\"body\":\"see file\",\"attachments\":[%lld]}", (long long)upload).p),
           201);
    org = answer_int(post(d.ch, admin, "/api/v1/organizations", "{\"name\":\"Acme\",\"shared\":true}"), "/id");
    chain_exec(d.ch, "UPDATE tickets SET organization_id = $1 WHERE id = $2", DB_ARGS(DB_INT(org), DB_INT(d.ticket)));
    assert_int_equal(open_doors(&d, colleague, upload), 0);
#define PATCH(path, text) \
    expect(chain_send(d.ch, (struct ask){ .method = HTTP_PATCH, .target = path, .json = text, .bearer = admin }), 200)
    PATCH(desk_path(d.ch, "/api/v1/users/%lld", (long long)colleague_id),
          str_printf(d.ch->a, "{\"organization_id\":%lld}", (long long)org).p);
    assert_true(open_doors(&d, colleague, upload) >= DOORS - 1); /* the index was not told */
    PATCH(desk_path(d.ch, "/api/v1/organizations/%lld", (long long)org), "{\"shared\":false}");
    assert_int_equal(open_doors(&d, colleague, upload), 0);

    expect(post(d.ch, d.agent, people, str_printf(d.ch->a, "{\"user\":%lld}", (long long)guest_id).p), 200);
    assert_int_equal(open_doors(&d, guest, upload), DOORS);
    expect(chain_send(d.ch, (struct ask){ .method = HTTP_DELETE, .bearer = d.agent,
                                          .target = desk_path(d.ch, "%s/%lld", people, (long long)guest_id) }),
           204);
    assert_int_equal(open_doors(&d, guest, upload), 0);

    PATCH(desk_path(d.ch, "/api/v1/users/%lld", (long long)overseer_id),
          "{\"group_levels\":[{\"group_id\":1,\"levels\":[\"full\"]}]}");
    assert_int_equal(open_doors(&d, overseer, upload), DOORS);
    PATCH(desk_path(d.ch, "/api/v1/users/%lld", (long long)overseer_id), "{\"group_levels\":[]}");
    assert_int_equal(open_doors(&d, overseer, upload), 0);
#undef PATCH
    chain_close(&d.ch);
}

/* ── what customers may name ── */

static void customers_learn_nobodys_name_by_counting_ids(void **state)
{
    struct desk d = desk_open();
    int64_t stranger = chain_user(d.ch, 3), colleague = chain_user(d.ch, 3), org;
    const char *target = desk_path(d.ch, "/api/v1/tickets/%lld/participants", (long long)d.ticket);

    (void)state;
    org = chain_int(d.ch, "INSERT INTO organizations (name, name_fold, created_us, updated_us)"
                          " VALUES ('Acme', 'acme', 0, 0) RETURNING id", DB_NO_ARGS);
    chain_exec(d.ch, "UPDATE users SET organization_id = $1, version = version + 1 WHERE id IN ($2, $3)",
               DB_ARGS(DB_INT(org), DB_INT(d.customer_id), DB_INT(colleague)));
    chain_exec(d.ch, "UPDATE tickets SET organization_id = $1", DB_ARGS(DB_INT(org)));
    chain_exec(d.ch, "UPDATE groups SET customers_may_add = 1", DB_NO_ARGS);
    chain_exec(d.ch, "UPDATE counters SET value = value + 1 WHERE name = 'catalog'", DB_NO_ARGS);
    expect(post(d.ch, d.customer, target, str_printf(d.ch->a, "{\"user\":%lld}", (long long)stranger).p), 422);
    expect(post(d.ch, d.customer, target, "{\"user\":999999}"), 422);
    expect(post(d.ch, d.customer, target, str_printf(d.ch->a, "{\"user\":%lld}", (long long)colleague).p), 200);
    expect(post(d.ch, d.customer, "/api/v1/tickets",
                str_printf(d.ch->a, "{\"title\":\"a\",\"message\":{\"body\":\"b\"},\"participants\":[{\"user\":%lld}]}",
                           (long long)stranger).p),
           422);
    expect(post(d.ch, d.agent, target, str_printf(d.ch->a, "{\"user\":%lld}", (long long)stranger).p), 200);
    chain_close(&d.ch);
}

static void customers_do_not_take_the_ids_of_other_systems(void **state)
{
    struct desk d = desk_open();

    (void)state;
    expect(post(d.ch, d.customer, "/api/v1/tickets",
                "{\"title\":\"a\",\"message\":{\"body\":\"b\"},\"external_source\":\"erp\",\"external_id\":\"1\"}"),
           403);
    expect(post(d.ch, d.agent, "/api/v1/tickets",
                "{\"title\":\"a\",\"message\":{\"body\":\"b\"},\"external_source\":\"erp\",\"external_id\":\"1\"}"),
           201);
    chain_close(&d.ch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whoever_registers_an_address_first_does_not_get_its_owners_account),
        cmocka_unit_test(a_second_registration_takes_nothing_from_somebody_who_proved_an_address),
        cmocka_unit_test(one_reset_ends_all_other_links),
        cmocka_unit_test(a_stolen_session_cannot_guess_the_password_for_ever),
        cmocka_unit_test(guesses_at_once_are_no_more_than_guesses_one_by_one),
        cmocka_unit_test(under_tls_only_the_cookie_that_no_other_host_can_set_counts),
        cmocka_unit_test(an_address_that_folds_to_anothers_is_not_his),
        cmocka_unit_test(who_may_only_list_tickets_learns_nothing_of_their_words),
        cmocka_unit_test(customers_do_not_find_by_what_they_are_not_shown),
        cmocka_unit_test(customers_do_not_find_the_addresses_of_agents),
        cmocka_unit_test(customers_guess_nobodys_address_word_by_word),
        cmocka_unit_test(customers_learn_no_state_that_is_not_shown),
        cmocka_unit_test(many_long_messages_do_not_keep_a_ticket_from_being_read),
        cmocka_unit_test(a_search_of_many_inexact_words_is_refused),
        cmocka_unit_test(every_door_closes_when_the_right_is_taken_away),
        cmocka_unit_test(customers_learn_nobodys_name_by_counting_ids),
        cmocka_unit_test(customers_do_not_take_the_ids_of_other_systems),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
