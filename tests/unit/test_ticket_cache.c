/* The cache of shown tickets: what is found is what was put under that very key; it stays bounded. */
#include "test.h"

#include "base/arena.h"
#include "web/ticket_cache.h"

enum { CACHE_BYTES = 1 << 20, TEXT_MAX = 64 * 1024 };

static struct {
    struct arena *a;
    struct ticket_cache *c;
} t;

static int set_up(void **state)
{
    (void)state;
    t.a = arena_new(64 << 20);
    t.c = ticket_cache_new(CACHE_BYTES);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    ticket_cache_free(&t.c);
    ticket_cache_free(&t.c); /* an empty one is accepted */
    arena_free(&t.a);
    return 0;
}

static void put(const struct ticket_cache_key *k, int64_t group_id, struct str json)
{
    ticket_cache_put(t.c, k, &(struct ticket_cache_facts){ .group_id = group_id }, json);
}

static struct str get(const struct ticket_cache_key *k)
{
    static struct buf b;
    struct jw w;

    arena_reset(t.a);
    b = BUF_ARENA(t.a, TEXT_MAX);
    w = jw_to(&b);
    return ticket_cache_get(t.c, k, NULL, &w) ? buf_view(&b) : STR_NONE;
}

static void each_part_of_the_key_counts(void **state)
{
    const struct ticket_cache_key key = { CACHED_TICKET, 1, 2, 3, 4, 5 };
    struct ticket_cache_key other[6];

    (void)state;
    put(&key, 7, STR("{}"));
    assert_true(str_eq(get(&key), STR("{}")));
    for (size_t i = 0; i < ARRAY_LEN(other); i++)
        other[i] = key;
    other[0].kind = CACHED_TICKET_PUBLIC;
    other[1].id++;
    other[2].version++;
    other[3].shown++;
    other[4].catalog++;
    other[5].reconnects++;
    for (size_t i = 0; i < ARRAY_LEN(other); i++)
        assert_null(get(&other[i]).p);
}

static void facts_come_with_it_and_commas_are_the_writers(void **state)
{
    const struct ticket_cache_key key = { .id = 1, .version = 1 };
    struct ticket_cache_facts facts = { 0 };
    struct buf b = BUF_ARENA(t.a, TEXT_MAX);
    struct jw w = jw_to(&b);

    (void)state;
    put(&key, 7, STR("{\"id\":1}"));
    jw_arr(&w);
    assert_true(ticket_cache_get(t.c, &key, &facts, NULL));
    assert_int_equal(facts.group_id, 7);
    for (int i = 0; i < 2; i++)
        assert_true(ticket_cache_get(t.c, &key, &facts, &w));
    jw_arr_end(&w);
    assert_true(str_eq(buf_view(&b), STR("[{\"id\":1},{\"id\":1}]")));
}

static void the_newest_states_are_found_the_oldest_give_way(void **state)
{
    enum { PUT = 20000, EACH = 1900 };
    static char text[TEXT_MAX];
    struct ticket_cache_key key = { .version = 1 };
    size_t found = 0;

    (void)state;
    memset(text, 'x', TEXT_MAX);
    for (key.id = 1; key.id <= PUT; key.id++) {
        size_t n = 1 + (size_t)(key.id * 7919 % (2 * EACH));

        put(&key, key.id, (struct str){ text, n });
        assert_int_equal(get(&key).n, n);
    }
    for (key.id = 1; key.id <= PUT; key.id++) {
        size_t n = get(&key).n;

        assert_true(n == 0 || n == 1 + (size_t)(key.id * 7919 % (2 * EACH)));
        found += n + 1;
    }
    assert_in_range(found, CACHE_BYTES / 3, CACHE_BYTES + PUT);
    key.id = 1;
    for (key.version = 1; key.version <= 100; key.version++)
        put(&key, 1, STR("{}"));
    key.version = 100;
    assert_true(str_eq(get(&key), STR("{}")));
    key.version = 99;
    assert_null(get(&key).p);
}

static void what_would_push_out_too_much_is_not_kept(void **state)
{
    static char text[TEXT_MAX];
    const struct ticket_cache_key key = { .id = 1 };

    (void)state;
    put(&key, 1, STR("{}"));
    put(&key, 1, (struct str){ text, TEXT_MAX });
    assert_true(str_eq(get(&key), STR("{}")));
    put(&key, 1, STR(""));
    assert_true(str_eq(get(&key), STR("{}")));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(each_part_of_the_key_counts),
        CASE(facts_come_with_it_and_commas_are_the_writers),
        CASE(the_newest_states_are_found_the_oldest_give_way),
        CASE(what_would_push_out_too_much_is_not_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
