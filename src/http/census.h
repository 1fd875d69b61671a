/* Connections per client address, in fixed memory: an IPv6 client counts as its /64.
 * Any thread. */
#ifndef HTTP_CENSUS_H
#define HTTP_CENSUS_H

#include "base/defs.h"
#include "http/exchange.h"

struct census;

struct census *census_new(size_t max_addresses);
void census_free(struct census **c);
/* False when the address already has max connections, or the table is full. */
bool census_add(struct census *c, const struct addr *a, size_t max) MUST_USE;
void census_remove(struct census *c, const struct addr *a);

#endif
