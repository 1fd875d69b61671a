#include "store/query_custom.h"

#include "base/clock.h"
#include "base/utf8.h"
#include "store/kinds.h"
#include "store/query_priv.h"

#include <stdio.h>

enum { MILLIONTHS = 1000000, DIGITS = 6, DATE_LEN = 10 };

struct custom {
    int64_t id;
    int64_t type;
};

/* "-1.5" in millionths, as values of decimal fields are indexed; further digits say no more. */
static bool millionths(struct str v, int64_t *out)
{
    struct str rest = v, whole = str_cut(&rest, '.');
    bool minus = str_starts(whole, STR("-"));
    int64_t n, part = 0, scale = MILLIONTHS;

    if (!str_i64(whole, -INT64_C(9000000000000), INT64_C(9000000000000), &n) || (rest.p && !rest.n))
        return false;
    for (size_t i = 0; i < rest.n; i++) {
        if (rest.p[i] < '0' || rest.p[i] > '9')
            return false;
        if (i < DIGITS)
            part += (rest.p[i] - '0') * (scale /= 10);
    }
    *out = n * MILLIONTHS + (minus ? -part : part);
    return true;
}

static bool truth(struct str v, int64_t *out)
{
    static const char *const words[] = { "false", "true", "no", "yes", "0", "1" };

    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (str_ieq(v, str_of(words[i]))) {
            *out = (int64_t)i % 2;
            return true;
        }
    }
    return false;
}

/* A value as it is indexed; a day is its beginning or, with end, its last moment. */
static bool value_of(const struct query_env *env, const struct custom *f, struct str v, bool end,
                     struct db_val *out)
{
    int64_t n = 0, at;
    bool fits = true;

    switch (f->type) {
    case FIELD_INTEGER:
    case FIELD_USER_REF:
    case FIELD_ORGANIZATION_REF: fits = str_i64(v, INT64_MIN, INT64_MAX, &n); break;
    case FIELD_DECIMAL: fits = millionths(v, &n); break;
    case FIELD_BOOLEAN: fits = truth(v, &n); break;
    case FIELD_DATETIME:
        fits = str_chr(v, '-') != SIZE_MAX && query_time(v, env->now_us, false, end, &n);
        break;
    case FIELD_DATE:
        *out = DB_TEXT(v);
        return v.n == DATE_LEN && query_time(v, env->now_us, false, false, &at);
    default: *out = DB_TEXT(utf8_fold(v, env->a)); return true;
    }
    *out = DB_INT(n);
    return fits;
}

static bool is_ordered(int64_t type)
{
    return type == FIELD_INTEGER || type == FIELD_DECIMAL || type == FIELD_DATE || type == FIELD_DATETIME;
}

static const char *allowed_for(int64_t type)
{
    switch (type) {
    case FIELD_INTEGER: return "41, >40, 40..50";
    case FIELD_DECIMAL: return "1.5, >1, 1..2.5";
    case FIELD_BOOLEAN: return "true, false";
    case FIELD_DATE: return "2026-01-31, >2026-01-31, 2026-01-01..2026-01-31";
    case FIELD_DATETIME: return "2026-01-31, >2026-01-31T12:00:00Z, 2026-01-01..2026-01-31";
    case FIELD_USER_REF:
    case FIELD_ORGANIZATION_REF: return "an id";
    default: return "text, without < and >";
    }
}

static void add_compared(struct sql *q, bool is_text, enum query_cmp cmp, struct db_val v)
{
    if (is_text)
        sql_add(q, "text_fold", DB_NO_ARGS);
    else
        sql_add(q, "int_value", DB_NO_ARGS);
    query_compare(q, cmp, v);
}

/* A date-time that names a day means all of it. */
static enum rc add_values(struct sql *q, const struct query_env *env, const struct custom *f,
                          const struct query_node *n, struct err *e)
{
    bool range = n->cmp == QUERY_RANGE || (n->cmp == QUERY_EQ && f->type == FIELD_DATETIME);
    struct str last = n->cmp == QUERY_RANGE ? n->value2 : n->value;
    bool end = n->cmp == QUERY_GT || n->cmp == QUERY_LE;
    struct db_val from, to;
    bool is_text;

    if ((n->cmp != QUERY_EQ && !is_ordered(f->type)) || !value_of(env, f, n->value, end, &from)
        || (range && !value_of(env, f, last, true, &to)))
        return err_field(e, "q", "value", allowed_for(f->type), "\"%.*s\" is not a value of field.%.*s. Allowed: %s",
                         (int)(n->value.n > 40 ? 40 : n->value.n), n->value.p,
                         (int)(n->custom.n > 48 ? 48 : n->custom.n), n->custom.p, allowed_for(f->type));
    is_text = from.type == DB_T_TEXT;
    if (!range) {
        add_compared(q, is_text, n->cmp, from);
        return RC_OK;
    }
    add_compared(q, is_text, QUERY_GE, from);
    sql_add(q, " AND ", DB_NO_ARGS);
    add_compared(q, is_text, QUERY_LE, to);
    return RC_OK;
}

enum rc query_custom(struct sql *q, const struct query_env *env, const struct query_node *n,
                     struct err *e)
{
    struct custom f = { 0 };
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    TRY(db_query(env->db, &r, "SELECT id, type FROM fields WHERE object = 0 AND name = $1",
                 DB_ARGS(DB_TEXT(n->custom)), e));
    if (!db_next(&r, e)) {
        TRY(e->rc);
        return err_field(e, "q", "unknown_field", "field. and a name of GET /api/v1/fields", "There is no custom field \"%.*s\".",
                         (int)(n->custom.n > 40 ? 40 : n->custom.n), n->custom.p);
    }
    f = (struct custom){ db_int(&r, 0), db_int(&r, 1) };
    sql_add(q, "t.id IN (SELECT object_id FROM field_values WHERE field_id = ? AND ", DB_ARGS(DB_INT(f.id)));
    TRY(add_values(q, env, &f, n, e));
    sql_add(q, ")", DB_NO_ARGS);
    return RC_OK;
}
