/* The document as YAML: block style, every text quoted as in JSON (which YAML reads the same). */
#include "web/openapi.h"

#include "base/json.h"

static bool key_is_plain(const char *key)
{
    bool letter = (key[0] >= 'a' && key[0] <= 'z') || (key[0] >= 'A' && key[0] <= 'Z');

    for (size_t i = 0; letter && key[i]; i++) {
        char c = key[i];

        letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    }
    return letter && strcmp(key, "null") != 0 && strcmp(key, "true") != 0 && strcmp(key, "false") != 0
           && strcmp(key, "y") != 0 && strcmp(key, "n") != 0 && strcmp(key, "yes") != 0 && strcmp(key, "no") != 0
           && strcmp(key, "on") != 0 && strcmp(key, "off") != 0;
}

static void indent(struct buf *out, int depth)
{
    for (int i = 0; i < depth; i++)
        BUF_LIT(out, "  ");
}

static void write_key(struct buf *out, const char *key)
{
    struct jw w = jw_to(out);

    if (key_is_plain(key))
        buf_str(out, str_of(key));
    else
        jw_text(&w, str_of(key));
    buf_char(out, ':');
}

static bool is_block(const json_t *v)
{
    return (json_is_object(v) && json_object_size(v) > 0) || (json_is_array(v) && json_array_size(v) > 0);
}

/* A value that stands alone on its line, or behind its key. */
static void write_scalar(struct buf *out, const json_t *v)
{
    struct jw w = jw_to(out);

    jw_json(&w, v);
    buf_char(out, '\n');
}

/* first: the line is already indented (behind "- "). */
static void write_block(struct buf *out, json_t *v, int depth, bool first)
{
    const char *key;
    json_t *member;

    if (json_is_array(v)) {
        for (size_t i = 0; i < json_array_size(v); i++) {
            member = json_array_get(v, i);
            if (!first || i > 0)
                indent(out, depth);
            BUF_LIT(out, "- ");
            if (is_block(member))
                write_block(out, member, depth + 1, true);
            else
                write_scalar(out, member);
        }
        return;
    }
    json_object_foreach (v, key, member) {
        if (!first)
            indent(out, depth);
        first = false;
        write_key(out, key);
        buf_char(out, is_block(member) ? '\n' : ' ');
        if (is_block(member))
            write_block(out, member, depth + 1, false);
        else
            write_scalar(out, member);
    }
}

bool openapi_yaml(struct str json, struct buf *out)
{
    json_t *doc = json_loadb(json.p, json.n, JSON_REJECT_DUPLICATES, NULL);

    if (!doc)
        return false;
    write_block(out, doc, 0, false);
    json_decref(doc);
    return !out->overflow;
}
