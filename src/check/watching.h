/* What Prometheus' rules and Alertmanager's configuration say, and samples of /metrics.  Pure. */
#ifndef CHECK_WATCHING_H
#define CHECK_WATCHING_H

#include "base/json.h"
#include "base/str.h"

#include <stdbool.h>

struct arena;

/* Compared with what the document asks of an alert of this name; words: what is wrong, n == 0: nothing.
 * rule: a member of /api/v1/rules, NULL: there is none. */
struct str rule_wrong(const char *name, const json_t *rule, struct arena *a);
/* The i-th alert of the document, NULL: behind the last. */
const char *rule_name(size_t i);

/* Alertmanager's own configuration (YAML as it prints it): what is wrong with the ways to people;
 * n == 0: nothing. */
struct str channels_wrong(struct str config, struct arena *a);

/* The sum over the samples of a metric that have all of label; NAN: there is none. */
double metrics_sum(struct str text, const char *name, const char *label);

#endif
