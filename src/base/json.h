/* JSON out: a streaming writer that escapes everything itself.  JSON in: jansson with our limits.
 *
 * The writer appends to a struct buf; it tracks commas and nesting, so callers only say what
 * comes.  Keys are literals.  Text that is not valid UTF-8 is written with U+FFFD.
 * One thread at a time. */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/buf.h"
#include "base/defs.h"
#include "base/err.h"
#include "base/str.h"

#include <jansson.h>

struct jw {
    struct buf *b;
    bool comma; /* a value came before at this level */
};

static inline struct jw jw_to(struct buf *b)
{
    return (struct jw){ .b = b };
}

/* Text that is JSON with a comma in front, which is written only behind another value. */
static inline void jw_put_(struct jw *w, const char *text, size_t n, bool comma_after)
{
    if (w->comma)
        buf_add(w->b, text, n);
    else
        buf_add(w->b, text + 1, n - 1);
    w->comma = comma_after;
}
#define JW_PUT_(w, lit, comma_after) jw_put_((w), "," lit, sizeof(lit), (comma_after))

static inline void jw_obj(struct jw *w)
{
    JW_PUT_(w, "{", false);
}
static inline void jw_arr(struct jw *w)
{
    JW_PUT_(w, "[", false);
}
static inline void jw_obj_end(struct jw *w)
{
    buf_char(w->b, '}');
    w->comma = true;
}
static inline void jw_arr_end(struct jw *w)
{
    buf_char(w->b, ']');
    w->comma = true;
}
#define jw_key(w, lit) JW_PUT_((w), "\"" lit "\":", false)
void jw_key_str(struct jw *w, struct str key); /* a key that is data: escaped */
void jw_text(struct jw *w, struct str s);
void jw_int(struct jw *w, int64_t v);
void jw_num(struct jw *w, double v);
void jw_milli(struct jw *w, int64_t thousandths); /* 1500 writes 1.5 */
static inline void jw_null(struct jw *w)
{
    JW_PUT_(w, "null", true);
}
static inline void jw_bool(struct jw *w, bool v)
{
    if (v)
        JW_PUT_(w, "true", true);
    else
        JW_PUT_(w, "false", true);
}
void jw_time(struct jw *w, int64_t t_us);      /* RFC 3339; 0 writes null */
void jw_id(struct jw *w, int64_t id);          /* 0 writes null */
void jw_raw(struct jw *w, struct str json);    /* already JSON; trusted */
void jw_json(struct jw *w, const json_t *v);

#define jw_kv_text(w, lit, s) (jw_key(w, lit), jw_text((w), (s)))
#define jw_kv_int(w, lit, v) (jw_key(w, lit), jw_int((w), (v)))
#define jw_kv_bool(w, lit, v) (jw_key(w, lit), jw_bool((w), (v)))
#define jw_kv_time(w, lit, v) (jw_key(w, lit), jw_time((w), (v)))
#define jw_kv_id(w, lit, v) (jw_key(w, lit), jw_id((w), (v)))
#define jw_kv_null(w, lit) (jw_key(w, lit), jw_null(w))

enum { JSON_DEPTH_MAX = 16, JSON_VALUES_MAX = 100000 };

/* Reads one JSON value.  Refuses (RC_BAD, with the line and column where reading stopped):
 * anything malformed, duplicate keys, bad UTF-8, lone surrogates, NUL (raw or escaped), deeper
 * than JSON_DEPTH_MAX, more values than JSON_VALUES_MAX, trailing bytes.  The words never quote
 * the text.  The caller owns *out (json_decref, or CLEAN(json_clean)). */
enum rc json_read(struct str text, json_t **out, struct err *e) MUST_USE;
void json_clean(json_t **v);

#endif
