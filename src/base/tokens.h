/* Words for full-text search (behaviour.md section 14), alike on both databases.
 *
 * text_tokens() folds text (utf8_fold) and gives its words, separated by one blank each.  A token
 * holds only a-z, 0-9, '_' and non-ASCII letters and digits, at most TOKEN_MAX_BYTES bytes.
 *   - Letters and digits run together: "vpn2" is one token.
 *   - "HD-1234", "ann@example.com", "10.0.0.1", "a_b": split into their parts, in order; a
 *     document also holds, behind all its other words, the whole with its parts joined by '_'
 *     (hd_1234, ann_example_com), so that the parts of neighbouring words still follow each other
 *     and phrases work.  A whole over TOKEN_WHOLE_MAX_BYTES is left out.
 *   - Chinese, Japanese, Korean, Thai, Lao, Khmer, Burmese: pairs of characters; a document also
 *     gets the last character of a run alone, so that each character begins a token and one
 *     character can be searched as a prefix.
 *
 * How to search: a word of the query as TOKENS_QUERY; more than one token means a phrase.  For an
 * exact hit (rank, number, address) look for its TOKENS_WHOLE as one token.
 *
 * The engines must not split again.  SQLite: fts5(…, tokenize = "ascii tokenchars '_'") keeps all
 * non-ASCII characters in tokens and knows nothing of Unicode versions.  PostgreSQL: its parser
 * splits at '_' and takes "1e5" for a number, so do not use to_tsvector(): store
 * CAST($1 AS tsvector) of text_tsvector(), and ask with CAST($1 AS tsquery) of the tokens joined by
 * " & " or " <-> " (no token holds a character that needs quoting; ":*" makes one a prefix).
 *
 * Any bytes are taken; the time is linear.  Results live in the arena.  Any thread. */
#ifndef BASE_TOKENS_H
#define BASE_TOKENS_H

#include "base/defs.h"
#include "base/str.h"

struct arena;

enum {
    TOKEN_MAX_BYTES = 64,
    TOKEN_WHOLE_MAX_BYTES = 128,
    TOKENS_TEXT_MAX = 1024 * 1024, /* what follows is not indexed */
};

enum tokens_mode {
    TOKENS_DOCUMENT, /* parts, wholes, last characters */
    TOKENS_QUERY,    /* parts and pairs only, in order */
    TOKENS_WHOLE,    /* wholes; a word without parts is its own whole */
};

struct str text_tokens(struct str text, enum tokens_mode mode, struct arena *a);
/* "hd 1234 hd" becomes "hd:1 1234:2 hd:3": the text form of a PostgreSQL tsvector. */
struct str text_tsvector(struct str tokens, struct arena *a);

#endif
