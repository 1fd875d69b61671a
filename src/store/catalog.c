#include "store/catalog.h"

#include "base/rand.h"
#include "store/notify.h"

enum { CATALOG_BYTES_MAX = 32 * 1024 * 1024, REF_BYTES_MAX = 4096, GROW = 32 };

enum rc catalog_generation(struct db *db, int64_t *generation, struct err *e)
{
    return db_query_int(db, "SELECT value FROM counters WHERE name = 'catalog'", DB_NO_ARGS,
                        generation, e);
}

enum rc catalog_changed(struct db *db, struct err *e)
{
    int64_t next = (int64_t)rand_below(UINT64_C(1) << 62) + 1;

    TRY(db_exec(db, "UPDATE counters SET value = $1 WHERE name = 'catalog'", DB_ARGS(DB_INT(next)),
                NULL, e));
    return store_access_changed(db, 0, e);
}

/* Room for one more in a list that grows in steps. */
static void *more(struct arena *a, void *list, size_t n, size_t size)
{
    return n % GROW ? list : arena_grow(a, list, n * size, (n + GROW) * size);
}

static struct str ref_of(struct arena *a, int64_t id, struct str name)
{
    struct buf b = BUF_ARENA(a, REF_BYTES_MAX);
    struct jw w = jw_to(&b);

    jw_obj(&w);
    jw_kv_int(&w, "id", id);
    jw_kv_text(&w, "name", name);
    jw_obj_end(&w);
    return buf_view(&b);
}

/* Customers know spam and deleted as closed, and by nothing can they tell. */
static void hide_from_customers(struct cat_state *v, size_t n)
{
    const struct cat_state *closed = NULL;

    for (size_t i = 0; i < n && !closed; i++)
        closed = v[i].default_close ? &v[i] : NULL;
    for (size_t i = 0; closed && i < n; i++)
        if (v[i].type >= STATE_SPAM)
            v[i].customer_ref = closed->customer_ref;
}

static enum rc read_states(struct db *db, struct catalog *c, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };
    struct cat_state *list = NULL;

    TRY(db_query(db, &r,
                 "SELECT id, version, name, customer_name, type, clock_stops, until_rule,"
                 " at_until_state_id, default_new, default_follow_up, default_close, position,"
                 " active, created_us, updated_us FROM states ORDER BY id",
                 DB_NO_ARGS, e));
    while (db_next(&r, e)) {
        struct cat_state s = { .id = db_int(&r, 0), .version = db_int(&r, 1) };

        s.name = db_text(&r, 2, c->a);
        s.customer_name = db_text(&r, 3, c->a);
        s.type = (enum state_type)db_int(&r, 4);
        s.clock_stops = db_int(&r, 5) != 0;
        s.until_rule = (enum until_rule)db_int(&r, 6);
        s.at_until_state_id = db_int(&r, 7);
        s.default_new = db_int(&r, 8) != 0;
        s.default_follow_up = db_int(&r, 9) != 0;
        s.default_close = db_int(&r, 10) != 0;
        s.position = db_int(&r, 11);
        s.active = db_int(&r, 12) != 0;
        s.created_us = db_int(&r, 13);
        s.updated_us = db_int(&r, 14);
        s.ref = ref_of(c->a, s.id, s.name);
        s.customer_ref = ref_of(c->a, s.id, s.customer_name);
        list = more(c->a, list, c->n_states, sizeof(*list));
        list[c->n_states++] = s;
    }
    c->states = list;
    hide_from_customers(list, c->n_states);
    return e->rc;
}

static enum rc read_priorities(struct db *db, struct catalog *c, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };
    struct cat_priority *list = NULL;

    TRY(db_query(db, &r,
                 "SELECT id, version, name, color, rank, is_default, active, created_us, updated_us"
                 " FROM priorities ORDER BY id",
                 DB_NO_ARGS, e));
    while (db_next(&r, e)) {
        struct cat_priority p = { .id = db_int(&r, 0), .version = db_int(&r, 1) };

        p.name = db_text(&r, 2, c->a);
        p.color = db_text(&r, 3, c->a);
        p.rank = db_int(&r, 4);
        p.is_default = db_int(&r, 5) != 0;
        p.active = db_int(&r, 6) != 0;
        p.created_us = db_int(&r, 7);
        p.updated_us = db_int(&r, 8);
        p.ref = ref_of(c->a, p.id, p.name);
        list = more(c->a, list, c->n_priorities, sizeof(*list));
        list[c->n_priorities++] = p;
    }
    c->priorities = list;
    return e->rc;
}

