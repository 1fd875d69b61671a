#include "desk/call.h"

#include "base/clock.h"

enum rc call_begin(struct db *db, const struct actor *who, struct arena *a, struct call *out,
                   struct err *e)
{
    *out = (struct call){ .db = db, .who = who, .a = a, .now_us = clock_now_us() };
    return catalog_get(db, &out->cat, e);
}
