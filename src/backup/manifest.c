/* The manifest of a set: JSON for people and programs, and a sum that tells of any change. */
#include "backup/repo.h"

#include "base/enc.h"
#include "base/file.h"
#include "base/json.h"

#include <sodium.h>

enum { MANIFEST_MAX = 64 * 1024, SUM_MAX = 256 };

/* The plain numbers and texts, in the order in which they are written. */
static const struct {
    const char *name;
    size_t at;
} numbers[] = {
    { "format", offsetof(struct manifest, format) },
    { "number", offsetof(struct manifest, number) },
    { "schema", offsetof(struct manifest, schema) },
    { "took_us", offsetof(struct manifest, took_us) },
    { "database_bytes", offsetof(struct manifest, database_bytes) },
    { "page_size", offsetof(struct manifest, page_size) },
    { "attachments", offsetof(struct manifest, attachments) },
    { "attachment_bytes", offsetof(struct manifest, attachment_bytes) },
    { "missing_attachments", offsetof(struct manifest, missing) },
    { "new_bytes", offsetof(struct manifest, new_bytes) },
    { "at_us", offsetof(struct manifest, at_us) },
};
static const struct {
    const char *name;
    size_t at;
} texts[] = {
    { "id", offsetof(struct manifest, id) },
    { "parent", offsetof(struct manifest, parent) },
    { "product", offsetof(struct manifest, product) },
    { "key_id", offsetof(struct manifest, key_id) },
};

static struct str sum_of(const struct box_key *key, struct str bytes, struct arena *a)
{
    unsigned char raw[32];

    box_key_sum(key, bytes, raw);
    return enc_hex((struct str){ (const char *)raw, sizeof(raw) }, a);
}

static void write_files(struct jw *w, const struct manifest *m)
{
    jw_key(w, "files");
    jw_arr(w);
    for (size_t i = 0; i < m->n_files; i++) {
        jw_obj(w);
        jw_kv_text(w, "name", m->files[i].name);
        jw_kv_int(w, "size", m->files[i].size);
        jw_kv_text(w, "sha256", m->files[i].sha256);
        jw_obj_end(w);
    }
    jw_arr_end(w);
}

static struct str manifest_json(const struct manifest *m, struct arena *a)
{
    struct buf b = BUF_ARENA(a, MANIFEST_MAX);
    struct jw w = jw_to(&b);

    jw_obj(&w);
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        jw_key_str(&w, str_of(texts[i].name));
        jw_text(&w, *(const struct str *)(const void *)((const char *)m + texts[i].at));
    }
    jw_kv_text(&w, "engine", m->label.n ? STR("postgresql") : STR("sqlite"));
    if (m->label.n) {
        jw_kv_text(&w, "label", m->label);
        jw_kv_bool(&w, "differential", m->is_step);
    }
    jw_kv_time(&w, "at", m->at_us);
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        jw_key_str(&w, str_of(numbers[i].name));
        jw_int(&w, *(const int64_t *)(const void *)((const char *)m + numbers[i].at));
    }
    jw_kv_text(&w, "log_salt",
               enc_hex((struct str){ (const char *)m->place.salt, WAL_SALT_LEN }, a));
    jw_kv_int(&w, "log_frame", m->place.frame);
    write_files(&w, m);
    jw_obj_end(&w);
    buf_char(&b, '\n');
    return buf_view(&b);
}

enum rc manifest_write(const struct repo *r, const char *path, const struct manifest *m,
                       struct arena *a, struct err *e)
{
    struct str json = manifest_json(m, a);
    struct str sum = str_printf(a, "%.*s\n", STR_ARG(sum_of(&r->key, json, a)));

    TRY(file_replace(str_printf(a, "%s/manifest.json", path).p, json, 0600, e));
    return file_replace(str_printf(a, "%s/manifest.sum", path).p, sum, 0600, e);
}

static enum rc unreadable(const char *what, struct err *e)
{
    return err_set(e, RC_FAIL, "backup_damaged", "its manifest is damaged: %s", what);
}

static enum rc read_files(const json_t *v, struct arena *a, struct manifest *out, struct err *e)
{
    const json_t *files = json_object_get(v, "files");

