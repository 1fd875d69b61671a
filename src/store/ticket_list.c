#include "store/ticket_list.h"

#include "store/catalog.h"

enum { BRANCHES_MAX = 64 };

/* One index walked in the asked order. */
enum branch_kind {
    B_WALK,        /* the index of the order itself, the scope as a filter */
    B_GROUP,       /* a group that the scope allows: needs no further check */
    B_GROUP_TYPE,  /* the same and a state type */
    B_OWNER_TYPE,  /* an owner and a state type, the scope as a filter */
    B_CUSTOMER,    /* of this customer, the scope as a filter */
    B_ORG,         /* likewise */
    B_MINE,        /* the reader's own requests */
    B_MY_ORG,      /* requests of an organisation that the reader sees */
    B_PARTICIPANT, /* where the reader takes part */
    B_PRIORITY,    /* SORT_PRIORITY: one priority, the scope as a filter */
    B_DUE,         /* SORT_NEXT_DUE: those with a due time */
    B_NEVER_DUE,   /* and those without */
};
struct branch {
    enum branch_kind kind;
    int64_t id;
    int64_t extra; /* a state type; the rank of a priority */
};

struct plan {
    struct branch v[BRANCHES_MAX];
    size_t n;
    bool full; /* more branches than are worth it: walk */
};

struct list {
    const struct catalog *cat;
    const struct scope *scope;
    const struct ticket_filter *f;
    const struct ticket_page *p;
    unsigned types; /* state types that can match; 0: any */
};

static void add(struct plan *pl, enum branch_kind kind, int64_t id, int64_t extra)
{
    if (pl->n == BRANCHES_MAX)
        pl->full = true;
    else
        pl->v[pl->n++] = (struct branch){ kind, id, extra };
}

static bool among(int64_t id, const int64_t *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (v[i] == id)
            return true;
    return false;
}

/* ---- Conditions ---- */

static void in_list(struct sql *q, struct ids ids)
{
    sql_add_ints(q, ids.v, ids.n);
    sql_add(q, ")", DB_NO_ARGS);
}

static void bits_list(struct sql *q, unsigned bits)
{
    int64_t v[32];
    struct ids ids = { v, 0 };

    for (unsigned i = 0; i < 32; i++)
        if (bits & (1u << i))
            v[ids.n++] = i;
    in_list(q, ids);
}

static void where_owners(struct sql *q, struct ids owners)
{
    bool nobody = among(0, owners.v, owners.n);

    if (nobody && owners.n == 1) {
        sql_add(q, " AND t.owner_id IS NULL", DB_NO_ARGS);
        return;
    }
    if (nobody)
        sql_add(q, " AND (t.owner_id IS NULL OR t.owner_id IN (", DB_NO_ARGS);
    else
        sql_add(q, " AND (t.owner_id IN (", DB_NO_ARGS);
    in_list(q, owners);
    sql_add(q, ")", DB_NO_ARGS);
}

static void where_times(struct sql *q, const struct ticket_filter *f)
{
    if (f->updated_from_us && f->as_customer)
        sql_add(q, " AND t.public_updated_us >= ?", DB_ARGS(DB_INT(f->updated_from_us)));
    else if (f->updated_from_us)
        sql_add(q, " AND t.updated_us >= ?", DB_ARGS(DB_INT(f->updated_from_us)));
    if (f->updated_before_us && f->as_customer)
        sql_add(q, " AND t.public_updated_us < ?", DB_ARGS(DB_INT(f->updated_before_us)));
    else if (f->updated_before_us)
        sql_add(q, " AND t.updated_us < ?", DB_ARGS(DB_INT(f->updated_before_us)));
    if (f->created_from_us)
        sql_add(q, " AND t.created_us >= ?", DB_ARGS(DB_INT(f->created_from_us)));
    if (f->created_before_us)
        sql_add(q, " AND t.created_us < ?", DB_ARGS(DB_INT(f->created_before_us)));
}

