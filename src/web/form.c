#include "web/form.h"

#include "base/arena.h"
#include "base/enc.h"
#include "base/utf8.h"
#include "web/multipart.h"

#include <sys/mman.h>

static enum rc bad(struct err *e, const char *what)
{
    return err_set(e, RC_BAD, "bad_form", "The form cannot be read: %s.", what);
}

/* Browsers end lines with CR LF; we keep LF. */
static struct str with_plain_lines(struct str s, struct arena *a)
{
    char *out;
    size_t n = 0;

    if (str_chr(s, '\r') == SIZE_MAX)
        return s;
    out = arena_alloc(a, s.n + 1);
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] != '\r')
            out[n++] = s.p[i];
        else if (i + 1 == s.n || s.p[i + 1] != '\n')
            out[n++] = '\n';
    }
    return (struct str){ out, n };
}

static bool is_sound(struct str s)
{
    return utf8_is_valid(s) && str_chr(s, '\0') == SIZE_MAX;
}

static bool is_urlencoded(struct str type)
{
    return type.p && str_ieq(str_trim(str_cut(&type, ';')), STR("application/x-www-form-urlencoded"));
}

static size_t count_pairs(struct str text)
{
    size_t n = 1;

    for (size_t i = 0; i < text.n; i++)
        n += text.p[i] == '&';
    return n < FORM_VALUES_MAX ? n : FORM_VALUES_MAX;
}

/* name=value&…; lenient: pairs that cannot be read are left out. */
static enum rc read_pairs(struct str text, bool lenient, struct arena *a, struct form *f, struct err *e)
{
    f->values = ARENA_ARRAY(a, struct form_value, count_pairs(text) + 1);
    while (text.p && text.n) {
        struct str value = str_cut(&text, '&'), name = str_cut(&value, '=');
        struct form_value *v = &f->values[f->n];

        if (name.n == 0)
            continue;
        if (f->n == FORM_VALUES_MAX)
            return lenient ? RC_OK : bad(e, "it has too many fields");
        if (!dec_url(name, true, a, &v->name) || !dec_url(value.p ? value : STR(""), true, a, &v->value)
            || !is_sound(v->name) || !is_sound(v->value)) {
            if (!lenient)
                return bad(e, "a field is not encoded as it must be");
            continue;
        }
        v->value = with_plain_lines(v->value, a);
        f->n++;
    }
    return RC_OK;
}

static enum rc take_part(const struct multipart_part *p, struct arena *a, struct form *f, struct err *e)
{
    if (!p->file_name.p) {
        struct str text = str_dup(p->data, a);

        if (f->n == FORM_VALUES_MAX)
            return bad(e, "it has too many fields");
        if (!is_sound(text))
            return bad(e, "a field is not text");
        f->values[f->n++] = (struct form_value){ str_dup(p->name, a), with_plain_lines(text, a) };
        return RC_OK;
    }
    if (p->file_name.n == 0 && p->data.n == 0)
        return RC_OK;
    if (f->n_files == FORM_FILES_MAX)
        return bad(e, "it has too many files");
    f->files[f->n_files++] = (struct form_file){ p->name, p->file_name, p->content_type, p->data };
    return RC_OK;
}

static enum rc read_parts(struct str body, struct str type, struct arena *a, struct form *f, struct err *e)
{
    struct multipart *m = ARENA_NEW(a, struct multipart);
    struct str boundary;

    TRY(multipart_boundary(type, a, &boundary, e));
    TRY(multipart_read(body, boundary, a, m, e));
    f->values = ARENA_ARRAY(a, struct form_value, m->n + 1);
    f->files = ARENA_ARRAY(a, struct form_file, m->n + 1);
    for (size_t i = 0; i < m->n; i++)
        TRY(take_part(&m->parts[i], a, f, e));
    return RC_OK;
}

enum rc form_read(const struct exchange *x, struct arena *a, struct form *out, struct err *e)
{
    struct str type = http_header_get(x, STR("content-type")), body = x->body.p ? x->body : STR("");

    *out = (struct form){ 0 };
    if (!type.p && x->body_len == 0)
        return RC_OK;
    if (x->body_fd >= 0 && x->body_len > 0) {
        out->map_n = (size_t)x->body_len;
        out->map = mmap(NULL, out->map_n, PROT_READ, MAP_PRIVATE, x->body_fd, 0);
        if (out->map == MAP_FAILED) {
            out->map = NULL;
            return err_fail(e, "form: the spooled body cannot be mapped");
        }
        body = (struct str){ out->map, out->map_n };
    }
    if (multipart_is(type))
        return read_parts(body, type, a, out, e);
    if (is_urlencoded(type))
        return read_pairs(body, false, a, out, e);
    return err_set(e, RC_MEDIA_TYPE, "", "A form is sent as application/x-www-form-urlencoded or multipart/form-data.");
}

