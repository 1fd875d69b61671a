#include "store/fields.h"

enum rc fields_insert(struct db *db, struct cat_field *f, struct err *e)
{
    f->version = 1;
    return db_query_int(db,
                        "INSERT INTO fields (object, name, label, help, type, options_json,"
                        " screens_json, position, active, created_us, updated_us)"
                        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING id",
                        DB_ARGS(DB_INT(f->object), DB_TEXT(f->name), DB_TEXT(f->label),
                                DB_TEXT(f->help), DB_INT(f->type), DB_TEXT(f->options_json),
                                DB_TEXT(f->screens_json), DB_INT(f->position), DB_INT(f->active),
                                DB_INT(f->created_us), DB_INT(f->updated_us)),
                        &f->id, e);
}

enum rc fields_update(struct db *db, const struct cat_field *f, struct err *e)
{
    int64_t changed = 0;

    TRY(db_exec(db,
                "UPDATE fields SET version = version + 1, label = $1, help = $2, options_json = $3,"
                " screens_json = $4, position = $5, active = $6, updated_us = $7"
                " WHERE id = $8 AND version = $9",
                DB_ARGS(DB_TEXT(f->label), DB_TEXT(f->help), DB_TEXT(f->options_json),
                        DB_TEXT(f->screens_json), DB_INT(f->position), DB_INT(f->active),
                        DB_INT(f->updated_us), DB_INT(f->id), DB_INT(f->version)),
                &changed, e));
    return changed ? RC_OK : err_set(e, RC_STALE, "", "The field was changed in the meantime.");
}

enum rc field_values_set(struct db *db, int64_t field_id, int64_t object_id,
                         const struct field_value *v, size_t n, struct err *e)
{
    TRY(db_exec(db, "DELETE FROM field_values WHERE field_id = $1 AND object_id = $2",
                DB_ARGS(DB_INT(field_id), DB_INT(object_id)), NULL, e));
    for (size_t i = 0; i < n; i++)
        TRY(db_exec(db,
                    "INSERT INTO field_values (field_id, object_id, n, text_fold, int_value)"
                    " VALUES ($1, $2, $3, $4, $5)",
                    DB_ARGS(DB_INT(field_id), DB_INT(object_id), DB_INT((int64_t)i),
                            v[i].text_fold.p ? DB_TEXT(v[i].text_fold) : DB_NULL,
                            v[i].has_number ? DB_INT(v[i].number) : DB_NULL),
                    NULL, e));
    return RC_OK;
}
