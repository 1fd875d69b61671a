/* Making an account and getting back into one: registration, confirmation of an address, forgotten
 * and changed passwords, the first administrator.
 *
 * None of the answers tells whether an address is known: only the mail does. */
#ifndef DESK_SIGNUP_H
#define DESK_SIGNUP_H

#include "desk/proof.h"
#include "desk/session.h"

/* Password rules and its hash; slow lane.  email and name are only for the rules. */
enum rc password_prepare(const struct account *c, struct str password, struct str email,
                         struct str name, const char *pointer, struct str *hash, struct err *e) MUST_USE;

struct signup {
    struct str name, email, locale;
    struct str password_hash;
};
/* RC_DENIED when registration is off.  Else always the same. */
enum rc signup_allowed(const struct auth *au, struct err *e) MUST_USE;
enum rc signup_register(const struct account *c, const struct signup *s, struct err *e) MUST_USE;
/* The caller wants another address of his own: mails it the link that makes the change (signup_verify).
 * The answer is the same when somebody has it. */
enum rc signup_address(const struct account *c, const struct proof *p, struct str email,
                       struct err *e) MUST_USE;
/* An address was added to a person: mails it the link that proves it. */
enum rc signup_added(const struct account *c, int64_t user_id, struct str fold, struct str address,
                     struct err *e) MUST_USE;
/* RC_BAD for a bad token; RC_DENIED when the address is a further one, and the caller not the person. */
enum rc signup_verify(const struct account *c, struct str token, struct err *e) MUST_USE;
/* Sends the confirmation again, if there is something to confirm. */
enum rc signup_verify_again(const struct account *c, struct str email, struct err *e) MUST_USE;

enum rc password_forgot(const struct account *c, struct str email, struct err *e) MUST_USE;
/* Whose token it is (reset or invitation), for the password rules; RC_BAD. */
enum rc password_reset_prepare(const struct account *c, struct str token, struct str password,
                               struct str *hash, struct err *e) MUST_USE;
enum rc password_reset(const struct account *c, struct str token, struct str hash, struct err *e) MUST_USE;
/* The caller's own; his other sessions end, and his API tokens when he wants that. */
enum rc password_change_prepare(const struct account *c, struct str current, struct str password,
                                struct proof *proof, struct str *hash, struct err *e) MUST_USE;
enum rc password_change(const struct account *c, const struct proof *proof, struct str hash,
                        bool revoke_tokens, struct err *e) MUST_USE;
/* Invites a person who has no password yet: mails a link that sets one. */
enum rc password_invite(const struct account *c, int64_t user_id, struct str email, struct err *e) MUST_USE;

/* A fresh link that makes the first administrator; empty when there is one already. */
enum rc setup_link(const struct account *c, struct str *link, struct err *e) MUST_USE;
/* The same in a write transaction of its own: for the start of the server. */
enum rc setup_link_at_start(struct auth *au, struct store *s, struct arena *a, struct str *link,
                            struct err *e) MUST_USE;
enum rc setup_check(const struct account *c, struct str token, struct err *e) MUST_USE;
/* product_name, group: what the help desk and its first group shall be called; p == NULL: as they are.
 * RC_INVALID at /email, /locale, /product_name, /group. */
struct setup {
    struct signup admin;
    struct str product_name, group;
};
enum rc setup_finish(const struct account *c, struct str token, const struct setup *s,
                     int64_t *user_id, struct err *e) MUST_USE;
/* Whether there is an administrator already: then no link makes one. */
enum rc setup_is_done(const struct account *c, bool *out, struct err *e) MUST_USE;

/* At every start, in a write transaction: the admin role has all permissions, agent and customer
 * have theirs unless an administrator chose others. */
enum rc roles_ready(struct db *db, struct err *e) MUST_USE;

#endif
