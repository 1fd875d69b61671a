/* SQLite: the words that the full-text index holds, once each, so that a word which is still being
 * typed becomes the words that begin with it.  FTS5 itself merges the postings of all of them first,
 * which takes longer the more messages there are.
 *
 * Words come and stay, but for those of erased people; one that no document holds any more costs a look-up that finds nothing.
 * Marked tokens (search.h) are not here: the same word stands in the document without its mark. */
#ifndef STORE_SEARCH_WORDS_H
#define STORE_SEARCH_WORDS_H

#include "base/str.h"
#include "store/db.h"

enum { SEARCH_WORDS_MAX = 200 }; /* more: FTS5's own way is the quicker one */

/* The words of a document: tokens with one blank between them. */
enum rc search_words_put(struct db *db, struct str tokens, struct err *e) MUST_USE;
/* Takes out those that no document holds any more: names of people who are erased. */
enum rc search_words_drop(struct db *db, struct str tokens, struct arena *a, struct err *e) MUST_USE;
/* Those that begin with prefix, at most SEARCH_WORDS_MAX + 1 of them. */
enum rc search_words_list(struct db *db, struct str prefix, struct arena *a, struct str *out, size_t *n,
                          struct err *e) MUST_USE;

#endif
