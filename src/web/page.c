/* Pages of lists: cursors that are signed and carry sort and filter (web/ctx.h). */
#include "base/enc.h"
#include "web/app.h"
#include "web/ctx.h"
#include "web/cursor.h"

enum { LIMIT_DEFAULT = 50, FILTER_HASH_LEN = 16 };

const struct jfield ctx_list_fields[3] = { CTX_LIST_FIELDS };

static enum rc bad_sort(struct ctx *c, const struct ctx_sorts *sorts, struct err *e)
{
    struct buf allowed = BUF_ARENA(c->a, KIB);

    for (size_t i = 0; sorts->names[i]; i++)
        buf_printf(&allowed, "%s%s", i ? ", " : "", sorts->names[i]);
    buf_char(&allowed, '\0');
    err_field(e, "sort", "choice", allowed.p, "this list is not sorted by that");
    e->rc = RC_BAD;
    return RC_BAD;
}

static enum rc read_sort(struct ctx *c, const struct ctx_list_query *q, const struct ctx_sorts *sorts,
                         struct ctx_page *p, struct err *e)
{
    struct str name = q->sort.v;

    p->sort = sorts->names[0];
    p->descending = sorts->default_descending;
    if (!q->sort.set)
        return RC_OK;
    p->descending = str_starts(name, STR("-"));
    if (p->descending)
        name = str_sub(name, 1, name.n);
    for (size_t i = 0; sorts->names[i]; i++) {
        if (str_eq(name, str_of(sorts->names[i]))) {
            p->sort = sorts->names[i];
            return RC_OK;
        }
    }
    return bad_sort(c, sorts, e);
}

/* What a cursor is bound to besides the sort: the operation, its path and the filter. */
static struct str filter_hash(struct ctx *c, struct str filter)
{
    struct buf b = BUF_ARENA(c->a, MIB);

    buf_str(&b, str_of(c->route->op));
    buf_char(&b, '\n');
    buf_str(&b, c->x->path);
    buf_char(&b, '\n');
    buf_str(&b, filter);
    return str_sub(sha256_hex(hash_sha256(buf_view(&b)), c->a), 0, FILTER_HASH_LEN);
}

static enum rc bad_cursor(struct err *e, const char *why)
{
    err_field(e, "after", "bad_cursor", "page.next or page.prev of an answer before", "this cursor cannot be used");
    return err_set(e, RC_BAD, "bad_cursor", "The cursor in after %s; start again without it.", why);
}

static bool is_ours(struct ctx *c, struct str text, struct cursor *cur)
{
    const struct app *app = c->app;

    return cursor_read(app->cursor_key, text, c->a, cur)
           || (app->has_cursor_key_former && cursor_read(app->cursor_key_former, text, c->a, cur));
}

static enum rc use_cursor(struct ctx *c, const struct ctx_list_query *q, const struct ctx_sorts *sorts,
                          struct ctx_page *p, struct err *e)
{
    struct cursor cur;
    const char *sort = NULL;

    if (!is_ours(c, q->after.v, &cur) || !str_eq(cur.filter, p->filter))
        return bad_cursor(e, "is not one of this list");
    for (size_t i = 0; sorts->names[i]; i++) {
        if (str_eq(cur.sort, str_of(sorts->names[i])))
            sort = sorts->names[i];
    }
    if (!sort || (q->sort.set && (sort != p->sort || cur.descending != p->descending)))
        return bad_cursor(e, "belongs to another sort");
    p->sort = sort;
    p->descending = cur.descending;
    p->has_key = true;
    p->backward = cur.backward;
    p->key = cur.key;
    p->key_text = cur.key_text;
    p->key_id = cur.id;
    return RC_OK;
}

enum rc ctx_page_read(struct ctx *c, const struct ctx_list_query *q, const struct ctx_sorts *sorts,
                      struct str filter, struct ctx_page *p, struct err *e)
{
    *p = (struct ctx_page){ .limit = q->limit.set ? q->limit.v : LIMIT_DEFAULT };
    p->filter = filter_hash(c, filter);
    TRY(read_sort(c, q, sorts, p, e));
    return q->after.set ? use_cursor(c, q, sorts, p, e) : RC_OK;
}

enum rc ctx_page_begin(struct ctx *c, const struct ctx_list_query *q, const struct ctx_sorts *sorts,
                       struct str filter, struct ctx_page *p, struct err *e)
{
    TRY(ctx_page_read(c, q, sorts, filter, p, e));
    jw_obj(&c->out);
    jw_key(&c->out, "data");
    jw_arr(&c->out);
    return RC_OK;
}

void ctx_page_item(struct ctx *c, struct ctx_page *p, int64_t key, struct str key_text, int64_t id)
{
    p->last_key = key;
    p->last_id = id;
    p->last_text = key_text.n ? str_dup(key_text, c->a) : STR_NONE;
    if (p->n++ == 0) {
        p->first_key = p->last_key;
        p->first_id = p->last_id;
        p->first_text = p->last_text;
    }
}

