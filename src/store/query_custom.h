/* field.NAME in a search: its values as the type of the field compares them. */
#ifndef STORE_QUERY_CUSTOM_H
#define STORE_QUERY_CUSTOM_H

#include "store/query_sql.h"

/* Adds a condition over tickets (alias t).  RC_INVALID names fields and values that do not exist. */
enum rc query_custom(struct sql *q, const struct query_env *env, const struct query_node *n,
                     struct err *e) MUST_USE;

#endif
