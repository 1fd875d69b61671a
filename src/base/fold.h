/* Names and addresses as they are compared: folded (utf8_fold), trimmed, runs of white space made
 * one blank: "  Škoda\tÅB " gives "skoda ab".  Any thread. */
#ifndef BASE_FOLD_H
#define BASE_FOLD_H

#include "base/str.h"

struct arena;

struct str fold_text(struct str s, struct arena *a); /* s is valid UTF-8 */

#endif
