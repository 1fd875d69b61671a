/* No statement reads the whole of a table that grows: EXPLAIN over every statement that the other
 * tests of this run prepared.
 * Arguments: the files that the tests wrote.  This program holds the whole of the product: a
 * statement that is not in it is a test's own. */
#include "store_test.h"

#include "base/buf.h"
#include "store/db_priv.h"

#include <stdio.h>
#include <stdlib.h>

/* These stay small: an administrator makes their rows. All others grow. */
static const char *const small[] = {
    "settings", "counters", "groups", "roles", "role_groups", "user_groups", "states", "priorities", "fields",
    "ticket_counts", "views", "audit_head", "schema_migrations", "tags", "legal_holds",
};

/* Statements that may read a whole table, by how they begin, and why. */
static const struct {
    const char *begins, *why;
} exempt[] = {
    { "SELECT count(*) FROM schema_migrations", "a row per migration" },
};

/* What this test itself must see. */
static const struct {
    const char *types, *sql;
    bool ok;
} cases[] = {
    { "t", "SELECT id FROM tickets WHERE title = $1", false },
    { "t", "SELECT x.id FROM tickets x WHERE x.title = $1", false },
    { "", "SELECT count(*) FROM users", false },
    { "i", "UPDATE tickets SET version = 1 WHERE reopen_count = $1", false },
    { "t", "SELECT u.id FROM states s JOIN users AS u ON u.locale = s.name WHERE s.name = $1", false },
    { "i", "SELECT title FROM tickets WHERE id = $1", true },
    { "i", "SELECT id FROM tickets ORDER BY updated_us DESC, id DESC LIMIT $1", true },
    { "", "SELECT name FROM states", true },
};

enum { PLAN_MAX = 256 * 1024, FILE_MAX = 64 * 1024 * 1024 };

static struct {
    struct arena *a;
    struct db *db;
    struct str program;
    struct str *tables; /* that grow */
    size_t n_tables;
    char **files;
    size_t n_files, checked, bad;
    struct err e;
} t;

/* ---- What to look at ---- */

static struct str read_whole(const char *path)
{
    FILE *f = fopen(path, "rb");
    struct buf b = BUF_ARENA(t.a, FILE_MAX);
    char block[1 << 16];
    size_t n;

    if (!f)
        return STR_NONE;
    while ((n = fread(block, 1, sizeof(block), f)) > 0)
        buf_add(&b, block, n);
    fclose(f);
    assert_false(b.overflow);
    return buf_view(&b);
}

static bool is_small(struct str name)
{
    for (size_t i = 0; i < ARRAY_LEN(small); i++)
        if (str_eq(name, str_of(small[i])))
            return true;
    return false;
}

static void load_tables(void)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    if (test_is_sqlite())
        assert_ok(db_query(t.db, &r, "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
                           DB_NO_ARGS, &t.e), &t.e);
    else
        assert_ok(db_query(t.db, &r, "SELECT CAST(relname AS TEXT) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace",
                           DB_NO_ARGS, &t.e), &t.e);
    t.tables = ARENA_ARRAY(t.a, struct str, 1000);
    while (db_next(&r, &t.e)) {
        if (is_small(db_view(&r, 0)))
            continue;
        assert_true(t.n_tables < 1000);
        t.tables[t.n_tables++] = db_text(&r, 0, t.a);
    }
    assert_true(t.n_tables > 10);
}

static bool grows(struct str name)
{
    for (size_t i = 0; i < t.n_tables; i++)
        if (str_eq(t.tables[i], name))
            return true;
    return false;
}

static bool is_data(struct str sql)
{
    static const char *const words[] = { "SELECT", "INSERT", "UPDATE", "DELETE", "WITH" };

    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (str_istarts(sql, str_of(words[i])))
            return true;
    return false;
}

/* A literal of the program, or what a composed statement begins with. */
static bool is_ours(struct str sql)
{
    struct str whole = str_printf(t.a, "%c%.*s%c", '\0', STR_ARG(sql), '\0');
    size_t at = str_chr(sql, '$');

    if (memmem(t.program.p, t.program.n, whole.p, whole.n))
        return true;
    at = at > 40 ? 40 : at;
    return at >= 20 && at < sql.n && memmem(t.program.p, t.program.n, whole.p, at + 1);
}

static bool is_exempt(struct str sql)
{
    for (size_t i = 0; i < ARRAY_LEN(exempt); i++)
        if (str_starts(sql, str_of(exempt[i].begins)))
            return true;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        if (str_eq(sql, str_of(cases[i].sql)))
            return true;
    return false;
}

