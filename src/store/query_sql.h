/* A parsed search as conditions of a query over tickets (alias t), with names looked up.
 * The full-text part differs between the engines; search.h tells how documents are made. */
#ifndef STORE_QUERY_SQL_H
#define STORE_QUERY_SQL_H

#include "store/db.h"
#include "store/query.h"
#include "store/scope.h"

struct query_env {
    struct db *db;
    struct arena *a;
    int64_t now_us;
    int64_t user_id;           /* "me" */
    const struct scope *scope; /* which tickets are looked at, and hints for the index */
    /* The tickets that the caller reads: words, and members that only agents are shown, decide in
     * these alone.  NULL: all of scope. */
    const struct scope *content;
};
const struct scope *query_content(const struct query_env *env);

/* Adds " AND …" for the whole tree (n may be NULL).  RC_INVALID names values that do not exist. */
enum rc query_where(struct sql *q, const struct query_node *n, const struct query_env *env,
                    struct err *e) MUST_USE;

/* Takes the words out of the top level: *match is the engine's full-text expression (empty when
 * there are no words), *rest what is left for query_where(). */
enum rc query_split(const struct query_node *n, const struct query_env *env, struct str *match,
                    const struct query_node **rest, struct err *e) MUST_USE;

/* " AND (…)" over search_docs (alias d): hits in internal messages only where the scope reads them. */
void query_where_visible(struct sql *q, const struct scope *s);

#endif
