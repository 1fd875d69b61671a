/* A few plain HTTP requests to a server on this machine, for drills. */
#ifndef BACKUP_PROBE_H
#define BACKUP_PROBE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

#include <jansson.h>

struct probe {
    int port;
    struct str token; /* Authorization: Bearer; may be empty */
};
struct probe_answer {
    int status;
    struct str body; /* in the arena */
};
/* body: JSON, or empty.  RC_BUSY when nobody listens. */
enum rc probe_send(const struct probe *p, const char *method, const char *path, struct str body,
                   struct arena *a, struct probe_answer *out, struct err *e) MUST_USE;

#endif
