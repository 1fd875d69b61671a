/* Short forms for the field tables of routes. */
#ifndef WEB_FIELDS_H
#define WEB_FIELDS_H

#include "base/jspec.h"

/* A field of a body or query, read into st.nm. */
#define IN(st, nm, ty, fl, lo, hi, hlp)                                                            \
    { .name = #nm, .type = (ty), .flags = (fl), .min = (lo), .max = (hi), .off = offsetof(st, nm), .help = (hlp) }
#define IN_ENUM(st, nm, fl, vals, hlp)                                                             \
    { .name = #nm, .type = J_ENUM, .flags = (fl), .values = (vals), .off = offsetof(st, nm), .help = (hlp) }
#define IN_SUB(st, nm, ty, fl, spec, hlp)                                                          \
    { .name = #nm, .type = (ty), .flags = (fl), .sub = (spec), .off = offsetof(st, nm), .help = (hlp) }
#define IN_MANY(st, nm, most, spec, hlp)                                                           \
    { .name = #nm, .type = J_OBJS, .max_items = (most), .sub = (spec), .off = offsetof(st, nm), .help = (hlp) }
/* A field of an answer. */
#define OUT(nm, ty, fl, hlp) { .name = nm, .type = (ty), .flags = (fl), .help = (hlp) }
#define OUT_SUB(nm, ty, fl, spec, hlp) { .name = nm, .type = (ty), .flags = (fl), .sub = (spec), .help = (hlp) }

#endif