    for (size_t i = 0; i < json_array_size(files); i++) {
        const json_t *f = json_array_get(files, i);
        const char *name = json_string_value(json_object_get(f, "name"));
        const char *sha = json_string_value(json_object_get(f, "sha256"));

        if (!name || !sha || strchr(name, '/') || i >= REPO_FILES_MAX)
            return unreadable("its list of files", e);
        out->files[out->n_files++] = (struct manifest_file){
            str_dup(str_of(name), a), str_dup(str_of(sha), a),
            json_integer_value(json_object_get(f, "size"))
        };
    }
    return out->n_files ? RC_OK : unreadable("it names no files", e);
}

static enum rc read_fields(const json_t *v, struct arena *a, struct manifest *out, struct err *e)
{
    const char *salt = json_string_value(json_object_get(v, "log_salt")), *label;
    struct str raw;

    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        const json_t *n = json_object_get(v, numbers[i].name);

        if (!json_is_integer(n))
            return unreadable(numbers[i].name, e);
        *(int64_t *)(void *)((char *)out + numbers[i].at) = json_integer_value(n);
    }
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        const char *z = json_string_value(json_object_get(v, texts[i].name));

        if (!z)
            return unreadable(texts[i].name, e);
        *(struct str *)(void *)((char *)out + texts[i].at) = str_dup(str_of(z), a);
    }
    if (!salt || !dec_hex(str_of(salt), a, &raw) || raw.n != WAL_SALT_LEN)
        return unreadable("log_salt", e);
    memcpy(out->place.salt, raw.p, WAL_SALT_LEN);
    label = json_string_value(json_object_get(v, "label"));
    out->label = str_dup(str_of(label ? label : ""), a);
    out->is_step = json_is_true(json_object_get(v, "differential"));
    out->place.frame = (uint32_t)json_integer_value(json_object_get(v, "log_frame"));
    return read_files(v, a, out, e);
}

/* *out: the key that its sum is made with. */
static enum rc choose_key(const struct repo *r, const json_t *v, struct arena *a, const struct box_key **out,
                          struct err *e)
{
    const char *id = json_string_value(json_object_get(v, "key_id"));
    struct str raw;

    *out = &r->key;
    if (!id || (!*id && !r->key.set))
        return RC_OK;
    if (!*id)
        return err_set(e, RC_FAIL, "backup_key",
                       "it is not encrypted, but BACKUP_KEY is set: unset it to use this backup");
    if (dec_hex(str_of(id), a, &raw) && raw.n == BOX_KEY_ID_LEN)
        *out = box_key_find(&r->key, (const unsigned char *)raw.p);
    else
        *out = NULL;
    if (*out)
        return RC_OK;
    return err_set(e, RC_FAIL, "backup_key", "it is encrypted with key %s, and BACKUP_KEY %s", id,
                   !r->key.set          ? "is not set"
                   : r->key.former ? "and BACKUP_KEY_FORMER are others"
                                   : "is another one");
}

enum rc manifest_read(const struct repo *r, const char *path, struct arena *a, struct manifest *out,
                      struct err *e)
{
    json_t *v CLEAN(json_clean) = NULL;
    const struct box_key *key;
    struct str json, sum;

    *out = (struct manifest){ 0 };
    if (file_read(str_printf(a, "%s/manifest.json", path).p, MANIFEST_MAX, a, &json, e) != RC_OK
        || file_read(str_printf(a, "%s/manifest.sum", path).p, SUM_MAX, a, &sum, e) != RC_OK)
        return unreadable("it is missing", e);
    if (json_read(json, &v, e) != RC_OK || !json_is_object(v))
        return unreadable("not JSON", e);
    if (json_integer_value(json_object_get(v, "format")) > REPO_FORMAT)
        return err_set(e, RC_FAIL, "backup_newer",
                       "it was made by a newer version of this program (format %lld)",
                       (long long)json_integer_value(json_object_get(v, "format")));
    TRY(choose_key(r, v, a, &key, e));
    if (!str_eq(str_trim(sum), sum_of(key, json, a)))
        return unreadable("it is not what was written", e);
    return read_fields(v, a, out, e);
}
