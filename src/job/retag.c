#include "job/retag.h"

#include "base/json.h"
#include "desk/tag.h"

enum { STEP = 200 };

/* The right to manage tags was asked for when the job was made; it goes on without its maker. */
static enum rc step(struct job_step *s, struct db *db, struct err *e)
{
    const struct actor who = { .type = ACTOR_SYSTEM, .user_id = s->job.user_id };
    json_t *payload CLEAN(json_clean) = NULL;
    int64_t from, to, moved;
    struct call c;

    TRY(json_read(s->job.payload_json, &payload, e));
    from = json_integer_value(json_object_get(payload, "from"));
    to = json_integer_value(json_object_get(payload, "to"));
    TRY(call_begin(db, &who, s->a, &c, e));
    TRY(tag_move_some(&c, from, to, STEP, &moved, &s->done, e));
    s->job.progress += moved;
    return RC_OK;
}

const struct job_kind retag_job = { .name = TAG_JOB, .step = step };
