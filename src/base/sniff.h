/* What a file is, and a name that is safe to keep.  Pure; any thread. */
#ifndef BASE_SNIFF_H
#define BASE_SNIFF_H

#include "base/defs.h"
#include "base/str.h"

struct arena;

/* The media type by the first bytes, without parameters.  What the sender declared counts only as a
 * refinement (a ZIP that says it is a document, text that says it is CSV) and for what has no mark;
 * a declared type whose mark is missing becomes application/octet-stream. */
struct str sniff_type(struct str bytes, struct str declared, struct arena *a);
/* Raster images that no browser runs anything in. */
bool sniff_is_picture(struct str type);

enum { FILE_NAME_MAX = 200 }; /* bytes */
/* The last part of a path, without controls, invisible and direction-changing characters and what
 * file systems refuse; cut to FILE_NAME_MAX with its extension kept; "file" when nothing is left.
 */
struct str file_name_clean(struct str name, struct arena *a);

#endif