static struct str make_cursor(struct ctx *c, const struct ctx_page *p, bool backward)
{
    struct cursor cur = {
        .backward = backward,
        .descending = p->descending,
        .sort = str_of(p->sort),
        .filter = p->filter,
        .key = backward ? p->first_key : p->last_key,
        .id = backward ? p->first_id : p->last_id,
        .key_text = backward ? p->first_text : p->last_text,
    };

    return cursor_write(c->app->cursor_key, &cur, c->a);
}

/* The request's own address with another cursor. */
static void add_link(struct ctx *c, struct buf *links, struct str cursor, struct str rel)
{
    struct str rest = c->x->query;

    if (!cursor.p)
        return;
    if (links->n)
        BUF_LIT(links, ", ");
    buf_char(links, '<');
    buf_str(links, str_sub(c->x->target, 0, str_chr(c->x->target, '?')));
    BUF_LIT(links, "?after=");
    buf_str(links, cursor);
    while (rest.p && rest.n) {
        struct str pair = str_cut(&rest, '&');

        if (pair.n == 0 || str_starts(pair, STR("after=")))
            continue;
        buf_char(links, '&');
        buf_str(links, pair);
    }
    BUF_LIT(links, ">; rel=\"");
    buf_str(links, rel);
    buf_char(links, '"');
}

static void page_cursor(struct jw *w, struct str cursor)
{
    if (cursor.p)
        jw_text(w, cursor);
    else
        jw_null(w);
}

struct str ctx_page_next(struct ctx *c, const struct ctx_page *p)
{
    struct buf links = BUF_ARENA(c->a, 16 * KIB);
    struct str next = make_cursor(c, p, false);

    add_link(c, &links, next, STR("next"));
    if (!links.overflow)
        exchange_header(c->x, STR("link"), buf_view(&links));
    return next;
}

void ctx_page_end(struct ctx *c, struct ctx_page *p, bool more)
{
    struct buf links = BUF_ARENA(c->a, 16 * KIB);
    struct str next = STR_NONE, prev = STR_NONE;
    struct jw *w = &c->out;

    if (p->n > 0 && (p->backward || more))
        next = make_cursor(c, p, false);
    if (p->n > 0 && (p->backward ? more : p->has_key))
        prev = make_cursor(c, p, true);
    jw_arr_end(w);
    if (p->included.p) {
        jw_key(w, "included");
        jw_raw(w, p->included);
    }
    jw_key(w, "page");
    jw_obj(w);
    jw_key(w, "next");
    page_cursor(w, next);
    jw_key(w, "prev");
    page_cursor(w, prev);
    jw_kv_bool(w, "has_more", next.p != NULL);
    if (p->has_count)
        jw_kv_int(w, "count", p->count);
    jw_obj_end(w);
    jw_obj_end(w);
    add_link(c, &links, next, STR("next"));
    add_link(c, &links, prev, STR("prev"));
    if (links.n && !links.overflow)
        exchange_header(c->x, STR("link"), buf_view(&links));
}

void ctx_page_whole(struct ctx *c)
{
    jw_key(&c->out, "page");
    jw_raw(&c->out, STR("{\"next\":null,\"prev\":null,\"has_more\":false}"));
}

static const char *record_at(const struct ctx_records *list, size_t i, bool reverse)
{
    return (const char *)list->v + (reverse ? list->n - 1 - i : i) * list->size;
}

/* Whether record i stands at or before the key of the page, in the page's order. */
static bool is_behind_us(const struct ctx_records *list, size_t i, const struct ctx_page *p)
{
    int64_t id = *(const int64_t *)(const void *)record_at(list, i, p->descending);

    return p->descending ? id >= p->key_id : id <= p->key_id;
}

static bool is_before_us(const struct ctx_records *list, size_t i, const struct ctx_page *p)
{
    int64_t id = *(const int64_t *)(const void *)record_at(list, i, p->descending);

    return p->descending ? id > p->key_id : id < p->key_id;
}

enum rc ctx_page_records(struct ctx *c, const struct ctx_records *list, struct err *e)
{
    static const char *const names[] = { "id", NULL };
    static const struct ctx_sorts sorts = { names, false };
    struct ctx_page p;
    size_t first = 0, end = list->n;

    TRY(ctx_page_begin(c, c->query, &sorts, STR(""), &p, e));
    while (p.has_key && !p.backward && first < end && is_behind_us(list, first, &p))
        first++;
    while (p.has_key && p.backward && end > 0 && !is_before_us(list, end - 1, &p))
        end--;
    if (p.backward && end > (size_t)p.limit)
        first = end - (size_t)p.limit;
    for (size_t i = first; i < end && p.n < (size_t)p.limit; i++) {
        const char *item = record_at(list, i, p.descending);

        ctx_page_item(c, &p, 0, STR_NONE, *(const int64_t *)(const void *)item);
        list->write(c, item);
    }
    ctx_page_end(c, &p, p.backward ? first > 0 : first + p.n < end);
    return RC_OK;
}
