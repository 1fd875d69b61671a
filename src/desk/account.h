/* Accounts: what every call works with, and the helpers they share.
 *
 * "prepare" functions read and hash passwords (slow lane, read connection) and leave their findings
 * to the "finish" function, which runs inside the write transaction, checks again what may have
 * changed, and may be run more than once.  A finish function that fails with RC_UNAUTH or
 * RC_LIMITED has counted and audited the attempt: its writes must be committed all the same. */
#ifndef DESK_ACCOUNT_H
#define DESK_ACCOUNT_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "desk/actor.h"
#include "desk/auth.h"
#include "store/db.h"

struct account {
    struct auth *au;
    struct db *db;
    const struct actor *who;
    struct arena *a;
    int64_t now_us;
};

/* Mail addresses: printable ASCII, one @, a domain.  *fold is what is compared and unique. */
enum rc email_check(struct str email, const char *pointer, struct arena *a, struct str *fold,
                    struct err *e) MUST_USE;
/* A language: RC_INVALID at pointer unless it has the shape of BCP 47, "en", "pt-BR", "zh-Hant-TW". */
enum rc locale_check(struct str locale, const char *pointer, struct err *e) MUST_USE;
struct str email_domain(struct str fold);

/* Each of the groups is there and named once. */
enum rc account_groups(const struct account *c, const int64_t *ids, size_t n, struct err *e) MUST_USE;

/* Audits about a person; details are ready JSON or empty. */
enum rc account_audit(const struct account *c, const char *action, int64_t user_id,
                      struct str details, struct err *e) MUST_USE;
/* {"key":"value"} for the audit log. */
struct str account_detail(struct arena *a, struct str key, struct str value);

/* A one-time token for purpose (enum one_time_purpose), bound to a user and an object. */
enum rc account_one_time(const struct account *c, int64_t user_id, int purpose, struct str object,
                         int64_t life_us, struct str *token, struct err *e) MUST_USE;
/* The same 400 for whatever is wrong with the token, which stood at pointer. */
enum rc account_bad_token(const char *pointer, struct err *e);

struct user_login;
/* Whether the address that the person was found by lets somebody in (login, new password): a proved
 * one, or, of somebody who has proved none yet, his primary one.  Else whoever adds an address to
 * somebody's account would own the account. */
bool account_serves(const struct user_login *u);

struct account_mail {
    const char *kind; /* "mail.password_reset" */
    struct str recipient;
    const char *subject, *text; /* text stands before the link */
    const char *path;           /* "/reset-password", or NULL: no link */
    struct str token;           /* behind '#', so that it never travels in a Referer */
    bool is_unsent;             /* written to be taken back: its link goes to no log */
};
enum rc account_mail(const struct account *c, const struct account_mail *m, struct err *e) MUST_USE;
/* BASE_URL + path + "#token=…" */
struct str account_link(const struct auth *au, const char *path, struct str token, struct arena *a);

#endif
