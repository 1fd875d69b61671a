#include "base/tokens.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/utf8.h"

#include <utf8proc.h>

enum { TSVECTOR_POSITION_MAX = 16383 }; /* PostgreSQL counts no further */

enum kind { KIND_GAP, KIND_WORD, KIND_PAIRED, KIND_JOINER };

struct splitter {
    enum tokens_mode mode;
    struct buf out, wholes;
    enum kind last;
    /* The part being read, and the parts joined so far. */
    char part[TOKEN_MAX_BYTES], whole[TOKEN_WHOLE_MAX_BYTES];
    size_t part_n, whole_n, parts;
    bool whole_is_long;
    /* The character before, in a script that is written without blanks. */
    struct str pair_first;
    size_t paired;
};

/* Scripts without blanks between words, and Hangul. */
static const struct {
    uint32_t from, to;
} paired[] = {
    { 0x0E01, 0x0E5B },   { 0x0E81, 0x0EDF },   { 0x1000, 0x109F }, { 0x1100, 0x11FF },
    { 0x1780, 0x17E9 },   { 0x2E80, 0x2FDF },   { 0x3005, 0x3007 }, { 0x3021, 0x3029 },
    { 0x3040, 0x30FF },   { 0x3100, 0x318F },   { 0x31A0, 0x31BF }, { 0x31F0, 0x31FF },
    { 0x3400, 0x4DBF },   { 0x4E00, 0x9FFF },   { 0xAC00, 0xD7FF }, { 0xF900, 0xFAFF },
    { 0x1B000, 0x1B16F }, { 0x20000, 0x323AF },
};

static bool is_paired(uint32_t cp)
{
    for (size_t i = 0; i < ARRAY_LEN(paired) && cp >= paired[i].from; i++) {
        if (cp <= paired[i].to)
            return true;
    }
    return false;
}

static enum kind kind_of_ascii(char c)
{
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'))
        return KIND_WORD;
    return c == '-' || c == '.' || c == '@' || c == '_' ? KIND_JOINER : KIND_GAP;
}

static enum kind kind_of(uint32_t cp)
{
    utf8proc_category_t category = utf8proc_category((utf8proc_int32_t)cp);
    bool is_letter = category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO;
    bool is_digit = category >= UTF8PROC_CATEGORY_ND && category <= UTF8PROC_CATEGORY_NO;

    if (cp == 0x2010 || cp == 0x2011)
        return KIND_JOINER;
    if (!is_letter && !is_digit)
        return KIND_GAP;
    return is_paired(cp) ? KIND_PAIRED : KIND_WORD;
}

static void add_token(struct buf *b, const char *p, size_t n)
{
    if (b->n)
        buf_char(b, ' ');
    buf_add(b, p, n);
}

static void end_part(struct splitter *s)
{
    size_t need = s->part_n + (s->parts > 0);

    if (s->part_n == 0)
        return;
    if (s->mode != TOKENS_WHOLE)
        add_token(&s->out, s->part, s->part_n);
    if (need > sizeof(s->whole) - s->whole_n) {
        s->whole_is_long = true;
    } else if (!s->whole_is_long) {
        if (s->parts)
            s->whole[s->whole_n++] = '_';
        memcpy(s->whole + s->whole_n, s->part, s->part_n);
        s->whole_n += s->part_n;
    }
    s->parts++;
    s->part_n = 0;
}

static void end_chain(struct splitter *s)
{
    size_t least = s->mode == TOKENS_WHOLE ? 1 : 2;

    end_part(s);
    if (s->mode != TOKENS_QUERY && s->parts >= least && !s->whole_is_long)
        add_token(&s->wholes, s->whole, s->whole_n);
    s->parts = s->whole_n = 0;
    s->whole_is_long = false;
}

static void end_pairs(struct splitter *s)
{
    bool alone = s->paired == 1 || (s->paired && s->mode == TOKENS_DOCUMENT);

    if (alone)
        add_token(&s->out, s->pair_first.p, s->pair_first.n);
    s->paired = 0;
}

static void add_paired(struct splitter *s, struct str ch)
{
    if (s->last != KIND_PAIRED)
        end_chain(s);
    if (s->paired) /* the two stand beside each other in the folded text */
        add_token(&s->out, s->pair_first.p, s->pair_first.n + ch.n);
    s->pair_first = ch;
    s->paired++;
}

static void add_word(struct splitter *s, struct str ch)
{
    end_pairs(s);
    if (s->last == KIND_PAIRED || s->last == KIND_GAP)
        end_chain(s);
    if (ch.n <= sizeof(s->part) - s->part_n) {
        memcpy(s->part + s->part_n, ch.p, ch.n);
        s->part_n += ch.n;
    }
}

static void add_char(struct splitter *s, enum kind kind, struct str ch)
{
    switch (kind) {
    case KIND_WORD:
        add_word(s, ch);
        break;
    case KIND_PAIRED:
        add_paired(s, ch);
        break;
    case KIND_JOINER:
        end_pairs(s);
        if (s->last == KIND_WORD) {
            end_part(s);
            break;
        }
        end_chain(s);
        kind = KIND_GAP;
        break;
    case KIND_GAP:
        end_pairs(s);
        end_chain(s);
        break;
    }
    s->last = kind;
}

struct str text_tokens(struct str text, enum tokens_mode mode, struct arena *a)
{
    struct str folded = utf8_fold(str_sub(text, 0, utf8_cut_bytes(text, TOKENS_TEXT_MAX)), a);
    struct splitter s = { .mode = mode };

    s.out = s.wholes = BUF_ARENA(a, folded.n * 4 + 1);
    buf_reserve(&s.out, folded.n);
    for (size_t len = 1, i = 0; i < folded.n; i += len) {
        uint32_t cp = (unsigned char)folded.p[i];

        len = 1;
        if (cp >= 0x80)
            cp = utf8_decode(folded.p + i, folded.n - i, &len);
        add_char(&s, cp < 0x80 ? kind_of_ascii((char)cp) : kind_of(cp), str_sub(folded, i, len));
    }
    end_pairs(&s);
    end_chain(&s);
    if (s.wholes.n)
        add_token(&s.out, s.wholes.p, s.wholes.n);
    return buf_view(&s.out);
}

struct str text_tsvector(struct str tokens, struct arena *a)
{
    struct buf b = BUF_ARENA(a, tokens.n * 8 + 16);
    int64_t position = 0;

    buf_reserve(&b, tokens.n * 2);
    while (tokens.n) {
        if (b.n)
            buf_char(&b, ' ');
        buf_str(&b, str_cut(&tokens, ' '));
        buf_char(&b, ':');
        if (position < TSVECTOR_POSITION_MAX)
            position++;
        buf_i64(&b, position);
    }
    return buf_view(&b);
}