/* Customers are not shown the tags, so they cannot find by them either. */
static void where_tag(struct sql *q, const struct ticket_filter *f)
{
    sql_add(q,
            " AND t.id IN (SELECT k.ticket_id FROM ticket_tags k JOIN tags n ON n.id = k.tag_id"
            " WHERE n.name = ?)",
            DB_ARGS(DB_TEXT(f->tag)));
    if (!f->content || f->content->all)
        return;
    if (!f->content->n_groups) {
        sql_add(q, " AND 1 = 0", DB_NO_ARGS);
        return;
    }
    sql_add(q, " AND +t.group_id IN (", DB_NO_ARGS);
    sql_add_ints(q, f->content->groups, f->content->n_groups);
    sql_add(q, ")", DB_NO_ARGS);
}

/* A unary plus keeps a condition from choosing the index: the branch has chosen. */
void ticket_filter_where(struct sql *q, const struct ticket_filter *f)
{
    if (f->states.n) {
        sql_add(q, " AND +t.state_id IN (", DB_NO_ARGS);
        in_list(q, f->states);
    }
    if (f->state_types) {
        sql_add(q, " AND +t.state_type IN (", DB_NO_ARGS);
        bits_list(q, f->state_types);
    }
    if (f->priorities.n) {
        sql_add(q, " AND +t.priority_id IN (", DB_NO_ARGS);
        in_list(q, f->priorities);
    }
    if (f->groups.n) {
        sql_add(q, " AND +t.group_id IN (", DB_NO_ARGS);
        in_list(q, f->groups);
    }
    if (f->customers.n) {
        sql_add(q, " AND t.customer_id IN (", DB_NO_ARGS);
        in_list(q, f->customers);
    }
    if (f->organizations.n) {
        sql_add(q, " AND t.organization_id IN (", DB_NO_ARGS);
        in_list(q, f->organizations);
    }
    if (f->owners.n)
        where_owners(q, f->owners);
    if (f->channels) {
        sql_add(q, " AND t.channel IN (", DB_NO_ARGS);
        bits_list(q, f->channels);
    }
    where_times(q, f);
    if (f->tag.p)
        where_tag(q, f);
    if (f->external_id.p)
        sql_add(q, " AND t.external_id = ? AND t.external_source = ?",
                DB_ARGS(DB_TEXT(f->external_id),
                        DB_TEXT(f->external_source.p ? f->external_source : STR("api"))));
    if (f->more)
        f->more(q, f->more_arg);
}

static bool covers_all_groups(const struct list *l)
{
    if (l->scope->all)
        return true;
    for (size_t i = 0; i < l->cat->n_groups; i++)
        if (!among(l->cat->groups[i].id, l->scope->groups, l->scope->n_groups))
            return false;
    return l->cat->n_groups > 0;
}

/* A condition that holds for every ticket would be asked of each.  Where a group may have come since
 * the catalog was read it is asked. */
static void branch_scope(struct sql *q, const struct list *l)
{
    if (!l->p->is_snapshot || !covers_all_groups(l))
        scope_where(q, l->scope);
}

static void branch_where(struct sql *q, const struct list *l, const struct branch *b)
{
    switch (b->kind) {
    case B_GROUP_TYPE:
        sql_add(q, " AND t.group_id = ? AND t.state_type = ?",
                DB_ARGS(DB_INT(b->id), DB_INT(b->extra)));
        return;
    case B_GROUP:
        sql_add(q, " AND t.group_id = ?", DB_ARGS(DB_INT(b->id)));
        return;
    case B_MINE:
        sql_add(q, " AND t.customer_id = ?", DB_ARGS(DB_INT(b->id)));
        if (b->extra) /* of those he opened himself only */
            sql_add(q, " AND t.created_by = ?", DB_ARGS(DB_INT(b->id)));
        return;
    case B_MY_ORG:
        sql_add(q, " AND t.organization_id = ?", DB_ARGS(DB_INT(b->id)));
        return;
    case B_PARTICIPANT:
        sql_add(q, " AND t.id IN (SELECT p.ticket_id FROM participants p WHERE p.user_id = ?)",
                DB_ARGS(DB_INT(b->id)));
        return;
    case B_OWNER_TYPE:
        sql_add(q, " AND t.owner_id = ? AND t.state_type = ?",
                DB_ARGS(DB_INT(b->id), DB_INT(b->extra)));
        break;
    case B_CUSTOMER:
        sql_add(q, " AND t.customer_id = ?", DB_ARGS(DB_INT(b->id)));
        break;
    case B_ORG:
        sql_add(q, " AND t.organization_id = ?", DB_ARGS(DB_INT(b->id)));
        break;
    case B_PRIORITY:
        sql_add(q, " AND t.priority_id = ?", DB_ARGS(DB_INT(b->id)));
        break;
    case B_DUE:
        sql_add(q, " AND t.next_due_us IS NOT NULL", DB_NO_ARGS);
        break;
    case B_NEVER_DUE:
        sql_add(q, " AND t.next_due_us IS NULL", DB_NO_ARGS);
        break;
    case B_WALK:
        break;
    }
    branch_scope(q, l);
}

