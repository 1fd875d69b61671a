#include "desk/search.h"

#include "base/tokens.h"
#include "base/utf8.h"
#include "desk/can.h"
#include "desk/view.h"
#include "store/views.h"

enum { RELEVANCE_WINDOW = 200, PEOPLE_LIMIT = 10, NUMBER_MAX = 32, TYPED_MIN = 2 };

/* ── excerpts ── */

static bool in_word(char c)
{
    return (unsigned char)c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z')
           || (c >= 'A' && c <= 'Z');
}

static bool begins_with_any(struct str folded, struct str words)
{
    while (words.p) {
        struct str word = str_cut(&words, ' ');

        if (word.n && str_starts(folded, word))
            return true;
    }
    return false;
}

/* Plain letters are folded here: a text has many words, and most are of them. */
static struct str fold_word(struct str word, char low[TOKEN_MAX_BYTES], struct arena *a)
{
    size_t n = word.n < TOKEN_MAX_BYTES ? word.n : TOKEN_MAX_BYTES;

    for (size_t i = 0; i < n; i++) {
        if ((unsigned char)word.p[i] >= 0x80)
            return utf8_fold(word, a);
        low[i] = word.p[i] >= 'A' && word.p[i] <= 'Z' ? (char)(word.p[i] | 0x20) : word.p[i];
    }
    return (struct str){ low, n };
}

/* Where the first word stands that begins like one of words, or 0. */
static size_t first_hit(struct str text, struct str words, struct arena *a)
{
    char low[TOKEN_MAX_BYTES];

    for (size_t at = 0; at < text.n;) {
        size_t from = at;

        while (at < text.n && in_word(text.p[at]))
            at++;
        if (at > from && begins_with_any(fold_word(str_sub(text, from, at - from), low, a), words))
            return from;
        while (at < text.n && !in_word(text.p[at]))
            at++;
    }
    return 0;
}

struct str search_excerpt(struct str text, struct str words, size_t max_points, struct arena *a)
{
    enum { SCAN_MAX = 16 * 1024, LEAD = 40 };
    struct str scanned = str_sub(text, 0, utf8_cut_bytes(text, SCAN_MAX)), cut;
    size_t hit = words.n ? first_hit(scanned, words, a) : 0, from = hit > LEAD ? hit - LEAD : 0;
    char *out;

    while (from && from < hit && in_word(text.p[from - 1]))
        from++;
    while (from < text.n && ((unsigned char)text.p[from] & 0xC0) == 0x80)
        from++;
    cut = utf8_cut(str_sub(text, from, text.n), max_points);
    out = arena_alloc_raw(a, cut.n + 1);
    for (size_t i = 0; i < cut.n; i++)
        out[i] = cut.p[i] == '\n' || cut.p[i] == '\r' || cut.p[i] == '\t' ? ' ' : cut.p[i];
    return str_trim((struct str){ out, cut.n });
}

/* All plain words of the tree as tokens, for excerpts and ranks. */
static void collect_words(const struct query_node *n, struct buf *b, struct arena *a)
{
    if (n && n->kind == QUERY_TEXT) {
        buf_str(b, text_tokens(n->value, TOKENS_QUERY, a));
        buf_char(b, ' ');
    }
    if (n && n->kind != QUERY_NOT)
        for (const struct query_node *c = n->child; c; c = c->next)
            collect_words(c, b, a);
}

/* ── ranking inside the newest hits: title before requester before body ── */

static int rank(const struct ticket *t, struct str words, struct arena *a)
{
    struct str title = utf8_fold(t->title, a), customer = utf8_fold(t->customer_name, a);
    int score = 0;

    while (words.p) {
        struct str word = str_cut(&words, ' ');

        if (word.n == 0)
            continue;
        if (str_find(title, word) != SIZE_MAX)
            score += 4;
        else if (str_find(customer, word) != SIZE_MAX)
            score += 2;
    }
    return score;
}

static void sort_by_rank(struct search_ticket *v, size_t n, struct str words, struct arena *a)
{
    int *score = ARENA_ARRAY(a, int, n + 1);

    for (size_t i = 0; i < n; i++)
        score[i] = rank(&v[i].t, words, a);
    for (size_t i = 1; i < n; i++) { /* insertion: stable, so recent stays before old */
        struct search_ticket x = v[i];
        int s = score[i];
        size_t j = i;

        for (; j > 0 && score[j - 1] < s; j--) {
            v[j] = v[j - 1];
            score[j] = score[j - 1];
        }
        v[j] = x;
        score[j] = s;
    }
}

/* ── tickets ── */

static enum rc add_excerpts(struct call *c, struct search_result *out, struct str words,
                            struct err *e)
{
    for (size_t i = 0; i < out->n_tickets; i++) {
        struct str text;

        if (!out->tickets[i].message_id)
            continue;
        TRY(found_text(c->db, out->tickets[i].message_id, c->a, &text, e));
        out->tickets[i].excerpt = search_excerpt(text, words, SEARCH_EXCERPT_POINTS, c->a);
    }
    return RC_OK;
}

/* Tickets whose content the actor may read are searched by words; overview alone shows no text. */
static enum rc by_words(struct call *c, const struct search_request *in, const struct query_env *env,
                        struct search_for *what, struct str words, struct search_result *out,
                        struct err *e)
{
    struct search_hit *hits;
    struct search_page page;
    struct ticket *rows;
    size_t n;

