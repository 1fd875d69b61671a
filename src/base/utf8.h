/* UTF-8 text: validation, counting, cutting, and the folding and splitting behind search.
 *
 * Views are borrowed, results live in the arena.  Functions that take a struct str accept any
 * bytes unless they say otherwise; text from the edge inward is valid.  Any thread. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include "base/defs.h"
#include "base/str.h"

struct arena;

#define UTF8_BAD UINT32_MAX /* not a code point */

/* The code point at the start of the n > 0 bytes at p, and its length in *len.  UTF8_BAD for an
 * ill-formed one; *len is then what one U+FFFD stands for (Unicode 3.9, maximal subpart). */
uint32_t utf8_decode(const char *p, size_t n, size_t *len);
/* Writes cp (not a surrogate, at most 0x10FFFF); returns its length. */
size_t utf8_encode(uint32_t cp, char out[4]);

bool utf8_is_valid(struct str s);
size_t utf8_count(struct str s); /* code points; s is valid */
/* Length of the leading bytes of s, at most max_bytes, that end on a code-point border. */
size_t utf8_cut_bytes(struct str s, size_t max_bytes);
struct str utf8_cut(struct str s, size_t max_points); /* the first max_points code points */
/* Controls: C0, DEL, C1.  With lines, newline, carriage return and tab are none. */
bool utf8_has_control(struct str s, bool lines);
/* One line that shows in the order in which it was written: no controls, and none of the characters
 * that turn the direction of what follows (U+202A to 202E, U+2066 to 2069), with which
 * "gpj.exe" reads as "exe.jpg".  Marks of direction (U+200E, U+200F, U+061C) turn nothing. */
bool utf8_is_line(struct str s);
/* Only blanks and invisible characters (or nothing). */
bool utf8_is_blank(struct str s);
/* Unicode normalisation form C of valid text; s itself when it already is in it.  Text with more
 * than UTF8_MARKS_MAX combining marks in a row is not human writing and is returned as it is
 * (sorting them would take quadratic time). */
struct str utf8_nfc(struct str s, struct arena *a);
enum { UTF8_MARKS_MAX = 30 };
/* For comparing and searching: compatibility forms, letter case, accents and other marks, and
 * invisible characters are folded away ("Ǆ Straße ﬁ Łódź" gives "dz strasse fi lodz").  Linear. */
struct str utf8_fold(struct str s, struct arena *a);
/* Ill-formed bytes become U+FFFD, NUL is dropped; s itself when it was fine. */
struct str utf8_repair(struct str s, struct arena *a);

#endif
