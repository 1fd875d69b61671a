#include "portal/inputs.h"

#include "web/form.h"

enum { POINTER_MAX = 96 };

static const struct {
    const char *pointer, *code; /* pointer "": any */
    enum word word;
} error_words[] = {
    { "/password", "required", W_ERR_PASSWORD_REQUIRED },
    { "/password", "length", W_ERR_PASSWORD_LENGTH },
    { "/new_password", "length", W_ERR_PASSWORD_LENGTH },
    { "", "required", W_ERR_REQUIRED },
    { "", "length", W_ERR_LENGTH },
    { "", "email", W_ERR_EMAIL },
    { "", "common", W_ERR_PASSWORD_COMMON },
    { "", "personal", W_ERR_PASSWORD_PERSONAL },
    { "", "wrong", W_ERR_WRONG },
    { "", "range", W_ERR_RANGE },
    { "", "date", W_ERR_DATE },
    { "", "time", W_ERR_DATE },
    { "", "url", W_ERR_URL },
    { "", "choice", W_ERR_CHOICE },
    { "", "unknown", W_ERR_CHOICE },
    { "", "control", W_ERR_CONTROL },
    { "", "too_large", W_ERR_FILE_SIZE },
    { "", "type", W_ERR_NUMBER },
    { "", "invalid_token", W_ERR_TOKEN },
};

enum word input_error_word(const struct err_field *f)
{
    for (size_t i = 0; i < ARRAY_LEN(error_words); i++) {
        if (str_eq(str_of(error_words[i].code), str_of(f->code))
            && (!error_words[i].pointer[0] || str_eq(str_of(error_words[i].pointer), str_of(f->pointer))))
            return error_words[i].word;
    }
    return W_ERR_OTHER;
}

const struct err_field *input_error(const struct page *p, const char *pointer)
{
    for (size_t i = 0; p->errs && i < p->errs->n_fields; i++) {
        if (str_eq(str_of(p->errs->fields[i].pointer), str_of(pointer)))
            return &p->errs->fields[i];
    }
    return NULL;
}

struct str input_value(const struct page *p, const char *name, struct str otherwise)
{
    struct str typed = p->errs ? form_get(p->c->form, str_of(name)) : STR_NONE;

    if (p->errs && !typed.p)
        return STR("");
    return typed.p ? typed : otherwise;
}

/* An input as it stands on the page: its error and what describes it. */
struct shown {
    const struct input *in;
    const struct err_field *error;
    char pointer[POINTER_MAX];
};

static struct html_arg label_of(const struct input *in)
{
    return in->label_text.p ? T(in->label_text) : W(in->label);
}

static struct shown shown_of(struct page *p, const struct input *in)
{
    struct shown s = { .in = in };

    if (in->pointer)
        snprintf(s.pointer, sizeof(s.pointer), "%s", in->pointer);
    else
        snprintf(s.pointer, sizeof(s.pointer), "/%s", in->name);
    s.error = input_error(p, s.pointer);
    if (s.error && p->n_found < ARRAY_LEN(p->found)) {
        struct page_error *found = &p->found[p->n_found++];

        snprintf(found->name, sizeof(found->name), "%s", in->name);
        found->label = label_of(in);
        found->word = input_error_word(s.error);
    }
    return s;
}

static bool has_hint(const struct input *in)
{
    return in->hint != W_NONE || in->hint_text.n > 0;
}

static void hint_and_error(struct page *p, const struct shown *s)
{
    const struct input *in = s->in;

    if (has_hint(in))
        html(&p->h, "<p class=\"hint\" id=\"h-{}\">{}</p>", Z(in->name), in->hint_text.n ? T(in->hint_text) : W(in->hint));
    if (s->error)
        html(&p->h, "<p class=\"bad\" id=\"e-{}\">{}</p>", Z(in->name), W(input_error_word(s->error)));
}

