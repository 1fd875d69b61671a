#include "job/people.h"

#include "base/json.h"
#include "desk/user_merge.h"

enum { TICKETS_AT_ONCE = 25 }; /* a step keeps the only writer of SQLite busy */

static enum rc step(struct job_step *s, struct db *db, struct err *e)
{
    json_t *payload CLEAN(json_clean) = NULL;
    int64_t after = s->job.progress;

    TRY(json_read(s->job.payload_json, &payload, e));
    if (!after)
        after = json_integer_value(json_object_get(payload, "after"));
    TRY(user_merge_reindex(db, json_integer_value(json_object_get(payload, "merge")), TICKETS_AT_ONCE,
                           &after, &s->done, s->a, e));
    s->job.progress = after;
    return RC_OK;
}

const struct job_kind user_merge_job = { .name = USER_MERGE_JOB, .step = step };
