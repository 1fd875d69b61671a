#include "job/people.h"

#include "base/json.h"
#include "desk/user_merge.h"
#include "desk/user_names.h"

enum { TICKETS_AT_ONCE = 25 }; /* a step keeps the only writer of SQLite busy */

static enum rc merge_step(struct job_step *s, struct db *db, struct err *e)
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

const struct job_kind user_merge_job = { .name = USER_MERGE_JOB, .step = merge_step };

static enum rc names_step(struct job_step *s, struct db *db, struct err *e)
{
    struct user_names_walk at;

    TRY(user_names_read(s->job.result_json.n > 2 ? s->job.result_json : s->job.payload_json, &at, e));
    TRY(user_names_some(db, TICKETS_AT_ONCE, &at, &s->done, e));
    s->job.result_json = user_names_json(&at, s->a);
    s->job.progress = at.n;
    return RC_OK;
}

const struct job_kind user_names_job = { .name = USER_NAMES_JOB, .step = names_step };