static enum rc read_groups(struct db *db, struct catalog *c, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };
    struct cat_group *list = NULL;

    TRY(db_query(db, &r,
                 "SELECT id, version, parent_id, name, email, follow_up, reopen_days,"
                 " follow_up_keep_owner, customers_may_add, is_default, active,"
                 " customers_may_choose FROM groups ORDER BY id",
                 DB_NO_ARGS, e));
    while (db_next(&r, e)) {
        struct cat_group g = { .id = db_int(&r, 0), .version = db_int(&r, 1) };

        g.parent_id = db_int(&r, 2);
        g.name = db_text(&r, 3, c->a);
        g.email = db_text(&r, 4, c->a);
        g.follow_up = (enum follow_up)db_int(&r, 5);
        g.reopen_days = db_int(&r, 6);
        g.follow_up_keep_owner = db_int(&r, 7) != 0;
        g.customers_may_add = db_int(&r, 8) != 0;
        g.is_default = db_int(&r, 9) != 0;
        g.active = db_int(&r, 10) != 0;
        g.customers_may_choose = db_int(&r, 11) != 0;
        g.ref = ref_of(c->a, g.id, g.name);
        list = more(c->a, list, c->n_groups, sizeof(*list));
        list[c->n_groups++] = g;
    }
    c->groups = list;
    return e->rc;
}

static enum rc read_roles(struct db *db, struct catalog *c, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };
    struct cat_role *list = NULL;

    TRY(db_query(db, &r, "SELECT id, perms, builtin, name, active FROM roles ORDER BY id",
                 DB_NO_ARGS, e));
    while (db_next(&r, e)) {
        struct cat_role role = { .id = db_int(&r, 0), .perms = db_int(&r, 1) };

        role.builtin = (int)db_int(&r, 2);
        role.name = db_text(&r, 3, c->a);
        role.active = db_int(&r, 4) != 0;
        list = more(c->a, list, c->n_roles, sizeof(*list));
        list[c->n_roles++] = role;
    }
    c->roles = list;
    return e->rc;
}

static enum rc read_fields(struct db *db, struct catalog *c, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };
    struct cat_field *list = NULL;

    TRY(db_query(db, &r,
                 "SELECT id, version, object, name, label, help, type, options_json, screens_json,"
                 " position, active, created_us, updated_us FROM fields ORDER BY id",
                 DB_NO_ARGS, e));
    while (db_next(&r, e)) {
        struct cat_field f = { .id = db_int(&r, 0), .version = db_int(&r, 1) };
        json_t *options = NULL, *screens = NULL;

        f.object = (enum field_object)db_int(&r, 2);
        f.name = db_text(&r, 3, c->a);
        f.label = db_text(&r, 4, c->a);
        f.help = db_text(&r, 5, c->a);
        f.type = (enum field_type)db_int(&r, 6);
        f.options_json = db_text(&r, 7, c->a);
        f.screens_json = db_text(&r, 8, c->a);
        f.position = db_int(&r, 9);
        f.active = db_int(&r, 10) != 0;
        f.created_us = db_int(&r, 11);
        f.updated_us = db_int(&r, 12);
        /* Listed before it is parsed: a half-read snapshot frees what it holds. */
        list = more(c->a, list, c->n_fields, sizeof(*list));
        list[c->n_fields++] = f;
        c->fields = list;
        TRY(json_read(f.options_json, &options, e));
        list[c->n_fields - 1].options = options;
        TRY(json_read(f.screens_json, &screens, e));
        list[c->n_fields - 1].screens = screens;
    }
    return e->rc;
}

static enum rc read_all(struct db *db, struct catalog *c, struct err *e)
{
    TRY(catalog_generation(db, &c->generation, e));
    TRY(read_states(db, c, e));
    TRY(read_priorities(db, c, e));
    TRY(read_groups(db, c, e));
    TRY(read_roles(db, c, e));
    return read_fields(db, c, e);
}

enum rc catalog_read(struct db *db, struct catalog **out, struct err *e)
{
    struct arena *a = arena_new(CATALOG_BYTES_MAX);
    struct catalog *c = ARENA_NEW(a, struct catalog);
    enum rc rc;

    c->a = a;
    rc = read_all(db, c, e);
    if (rc != RC_OK)
        catalog_free(&c);
    *out = c;
    return rc;
}

void catalog_free(struct catalog **c)
{
    struct arena *a;

    if (!*c)
        return;
    for (size_t i = 0; i < (*c)->n_fields; i++) {
        json_decref((json_t *)(uintptr_t)(*c)->fields[i].options);
        json_decref((json_t *)(uintptr_t)(*c)->fields[i].screens);
    }
    a = (*c)->a;
    *c = NULL;
    arena_free(&a);
}
