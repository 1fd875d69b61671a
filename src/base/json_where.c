/* Which value of a JSON text stands at an offset: for errors that the parser tells by position. */
#include "base/json_where.h"

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"

struct level {
    struct str key; /* of an object, as written; p == NULL: before its first key */
    size_t index;   /* of an array */
    bool is_array, wants_key;
};

struct walk {
    struct level levels[JSON_DEPTH_MAX + 1];
    size_t depth;
};

/* Behind the closing quote of the string that begins at i; SIZE_MAX when it ends behind `end`. */
static size_t string_end(struct str text, size_t i, size_t end)
{
    for (i++; i < end; i++) {
        if (text.p[i] == '\\')
            i++;
        else if (text.p[i] == '"')
            return i + 1;
    }
    return SIZE_MAX;
}

/* A bracket or a comma. */
static void step(struct walk *w, char c)
{
    struct level *top = &w->levels[w->depth];

    if ((c == '{' || c == '[') && w->depth < JSON_DEPTH_MAX)
        w->levels[++w->depth] = (struct level){ .is_array = c == '[', .wants_key = c == '{' };
    else if ((c == '}' || c == ']') && w->depth > 0)
        w->depth--;
    else if (c == ',' && w->depth > 0 && top->is_array)
        top->index++;
    else if (c == ',' && w->depth > 0)
        top->wants_key = true;
}

static void walk_to(struct walk *w, struct str text, size_t end)
{
    for (size_t i = 0; i < end; i++) {
        struct level *top = &w->levels[w->depth];
        size_t behind;

        if (text.p[i] != '"') {
            step(w, text.p[i]);
            continue;
        }
        behind = string_end(text, i, end);
        if (behind == SIZE_MAX)
            return;
        if (top->wants_key) {
            top->key = str_sub(text, i + 1, behind - i - 2);
            top->wants_key = false;
        }
        i = behind - 1;
    }
}

/* Whole parts only, so that nothing is cut inside a character. */
static void add_key(struct buf *b, struct str key)
{
    if (b->n + 2 * key.n + 2 > b->max)
        return;
    buf_char(b, '/');
    for (size_t i = 0; i < key.n; i++) {
        if (key.p[i] == '~' || key.p[i] == '/')
            buf_printf(b, "~%c", key.p[i] == '~' ? '0' : '1');
        else
            buf_char(b, key.p[i]);
    }
}

void json_where(struct str text, size_t at, struct buf *out)
{
    struct walk w = { 0 };

    walk_to(&w, text, at < text.n ? at : text.n);
    for (size_t d = 1; d <= w.depth; d++) {
        if (w.levels[d].is_array && out->n + 24 < out->max)
            buf_printf(out, "/%zu", w.levels[d].index);
        else if (!w.levels[d].is_array && w.levels[d].key.p)
            add_key(out, w.levels[d].key);
    }
}

const char *json_pointer_to(const char *base, struct str member, struct arena *a)
{
    struct buf b = BUF_ARENA(a, sizeof(((struct err_field *)0)->pointer) - 1);

    buf_str(&b, str_of(base));
    add_key(&b, member);
    return b.overflow ? base : str_z(buf_view(&b), a);
}