/* ---- SQLite ---- */

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static struct str word_at(struct str sql, size_t *at)
{
    size_t from;

    while (*at < sql.n && !is_word(sql.p[*at]))
        ++*at;
    from = *at;
    while (*at < sql.n && is_word(sql.p[*at]))
        ++*at;
    return str_sub(sql, from, *at - from);
}

/* The table behind a name of the plan: SQLite shows the alias. */
static struct str table_of(struct str sql, struct str name)
{
    struct str before = STR_NONE, before_that = STR_NONE;

    if (grows(name))
        return name;
    for (size_t at = 0; at < sql.n;) {
        struct str w = word_at(sql, &at);

        if (str_eq(w, name) && grows(before))
            return before;
        if (str_eq(w, name) && str_ieq(before, STR("AS")) && grows(before_that))
            return before_that;
        before_that = before;
        before = w;
    }
    return name;
}

static bool has_limit(struct str sql)
{
    return str_find(sql, STR(" LIMIT ")) != SIZE_MAX;
}

static bool sqlite_line_ok(struct str sql, struct str line, bool sorts)
{
    struct str rest = line;
    bool scans = str_starts(line, STR("SCAN ")), makes_index = str_find(line, STR("AUTOMATIC")) != SIZE_MAX;

    if (!scans && !makes_index)
        return true;
    (void)str_cut(&rest, ' ');
    if (!grows(table_of(sql, str_cut(&rest, ' '))))
        return true;
    if (str_find(line, STR("VIRTUAL TABLE INDEX")) != SIZE_MAX)
        return !str_ends(line, STR("INDEX 0:"));
    /* In the order of an index, and no further than it is asked for. */
    return scans && has_limit(sql) && !sorts;
}

static bool sqlite_ok(struct str sql, struct str *plan)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };
    struct str text = str_printf(t.a, "EXPLAIN QUERY PLAN %.*s", STR_ARG(sql));
    struct buf b = BUF_ARENA(t.a, PLAN_MAX);
    struct db_val none[DB_PARAMS_MAX] = { 0 };
    bool sorts, ok = true;
    size_t n = 0;

    for (size_t i = 0; i < sql.n; i++)
        if (sql.p[i] == '$' && i + 1 < sql.n && sql.p[i + 1] >= '1' && sql.p[i + 1] <= '9') {
            size_t number = strtoul(sql.p + i + 1, NULL, 10);

            n = number > n ? number : n;
        }
    if (db_run_text(t.db, &r, text, (struct db_args){ none, n }, &t.e) != RC_OK)
        return false;
    while (db_next(&r, &t.e)) {
        buf_str(&b, db_view(&r, 3));
        buf_char(&b, '\n');
    }
    *plan = buf_view(&b);
    sorts = str_find(*plan, STR("TEMP B-TREE FOR ORDER BY")) != SIZE_MAX;
    for (struct str rest = *plan; rest.p;)
        ok = sqlite_line_ok(sql, str_cut(&rest, '\n'), sorts) && ok;
    return ok;
}

/* ---- PostgreSQL ---- */

enum node { NODE_OTHER, NODE_WHOLE, NODE_INDEX, NODE_BITMAP_HEAP, NODE_BITMAP_INDEX };

/* What a line of the plan says, and the name behind " on ". */
static enum node node_of(struct str line, struct str *name)
{
    static const struct {
        const char *words;
        enum node node;
    } nodes[] = { { "Bitmap Heap Scan on ", NODE_BITMAP_HEAP }, { "Bitmap Index Scan on ", NODE_BITMAP_INDEX },
                  { "Seq Scan on ", NODE_WHOLE }, { "Index Scan ", NODE_INDEX }, { "Index Only Scan ", NODE_INDEX } };
    size_t at = str_find(line, STR(" on "));

    for (size_t i = 0; at != SIZE_MAX && i < ARRAY_LEN(nodes); i++) {
        if (str_find(line, str_of(nodes[i].words)) == SIZE_MAX)
            continue;
        *name = str_sub(line, at + 4, SIZE_MAX);
        *name = str_cut(name, ' ');
        return nodes[i].node;
    }
    return NODE_OTHER;
}

static bool postgres_lines_ok(struct str sql, struct str plan)
{
    struct str name = STR_NONE, heap = STR_NONE;

    while (plan.p) {
        struct str line = str_trim(str_cut(&plan, '\n')), next = plan;
        enum node node = node_of(line, &name);
        bool has_cond = str_starts(str_trim(str_cut(&next, '\n')), STR("Index Cond:"));

        if (node == NODE_BITMAP_HEAP)
            heap = name;
        if (node == NODE_BITMAP_INDEX)
            name = heap;
        if (node == NODE_OTHER || node == NODE_BITMAP_HEAP || !grows(name))
            continue;
        if (node == NODE_WHOLE || (!has_cond && (node == NODE_BITMAP_INDEX || !has_limit(sql))))
            return false;
    }
    return true;
}

