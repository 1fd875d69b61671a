/* Erasing a person (GDPR, article 17).
 *
 * In one transaction: name, addresses, phone, note, custom fields, preferences, password, second step,
 * tokens, sessions, drafts, watches, rights, private views and the details of audit entries that name
 * him go; in the history of tickets and in sender fields "Erased person N" takes the place of name and
 * address; search documents are written anew.  Who was merged into him is erased with him.
 * Tickets, the words of messages, statistics, counters and the audit chain stay whole.  Files that he
 * sent go when asked for.  What cannot be taken out of the chain: ids, times and client addresses.
 *
 * Each erasure stands in the table "erasures" and, beside the database, in a list of ids
 * (erase_list_sync()), from which it is done again in a database that is older (erase_replay()). */
#ifndef DESK_ERASE_H
#define DESK_ERASE_H

#include "base/json.h"
#include "desk/account.h"
#include "store/erasures.h"

struct store;

enum { ERASE_ARENA_MAX = 1024 * 1024 * 1024 }; /* of the arena that person_erase() works in */

struct erase_ask {
    int64_t user_id;
    struct str confirm;   /* the person's name as it stands; p == NULL: not asked (replay) */
    bool attachments;     /* files of his messages too */
    bool is_again;        /* replay: rights and holds are not asked, at_us is when it was done first */
    int64_t at_us;
};
struct erased {
    int64_t people, addresses, senders, events, audit_details, documents, attachments;
};
/* RC_NOT_FOUND, RC_DENIED (oneself, more rights than one's own), RC_INVALID at /confirm, RC_CONFLICT
 * "legal_hold", "user_merged", "user_erased", "last_admin". */
enum rc person_erase(const struct account *c, const struct erase_ask *ask, struct erased *out,
                     struct err *e) MUST_USE;
void erased_write(struct jw *w, const struct erased *x);

/* Writes the erasures of the database and of the file into the file, one line each:
 * "ID CREATED ERASED\n" in microseconds.  No personal data stands in it. */
enum rc erase_list_sync(struct db *db, const char *path, struct arena *a, struct err *e) MUST_USE;
/* The same in both folders, DATA_DIR and (empty: there is none) BACKUP_DIR, as far as they are there. */
enum rc erase_lists_sync(struct db *db, struct str data_dir, struct str backup_dir, struct arena *a,
                         struct err *e) MUST_USE;
/* Adds the job that does so behind the commit of an erasure. */
#define ERASURES_JOB "erasures"
enum rc erase_note(const struct account *c, struct err *e) MUST_USE;
/* Does again what the file names and the database has not; *n counts them.  A missing file is none. */
struct auth;
enum rc erase_replay(struct store *s, struct auth *au, const char *path, struct arena *a, int64_t *n,
                     struct err *e) MUST_USE;

#endif
