#include "desk/audit_json.h"

#include "desk/actor.h"

static const char *const actor_types[] = {
    [ACTOR_ANONYMOUS] = "anonymous",
    [ACTOR_USER] = "user",
    [ACTOR_SYSTEM] = "system",
    [ACTOR_CLI] = "cli",
};

/* Details are JSON, unless somebody altered the row. */
static void put_details(struct jw *w, struct str details)
{
    json_t *parsed CLEAN(json_clean) = NULL;
    struct err e = { 0 };

    jw_key(w, "details");
    if (details.n == 0)
        jw_null(w);
    else if (json_read(details, &parsed, &e) == RC_OK)
        jw_raw(w, details);
    else
        jw_text(w, details);
}

void audit_row_write(struct jw *w, const struct audit_row *row, bool whole)
{
    bool known = row->actor_type >= 0 && row->actor_type < (int64_t)ARRAY_LEN(actor_types);

    jw_obj(w);
    jw_kv_int(w, "n", row->n);
    jw_kv_time(w, "at", row->at_us);
    jw_kv_text(w, "actor_type", str_of(known ? actor_types[row->actor_type] : "unknown"));
    jw_kv_id(w, "actor_id", row->actor_id);
    jw_kv_text(w, "address", row->address);
    jw_kv_text(w, "request_id", row->request_id);
    jw_kv_text(w, "action", row->action);
    jw_kv_text(w, "object", row->object);
    jw_kv_id(w, "object_id", row->object_id);
    put_details(w, row->details);
    jw_kv_bool(w, "erased", !row->details.p);
    jw_kv_text(w, "hash", row->hash);
    if (whole) {
        jw_kv_int(w, "at_us", row->at_us);
        jw_kv_text(w, "details_salt", row->salt);
        jw_kv_text(w, "details_hash", row->details_hash);
    }
    jw_obj_end(w);
}

void audit_verdict_write(struct jw *w, const struct audit_verdict *v)
{
    jw_obj(w);
    jw_kv_bool(w, "whole", v->finding == AUDIT_WHOLE);
    jw_kv_text(w, "finding", str_of(audit_finding_name(v->finding)));
    jw_kv_text(w, "detail", str_of(audit_finding_words(v->finding)));
    jw_key(w, "first_wrong");
    if (v->finding == AUDIT_WHOLE)
        jw_null(w);
    else
        jw_int(w, v->n);
    jw_kv_int(w, "checked", v->checked);
    jw_kv_int(w, "erased", v->erased);
    jw_kv_int(w, "witnessed", v->witnessed);
    jw_kv_int(w, "head", v->head.n);
    jw_kv_text(w, "head_hash", v->head.hash);
    jw_obj_end(w);
}
