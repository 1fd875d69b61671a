/* A query string through a table with every type; the same bytes as a JSON body. */
#include "fuzz.h"

#include "base/jspec.h"
#include "base/utf8.h"

struct result {
    struct j_text text, lines;
    struct j_int count, id, flag, time, choice;
    struct j_texts texts;
    struct j_ints ids;
};

static const char *const choices[] = { "new", "open", NULL };
static const struct jfield fields[] = {
    { "text", J_TEXT, 0, 1, 20, .off = offsetof(struct result, text) },
    { "lines", J_TEXT, JF_LINES | JF_NULLABLE, .off = offsetof(struct result, lines) },
    { "count", J_INT, 0, -5, 200, .off = offsetof(struct result, count) },
    { "id", J_ID, .off = offsetof(struct result, id) },
    { "flag", J_BOOL, .off = offsetof(struct result, flag) },
    { "time", J_TIME, .off = offsetof(struct result, time) },
    { "choice", J_ENUM, .values = choices, .off = offsetof(struct result, choice) },
    { "texts", J_TEXTS, 0, 1, 9, .max_items = 5, .off = offsetof(struct result, texts) },
    { "ids", J_IDS, .max_items = 5, .off = offsetof(struct result, ids) },
};
static const struct jspec spec = JSPEC("Fuzz", fields, struct result);

static void check(const struct result *r)
{
    MUST(!r->text.set || (utf8_is_valid(r->text.v) && r->text.v.n >= 1
                          && utf8_count(r->text.v) <= 20 && !utf8_has_control(r->text.v, false)));
    MUST(r->count.v >= -5 && r->count.v <= 200);
    MUST(!r->id.set || r->id.v >= 1);
    MUST(r->flag.v == 0 || r->flag.v == 1);
    MUST(r->choice.v == 0 || r->choice.v == 1);
    MUST(r->texts.n <= 5 && r->ids.n <= 5);
    for (size_t i = 0; i < r->ids.n; i++)
        MUST(r->ids.v[i] >= 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a CLEAN(arena_clean) = arena_new(256 * MIB);
    json_t *body CLEAN(json_clean) = NULL;
    struct str text = { (const char *)data, size };
    struct err e = { 0 };
    void *out;

    if (jspec_read_query(&spec, text, a, &out, &e) == RC_OK)
        check(out);
    else
        MUST(e.rc == RC_BAD && e.n_fields >= 1);
    err_clear(&e);
    if (json_read(text, &body, &e) != RC_OK)
        return 0;
    if (jspec_read(&spec, body, a, &out, &e) == RC_OK)
        check(out);
    else
        MUST(e.rc == RC_INVALID);
    return 0;
}
