/* Rows of messages and the list of a ticket's messages. */
#ifndef STORE_MESSAGES_H
#define STORE_MESSAGES_H

#include "base/arena.h"
#include "store/db.h"
#include "store/kinds.h"

struct message {
    int64_t id, version, ticket_id;
    enum message_kind kind;
    enum message_sender sender;
    enum message_visibility visibility;
    int64_t author_id, on_behalf_id;
    enum message_format format;
    struct str source, body_text, body_html;
    struct str subject, mail_from, mail_to, mail_cc, mail_bcc, reply_to;
    struct str message_id, in_reply_to, mail_references, language;
    bool is_auto;
    int64_t attachment_count, created_us;
    int64_t redacted_us, redacted_by;
    struct str redaction_reason, external_id;
    struct str author_name, on_behalf_name; /* of lists and messages_load() */
};

struct message_page {
    bool internal;       /* internal ones too */
    bool descending;
    bool has_key;
    int64_t key_id;
    int64_t limit;
    int64_t max_bytes;   /* of words, 0: any.  PostgreSQL sends whole results: those behind the one that
                          * goes beyond stay in the database.  SQLite reads row by row, and ignores it. */
    bool is_alone;       /* known: nothing was merged into the ticket */
};

enum rc messages_load(struct db *db, int64_t id, bool lock, struct arena *a, struct message *out,
                      struct err *e) MUST_USE;
enum rc messages_insert(struct db *db, struct message *m, struct err *e) MUST_USE; /* sets m->id */
/* As a row more of an insert of several (seed.h), with its id. */
void messages_add_row(struct sql *q, const struct message *m);
/* Body, format and redaction, where the version still holds; RC_STALE when not. */
enum rc messages_update(struct db *db, struct message *m, struct err *e) MUST_USE;
/* One file less, where the version still holds; RC_STALE when not. */
enum rc messages_drop_file(struct db *db, struct message *m, struct err *e) MUST_USE;
/* Puts a message into another ticket. */
enum rc messages_move(struct db *db, int64_t id, int64_t to_ticket, struct err *e) MUST_USE;
/* The messages of one ticket and of those merged into it, oldest first unless told; rows are read
 * with message_from_row(). */
enum rc messages_of_ticket(struct db *db, int64_t ticket_id, const struct message_page *p,
                           struct arena *a, struct db_rows *r, struct err *e) MUST_USE;
void message_from_row(struct db_rows *r, struct arena *a, struct message *out); /* a NULL: borrowed */
/* What a ticket shows: its own messages and those of the tickets merged into it. */
struct message_counts {
    int64_t all, is_public, attachments, public_attachments;
};
enum rc messages_count(struct db *db, int64_t ticket_id, struct message_counts *out,
                       struct err *e) MUST_USE;
/* The newest message of a customer on the ticket, 0 when there is none. */
enum rc messages_last_of_customer(struct db *db, int64_t ticket_id, int64_t *id, struct err *e) MUST_USE;

#endif
