/* People and what belongs to accounts as JSON answers: closed lists of fields. */
#ifndef WEB_ACCOUNT_JSON_H
#define WEB_ACCOUNT_JSON_H

#include "base/json.h"
#include "base/jspec.h"
#include "desk/account.h"
#include "desk/session.h"
#include "store/users.h"
#include "web/ctx.h"

extern const struct jspec user_answer, login_answer, accepted_answer, level_answer, account_ref_answer,
    session_answer;

/* What handlers hand to desk/: this lane's connection. */
struct account account_of(struct ctx *c);
/* The failed attempt was counted and audited: keep that. */
enum rc account_keep_attempt(struct ctx *c, enum rc rc);
/* The password once more (desk/proof.h): c->prepared becomes its proof. */
enum rc account_prove(struct ctx *c, struct str password, struct err *e) MUST_USE;
/* The end of a call that needed the proof, and perhaps a code: what was wrong is a wrong value of a caller
 * who is logged in, at "/current_password" or "/code". */
enum rc account_proved(struct ctx *c, enum rc rc, struct err *e) MUST_USE;
/* A wrong current password is a wrong value, not a lost login: the client must not log out. */
enum rc account_wrong_password(struct err *e);

struct user_view {
    const struct user_extras *extras;        /* NULL: left out */
    const struct identity_rows *identities;  /* NULL: left out */
    bool note;                               /* the reader is an agent */
};
void user_json_members(struct jw *w, const struct user_row *u, const struct user_view *v);
void user_json(struct jw *w, const struct user_row *u, const struct user_view *v);
/* Loads and writes one user with everything. */
enum rc user_json_whole(struct ctx *c, int64_t id, bool note, struct err *e) MUST_USE;
/* ["read","create",…] */
void levels_json(struct jw *w, int64_t levels);
/* "group_levels" of a body, of a role or a person: J_OBJS of this, and the i-th of them. */
enum { GROUP_LEVELS_MAX = 1000 };
extern const struct jspec group_levels_spec;
enum rc group_level_read(const struct j_objs *of, size_t i, int64_t *group_id, int64_t *levels, struct err *e) MUST_USE;
/* A list of sessions, whole. */
void sessions_json(struct ctx *c, const struct session_rows *rows);
void perms_json(struct jw *w, int64_t perms);

/* Sets the cookies (when there is a new session) and writes the login answer. */
enum rc login_reply(struct ctx *c, const struct session_tokens *t, struct err *e) MUST_USE;
/* 202 {"status":"accepted"}: the same whatever happened. */
enum rc accepted_reply(struct ctx *c);
bool cookies_prefixed(const struct ctx *c);
bool cookies_secure(const struct ctx *c);
struct str user_agent_of(const struct ctx *c);

#endif