static void optional_mark(struct page *p, const struct input *in)
{
    if (in->is_optional)
        html(&p->h, " <span class=\"opt\">{}</span>", W(W_OPTIONAL));
}

static void begin(struct page *p, const struct shown *s)
{
    html(&p->h, "<div class=\"field\"><label for=\"f-{}\">{}", Z(s->in->name), label_of(s->in));
    optional_mark(p, s->in);
    html_lit(&p->h, "</label>");
    hint_and_error(p, s);
}

/* The attributes that every kind of input has. */
static void attributes(struct page *p, const struct shown *s)
{
    const struct input *in = s->in;
    struct html *h = &p->h;

    html(h, " id=\"f-{}\" name=\"{}\"", Z(in->name), Z(in->name));
    if (has_hint(in) || s->error)
        html(h, " aria-describedby=\"{}{}{}{}\"", Z(has_hint(in) ? "h-" : ""), Z(has_hint(in) ? in->name : ""),
             Z(s->error ? has_hint(in) ? " e-" : "e-" : ""), Z(s->error ? in->name : ""));
    if (s->error)
        html_lit(h, " aria-invalid=\"true\"");
    if (!in->is_optional)
        html_lit(h, " required");
    if (in->is_first && !p->errs)
        html_lit(h, " autofocus");
    if (in->autocomplete)
        html(h, " autocomplete=\"{}\"", Z(in->autocomplete));
    if (in->mode)
        html(h, " inputmode=\"{}\"", Z(in->mode));
}

void input_text(struct page *p, const struct input *in)
{
    struct shown s = shown_of(p, in);

    begin(p, &s);
    html(&p->h, "<input type=\"{}\"", Z(in->type ? in->type : "text"));
    attributes(p, &s);
    if (!in->is_secret)
        html(&p->h, " value=\"{}\"", T(input_value(p, in->name, in->value)));
    if (in->type && (str_eq(str_of(in->type), STR("email")) || str_eq(str_of(in->type), STR("url"))))
        html_lit(&p->h, " dir=\"ltr\"");
    html_lit(&p->h, "></div>\n");
}

void input_area(struct page *p, const struct input *in)
{
    struct shown s = shown_of(p, in);

    begin(p, &s);
    html(&p->h, "<textarea rows=\"{}\" dir=\"auto\"", N(in->rows ? in->rows : 6));
    attributes(p, &s);
    /* A line break behind the tag is dropped by browsers: one that was typed must not be. */
    html(&p->h, ">\n{}</textarea></div>\n", T(input_value(p, in->name, in->value)));
}

void input_check(struct page *p, const struct input *in)
{
    struct shown s = shown_of(p, in);
    struct str v = input_value(p, in->name, in->value);

    html_lit(&p->h, "<div class=\"field check\"><input type=\"checkbox\" value=\"1\"");
    attributes(p, &s);
    if (v.n && !str_eq(v, STR("0")))
        html_lit(&p->h, " checked");
    html(&p->h, "><label for=\"f-{}\">{}</label>", Z(in->name), label_of(in));
    hint_and_error(p, &s);
    html_lit(&p->h, "</div>\n");
}

void input_select(struct page *p, const struct input *in, const struct option *options, size_t n, enum word empty)
{
    struct shown s = shown_of(p, in);
    struct str v = input_value(p, in->name, in->value);

    begin(p, &s);
    html_lit(&p->h, "<select");
    attributes(p, &s);
    html_lit(&p->h, ">");
    if (empty != W_NONE)
        html(&p->h, "<option value=\"\">{}</option>", W(empty));
    for (size_t i = 0; i < n; i++)
        html(&p->h, "<option value=\"{}\"{}>{}</option>", T(options[i].value),
             SAFE(str_eq(v, options[i].value) ? STR(" selected") : STR("")), T(options[i].label));
    html_lit(&p->h, "</select></div>\n");
}