    what->before = in->before;
    what->limit = in->relevance ? RELEVANCE_WINDOW : (size_t)in->limit;
    page.hits = hits = ARENA_ARRAY(c->a, struct search_hit, what->limit);
    rows = ARENA_ARRAY(c->a, struct ticket, what->limit);
    TRY(search_hits(env, what, &page, e));
    out->more = page.more;
    if (page.n)
        out->next = hits[page.n - 1].message_id;
    TRY(found_tickets(c->db, hits, page.n, c->a, rows, &n, e));
    out->tickets = ARENA_ARRAY(c->a, struct search_ticket, n + 1);
    for (size_t i = 0, h = 0; i < n; i++) {
        while (hits[h].ticket_id != rows[i].id)
            h++;
        out->tickets[out->n_tickets++] = (struct search_ticket){ rows[i], hits[h].message_id, STR_NONE };
    }
    if (in->relevance)
        sort_by_rank(out->tickets, out->n_tickets, words, c->a);
    if (out->n_tickets > (size_t)in->limit) {
        out->n_tickets = (size_t)in->limit;
        out->more = true;
    }
    return add_excerpts(c, out, words, e);
}

static enum rc by_fields(struct call *c, const struct search_request *in,
                         const struct query_env *env, const struct query_node *n,
                         struct search_result *out, struct err *e)
{
    struct ticket *rows = ARENA_ARRAY(c->a, struct ticket, (size_t)in->limit + 1);
    size_t found;

    TRY(found_by_fields(env, n, in->limit + 1, rows, &found, e));
    out->more = found > (size_t)in->limit;
    out->tickets = ARENA_ARRAY(c->a, struct search_ticket, found + 1);
    for (size_t i = 0; i < found && i < (size_t)in->limit; i++)
        out->tickets[out->n_tickets++] = (struct search_ticket){ rows[i], 0, STR_NONE };
    return RC_OK;
}

/* A number alone, with or without '#': that ticket first. */
static enum rc jump(const struct search_request *in, const struct query_env *env,
                    struct search_result *out, struct err *e)
{
    struct str text = str_trim(in->text);

    if (str_starts(text, STR("#")))
        text = str_sub(text, 1, text.n);
    if (text.n == 0 || text.n > NUMBER_MAX)
        return RC_OK;
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] < '0' || text.p[i] > '9')
            return RC_OK;
    if (found_number(env, text, &out->jump, e) == RC_OK)
        out->has_jump = true;
    else if (e->rc != RC_NOT_FOUND)
        return e->rc;
    err_clear(e);
    return RC_OK;
}

/* Typing errors are forgiven where nothing is found otherwise. */
static enum rc by_similar_words(struct call *c, const struct search_request *in,
                                const struct query_env *env, struct query_node *n, struct str words,
                                struct search_result *out, struct err *e)
{
    struct search_for what = { 0 };

    if (in->before || out->n_tickets || !query_loosen(n))
        return RC_OK;
    TRY(query_split(n, env, &what.match, &what.rest, e));
    TRY(by_words(c, in, env, &what, words, out, e));
    out->corrected = out->n_tickets > 0;
    return RC_OK;
}

static enum rc tickets(struct call *c, const struct search_request *in, struct search_result *out,
                       struct err *e)
{
    struct buf words = BUF_ARENA(c->a, 16 * KIB);
    struct search_for what = { 0 };
    struct query_node *n;
    struct query_env env, content_env;

    TRY(view_query(c, in->text, in->typing, &env, &n, e));
    TRY(jump(in, &env, out, e));
    if (!n)
        return RC_OK;
    content_env = env;
    content_env.scope = env.content;
    collect_words(n, &words, c->a);
    TRY(query_split(n, &content_env, &what.match, &what.rest, e));
    if (what.match.n) {
        TRY(by_words(c, in, &content_env, &what, buf_view(&words), out, e));
        TRY(by_similar_words(c, in, &content_env, n, buf_view(&words), out, e));
    } else {
        TRY(by_fields(c, in, &content_env, n, out, e));
    }
    if (in->count)
        TRY(views_count(&content_env, n, &out->count, &out->capped, e));
    return RC_OK;
}

enum rc search_run(struct call *c, const struct search_request *in, struct search_result *out,
                   struct err *e)
{
    struct str typed = utf8_fold(str_trim(in->text), c->a);
    bool lookup = actor_has(c->who, PERM_USER_READ) || actor_has(c->who, PERM_ADMIN_USER);

    *out = (struct search_result){ 0 };
    if (in->tickets)
        TRY(tickets(c, in, out, e));
    if (!lookup || utf8_count(typed) < TYPED_MIN)
        return RC_OK;
    if (in->people) {
        out->people = ARENA_ARRAY(c->a, struct found_person, PEOPLE_LIMIT);
        TRY(found_people(c->db, typed, PEOPLE_LIMIT, c->a, out->people, &out->n_people, e));
    }
    if (in->organizations) {
        out->orgs = ARENA_ARRAY(c->a, struct found_org, PEOPLE_LIMIT);
        TRY(found_orgs(c->db, typed, PEOPLE_LIMIT, c->a, out->orgs, &out->n_orgs, e));
    }
    return RC_OK;
}