/* ---- Order and key ---- */

static void behind_id(struct sql *q, const struct ticket_page *p)
{
    if (p->descending)
        sql_add(q, " AND t.id < ?", DB_ARGS(DB_INT(p->key_id)));
    else
        sql_add(q, " AND t.id > ?", DB_ARGS(DB_INT(p->key_id)));
}

#define BEHIND(q, p, column, key)                                                                  \
    do {                                                                                           \
        if ((p)->descending)                                                                       \
            sql_add(q, " AND (" column ", t.id) < (?, ?)", DB_ARGS(key, DB_INT((p)->key_id)));     \
        else                                                                                       \
            sql_add(q, " AND (" column ", t.id) > (?, ?)", DB_ARGS(key, DB_INT((p)->key_id)));     \
    } while (0)

static void behind_key(struct sql *q, const struct list *l, const struct branch *b)
{
    const struct ticket_page *p = l->p;

    if (!p->has_key)
        return;
    switch (p->sort) {
    case SORT_UPDATED:
        if (l->f->as_customer)
            BEHIND(q, p, "t.public_updated_us", DB_INT(p->key));
        else
            BEHIND(q, p, "t.updated_us", DB_INT(p->key));
        break;
    case SORT_CREATED:
        BEHIND(q, p, "t.created_us", DB_INT(p->key));
        break;
    case SORT_NUMBER:
        BEHIND(q, p, "t.number", DB_TEXT(p->key_text));
        break;
    case SORT_PRIORITY:
        if (b->extra == p->key)
            behind_id(q, p);
        break;
    case SORT_NEXT_DUE:
        if (b->kind == B_DUE)
            BEHIND(q, p, "t.next_due_us", DB_INT(p->key));
        else if (p->key == INT64_MAX)
            behind_id(q, p);
        break;
    }
}

#define ORDER(q, p, column)                                                                        \
    do {                                                                                           \
        if ((p)->descending)                                                                       \
            sql_add(q, " ORDER BY " column " DESC, t.id DESC", DB_NO_ARGS);                        \
        else                                                                                       \
            sql_add(q, " ORDER BY " column ", t.id", DB_NO_ARGS);                                  \
    } while (0)

static void order(struct sql *q, const struct list *l, const struct branch *b)
{
    const struct ticket_page *p = l->p;

    switch (p->sort) {
    case SORT_UPDATED:
        if (l->f->as_customer)
            ORDER(q, p, "t.public_updated_us");
        else
            ORDER(q, p, "t.updated_us");
        break;
    case SORT_CREATED:
        ORDER(q, p, "t.created_us");
        break;
    case SORT_NUMBER:
        ORDER(q, p, "t.number");
        break;
    case SORT_NEXT_DUE:
        if (b->kind == B_DUE) {
            ORDER(q, p, "t.next_due_us");
            break;
        }
        __attribute__((fallthrough));
    case SORT_PRIORITY:
        if (p->descending)
            sql_add(q, " ORDER BY t.id DESC", DB_NO_ARGS);
        else
            sql_add(q, " ORDER BY t.id", DB_NO_ARGS);
        break;
    }
    sql_add_limit(q, p->limit);
}

