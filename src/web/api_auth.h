/* What the API and the pages of the portal share about accounts: closed lists of fields, and what is
 * done with them, without the answer. */
#ifndef WEB_API_AUTH_H
#define WEB_API_AUTH_H

#include "desk/session.h"
#include "web/ctx.h"

extern const struct jspec auth_register_spec, auth_setup_spec, auth_email_spec, auth_reset_spec, auth_token_spec,
    auth_change_spec, auth_address_spec;

enum rc auth_register_prepare(struct ctx *c, struct err *e) MUST_USE;
enum rc auth_register_save(struct ctx *c, struct err *e) MUST_USE;
enum rc auth_setup_prepare(struct ctx *c, struct err *e) MUST_USE;
enum rc auth_setup_save(struct ctx *c, struct session_tokens *t, struct err *e) MUST_USE;

enum rc auth_forgot_save(struct ctx *c, struct err *e) MUST_USE;
enum rc auth_reset_prepare(struct ctx *c, struct err *e) MUST_USE;
enum rc auth_reset_save(struct ctx *c, struct err *e) MUST_USE;
enum rc auth_verify_save(struct ctx *c, struct err *e) MUST_USE;
enum rc auth_verify_again_save(struct ctx *c, struct err *e) MUST_USE;
enum rc auth_address_prepare(struct ctx *c, struct err *e) MUST_USE;
enum rc auth_address_save(struct ctx *c, struct err *e) MUST_USE;
enum rc auth_change_prepare(struct ctx *c, struct err *e) MUST_USE;
enum rc auth_change_save(struct ctx *c, struct err *e) MUST_USE;

#endif
