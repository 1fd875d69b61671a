#include "portal/uploads.h"

#include "base/clock.h"
#include "web/api_attachments.h"
#include "web/app.h"
#include "web/form.h"

/* The uploads that the form names: those of an earlier try, and what the script sent. */
static void named(struct ctx *c, struct uploads *u)
{
    const struct form *f = c->form;

    u->ids = ARENA_ARRAY(c->a, int64_t, f->n + f->n_files + 1);
    for (size_t i = 0; i < f->n; i++) {
        int64_t id;

        if (str_eq(f->values[i].name, STR("upload")) && str_i64(f->values[i].value, 1, INT64_MAX, &id))
            u->ids[u->n++] = id;
    }
}

enum rc uploads_take(struct ctx *c, struct uploads *u, struct err *e)
{
    struct attachment_limits lim = api_attachment_limits(c);
    const struct form *f = c->form;

    *u = (struct uploads){ 0 };
    named(c, u);
    u->fresh = ARENA_ARRAY(c->a, struct attachment, f->n_files + 1);
    for (size_t i = 0; i < f->n_files; i++) {
        const struct form_file *file = &f->files[i];
        struct upload up = { file->file_name, file->content_type.p ? file->content_type : STR(""), file->bytes };

        if ((int64_t)file->bytes.n > lim.max_bytes) {
            (void)!err_field(e, "/files", "too_large", "", "The file is too large.");
            continue;
        }
        TRY(upload_check(c->db, &lim, &c->who, (int64_t)file->bytes.n, clock_now_us(), e));
        TRY(upload_store(c->app->blobs, &lim, &c->who, &up, c->a, &u->fresh[u->n_fresh], e));
        u->n_fresh++;
    }
    return e->n_fields ? e->rc : RC_OK;
}

enum rc uploads_keep(struct ctx *c, struct uploads *u, struct err *e)
{
    struct attachment_limits lim = api_attachment_limits(c);
    size_t n_named = u->n;

    for (size_t i = 0; i < u->n_fresh; i++) {
        TRY(upload_add(c->db, &lim, &c->who, &u->fresh[i], e));
        u->ids[n_named + i] = u->fresh[i].id;
    }
    u->n = n_named + u->n_fresh;
    return RC_OK;
}

/* Still there, the caller's, and taken by no message. */
static enum rc waits(struct page *p, int64_t id, struct attachment *at, bool *out, struct err *e)
{
    enum rc rc = attachments_load(p->c->db, id, p->c->a, at, e);

    *out = rc == RC_OK && !at->message_id && at->user_id == p->c->who.user_id;
    if (rc == RC_NOT_FOUND)
        err_clear(e);
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

static void one(struct page *p, const struct attachment *at)
{
    html(&p->h, "<li><label><input type=\"checkbox\" name=\"upload\" value=\"{}\" checked> <bdi>{}</bdi> <span class=\"hint\">",
         N(at->id), T(at->name));
    html_bytes(&p->h, at->size);
    html_lit(&p->h, "</span></label></li>");
}

enum rc uploads_input(struct page *p, const struct uploads *u, struct err *e)
{
    int64_t max = api_attachment_limits(p->c).max_bytes, mb = max / 1000000 ? max / 1000000 : 1;
    const struct err_field *error = input_error(p, "/files");
    struct html *h = &p->h;

    html(h, "<div class=\"field\"><label for=\"f-files\">{} <span class=\"opt\">{}</span></label><p class=\"hint\" id=\"h-files\">",
         W(W_FILES), W(W_OPTIONAL));
    html_words(h, W_FILES_HINT, N(FORM_FILES_MAX), N(mb), N(mb * FORM_FILES_TOGETHER));
    html_lit(h, "</p>");
    if (error)
        html(h, "<p class=\"bad\" id=\"e-files\">{}</p>", W(input_error_word(error)));
    html_lit(h, "<ul class=\"uploads\">");
    for (size_t i = 0; u && i < u->n; i++) {
        struct attachment at;
        bool there;

        TRY(waits(p, u->ids[i], &at, &there, e));
        if (there)
            one(p, &at);
    }
    html(h, "</ul><input type=\"file\" id=\"f-files\" name=\"files\" multiple aria-describedby=\"h-files{}\" data-max=\"{}\" data-large=\"{}\" "
            "data-failed=\"{}\" data-remove=\"{}\"></div>\n",
         Z(error ? " e-files" : ""), N(max), W(W_ERR_FILE_SIZE), W(W_ERR_UPLOAD), W(W_REMOVE));
    return RC_OK;
}
