/* Markdown of messages and articles to HTML: CommonMark with tables, strikethrough, task lists and
 * bare links; raw HTML is shown as text; a line break stays one.  The result has been through
 * html_clean().  Text over MARKDOWN_MAX, or that blows up when rendered, is treated as plain text.
 * Any bytes are taken.  Results live in the arena.  Any thread. */
#ifndef TEXT_MARKDOWN_H
#define TEXT_MARKDOWN_H

#include "base/str.h"

struct arena;

enum { MARKDOWN_MAX = 512 * 1024 };

/* flags: enum html_flags. */
struct str markdown_to_html(struct str text, unsigned flags, struct arena *a);

#endif