static bool is_chosen(const struct page *p, const struct input *in, struct str value, const struct option *chosen,
                      size_t n_chosen)
{
    const struct form *f = p->c->form;

    if (!p->errs) {
        for (size_t i = 0; i < n_chosen; i++)
            if (str_eq(chosen[i].value, value))
                return true;
        return false;
    }
    for (size_t i = 0; f && i < f->n; i++)
        if (str_eq(f->values[i].name, str_of(in->name)) && str_eq(f->values[i].value, value))
            return true;
    return false;
}

void input_choices(struct page *p, const struct input *in, const struct option *options, size_t n,
                   const struct option *chosen, size_t n_chosen)
{
    struct shown s = shown_of(p, in);

    html(&p->h, "<fieldset class=\"field\" id=\"f-{}\" tabindex=\"-1\"><legend>{}", Z(in->name), label_of(in));
    optional_mark(p, in);
    html_lit(&p->h, "</legend>");
    hint_and_error(p, &s);
    for (size_t i = 0; i < n; i++)
        html(&p->h, "<label class=\"choice\"><input type=\"checkbox\" name=\"{}\" value=\"{}\"{}>{}</label>", Z(in->name),
             T(options[i].value), SAFE(is_chosen(p, in, options[i].value, chosen, n_chosen) ? STR(" checked") : STR("")),
             T(options[i].label));
    html_lit(&p->h, "</fieldset>\n");
}

/* ---- The form around them ---- */

/* What is wrong with the form as a whole, where that is known. */
static enum word refused_word(const struct err *e, const struct form_head *head)
{
    static const struct {
        const char *code;
        enum word word;
    } known[] = { { "login_locked", W_ERR_LOCKED }, { "idempotency_key_reused", W_ERR_SENT_ALREADY } };

    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        if (str_eq(str_of(e->code), str_of(known[i].code)))
            return known[i].word;
    for (size_t i = 0; i < e->n_fields; i++)
        if (str_find(str_of(e->fields[i].pointer), STR("/attachments/")) != SIZE_MAX)
            return W_ERR_FILE_GONE;
    return rc_status(e->rc) >= 500 ? W_ERR_NOW : head->refused;
}

enum { FORM_BYTES_MAX = 4 * 1024 * 1024 };

static void summary(struct page *p, const struct form_head *head)
{
    struct html *h = &p->h;

    if (!p->errs)
        return;
    html(h, "<div class=\"notice bad\" role=\"alert\" tabindex=\"-1\" id=\"errors\"><h2>{}</h2>", W(W_ERRORS));
    if (p->n_found < p->errs->n_fields || p->errs->n_fields == 0)
        html(h, "<p>{}</p>", W(refused_word(p->errs, head)));
    if (p->n_found)
        html_lit(h, "<ul>");
    for (size_t i = 0; i < p->n_found; i++)
        html(h, "<li><a href=\"#f-{}\">{}: {}</a></li>", Z(p->found[i].name), p->found[i].label, W(p->found[i].word));
    if (p->n_found)
        html_lit(h, "</ul>");
    html_lit(h, "</div>\n");
}

void form_begin(struct page *p, const struct form_head *head)
{
    struct buf *inner = ARENA_NEW(p->c->a, struct buf);

    (void)head;
    *inner = BUF_ARENA(p->c->a, FORM_BYTES_MAX);
    p->outer = p->h.b;
    p->h.b = inner;
    p->n_found = 0;
}

void form_end(struct page *p, const struct form_head *head)
{
    struct buf *inner = p->h.b;

    p->h.b = p->outer;
    summary(p, head);
    html(&p->h, "<form method=\"post\" action=\"{}\" novalidate class=\"form\"{}>", T(head->action),
         SAFE(head->has_files ? STR(" enctype=\"multipart/form-data\"") : STR("")));
    page_form_fields(p, head->once);
    buf_str(p->h.b, buf_view(inner));
    p->h.b->overflow |= inner->overflow;
    html(&p->h, "<p class=\"do\"><button>{}</button></p></form>\n", W(head->submit));
}
