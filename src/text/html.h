/* HTML of mails and of people: an allow-list sanitiser, plain text from HTML, HTML from text.
 *
 * Any bytes are taken; time and memory are linear in the input, which is cut at HTML_INPUT_MAX.
 * The output of html_clean() is written anew from tokens: only tags and attributes of the tables in
 * html_tags.c and html_attr.c, every value in double quotes and escaped, balanced, at most
 * HTML_DEPTH_MAX deep.  Cleaning it again changes nothing.
 *   - Scripts, styles, templates, SVG, MathML, frames, raw-text elements go with their content; of
 *     other unknown tags the content stays.  Comments, CDATA, ids, names and events go.
 *   - Links keep http, https, mailto, tel and get rel="noopener noreferrer nofollow"
 *     target="_blank".
 *   - Remote images do not load: <img data-src="https://…">.  Images of the same mail are
 *     <img data-cid="…">; small data: images of the raster types stay.
 *   - A link without an address goes, its content stays; so does a picture without source and words.
 *   - style keeps the properties of html_css.c with values that load nothing.
 * Show it in a sandboxed frame under a CSP all the same.
 * Results live in the arena.  Any thread. */
#ifndef TEXT_HTML_H
#define TEXT_HTML_H

#include "base/buf.h"
#include "base/defs.h"
#include "base/str.h"

struct arena;

enum {
    HTML_INPUT_MAX = 4 * 1024 * 1024,
    HTML_DEPTH_MAX = 128,
};

enum html_flags {
    HTML_OWN_LINKS = 1 << 0, /* links to own paths ("/…", "#…") stay too, without target */
    HTML_NO_STYLE = 1 << 1,  /* no style attributes: for pages whose policy refuses them */
};

struct html_safe {
    struct str html;
    size_t remote_images, cid_images; /* so that a view can offer to load them */
    bool cut;                         /* the input was longer than HTML_INPUT_MAX */
    size_t steps;                     /* work done, for the test that it is linear */
};

void html_clean(struct str html, unsigned flags, struct arena *a, struct html_safe *out);
/* What a reader sees, for search, previews and mail: blocks on lines of their own, list items with
 * "- ", cells apart, spaces collapsed.  Stops at about max_bytes, on a code-point border. */
struct str html_to_text(struct str html, size_t max_bytes, struct arena *a);
/* Plain text: escaped, lines kept, blank lines between paragraphs, addresses linked. */
struct str html_from_text(struct str text, struct arena *a);
/* Escapes & < > " ' and drops controls: for text and for values in quotes. */
void html_escape(struct buf *b, struct str s);

#endif
