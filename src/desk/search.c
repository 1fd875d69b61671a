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

enum { RANK_EXACT = 1000, RANK_TITLE = 8, RANK_REQUESTER = 3, RANK_WHOLE = 2 /* the word whole, not only its beginning */ };

/* Of a folded word in a folded text: where a word begins with it; 0 when none does. */
static int rank_in(struct str text, struct str word, int points)
{
    int best = 0;

    for (size_t at = 0; at + word.n <= text.n;) {
        if (str_starts(str_sub(text, at, text.n), word)) {
            if (at + word.n == text.n || !in_word(text.p[at + word.n]))
                return points + RANK_WHOLE;
            best = points;
        }
        while (at < text.n && in_word(text.p[at]))
            at++;
        while (at < text.n && !in_word(text.p[at]))
            at++;
    }
    return best;
}

static int rank(const struct ticket *t, struct str words, struct arena *a)
{
    struct str title = utf8_fold(t->title, a), customer = utf8_fold(t->customer_name, a);
    int score = str_eq(str_trim(title), str_trim(words)) ? RANK_EXACT : 0;

    while (words.p) {
        struct str word = str_cut(&words, ' ');
        int in_title = word.n ? rank_in(title, word, RANK_TITLE) : 0;

        score += in_title || !word.n ? in_title : rank_in(customer, word, RANK_REQUESTER);
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

static void take_hits(struct call *c, const struct search_hit *hits, const struct ticket *rows, size_t n,
                      struct search_result *out)
{
    out->tickets = ARENA_ARRAY(c->a, struct search_ticket, n + 1);
    out->n_tickets = 0;
    for (size_t i = 0, h = 0; i < n; i++) {
        while (hits[h].ticket_id != rows[i].id)
            h++;
        out->tickets[out->n_tickets++] = (struct search_ticket){ rows[i], hits[h].message_id, STR_NONE };
    }
}

/* By relevance a window of the newest hits is put in order, shown page by page, and then the next one.  The
 * window stays where it began although new messages come. */
static void take_page(const struct search_request *in, const struct search_page *page, size_t skip, bool similar,
                      struct search_result *out)
{
    size_t limit = (size_t)in->limit, end = skip + limit;

    if (page->n == 0)
        return;
    out->more = page->more;
    out->next = (struct search_at){ page->hits[page->n - 1].message_id, similar };
    if (in->relevance && end < out->n_tickets) {
        out->more = true;
        out->next = (struct search_at){ in->after.key ? in->after.key : page->hits[0].message_id + 1,
                                        (int64_t)end * 2 + similar };
    }
    skip = skip < out->n_tickets ? skip : out->n_tickets;
    out->tickets += skip;
    out->n_tickets -= skip;
    out->n_tickets = out->n_tickets < limit ? out->n_tickets : limit;
}

/* Tickets whose content the actor may read are searched by words; overview alone shows no text. */
static enum rc by_words(struct call *c, const struct search_request *in, const struct query_env *env,
                        struct search_for *what, struct str words, struct search_result *out,
                        struct err *e)
{
    struct search_page page;
    struct ticket *rows;
    size_t n;

    what->before = in->after.key;
    what->limit = in->relevance ? RELEVANCE_WINDOW : (size_t)in->limit;
    page.hits = ARENA_ARRAY(c->a, struct search_hit, what->limit);
    rows = ARENA_ARRAY(c->a, struct ticket, what->limit);
    TRY(search_hits(env, what, &page, e));
    TRY(found_tickets(c->db, page.hits, page.n, c->a, rows, &n, e));
    take_hits(c, page.hits, rows, n, out);
    if (in->relevance)
        sort_by_rank(out->tickets, out->n_tickets, words, c->a);
    take_page(in, &page, (size_t)in->after.id / 2, out->corrected, out);
    return add_excerpts(c, out, words, e);
}

static enum rc by_fields(struct call *c, const struct search_request *in,
                         const struct query_env *env, const struct query_node *n,
                         struct search_result *out, struct err *e)
{
    const struct found_page page = { in->limit + 1, in->after.key, in->after.id };
    struct ticket *rows = ARENA_ARRAY(c->a, struct ticket, (size_t)in->limit + 1);
    size_t found;

    TRY(found_by_fields(env, n, &page, rows, &found, e));
    out->more = found > (size_t)in->limit;
    out->tickets = ARENA_ARRAY(c->a, struct search_ticket, found + 1);
    for (size_t i = 0; i < found && i < (size_t)in->limit; i++) {
        out->tickets[out->n_tickets++] = (struct search_ticket){ rows[i], 0, STR_NONE };
        out->next = (struct search_at){ env->scope->internal ? rows[i].updated_us : rows[i].public_updated_us,
                                        rows[i].id };
    }
    return RC_OK;
}

/* A number alone, or as mails have it ("#10017", "[Ticket#10017]"): that ticket first. */
static enum rc jump(const struct search_request *in, const struct query_env *env,
                    struct search_result *out, struct err *e)
{
    struct str text = str_trim(in->text);

    size_t hook;

    if (str_starts(text, STR("[")) && str_ends(text, STR("]")))
        text = str_sub(text, 1, text.n - 2);
    hook = str_chr(text, '#');
    if (hook < text.n && str_chr(text, ' ') >= text.n)
        text = str_sub(text, hook + 1, text.n);
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

/* Typing errors are forgiven where nothing is found otherwise; later pages go on with what the first one had. */
static enum rc by_similar_words(struct call *c, const struct search_request *in,
                                const struct query_env *env, struct query_node *n, struct str words,
                                struct search_result *out, struct err *e)
{
    struct search_for what = { 0 };

    if (!query_loosen(n))
        return RC_OK;
    TRY(query_split(n, env, &what.match, &what.rest, e));
    out->corrected = true;
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
        bool similar = in->after.key && in->after.id % 2;

        if (!similar)
            TRY(by_words(c, in, &content_env, &what, buf_view(&words), out, e));
        if (similar || (!in->after.key && out->n_tickets == 0))
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
