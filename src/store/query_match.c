#include "store/query_match.h"

#include "base/buf.h"
#include "base/tokens.h"
#include "base/utf8.h"
#include "store/search.h"
#include "store/search_words.h"

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
    struct db *db;
    struct arena *a;
    struct err *e;
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

/* Tokens that follow each other, the last of them as it is given apart. */
static void put_run(struct writer *w, const struct query_node *n, struct str tokens, struct str last,
                    bool prefix)
{
    BUF_LIT(&w->b, "(");
    while (tokens.n) {
        put_token(w, n, str_cut(&tokens, ' '), false);
        buf_printf(&w->b, "%s", w->d->then);
    }
    put_token(w, n, last, prefix);
    BUF_LIT(&w->b, ")");
}

/* The index is asked for the words that begin so (search_words.h), unless it has an index of
 * prefixes of this length, or they are too many. */
static enum rc put_begun(struct writer *w, const struct query_node *n, struct str before, struct str last)
{
    size_t letters = utf8_count(last) + strlen(mark_of(n)), n_words = 0;
    struct str *words;

    if (w->kind == DB_SQLITE && letters != 2 && letters != 3) {
        words = ARENA_ARRAY(w->a, struct str, SEARCH_WORDS_MAX + 1);
        TRY(search_words_list(w->db, last, w->a, words, &n_words, w->e));
        if (n_words == 0)
            words[n_words++] = last; /* which nobody wrote either */
    }
    if (n_words == 0 || n_words > SEARCH_WORDS_MAX) {
        put_run(w, n, before, last, true);
        return RC_OK;
    }
    BUF_LIT(&w->b, "(");
    for (size_t i = 0; i < n_words; i++) {
        if (i > 0)
            buf_printf(&w->b, "%s", w->d->or_);
        put_run(w, n, before, words[i], false);
    }
    BUF_LIT(&w->b, ")");
    return RC_OK;
}

/* A word may be several tokens (HD-1234): they follow each other.  A single Chinese or Japanese
 * character begins a token, see tokens.h. */
static enum rc put_words(struct writer *w, const struct query_node *n, struct str tokens)
{
    bool lone = (unsigned char)tokens.p[0] >= 0x80 && utf8_count(tokens) == 1;
    struct str before, last;
    size_t at = tokens.n;

    while (at > 0 && tokens.p[at - 1] != ' ')
        at--;
    before = str_trim(str_sub(tokens, 0, at));
    last = str_sub(tokens, at, tokens.n);
    if (lone || n->text_kind == QUERY_PREFIX)
        return put_begun(w, n, before, last);
    put_run(w, n, before, last, false);
    return RC_OK;
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
        else if (put_words(w, n, tokens) != RC_OK)
            return false;
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

static struct writer writer_new(const struct query_env *env, struct err *e)
{
    enum db_kind kind = db_kind(env->db);

    return (struct writer){ .b = BUF_ARENA(env->a, MATCH_BYTES_MAX), .d = &dialects[kind],
                            .kind = kind, .db = env->db, .a = env->a, .e = e };
}

enum rc query_match(const struct query_node *n, const struct query_env *env, struct str *out,
                    struct err *e)
{
    struct writer w = writer_new(env, e);
    bool any = put_node(&w, n, env->a);

    *out = any && e->rc == RC_OK ? buf_view(&w.b) : STR("");
    return e->rc;
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
    struct writer w = writer_new(env, NULL);
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