void form_query(struct str query, struct arena *a, struct form *out)
{
    struct err none = { 0 };

    *out = (struct form){ 0 };
    (void)!read_pairs(query, true, a, out, &none);
}

void form_release(struct form *f)
{
    if (f->map)
        munmap(f->map, f->map_n);
    f->map = NULL;
    f->n_files = 0; /* they were views of it */
}

struct str form_get(const struct form *f, struct str name)
{
    for (size_t i = 0; f && i < f->n; i++) {
        if (str_eq(f->values[i].name, name))
            return f->values[i].value;
    }
    return STR_NONE;
}

/* ---- As the spec has it ---- */

static const struct jfield *field_of(const struct jspec *spec, struct str name)
{
    for (size_t i = 0; i < spec->n_fields; i++) {
        if (str_eq(str_of(spec->fields[i].name), name))
            return &spec->fields[i];
    }
    return NULL;
}

/* A token may be pasted with the link that it stands in. */
static struct str token_of(struct str v)
{
    struct str mark = STR("token=");
    size_t at = str_find(v, mark);

    return str_trim(at == SIZE_MAX ? v : str_sub(v, at + mark.n, v.n));
}

static json_t *value_json(const struct jfield *f, struct str v)
{
    int64_t n;

    if (f && (f->type == J_INT || f->type == J_ID || f->type == J_IDS) && str_i64(v, INT64_MIN, INT64_MAX, &n))
        return json_integer(n);
    if (f && (f->flags & JF_TOKEN))
        v = token_of(v);
    if (f && f->type == J_BOOL)
        return json_boolean(!str_eq(v, STR("0")) && v.n);
    return json_stringn(v.p ? v.p : "", v.n);
}

static void add_json(json_t *to, const struct jfield *f, const struct form_value *v, const char *name)
{
    bool is_list = f && (f->type == J_TEXTS || f->type == J_IDS);
    json_t *list;

    if (!is_list) {
        if (!json_object_get(to, name))
            json_object_set_new(to, name, value_json(f, v->value));
        return;
    }
    list = json_object_get(to, name);
    if (!list) {
        list = json_array();
        json_object_set_new(to, name, list);
    }
    json_array_append_new(list, value_json(f, v->value));
}

json_t *form_json(const struct form *f, const struct jspec *spec)
{
    json_t *out = json_object();

    for (size_t i = 0; i < f->n; i++) {
        const struct form_value *v = &f->values[i];
        const struct jfield *field = field_of(spec, v->name);
        char name[96];

        if (str_eq(v->name, FORM_CSRF) || str_eq(v->name, FORM_ONCE))
            continue;
        if (v->value.n == 0 && (!field || !(field->flags & JF_TOKEN)))
            continue;
        snprintf(name, sizeof(name), "%.*s", STR_ARG(str_sub(v->name, 0, utf8_cut_bytes(v->name, sizeof(name) - 1))));
        add_json(out, field, v, name);
    }
    return out;
}

struct str form_fingerprint(const struct form *f, struct arena *a)
{
    size_t bytes = 64;
    struct buf b;

    for (size_t i = 0; i < f->n; i++)
        bytes += f->values[i].name.n + f->values[i].value.n + 32;
    for (size_t i = 0; i < f->n_files; i++)
        bytes += f->files[i].name.n + f->files[i].file_name.n + 2 * SHA256_LEN + 32;
    b = BUF_ARENA(a, bytes);
    for (size_t i = 0; i < f->n; i++) {
        if (str_eq(f->values[i].name, FORM_CSRF))
            continue;
        buf_printf(&b, "%zu,%zu:", f->values[i].name.n, f->values[i].value.n);
        buf_str(&b, f->values[i].name);
        buf_str(&b, f->values[i].value);
    }
    for (size_t i = 0; i < f->n_files; i++) {
        buf_printf(&b, "file %zu:", f->files[i].file_name.n);
        buf_str(&b, f->files[i].file_name);
        buf_str(&b, sha256_hex(hash_sha256(f->files[i].bytes), a));
    }
    return buf_view(&b);
}
