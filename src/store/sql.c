/* Statements composed from literals and values. */
#include "base/arena.h"
#include "base/buf.h"
#include "store/db_priv.h"

/* Long lists of numbers (the groups of a caller) stand in the text: a search may name them again for
 * each of its words, and there are only so many parameters (DB_PARAMS_MAX). */
enum { SQL_TEXT_MAX = 4 * 1024 * 1024, LIST_PARAMS_MAX = 64, PARAMS_FOR_LISTS = 512 };

struct sql sql_new(struct arena *a)
{
    struct sql q = { .a = a, .text = ARENA_NEW(a, struct buf) };

    *q.text = BUF_ARENA(a, SQL_TEXT_MAX);
    return q;
}

static void add_value(struct sql *q, struct db_val v)
{
    if (q->n == q->cap) {
        size_t cap = q->cap ? 2 * q->cap : 16;

        q->v = arena_grow(q->a, q->v, q->cap * sizeof(*q->v), cap * sizeof(*q->v));
        q->cap = cap;
    }
    q->v[q->n++] = v;
    buf_char(q->text, '$');
    buf_i64(q->text, (int64_t)q->n);
}

void sql_add_(struct sql *q, const char *lit, size_t n, struct db_args args)
{
    size_t used = 0;

    for (const char *p = lit, *end = lit + n; p < end;) {
        const char *mark = memchr(p, '?', (size_t)(end - p));

        buf_add(q->text, p, (size_t)((mark ? mark : end) - p));
        if (!mark)
            break;
        INVARIANT(used < args.n);
        add_value(q, args.v[used++]);
        p = mark + 1;
    }
    INVARIANT(used == args.n && !q->text->overflow);
}

void sql_add_ints(struct sql *q, const int64_t *v, size_t n)
{
    bool in_text = n > LIST_PARAMS_MAX || q->n + n > PARAMS_FOR_LISTS;

    if (n == 0)
        BUF_LIT(q->text, "NULL");
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            BUF_LIT(q->text, ", ");
        if (in_text)
            buf_i64(q->text, v[i]);
        else
            add_value(q, DB_INT(v[i]));
    }
    INVARIANT(!q->text->overflow);
}

/* Few, as each is a statement of its own in the connection's cache; lists ask for one row more. */
static bool is_usual_limit(int64_t n)
{
    static const int64_t usual[] = { 1, 10, 20, 25, 30, 50, 100, 200 };

    for (size_t i = 0; i < ARRAY_LEN(usual); i++)
        if (n == usual[i] || n == usual[i] + 1)
            return true;
    return false;
}

void sql_add_limit(struct sql *q, int64_t n)
{
    BUF_LIT(q->text, " LIMIT ");
    if (is_usual_limit(n))
        buf_i64(q->text, n);
    else
        add_value(q, DB_INT(n));
    INVARIANT(!q->text->overflow);
}

void sql_add_sql(struct sql *q, const struct sql *more)
{
    const struct buf *text = more->text;

    for (size_t i = 0; i < text->n; i++) {
        size_t at = 0;

        if (text->p[i] != '$') {
            buf_char(q->text, text->p[i]);
            continue;
        }
        while (i + 1 < text->n && text->p[i + 1] >= '0' && text->p[i + 1] <= '9')
            at = at * 10 + (size_t)(text->p[++i] - '0');
        INVARIANT(at > 0 && at <= more->n);
        add_value(q, more->v[at - 1]);
    }
    INVARIANT(!q->text->overflow);
}

void sql_for_update(struct sql *q, const struct db *db)
{
    if (db_kind(db) == DB_POSTGRES)
        BUF_LIT(q->text, " FOR UPDATE");
}

struct str sql_prefix_end(struct str prefix, struct arena *a)
{
    return str_printf(a, "%.*s\xF4\x8F\xBF\xBF", STR_ARG(prefix)); /* U+10FFFF */
}
