#include "store/query_match.h"

#include "base/buf.h"
#include "base/tokens.h"
#include "base/utf8.h"
#include "store/search.h"

enum { MATCH_BYTES_MAX = 512 * 1024, SCOPE_TOKENS_MAX = 64, FUZZY_LETTERS_MIN = 4,
       FUZZY_LETTERS_MAX = 24 };

/* How the two engines spell an expression. */
struct dialect {
    const char *and_, *or_, *then, *quote;
};

static const struct dialect dialects[] = {
    [DB_SQLITE] = { " AND ", " OR ", " + ", "\"" },
    [DB_POSTGRES] = { " & ", " | ", " <-> ", "'" },
};

struct writer {
    struct buf b;
    const struct dialect *d;
    enum db_kind kind;
};

bool query_is_text(const struct query_node *n)
{
    if (n->kind == QUERY_TEXT)
        return true;
    if (n->kind != QUERY_AND && n->kind != QUERY_OR)
        return false;
    for (const struct query_node *c = n->child; c; c = c->next)
        if (!query_is_text(c))
            return false;
    return true;
}

static const char *mark_of(const struct query_node *n)
{
    switch (n->field ? n->field->id : QF_BODY) {
    case QF_SUBJECT: return SEARCH_MARK_TITLE;
    case QF_FROM: return SEARCH_MARK_FROM;
    case QF_TO: return SEARCH_MARK_TO;
    case QF_CC: return SEARCH_MARK_CC;
    case QF_FILE: return SEARCH_MARK_FILE;
    default: return "";
    }
}

/* One word: "_h_vpn"*, or 'vpn':D* */
static void put_token(struct writer *w, const struct query_node *n, struct str token, bool prefix)
{
    bool body = n->field && n->field->id == QF_BODY;

    buf_printf(&w->b, "%s%s%.*s%s", w->d->quote, mark_of(n), STR_ARG(token), w->d->quote);
    if (w->kind == DB_POSTGRES) {
        if (body || prefix)
            buf_printf(&w->b, ":%s%s", prefix ? "*" : "", body ? "D" : "");
    } else if (prefix) {
        BUF_LIT(&w->b, " *");
    }
}

/* A word may be several tokens (HD-1234): they follow each other.  A single Chinese or Japanese
 * character begins a token, see tokens.h. */
static void put_words(struct writer *w, const struct query_node *n, struct str tokens)
{
    bool lone = (unsigned char)tokens.p[0] >= 0x80 && utf8_count(tokens) == 1;

    BUF_LIT(&w->b, "(");
    for (bool first = true; tokens.p; first = false) {
        struct str token = str_cut(&tokens, ' ');

        if (!first)
            buf_printf(&w->b, "%s", w->d->then);
        put_token(w, n, token, !tokens.p && (lone || n->text_kind == QUERY_PREFIX));
    }
    BUF_LIT(&w->b, ")");
}

static void put_variant(struct writer *w, const struct query_node *n, const char *p, size_t len)
{
    buf_printf(&w->b, "%s", w->d->or_);
    put_token(w, n, (struct str){ p, len }, false);
}

/* All words one edit away: left out, exchanged, replaced and added letters.  The index answers the
 * few hundred look-ups faster than a walk over its vocabulary. */
static void put_fuzzy(struct writer *w, const struct query_node *n, struct str word)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz";
    char v[FUZZY_LETTERS_MAX + 2];

    BUF_LIT(&w->b, "(");
    put_token(w, n, word, false);
    for (size_t i = 0; i < word.n; i++) {
        memcpy(v, word.p, i);
        memcpy(v + i, word.p + i + 1, word.n - i - 1);
        put_variant(w, n, v, word.n - 1);
        if (i + 1 < word.n && word.p[i] != word.p[i + 1]) {
            memcpy(v, word.p, word.n);
            v[i] = word.p[i + 1];
            v[i + 1] = word.p[i];
            put_variant(w, n, v, word.n);
        }
    }
    for (size_t i = 0; i <= word.n; i++) {
        for (const char *c = letters; *c; c++) {
            memcpy(v, word.p, i);
            v[i] = *c;
            memcpy(v + i + 1, word.p + i, word.n - i);
            put_variant(w, n, v, word.n + 1);
            if (i < word.n && word.p[i] != *c) {
                memcpy(v + i + 1, word.p + i + 1, word.n - i - 1);
                put_variant(w, n, v, word.n);
            }
        }
    }
    BUF_LIT(&w->b, ")");
}

