#include "desk/catalog.h"

#include "desk/settings.h"

/* Snapshots that a connection keeps: the newest one first.  The older ones are still in the hands
 * of the request that changed the catalog. */
enum { KEPT = 3 };

struct kept {
    struct catalog *c[KEPT];
};

static void kept_free(void *p)
{
    struct kept *k = p;

    for (size_t i = 0; i < KEPT; i++)
        catalog_free(&k->c[i]);
    free(k);
}

static enum rc read_flag(struct db *db, enum setting id, bool *out, struct err *e)
{
    int64_t v;

    TRY(setting_int(db, id, &v, e));
    *out = v != 0;
    return RC_OK;
}

static enum rc read_settings(struct db *db, struct cat_settings *s, struct err *e)
{
    TRY(read_flag(db, SETTING_NUMBER_FORMAT, &s->number_by_date, e));
    TRY(read_flag(db, SETTING_NUMBER_CHECK_DIGIT, &s->check_digit, e));
    TRY(read_flag(db, SETTING_TAGS_FROZEN, &s->tags_frozen, e));
    TRY(setting_int(db, SETTING_NUMBER_DIGITS, &s->number_digits, e));
    TRY(setting_int(db, SETTING_NUMBER_SYSTEM_ID, &s->system_id, e));
    return setting_int(db, SETTING_SOLVED_CLOSE_DAYS, &s->solved_days, e);
}

static enum rc read_fresh(struct db *db, struct catalog **out, struct err *e)
{
    enum rc rc;

    TRY(catalog_read(db, out, e));
    rc = read_settings(db, &(*out)->settings, e);
    if (rc != RC_OK)
        catalog_free(out);
    return rc;
}

enum rc catalog_get(struct db *db, const struct catalog **out, struct err *e)
{
    struct kept *k = db_carried(db);
    struct catalog *fresh;
    int64_t generation;

    generation = db_snapshot_noted(db); /* with the caller's rights, in the same request */
    if (!generation)
        TRY(catalog_generation(db, &generation, e));
    if (!k) {
        k = calloc(1, sizeof(*k));
        INVARIANT(k);
        db_carry(db, k, kept_free);
    }
    if (!k->c[0] || k->c[0]->generation != generation) {
        TRY(read_fresh(db, &fresh, e));
        catalog_free(&k->c[KEPT - 1]);
        for (size_t i = KEPT - 1; i > 0; i--)
            k->c[i] = k->c[i - 1];
        k->c[0] = fresh;
        db_snapshot_note(db, fresh->generation); /* or the next call would read it all again */
    }
    *out = k->c[0];
    return RC_OK;
}

/* Each list is sorted by id, and its records begin with the id. */
static const void *find(const void *list, size_t n, size_t size, int64_t id)
{
    size_t lo = 0, hi = n;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        const void *p = (const char *)list + mid * size;
        int64_t at = *(const int64_t *)p;

        if (at == id)
            return p;
        if (at < id)
            lo = mid + 1;
        else
            hi = mid;
    }
    return NULL;
}

#define FIND(c, list, id) find((c)->list, (c)->n_##list, sizeof(*(c)->list), (id))

const struct cat_state *catalog_state(const struct catalog *c, int64_t id)
{
    return FIND(c, states, id);
}

const struct cat_priority *catalog_priority(const struct catalog *c, int64_t id)
{
    return FIND(c, priorities, id);
}

const struct cat_group *catalog_group(const struct catalog *c, int64_t id)
{
    return FIND(c, groups, id);
}

const struct cat_role *catalog_role(const struct catalog *c, int64_t id)
{
    return FIND(c, roles, id);
}

/* The first record of a list for which the condition over r holds. */
#define FIRST(type, c, list, cond)                                                                 \
    do {                                                                                           \
        for (size_t i_ = 0; i_ < (c)->n_##list; i_++) {                                            \
            const type *r = &(c)->list[i_];                                                        \
            if (cond)                                                                              \
                return r;                                                                          \
        }                                                                                          \
        return NULL;                                                                               \
    } while (0)

const struct cat_state *catalog_state_named(const struct catalog *c, struct str name)
{
    FIRST(struct cat_state, c, states, r->active && str_ieq(r->name, name));
}

const struct cat_priority *catalog_priority_named(const struct catalog *c, struct str name)
{
    FIRST(struct cat_priority, c, priorities, r->active && str_ieq(r->name, name));
}

const struct cat_group *catalog_group_named(const struct catalog *c, struct str name)
{
    FIRST(struct cat_group, c, groups, r->active && str_ieq(r->name, name));
}

const struct cat_field *catalog_field(const struct catalog *c, enum field_object object, struct str name)
{
    FIRST(struct cat_field, c, fields, r->active && r->object == object && str_eq(r->name, name));
}

const struct cat_state *catalog_default_new(const struct catalog *c)
{
    FIRST(struct cat_state, c, states, r->default_new);
}

const struct cat_state *catalog_default_follow_up(const struct catalog *c)
{
    FIRST(struct cat_state, c, states, r->default_follow_up);
}

const struct cat_state *catalog_default_close(const struct catalog *c)
{
    FIRST(struct cat_state, c, states, r->default_close);
}

const struct cat_state *catalog_state_of_type(const struct catalog *c, enum state_type type)
{
    const struct cat_state *best = NULL;

    for (size_t i = 0; i < c->n_states; i++) {
        const struct cat_state *s = &c->states[i];

        if (s->type == type && s->active && (!best || s->position < best->position))
            best = s;
    }
    return best;
}

const struct cat_priority *catalog_default_priority(const struct catalog *c)
{
    FIRST(struct cat_priority, c, priorities, r->is_default);
}

const struct cat_group *catalog_default_group(const struct catalog *c)
{
    FIRST(struct cat_group, c, groups, r->is_default && r->active);
}
