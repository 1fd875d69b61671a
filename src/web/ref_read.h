/* References in bodies: an id (17), a name ("Support"), or an object as answers show it ({"id":17}).
 * People also by e-mail address and as "me", tickets by "number:10017".  What cannot be found is a field
 * error at pointer; only for customers a group that is not there is one like those they may not name:
 * the id of none. */
#ifndef WEB_REF_READ_H
#define WEB_REF_READ_H

#include "base/json.h"
#include "desk/call.h"

enum rc ref_state(struct call *c, const json_t *v, const char *pointer, int64_t *id, struct err *e) MUST_USE;
enum rc ref_priority(struct call *c, const json_t *v, const char *pointer, int64_t *id,
                     struct err *e) MUST_USE;
enum rc ref_group(struct call *c, const json_t *v, const char *pointer, int64_t *id, struct err *e) MUST_USE;
/* may_make: agents may name somebody new by {"email","name"} or an address; he is made. */
enum rc ref_user(struct call *c, const json_t *v, const char *pointer, bool may_make, int64_t *id,
                 struct err *e) MUST_USE;
enum rc ref_ticket(struct call *c, const json_t *v, const char *pointer, int64_t *id, struct err *e) MUST_USE;
enum rc ref_organization(struct call *c, const json_t *v, const char *pointer, int64_t *id,
                         struct err *e) MUST_USE;

#endif