static void select_key(struct sql *q, const struct list *l, const struct branch *b)
{
    if (l->p->sort == SORT_UPDATED && l->f->as_customer)
        sql_add(q, "SELECT t.id AS id, t.public_updated_us AS k FROM tickets t WHERE 1 = 1",
                DB_NO_ARGS);
    else if (l->p->sort == SORT_UPDATED)
        sql_add(q, "SELECT t.id AS id, t.updated_us AS k FROM tickets t WHERE 1 = 1", DB_NO_ARGS);
    else if (b->kind == B_DUE)
        sql_add(q, "SELECT t.id AS id, t.next_due_us AS k FROM tickets t WHERE 1 = 1", DB_NO_ARGS);
    else
        sql_add(q, "SELECT t.id AS id, CAST(? AS BIGINT) AS k FROM tickets t WHERE 1 = 1",
                DB_ARGS(DB_INT(b->kind == B_NEVER_DUE ? INT64_MAX : b->extra)));
}

/* ---- Plan ---- */

static void each_type(struct plan *pl, enum branch_kind kind, int64_t id, unsigned types)
{
    for (int i = 0; i < STATE_TYPES_; i++)
        if (types & (1u << i))
            add(pl, kind, id, i);
}

static void plan_group(struct plan *pl, const struct list *l, int64_t id)
{
    if (l->f->groups.n && !among(id, l->f->groups.v, l->f->groups.n))
        return;
    if (l->types)
        each_type(pl, B_GROUP_TYPE, id, l->types);
    else
        add(pl, B_GROUP, id, 0);
}

static void plan_scope(struct plan *pl, const struct list *l)
{
    const struct scope *s = l->scope;
    bool all = covers_all_groups(l);

    if (all && !l->types && !l->f->groups.n) {
        pl->full = true; /* every ticket: the walk itself */
        return;
    }
    for (size_t i = 0; all && i < l->cat->n_groups; i++)
        plan_group(pl, l, l->cat->groups[i].id);
    for (size_t i = 0; !all && i < s->n_groups; i++)
        plan_group(pl, l, s->groups[i]);
    if (all)
        return;
    if (s->user_id) {
        add(pl, B_MINE, s->user_id, s->only_own);
        if (!s->only_own)
            add(pl, B_PARTICIPANT, s->user_id, 0);
    }
    for (size_t i = 0; i < s->n_orgs; i++)
        add(pl, B_MY_ORG, s->orgs[i], 0);
}

static void plan_updated(struct plan *pl, const struct list *l)
{
    const struct ticket_filter *f = l->f;

    if (f->external_id.p) {
        pl->full = true;
    } else if (f->customers.n) {
        for (size_t i = 0; i < f->customers.n; i++)
            add(pl, B_CUSTOMER, f->customers.v[i], 0);
    } else if (f->organizations.n) {
        for (size_t i = 0; i < f->organizations.n; i++)
            add(pl, B_ORG, f->organizations.v[i], 0);
    } else if (f->owners.n && !among(0, f->owners.v, f->owners.n)) {
        for (size_t i = 0; i < f->owners.n; i++)
            each_type(pl, B_OWNER_TYPE, f->owners.v[i],
                      l->types ? l->types : (1u << STATE_TYPES_) - 1);
    } else {
        plan_scope(pl, l);
    }
}

static void plan_priority(struct plan *pl, const struct list *l)
{
    const struct ticket_page *p = l->p;

    for (size_t i = 0; i < l->cat->n_priorities; i++) {
        const struct cat_priority *pr = &l->cat->priorities[i];

        if (!p->has_key || pr->rank == p->key || (p->descending ? pr->rank < p->key : pr->rank > p->key))
            add(pl, B_PRIORITY, pr->id, pr->rank);
    }
}

static void plan_due(struct plan *pl, const struct ticket_page *p)
{
    add(pl, B_DUE, 0, 0);
    if (!p->has_key || !p->descending || p->key == INT64_MAX)
        add(pl, B_NEVER_DUE, 0, 0);
}

