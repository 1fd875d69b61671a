/* Compression of one whole answer. Contexts are kept per thread. Any thread. */
#ifndef HTTP_COMPRESS_H
#define HTTP_COMPRESS_H

#include "base/defs.h"
#include "base/str.h"
#include "http/negotiate.h"

struct arena;

/* The packed bytes in the arena; p == NULL when it would not get smaller. */
struct str compress_text(enum coding c, struct str text, struct arena *a);

#endif
