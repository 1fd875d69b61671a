/* What the conditions of a search (query_sql.c) and those that look names up (query_names.c) share.
 * Inner header of store/. */
#ifndef STORE_QUERY_PRIV_H
#define STORE_QUERY_PRIV_H

#include "store/query_sql.h"

struct query_builder {
    struct sql *q;
    const struct query_env *env;
    struct err *e;
};

/* True when the value of n is this word, in any case. */
bool query_is(const struct query_node *n, const char *word);
/* Index of the value in a NULL-terminated list, or -1. */
int query_choice(const struct query_node *n, const char *const *names);
/* allowed: NULL, or told */
enum rc query_bad_value(struct query_builder *b, const struct query_node *n, const char *allowed);
/* All that the caller sees, he sees as a customer. */
bool query_only_as_customer(const struct query_env *env);
/* Behind a condition on what only agents are shown, lest the list of hits gives it away. */
void query_agents_only(struct query_builder *b);

/* " < ?" and the like */
void query_compare(struct sql *q, enum query_cmp cmp, struct db_val v);

/* Each adds its condition over tickets (alias t). */
typedef enum rc query_where_fn(struct query_builder *b, const struct query_node *n);
query_where_fn query_where_state, query_where_priority, query_where_group, query_where_owner,
    query_where_customer, query_where_organization, query_where_tag;

#endif
