/* Up to which id all events are there that ever will be (store/event_feed.h tells why). */
#ifndef STORE_EVENT_GATE_H
#define STORE_EVENT_GATE_H

#include "store/event_feed.h"

int64_t event_gate_settled(struct event_gate *g);
/* PostgreSQL: moves the gate when it can be moved.  Rows are to be read (again) after it. */
enum rc event_gate_look(struct db *db, struct event_gate *g, struct arena *a, struct err *e) MUST_USE;

#endif
