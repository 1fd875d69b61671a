/* Names of tags: lower case, trimmed, blanks folded to one, at most TAG_POINTS_MAX code points,
 * without commas and controls. */
#ifndef DESK_TAG_H
#define DESK_TAG_H

#include "desk/call.h"

enum { TAG_POINTS_MAX = 64 };

/* RC_INVALID at pointer when nothing usable is left. */
enum rc tag_normalise(struct str name, const char *pointer, struct arena *a, struct str *out,
                      struct err *e) MUST_USE;
/* The names of a ticket's JSON copy. */
void tags_of_json(struct str json, struct arena *a, struct str **names, size_t *n);
/* Sorted, without doubles, as JSON. */
struct str tags_to_json(struct str *names, size_t n, struct arena *a);
/* Makes the rows of ticket_tags what `after` says; new tags are made unless they are frozen
 * (RC_INVALID then, unless the actor manages tags). */
enum rc tags_sync(struct call *c, int64_t ticket_id, struct str before_json, struct str after_json,
                  struct err *e) MUST_USE;

/* Administration.  Renaming to a name that is there merges the two.  When more than TAG_NOW_MAX
 * tickets have the tag, a job (kind TAG_JOB) moves them to the other name, or takes the tag away, in
 * steps, and *job_id says which; until its end both tags are there.  *job_id is 0 when all is done. */
enum { TAG_NOW_MAX = 1000 };
#define TAG_JOB "retag"
enum rc tag_rename(struct call *c, int64_t id, int64_t if_match, struct str name, int64_t *result_id,
                   int64_t *job_id, struct err *e) MUST_USE;
enum rc tag_remove(struct call *c, int64_t id, int64_t *job_id, struct err *e) MUST_USE;
/* One step of that job: at most limit tickets lose the tag and get `to` (0: none); behind the last
 * one the tag goes and *done is set. */
enum rc tag_move_some(struct call *c, int64_t from, int64_t to, int64_t limit, int64_t *moved,
                      bool *done, struct err *e) MUST_USE;
enum rc tag_create(struct call *c, struct str name, int64_t *id, struct err *e) MUST_USE;

#endif
