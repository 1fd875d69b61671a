/* The full-text index: one document a message, in two parts.
 *
 *   head  the ticket's number and title, who wrote it and to whom, names of attachments, and who
 *         may find it; a word of one field stands there again with that field's mark
 *   body  the words of the message
 *
 * Words are those of text_tokens() (base/tokens.h), so both engines hold the same and find the same:
 * SQLite in an FTS5 table without content, PostgreSQL in a tsvector with a GIN index.  The index is
 * written in the transaction of the change: what was acknowledged can be found.
 *
 * Messages of a merged ticket are found as messages of the ticket they were merged into. */
#ifndef STORE_SEARCH_H
#define STORE_SEARCH_H

#include "store/db.h"
#include "store/query_sql.h"

#define SEARCH_MARK_TITLE "_h_"
#define SEARCH_MARK_FROM "_s_"
#define SEARCH_MARK_TO "_t_"
#define SEARCH_MARK_CC "_c_"
#define SEARCH_MARK_FILE "_f_"
#define SEARCH_MARK_GROUP "_g"
#define SEARCH_MARK_USER "_u"
#define SEARCH_MARK_ORG "_o"

/* Indexes the message as its rows stand now; replaces what was indexed before (as long as its
 * body_text did not change, else call search_remove() before changing it). */
enum rc search_put(struct db *db, int64_t message_id, struct arena *a, struct err *e) MUST_USE;
/* The same for a message that was inserted in this transaction. */
enum rc search_put_new(struct db *db, int64_t message_id, struct arena *a, struct err *e) MUST_USE;
/* The same, by somebody who has all of it at hand: nothing is read.  The ticket has no participants
 * and is not merged. */
struct search_source {
    int64_t message_id, ticket_id, group_id, customer_id, organization_id;
    bool internal;
    bool has_files; /* whose names are to be read (search.c) */
    struct str text, author_name, author_email, mail_from, mail_to, mail_cc;
    struct str number, title, customer_name, customer_email;
    struct str file; /* the name of the only one; p == NULL: none */
};
enum rc search_put_known(struct db *db, const struct search_source *s, struct arena *a, struct err *e) MUST_USE;
/* PostgreSQL: as a row more of an insert of several (seed.h). */
void search_add_row(struct sql *q, const struct search_source *s, struct arena *a);
enum rc search_remove(struct db *db, int64_t message_id, struct arena *a, struct err *e) MUST_USE;
/* After a change of title, group, customer, organisation, participants or merging: the documents
 * of the ticket and of those merged into it. */
enum rc search_reindex_ticket(struct db *db, int64_t ticket_id, struct arena *a, struct err *e) MUST_USE;

/* What names a person: messages by their author, by id behind after_id, and tickets by their customer,
 * in the order of their last change behind key; at most limit of them. */
enum rc search_messages_by(struct db *db, int64_t user_id, int64_t after_id, int64_t limit,
                           struct arena *a, int64_t **ids, int64_t *n, struct err *e) MUST_USE;
struct search_ticket_key {
    int64_t updated_us, id;
};
enum rc search_tickets_of(struct db *db, int64_t user_id, const struct search_ticket_key *after,
                          int64_t limit, struct arena *a, struct search_ticket_key **out, int64_t *n,
                          struct err *e) MUST_USE;

/* SQLite: one step of at most about so many pages towards fewer segments of the index, each of which
 * every search looks into; *more: there was something to do. */
enum rc search_merge(struct db *db, int64_t pages, struct arena *a, bool *more, struct err *e) MUST_USE;

/* After a person was made or renamed: the words of the folded name, for search_rows.h. */
enum rc search_put_person(struct db *db, int64_t user_id, struct str name_fold, struct err *e) MUST_USE;

struct search_hit {
    int64_t ticket_id, message_id;
};
struct search_for {
    struct str match;              /* words, and what else must hold: from query_split() */
    const struct query_node *rest; /* or NULL */
    int64_t before;                /* older than this message; 0: from the newest */
    size_t limit;
};
struct search_page {
    struct search_hit *hits; /* room for limit of them; the caller's */
    size_t n;
    bool more; /* there may be others behind the last one */
};
/* Newest hits first, each ticket once, that the scope may see. */
enum rc search_hits(const struct query_env *env, const struct search_for *what,
                    struct search_page *out, struct err *e) MUST_USE;

#endif
