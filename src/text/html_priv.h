/* What the files of html share: the tokenizer, the tables, the values of attributes. */
#ifndef TEXT_HTML_PRIV_H
#define TEXT_HTML_PRIV_H

#include "text/html.h"

/* Tags we know.  Those before TAG_ALLOWED_END_ may be written; a set of them is a uint64_t. */
enum tag {
    TAG_NONE,
    TAG_A,
    TAG_ABBR,
    TAG_B,
    TAG_BIG,
    TAG_BLOCKQUOTE,
    TAG_BR,
    TAG_CAPTION,
    TAG_CENTER,
    TAG_CITE,
    TAG_CODE,
    TAG_COL,
    TAG_COLGROUP,
    TAG_DD,
    TAG_DEL,
    TAG_DETAILS,
    TAG_DFN,
    TAG_DIV,
    TAG_DL,
    TAG_DT,
    TAG_EM,
    TAG_FIGCAPTION,
    TAG_FIGURE,
    TAG_FONT,
    TAG_H1,
    TAG_H2,
    TAG_H3,
    TAG_H4,
    TAG_H5,
    TAG_H6,
    TAG_HR,
    TAG_I,
    TAG_IMG,
    TAG_INS,
    TAG_KBD,
    TAG_LI,
    TAG_MARK,
    TAG_OL,
    TAG_P,
    TAG_PRE,
    TAG_Q,
    TAG_S,
    TAG_SAMP,
    TAG_SMALL,
    TAG_SPAN,
    TAG_STRIKE,
    TAG_STRONG,
    TAG_SUB,
    TAG_SUMMARY,
    TAG_SUP,
    TAG_TABLE,
    TAG_TBODY,
    TAG_TD,
    TAG_TFOOT,
    TAG_TH,
    TAG_THEAD,
    TAG_TR,
    TAG_TT,
    TAG_U,
    TAG_UL,
    TAG_VAR,
    TAG_WBR,
    TAG_ALLOWED_END_,
    TAG_INPUT = TAG_ALLOWED_END_, /* a check box becomes a character */
    TAG_FOREIGN,                  /* svg, math */
    TAG_TEMPLATE,
    TAG_SELECT,
    TAG_RAW, /* script, style, …: its content is not markup */
};

_Static_assert(TAG_ALLOWED_END_ <= 64, "a set of tags is a uint64_t");

#define TAGS(t) (UINT64_C(1) << TAG_##t)

enum {
    TF_VOID = 1 << 0,  /* has no content and no end tag */
    TF_BLOCK = 1 << 1, /* stands on lines of its own */
    TF_TABLE = 1 << 2, /* only inside a table */
};

struct tag_info {
    const char *name;
    unsigned flags;
    uint64_t closes; /* open elements that a start tag ends … */
    uint64_t within; /* … if none of these stands between */
};

extern const struct tag_info html_tag_info[TAG_ALLOWED_END_];

static inline uint64_t tag_bit(enum tag t)
{
    return t < TAG_ALLOWED_END_ ? UINT64_C(1) << t : 0;
}

enum { HTML_NAME_MAX = 16 };

/* Any case; TAG_NONE for a name we do not know. */
enum tag html_tag_of(struct str name);

enum html_kind { HTML_END, HTML_TEXT, HTML_OPEN, HTML_CLOSE };

struct html_tok {
    struct str in;
    size_t at;
    struct str text;   /* TEXT: character references not yet decoded; OPEN, CLOSE: the name */
    enum tag tag;      /* OPEN, CLOSE */
    bool in_tag;       /* attributes may follow */
    bool self_closing; /* known when the attributes have been read */
    bool raw;          /* content of a raw-text element follows */
};

/* The next token.  Comments, declarations and the content of raw-text elements are passed over. */
enum html_kind html_next(struct html_tok *t);
/* The next attribute of the OPEN token, value not decoded; false when there is none. */
bool html_attr_next(struct html_tok *t, struct str *name, struct str *value);

/* Decodes character references; s itself if there are none.  in_attr: by the rules for values. */
struct str html_decode(struct str s, bool in_attr, struct arena *a);
/* Escapes & < > and drops controls: for text between tags. */
void html_escape_text(struct buf *b, struct str s);

/* Reads the attributes of the OPEN token at t and writes those that tag may have. */
void html_write_attrs(struct html_tok *t, enum tag tag, unsigned flags, struct arena *a,
                      struct buf *out, struct html_safe *count);
/* " style=…" of the declarations that are allowed, or nothing. */
void html_write_style(struct buf *out, struct str css);
/* Writes the value of a property if it loads nothing and hides nothing. */
bool html_write_css_value(struct buf *out, struct str value);

#endif