static bool postgres_ok(struct str types, struct str sql, struct str *plan)
{
    static const char *const names[] = { ['i'] = "bigint", ['t'] = "text", ['b'] = "bytea", ['n'] = "unknown" };
    struct db_rows r CLEAN(db_rows_end) = { 0 };
    struct buf make = BUF_ARENA(t.a, PLAN_MAX), run = BUF_ARENA(t.a, PLAN_MAX), b = BUF_ARENA(t.a, PLAN_MAX);

    BUF_LIT(&make, "PREPARE p");
    BUF_LIT(&run, "EXPLAIN (COSTS OFF) EXECUTE p");
    for (size_t i = 0; i < types.n; i++) {
        buf_printf(&make, "%s%s", i ? ", " : " (", names[(unsigned char)types.p[i]]);
        buf_str(&run, i ? STR(", NULL") : STR(" (NULL"));
    }
    if (types.n > 0) {
        BUF_LIT(&make, ")");
        BUF_LIT(&run, ")");
    }
    BUF_LIT(&make, " AS ");
    buf_str(&make, sql);
    if (db_script(t.db, buf_view(&make), &t.e) != RC_OK)
        return false;
    if (db_run_text(t.db, &r, buf_view(&run), DB_NO_ARGS, &t.e) == RC_OK)
        while (db_next(&r, &t.e)) {
            buf_str(&b, db_view(&r, 0));
            buf_char(&b, '\n');
        }
    db_rows_end(&r);
    *plan = buf_view(&b);
    if (t.e.rc == RC_OK)
        assert_ok(db_script(t.db, STR("DEALLOCATE p"), &t.e), &t.e);
    return t.e.rc == RC_OK && postgres_lines_ok(sql, *plan);
}

/* ---- All of them ---- */

static void check(struct str line)
{
    struct str types = str_cut(&line, '\t'), plan = STR_NONE;

    if (!line.p || !is_data(line) || is_exempt(line) || !is_ours(line))
        return;
    err_clear(&t.e);
    t.checked++;
    if (test_is_sqlite() ? sqlite_ok(line, &plan) : postgres_ok(types, line, &plan))
        return;
    t.bad++;
    fprintf(stderr, "\n%.*s\n%s%.*s", STR_ARG(line), t.e.internal, STR_ARG(plan));
}

static int by_text(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static void no_statement_reads_the_whole_of_a_table_that_grows(void **state)
{
    struct str *lines = ARENA_ARRAY(t.a, struct str, 1000000);
    size_t n = 0;

    (void)state;
    for (size_t i = 0; i < t.n_files; i++)
        for (struct str text = read_whole(t.files[i]); text.p && n < 1000000;)
            lines[n++] = str_cut(&text, '\n');
    qsort(lines, n, sizeof(*lines), by_text);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || !str_eq(lines[i], lines[i - 1]))
            check(lines[i]);
    fprintf(stderr, "%zu statements, %zu bad\n", t.checked, t.bad);
    assert_int_equal(t.bad, 0);
    assert_true(t.n_files == 0 || t.checked > 0);
}

/* The test itself must be able to fail. */
static void a_whole_scan_is_seen(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct str plan = STR_NONE, sql = str_of(cases[i].sql);
        bool ok;

        err_clear(&t.e);
        ok = test_is_sqlite() ? sqlite_ok(sql, &plan) : postgres_ok(str_of(cases[i].types), sql, &plan);
        if (ok != cases[i].ok)
            fail_msg("%s: %s\n%.*s", cases[i].sql, t.e.internal, STR_ARG(plan));
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_scan_is_seen),
        cmocka_unit_test(no_statement_reads_the_whole_of_a_table_that_grows),
    };
    struct store *s;
    int failed;

    t.a = arena_new(1 * GIB);
    t.program = read_whole("/proc/self/exe");
    t.files = argv + 1;
    t.n_files = (size_t)argc - 1;
    if (!t.program.p)
        return 2;
    s = test_store();
    assert_ok(store_connect(s, DB_READ, &t.db, &t.e), &t.e);
    load_tables();
    if (!test_is_sqlite())
        assert_ok(db_script(t.db, STR("SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off;"
                                  "SET plan_cache_mode = force_generic_plan"), &t.e), &t.e);
    failed = cmocka_run_group_tests_name("plans", tests, NULL, NULL);
    db_close(&t.db);
    test_store_free(&s);
    arena_free(&t.a);
    return failed;
}
