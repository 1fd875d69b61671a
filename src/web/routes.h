/* The list of all route tables: one line per part of the API in routes.c. */
#ifndef WEB_ROUTES_H
#define WEB_ROUTES_H

#include "web/route.h"

extern const struct route_table *const routes_all[];
extern const size_t routes_all_n;

#endif
