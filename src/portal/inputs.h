/* Inputs of forms: label, hint and error stand beside each, and what was typed comes back.
 * A page's errs name inputs by JSON pointer, as the API's errors do. */
#ifndef PORTAL_INPUTS_H
#define PORTAL_INPUTS_H

#include "portal/page.h"

struct input {
    const char *name;         /* of the field, and of its id: "f-<name>" */
    const char *pointer;      /* of its errors; NULL: "/<name>" */
    enum word label;
    struct str label_text;    /* instead of label */
    enum word hint;           /* W_NONE: none */
    struct str hint_text;
    const char *type;         /* of <input>; "textarea", "select" and "checkbox" are their own */
    const char *autocomplete; /* NULL: none */
    const char *mode;         /* inputmode, or NULL */
    struct str value;         /* unless something was typed */
    bool is_optional, is_secret, is_first; /* secret: never shown again; first: has the focus */
    int64_t max;              /* characters; 0: not said */
    int rows;                 /* of a textarea */
};

struct option {
    struct str value, label;
};

/* A form around the inputs in between.  One that was refused has a summary above it, with links to the
 * inputs.  An action is an own path. */
struct form_head {
    struct str action;
    enum word refused;  /* words for what is about no input */
    enum word submit;   /* on its button */
    bool once;          /* counts once, however often it is sent */
    bool has_files;
};
void form_begin(struct page *p, const struct form_head *head);
void form_end(struct page *p, const struct form_head *head);
void input_text(struct page *p, const struct input *in);
void input_area(struct page *p, const struct input *in);
void input_check(struct page *p, const struct input *in);
/* The first option is the empty one, called as `empty` says; W_NONE: there is none. */
void input_select(struct page *p, const struct input *in, const struct option *options, size_t n, enum word empty);
/* Several of them, as check boxes; chosen: what holds unless something was typed. */
void input_choices(struct page *p, const struct input *in, const struct option *options, size_t n,
                   const struct option *chosen, size_t n_chosen);
/* What is wrong with a value, in words. */
enum word input_error_word(const struct err_field *f);
/* What was typed into this field, else otherwise. */
struct str input_value(const struct page *p, const char *name, struct str otherwise);
const struct err_field *input_error(const struct page *p, const char *pointer);

#endif
