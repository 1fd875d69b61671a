/* What the nodes on one PostgreSQL tell each other (docs/architecture.md, "Several nodes"): that there
 * are new events, that somebody's rights changed, who is at a ticket, how much of a rate is used.
 * With SQLite, where there is one process, only the words about rights are of use.  Any thread. */
#ifndef WEB_NODES_H
#define WEB_NODES_H

#include "base/err.h"
#include "desk/can.h"

struct app;
struct present;

/* Begins to listen; app->streams, presence, ratelimit and auth are there.  nodes_close() before they go. */
enum rc nodes_open(struct app *app, struct err *e) MUST_USE;
void nodes_close(struct app *app);

/* Something was committed: streams here and on other nodes look for events. */
void nodes_wrote(struct app *app);
/* Who is at a ticket: kept here and told to the others, and to the streams of those who may know it
 * when it is new.  *now is what holds. */
void nodes_present(struct app *app, const struct present *who, const struct ticket_facts *facts,
                   struct present *now);

/* "event: presence" for streams; false when it does not fit. */
struct buf;
bool presence_frame(struct buf *b, const struct present *p);

#endif