static bool can_be_fuzzy(struct str tokens)
{
    if (tokens.n < FUZZY_LETTERS_MIN || tokens.n > FUZZY_LETTERS_MAX)
        return false;
    for (size_t i = 0; i < tokens.n; i++)
        if (tokens.p[i] < 'a' || tokens.p[i] > 'z')
            return false;
    return true;
}

/* False when nothing was written: the term holds no word. */
static bool put_node(struct writer *w, const struct query_node *n, struct arena *a)
{
    size_t before = w->b.n;
    bool any = false;

    if (n->kind == QUERY_TEXT) {
        struct str tokens = text_tokens(n->value, TOKENS_QUERY, a);

        if (tokens.n == 0)
            return false;
        if (w->kind == DB_SQLITE && n->field && n->field->id == QF_BODY)
            BUF_LIT(&w->b, "body : ");
        if (n->text_kind == QUERY_FUZZY && can_be_fuzzy(tokens))
            put_fuzzy(w, n, tokens);
        else
            put_words(w, n, tokens);
        return true;
    }
    BUF_LIT(&w->b, "(");
    for (const struct query_node *c = n->child; c; c = c->next) {
        size_t at = w->b.n;

        if (any)
            buf_printf(&w->b, "%s", n->kind == QUERY_AND ? w->d->and_ : w->d->or_);
        if (put_node(w, c, a))
            any = true;
        else
            w->b.n = at;
    }
    BUF_LIT(&w->b, ")");
    if (!any)
        w->b.n = before;
    return any;
}

static struct writer writer_new(const struct query_env *env)
{
    enum db_kind kind = db_kind(env->db);

    return (struct writer){ .b = BUF_ARENA(env->a, MATCH_BYTES_MAX), .d = &dialects[kind],
                            .kind = kind };
}

struct str query_match(const struct query_node *n, const struct query_env *env)
{
    struct writer w = writer_new(env);

    if (!put_node(&w, n, env->a))
        return STR("");
    return buf_view(&w.b);
}

static void put_scope_tokens(struct writer *w, const char *mark, const int64_t *ids, size_t n,
                             bool *any)
{
    for (size_t i = 0; i < n; i++) {
        buf_printf(&w->b, "%s%s%s%lld%s", *any ? w->d->or_ : "", w->d->quote, mark,
                   (long long)ids[i], w->d->quote);
        *any = true;
    }
}

struct str query_match_scoped(struct str match, const struct query_env *env)
{
    const struct scope *s = query_content(env);
    struct writer w = writer_new(env);
    bool any = false;

    if (match.n == 0 || s->all || s->n_groups + s->n_orgs > SCOPE_TOKENS_MAX)
        return match;
    buf_printf(&w.b, "%.*s%s%s(", STR_ARG(match), w.d->and_,
               w.kind == DB_SQLITE ? "head : " : "");
    put_scope_tokens(&w, SEARCH_MARK_GROUP, s->groups, s->n_groups, &any);
    put_scope_tokens(&w, SEARCH_MARK_USER, &s->user_id, s->user_id != 0, &any);
    put_scope_tokens(&w, SEARCH_MARK_ORG, s->orgs, s->n_orgs, &any);
    BUF_LIT(&w.b, ")");
    return any ? buf_view(&w.b) : match;
}
