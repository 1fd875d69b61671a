/* What a browser sends without scripts: the fields of a form (urlencoded, or multipart/form-data with
 * files) and the parameters of a page's address.
 *
 * Names and values are valid UTF-8 without NUL; line ends are "\n".  Values live in the arena; the
 * bytes of files are views of the body, and of a mapping of it when it was spooled: form_release()
 * ends that.  One thread at a time, any. */
#ifndef WEB_FORM_H
#define WEB_FORM_H

#include "base/err.h"
#include "base/jspec.h"
#include "http/exchange.h"

/* A form may hold several files, together as much as so many of the largest. */
enum { FORM_VALUES_MAX = 1000, FORM_FILES_MAX = 50, FORM_FILES_TOGETHER = 2 };

struct form_value {
    struct str name, value;
};
struct form_file {
    struct str name, file_name, content_type, bytes;
};

struct form {
    struct form_value *values;
    size_t n;
    struct form_file *files; /* inputs without a file are left out */
    size_t n_files;
    void *map; /* of the spooled body; NULL: none */
    size_t map_n;
};

/* RC_BAD: malformed; RC_MEDIA_TYPE: not a form. */
enum rc form_read(const struct exchange *x, struct arena *a, struct form *out, struct err *e) MUST_USE;
/* Of the address: what is malformed is left out, since anybody may have put it into a link. */
void form_query(struct str query, struct arena *a, struct form *out);
void form_release(struct form *f);

/* The first value of this name; p == NULL: absent. */
struct str form_get(const struct form *f, struct str name);

/* The fields as the object that the spec describes: texts, numbers, booleans and lists by its types,
 * empty texts left out.  Fields that the spec does not know are there too, so that jspec_read()
 * refuses them; but those that every form has (FORM_CSRF, FORM_ONCE) are not.  New reference. */
json_t *form_json(const struct form *f, const struct jspec *spec);

#define FORM_CSRF STR("csrf")
#define FORM_ONCE STR("once")

/* All that was typed, as text that differs when anything differs: for the idempotency of a form. */
struct str form_fingerprint(const struct form *f, struct arena *a);

#endif
