/* Pages, scripts and styles that are built into the binary: what no route answers.  Any thread. */
#ifndef WEB_ASSETS_H
#define WEB_ASSETS_H

#include "http/exchange.h"

/* Fills in the answer; false when there is no such file. */
bool assets_answer(struct exchange *x, struct str path);

#endif
