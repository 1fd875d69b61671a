/* What a request asks for and a job does with the caller's rights of that time: the data of a person, a run
 * of the rules of retention, a report for the auditor.  The file that comes of it is an upload of the
 * caller's, which nobody else can read and which goes by itself (UPLOAD_KEEP_HOURS). */
#ifndef DESK_LATER_H
#define DESK_LATER_H

#include "base/json.h"
#include "desk/account.h"
#include "desk/attachment.h"
#include "store/jobs.h"

enum { LATER_OPEN_MAX = 2 };

/* Adds a job; members: of the payload, without braces.  RC_LIMITED while LATER_OPEN_MAX jobs of the caller's
 * are waiting or running. */
enum rc later_ask(const struct account *c, const char *kind, struct str members, struct job *out, struct err *e) MUST_USE;
/* The members of a payload that later_actor() reads; a job of this caller's. */
void later_caller_json(struct jw *w, const struct actor *who);
struct job later_job(const struct actor *who, const char *kind, struct str payload, int64_t now_us);
/* Who asked, with the rights of today and never more than those of the request. */
enum rc later_actor(struct db *db, const struct job *j, const json_t *payload, struct arena *a, struct actor *who,
                    struct err *e) MUST_USE;
/* The result of a job that made a file. */
struct str later_file(const struct attachment *at, struct arena *a);

#endif
