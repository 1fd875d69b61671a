/* Words of a search as the full-text expression of the engine.  Inner header of store/. */
#ifndef STORE_QUERY_MATCH_H
#define STORE_QUERY_MATCH_H

#include "store/query_sql.h"

/* True when the tree holds words only, so that the index can answer it alone. */
bool query_is_text(const struct query_node *n);
/* The expression for such a tree; empty when no word is left after folding ("…"). */
enum rc query_match(const struct query_node *n, const struct query_env *env, struct str *out,
                    struct err *e) MUST_USE;
/* The same, cut to what the scope may find (a hint for the index; rights are checked again in SQL). */
struct str query_match_scoped(struct str match, const struct query_env *env);

#endif