static void make_plan(struct plan *pl, const struct list *l)
{
    switch (l->p->sort) {
    case SORT_UPDATED:
        plan_updated(pl, l);
        break;
    case SORT_PRIORITY:
        plan_priority(pl, l);
        return;
    case SORT_NEXT_DUE:
        plan_due(pl, l->p);
        return;
    case SORT_CREATED:
    case SORT_NUMBER:
        pl->full = true;
        break;
    }
    if (pl->full) {
        pl->n = 0;
        pl->full = false;
        add(pl, B_WALK, 0, 0);
    }
}

/* ---- The statement ---- */

static void one_branch(struct sql *q, const struct list *l, const struct branch *b)
{
    branch_where(q, l, b);
    ticket_filter_where(q, l->f);
    behind_key(q, l, b);
    order(q, l, b);
}

#define LISTED "SELECT t.id, t.version, " SHOWN_NUMBER ", "

/* The branches' best rows, the best of them, and only then the tickets themselves. */
static void many_branches(struct sql *q, const struct list *l, const struct plan *pl)
{
    sql_add(q, LISTED "x.k FROM (", DB_NO_ARGS);
    for (size_t i = 0; i < pl->n; i++) {
        if (i)
            sql_add(q, " UNION ", DB_NO_ARGS);
        sql_add(q, "SELECT id, k FROM (", DB_NO_ARGS);
        select_key(q, l, &pl->v[i]);
        one_branch(q, l, &pl->v[i]);
        sql_add(q, ") b", DB_NO_ARGS);
    }
    if (l->p->descending)
        sql_add(q, " ORDER BY k DESC, id DESC", DB_NO_ARGS);
    else
        sql_add(q, " ORDER BY k, id", DB_NO_ARGS);
    sql_add_limit(q, l->p->limit);
    sql_add(q, ") x JOIN tickets t ON t.id = x.id", DB_NO_ARGS);
    if (l->p->descending)
        sql_add(q, " ORDER BY x.k DESC, x.id DESC", DB_NO_ARGS);
    else
        sql_add(q, " ORDER BY x.k, x.id", DB_NO_ARGS);
}

static unsigned types_of(const struct list *l)
{
    unsigned types = l->f->state_types;

    if (types || !l->f->states.n)
        return types;
    for (size_t i = 0; i < l->cat->n_states; i++)
        if (among(l->cat->states[i].id, l->f->states.v, l->f->states.n))
            types |= 1u << l->cat->states[i].type;
    return types;
}

void ticket_list_query(struct sql *q, const struct catalog *cat, const struct scope *scope,
                       const struct ticket_filter *f, const struct ticket_page *p)
{
    struct list l = { cat, scope, f, p, 0 };
    struct plan pl = { 0 };
    static const struct branch nothing = { B_WALK, 0, 0 };

    l.types = types_of(&l);
    make_plan(&pl, &l);
    if (pl.n > 1 || (pl.n == 1 && p->sort >= SORT_PRIORITY)) {
        many_branches(q, &l, &pl);
        return;
    }
    if (p->sort == SORT_NUMBER)
        sql_add(q, LISTED "t.number FROM tickets t WHERE 1 = 1", DB_NO_ARGS);
    else if (p->sort == SORT_CREATED)
        sql_add(q, LISTED "t.created_us FROM tickets t WHERE 1 = 1", DB_NO_ARGS);
    else if (f->as_customer)
        sql_add(q, LISTED "t.public_updated_us FROM tickets t WHERE 1 = 1", DB_NO_ARGS);
    else
        sql_add(q, LISTED "t.updated_us FROM tickets t WHERE 1 = 1", DB_NO_ARGS);
    if (!pl.n)
        sql_add(q, " AND 1 = 0", DB_NO_ARGS);
    one_branch(q, &l, pl.n ? &pl.v[0] : &nothing);
}

void ticket_list_count(struct sql *q, const struct scope *scope, const struct ticket_filter *f)
{
    sql_add(q, "SELECT count(*) FROM (SELECT 1 FROM tickets t WHERE 1 = 1", DB_NO_ARGS);
    scope_where(q, scope);
    ticket_filter_where(q, f);
    sql_add(q, " LIMIT ?) counted", DB_ARGS(DB_INT(TICKET_COUNT_MAX)));
}
