/* The first line of the input is a Content-Type, the rest the body of a form; the same bytes as the
 * parameters of a page's address.  What was read goes through a table with every type. */
#include "fuzz.h"

#include "base/jspec.h"
#include "base/utf8.h"
#include "web/form.h"

struct result {
    struct j_text text, token;
    struct j_int count, id, flag;
    struct j_texts texts;
    struct j_ints ids;
};

static const struct jfield fields[] = {
    { "text", J_TEXT, JF_LINES, 1, 2000, .off = offsetof(struct result, text) },
    { "token", J_TEXT, JF_TOKEN | JF_SECRET, 0, 512, .off = offsetof(struct result, token) },
    { "count", J_INT, 0, -5, 200, .off = offsetof(struct result, count) },
    { "id", J_ID, .off = offsetof(struct result, id) },
    { "flag", J_BOOL, .off = offsetof(struct result, flag) },
    { "texts", J_TEXTS, 0, 1, 9, .max_items = 5, .off = offsetof(struct result, texts) },
    { "ids", J_IDS, .max_items = 5, .off = offsetof(struct result, ids) },
};
static const struct jspec spec = JSPEC("Fuzz", fields, struct result);

static bool is_text(struct str s)
{
    return s.p && utf8_is_valid(s) && !memchr(s.p, '\0', s.n);
}

/* Each value is text with plain line ends, each file a view of the body. */
static void check(const struct form *f, struct str body)
{
    MUST(f->n <= FORM_VALUES_MAX && f->n_files <= FORM_FILES_MAX);
    for (size_t i = 0; i < f->n; i++) {
        MUST(is_text(f->values[i].name) && is_text(f->values[i].value));
        MUST(str_chr(f->values[i].value, '\r') == SIZE_MAX);
        MUST(form_get(f, f->values[i].name).p);
    }
    for (size_t i = 0; i < f->n_files; i++) {
        const struct form_file *file = &f->files[i];

        MUST(file->file_name.p && utf8_is_valid(file->file_name));
        MUST(file->bytes.n == 0 || (file->bytes.p >= body.p && file->bytes.p + file->bytes.n <= body.p + body.n));
    }
}

/* What is typed changes the key of a form that counts once; its token does not. */
static void check_fingerprint(struct form *f, struct arena *a)
{
    struct str whole = form_fingerprint(f, a);

    if (f->n == 0)
        return;
    for (size_t i = 0; i < f->n; i++) {
        struct str kept = f->values[i].value;

        f->values[i].value = STR("another value than before");
        MUST(str_eq(f->values[i].name, FORM_CSRF) == str_eq(form_fingerprint(f, a), whole) || str_eq(kept, f->values[i].value));
        f->values[i].value = kept;
        if (i == 3)
            break; /* the rest is alike, and memory ends */
    }
}

static void through_the_table(const struct form *f, struct arena *a)
{
    json_t *body CLEAN(json_clean) = form_json(f, &spec);
    struct err e = { 0 };
    struct result *r;
    void *out;

    MUST(json_is_object(body));
    if (jspec_read(&spec, body, a, &out, &e) != RC_OK) {
        MUST(e.rc == RC_INVALID && e.n_fields >= 1);
        return;
    }
    r = out;
    MUST(!r->text.set || (utf8_is_valid(r->text.v) && r->text.v.n >= 1));
    MUST(r->count.v >= -5 && r->count.v <= 200 && (r->flag.v == 0 || r->flag.v == 1));
    MUST(r->texts.n <= 5 && r->ids.n <= 5);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a CLEAN(arena_clean) = arena_new(512 * MIB);
    struct str body = { (const char *)data, size }, type = str_cut(&body, '\n');
    struct http_header header = { STR("content-type"), type };
    struct exchange x = { .arena = a, .headers = &header, .n_headers = 1, .body_fd = -1 };
    struct form f;
    struct err e = { 0 };

    form_query((struct str){ (const char *)data, size }, a, &f);
    check(&f, body);
    through_the_table(&f, a);
    x.body = body.p ? body : STR("");
    x.body_len = x.body.n;
    if (form_read(&x, a, &f, &e) != RC_OK) {
        MUST(e.rc == RC_BAD || e.rc == RC_MEDIA_TYPE);
        return 0;
    }
    check(&f, x.body);
    check_fingerprint(&f, a);
    through_the_table(&f, a);
    form_release(&f);
    return 0;
}
