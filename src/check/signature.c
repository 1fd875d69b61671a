#include "check/signature.h"

#include "base/clock.h"
#include "base/version.h"
#include "check/check_priv.h"
#include "desk/evidence.h"

#include <ctype.h>

enum { KIND_MAX = 80, FIGURES_MAX = 4096 };

struct kind {
    char text[KIND_MAX];
};

static struct kind kind_of(const struct check_line *l)
{
    struct kind k;

    snprintf(k.text, sizeof(k.text), "sign.%s", l->id);
    return k;
}

static bool is_one_line(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (iscntrl((unsigned char)s.p[i]))
            return false;
    }
    return true;
}

static enum rc check_words(struct str s, const char *option, size_t min, size_t max, struct err *e)
{
    if (s.n >= min && s.n <= max && is_one_line(s))
        return RC_OK;
    return err_field(e, option, "length", "", "%s takes %zu to %zu characters on one line", option,
                     min, max);
}

/* A person judges it alone, or is asked by a check that cannot tell (days > 0). */
static bool may_be_signed(const struct check_line *l)
{
    return l->judge == JUDGE_PERSON || l->days > 0;
}

enum rc signature_add(struct db *db, const struct check_line *l, const struct signature *s,
                      const struct actor *who, struct arena *a, struct err *e)
{
    struct buf b = BUF_ARENA(a, FIGURES_MAX);
    struct jw w = jw_to(&b);
    struct kind kind = kind_of(l);

    if (!may_be_signed(l))
        return err_set(e, RC_INVALID, "not_signable",
                       "%s is judged by %s: a signature cannot make it pass", l->id,
                       check_judge_name(l->judge));
    check_words(s->by, "--by", 2, SIGNATURE_NAME_MAX, e);
    check_words(s->role, "--role", 2, SIGNATURE_NAME_MAX, e);
    check_words(s->note, "--note", 0, SIGNATURE_NOTE_MAX, e);
    if (e->rc != RC_OK)
        return err_set(e, RC_INVALID, "signature", "the signature is not complete");
    jw_obj(&w);
    jw_kv_text(&w, "by", s->by);
    jw_kv_text(&w, "role", s->role);
    jw_kv_text(&w, "note", s->note);
    jw_kv_bool(&w, "not_applicable", s->not_applicable);
    jw_obj_end(&w);
    return evidence_add(db, who,
                        &(struct evidence){
                            .kind = kind.text,
                            .ok = true,
                            .summary = str_printf(a, "%s: signed by %.*s (%.*s)", l->id,
                                                  STR_ARG(s->by), STR_ARG(s->role)),
                            .figures = buf_view(&b),
                        },
                        a, e);
}

static const char *text_of(const json_t *v, const char *key)
{
    const char *text = json_string_value(json_object_get(v, key));

    return text ? text : "";
}

static void tell(const struct evidence_row *row, const json_t *v, struct finding *f)
{
    char when[CLOCK_TEXT_MAX];
    const char *note = text_of(v, "note");

    clock_format(row->at_us, when);
    (json_is_true(json_object_get(v, "not_applicable")) ? find_na : find_pass)(
        f, "signed by %s, %s, on %.10s for version %.*s%s%s", text_of(v, "by"), text_of(v, "role"),
        when, STR_ARG(row->version), *note ? ": " : "", note);
}

void signature_apply(struct check_run *r, const struct check_line *l, struct finding *f)
{
    struct kind kind = kind_of(l);
    struct evidence_row row;
    struct err e = { 0 };
    json_t *v CLEAN(json_clean) = NULL;

    enum rc rc = r->db ? run_evidence(r, kind.text, true, &row, &e) : RC_NOT_FOUND;

    if (!r->db)
        return find_sign(f, "the database of the signatures cannot be opened: %.*s",
                         STR_ARG(r->o->store_words));
    if (rc == RC_CONFLICT)
        return find_fail(f, "%s", e.detail);
    if (rc != RC_OK || json_read(row.figures, &v, &e) != RC_OK)
        return;
    if (l->days == 0 && !str_eq(row.version, STR(VERSION)))
        find_sign(f, "the signature by %s is for version %.*s, this is %s", text_of(v, "by"),
                  STR_ARG(row.version), VERSION);
    else if (l->days && r->now_us - row.at_us > l->days * US_PER_DAY)
        find_sign(f, "the signature by %s is %s old, it holds %d days", text_of(v, "by"),
                  words_age(r->now_us - row.at_us, r->a).p, l->days);
    else
        tell(&row, v, f);
}
