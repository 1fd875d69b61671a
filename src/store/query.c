#include "store/query.h"

#include "base/clock.h"
#include "base/near.h"
#include "base/tokens.h"

#include <stdio.h>

const struct query_field query_fields[] = {
    { "state", QF_STATE, false, false, "name or type of the state: open, pending, solved …" },
    { "status", QF_STATE, false, false, "the same as state" },
    { "priority", QF_PRIORITY, false, false, "name of the priority" },
    { "group", QF_GROUP, false, false, "name of the group" },
    { "owner", QF_OWNER, false, false, "me, none, a name or an address" },
    { "customer", QF_CUSTOMER, false, false, "me, a name or an address" },
    { "requester", QF_CUSTOMER, false, false, "the same as customer" },
    { "org", QF_ORGANIZATION, false, false, "name of the organisation, or none" },
    { "organization", QF_ORGANIZATION, false, false, "the same as org" },
    { "tag", QF_TAG, false, false, "a tag, or none" },
    { "number", QF_NUMBER, false, false, "ticket number" },
    { "channel", QF_CHANNEL, false, false, "web, api, email, phone, walk-in, chat, sms, system" },
    { "created", QF_CREATED, false, true, "when it came in: >2026-01-01, <7d, 2026-01-01..2026-02-01" },
    { "updated", QF_UPDATED, false, true, "last change" },
    { "closed", QF_CLOSED, false, true, "when it was closed last" },
    { "due", QF_DUE, false, true, "next due time: <2h" },
    { "until", QF_UNTIL, false, true, "end of waiting" },
    { "is", QF_IS, false, false, "unassigned, assigned, mine, open, closed, merged, overdue, watched" },
    { "has", QF_HAS, false, false, "attachment, note, owner, organization, tag" },
    { "subject", QF_SUBJECT, true, false, "words of the title" },
    { "title", QF_SUBJECT, true, false, "the same as subject" },
    { "body", QF_BODY, true, false, "words of messages" },
    { "from", QF_FROM, true, false, "who wrote a message" },
    { "to", QF_TO, true, false, "who a message was sent to" },
    { "cc", QF_CC, true, false, "who got a copy" },
    { "file", QF_FILE, true, false, "name of an attachment" },
    { NULL, QF_STATE, false, false, NULL },
};

static const struct query_field custom_field = { "field", QF_CUSTOM, false, false,
                                                 "field.NAME: a custom field" };

static const char query_allowed[] = "words, \"phrases\", word*, word~, -not, field:value, AND, OR and parentheses; 1,000 bytes at most";

struct parser {
    struct str text;
    size_t at;
    struct arena *a;
    struct err *e;
    size_t nodes, depth;
};

static enum rc fail(struct parser *p, size_t at, const char *what)
{
    return err_field(p->e, "q", "query", query_allowed, "%s (at character %zu of the search).", what, at + 1);
}

static struct query_node *node_new(struct parser *p, enum query_kind kind)
{
    struct query_node *n = ARENA_NEW(p->a, struct query_node);

    p->nodes++;
    n->kind = kind;
    n->at = p->at;
    return n;
}

static bool at_end(const struct parser *p)
{
    return p->at >= p->text.n;
}

static char peek(const struct parser *p)
{
    return at_end(p) ? '\0' : p->text.p[p->at];
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void skip_blanks(struct parser *p)
{
    while (!at_end(p) && is_blank(peek(p)))
        p->at++;
}

/* True, and steps over it, when the operator stands here as a word of its own. */
static bool take_operator(struct parser *p, struct str op)
{
    struct str rest;

    skip_blanks(p);
    rest = str_sub(p->text, p->at, p->text.n);
    if (!str_starts(rest, op) || (rest.n > op.n && !is_blank(rest.p[op.n]) && rest.p[op.n] != '('))
        return false;
    p->at += op.n;
    return true;
}

/* Up to a blank or parenthesis; or between quotes, which may hold anything but a quote. */
static enum rc take_value(struct parser *p, struct str *out, bool *quoted)
{
    size_t from = p->at, n;

    *quoted = peek(p) == '"';
    if (*quoted) {
        struct str rest = str_sub(p->text, p->at + 1, p->text.n);

        n = str_chr(rest, '"');
        if (n == SIZE_MAX)
            return fail(p, from, "A quote is not closed");
        *out = str_sub(rest, 0, n);
        p->at += n + 2;
        return RC_OK;
    }
    while (!at_end(p) && !is_blank(peek(p)) && peek(p) != '(' && peek(p) != ')' && peek(p) != '"')
        p->at++;
    *out = str_sub(p->text, from, p->at - from);
    return RC_OK;
}

static enum rc unknown_field(struct parser *p, struct str name, size_t at)
{
    struct near near = near_start(name);
    struct str shown = str_sub(name, 0, 32);

    for (const struct query_field *f = query_fields; f->name; f++)
        near_try(&near, f->name);
    return err_field(p->e, "q", "unknown_field",
                     near.name ? near.name : "the names that /search/fields lists; field.NAME for a custom field",
                     "There is no search field \"%.*s\" (at character %zu)%s%s; a custom field is field.%.*s. "
                     "Quote the text to search for it as it is.",
                     STR_ARG(shown), at + 1, near.name ? ": did you mean " : "", near.name ? near.name : "",
                     STR_ARG(shown));
}

static const struct query_field *field_find(struct str name)
{
    for (const struct query_field *f = query_fields; f->name; f++)
        if (str_ieq(name, str_of(f->name)))
            return f;
    return NULL;
}

static bool is_field_name(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = (char)(s.p[i] | 0x20);

        if (!((c >= 'a' && c <= 'z') || (i && ((s.p[i] >= '0' && s.p[i] <= '9') || s.p[i] == '_'
                                                || s.p[i] == '.'))))
            return false;
    }
    return s.n > 0;
}

/* Marks at the end of a plain word: vpn* and colour~ */
static void text_kind(struct query_node *n, bool quoted)
{
    char last = n->value.n > 1 ? n->value.p[n->value.n - 1] : '\0';

    n->text_kind = quoted ? QUERY_PHRASE : QUERY_WORD;
    if (quoted || (last != '*' && last != '~'))
        return;
    n->text_kind = last == '*' ? QUERY_PREFIX : QUERY_FUZZY;
    n->value.n--;
}

static void comparison(struct query_node *n)
{
    static const struct {
        struct str mark;
        enum query_cmp cmp;
    } marks[] = { { { ">=", 2 }, QUERY_GE },
                  { { "<=", 2 }, QUERY_LE },
                  { { ">", 1 }, QUERY_GT },
                  { { "<", 1 }, QUERY_LT } };
    size_t dots = str_find(n->value, STR(".."));

    for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
        if (str_starts(n->value, marks[i].mark)) {
            n->cmp = marks[i].cmp;
            n->value = str_sub(n->value, marks[i].mark.n, n->value.n);
            return;
        }
    }
    if (dots != SIZE_MAX && dots > 0 && dots + 2 < n->value.n) {
        n->cmp = QUERY_RANGE;
        n->value2 = str_sub(n->value, dots + 2, n->value.n);
        n->value = str_sub(n->value, 0, dots);
    }
}

static enum rc field_term(struct parser *p, struct str name, struct query_node **out)
{
    struct query_node *n = node_new(p, QUERY_FIELD);
    bool quoted;

    n->at -= name.n + 1;
    n->field = field_find(name);
    if (!n->field && str_istarts(name, STR("field.")) && name.n > 6) {
        n->field = &custom_field;
        n->custom = str_lower(str_sub(name, 6, name.n), p->a);
    }
    if (!n->field)
        return unknown_field(p, name, n->at);
    TRY(take_value(p, &n->value, &quoted));
    if (n->value.n == 0)
        return fail(p, n->at, "A search field has no value");
    if (n->field->is_text) {
        n->kind = QUERY_TEXT;
        text_kind(n, quoted);
    } else if (!quoted) {
        comparison(n);
    }
    if (n->value.n == 0 || (n->cmp != QUERY_EQ && !n->field->is_time && n->field->id != QF_CUSTOM))
        return fail(p, n->at, "This search field cannot be compared like that");
    *out = n;
    return RC_OK;
}

static enum rc word_term(struct parser *p, struct query_node **out)
{
    size_t from = p->at, colon;
    struct query_node *n;
    struct str name;
    bool quoted;

    n = node_new(p, QUERY_TEXT);
    TRY(take_value(p, &n->value, &quoted));
    colon = quoted ? SIZE_MAX : str_chr(n->value, ':');
    name = colon == SIZE_MAX ? STR_NONE : str_sub(n->value, 0, colon);
    if (colon != SIZE_MAX && is_field_name(name)
        && !str_starts(str_sub(n->value, colon, 3), STR("://"))) {
        p->at = from + colon + 1;
        p->nodes--;
        return field_term(p, name, out);
    }
    text_kind(n, quoted);
    *out = n;
    return RC_OK;
}

static enum rc parse_or(struct parser *p, struct query_node **out);

static enum rc parse_atom(struct parser *p, struct query_node **out)
{
    size_t open = p->at;

    if (peek(p) == ')')
        return fail(p, p->at, "A parenthesis is closed that was never opened");
    if (peek(p) != '(')
        return word_term(p, out);
    p->at++;
    if (++p->depth > QUERY_DEPTH_MAX)
        return fail(p, open, "The parentheses are nested too deep");
    TRY(parse_or(p, out));
    p->depth--;
    skip_blanks(p);
    if (peek(p) != ')')
        return fail(p, open, "A parenthesis is not closed");
    p->at++;
    if (!*out)
        return fail(p, open, "There is nothing between the parentheses");
    return RC_OK;
}

static enum rc parse_term(struct parser *p, struct query_node **out)
{
    size_t at = p->at;
    bool negated = false;
    struct query_node *n;

    if (p->nodes >= QUERY_NODES_MAX)
        return fail(p, p->at, "The search has too many terms");
    if (peek(p) == '-' && p->at + 1 < p->text.n && !is_blank(p->text.p[p->at + 1])) {
        negated = true;
        p->at++;
    } else if (take_operator(p, STR("NOT"))) {
        negated = true;
        skip_blanks(p);
    }
    if (at_end(p))
        return fail(p, at, "There is nothing behind NOT");
    TRY(parse_atom(p, out));
    if (!negated)
        return RC_OK;
    n = node_new(p, QUERY_NOT);
    n->at = at;
    n->child = *out;
    *out = n;
    return RC_OK;
}

/* A node over its children; a single child stands for itself. */
static struct query_node *join(struct parser *p, enum query_kind kind, struct query_node *first)
{
    struct query_node *n;

    if (!first || !first->next)
        return first;
    n = node_new(p, kind);
    n->at = first->at;
    n->child = first;
    return n;
}

static bool at_or(struct parser *p)
{
    size_t at = p->at;
    bool is_or = take_operator(p, STR("OR"));

    p->at = at;
    return is_or;
}

static enum rc parse_and(struct parser *p, struct query_node **out)
{
    struct query_node *first = NULL, **tail = &first;

    for (;;) {
        skip_blanks(p);
        if (at_end(p) || peek(p) == ')' || at_or(p))
            break;
        if (first && take_operator(p, STR("AND"))) {
            skip_blanks(p);
            if (at_end(p) || peek(p) == ')')
                return fail(p, p->at, "There is nothing behind AND");
        }
        TRY(parse_term(p, tail));
        INVARIANT(*tail); /* what parses is a node */
        tail = &(*tail)->next;
    }
    *out = join(p, QUERY_AND, first);
    return RC_OK;
}

static enum rc parse_or(struct parser *p, struct query_node **out)
{
    struct query_node *first = NULL, **tail = &first;

    TRY(parse_and(p, tail));
    while (take_operator(p, STR("OR"))) {
        if (!*tail)
            return fail(p, p->at, "There is nothing before OR");
        tail = &(*tail)->next;
        TRY(parse_and(p, tail));
        if (!*tail)
            return fail(p, p->at, "There is nothing behind OR");
    }
    *out = join(p, QUERY_OR, first);
    return RC_OK;
}

/* Marks alone ("-", "?!", a smiley) are no word: beside words they are left out, a field needs one. */
static bool has_no_word(const struct query_node *n, struct arena *a)
{
    return n->kind == QUERY_TEXT && text_tokens(n->value, TOKENS_QUERY, a).n == 0;
}

static enum rc leave_out_marks(struct parser *p, struct query_node **at)
{
    while (*at) {
        struct query_node *n = *at;

        TRY(leave_out_marks(p, &n->child));
        if (has_no_word(n, p->a) && n->field)
            return fail(p, n->at, "A search field has no word to look for");
        if (has_no_word(n, p->a) || (n->kind < QUERY_TEXT && !n->child)) {
            *at = n->next;
            continue;
        }
        if (n->kind < QUERY_NOT && !n->child->next) { /* one of them is left: it stands for all */
            n->child->next = n->next;
            *at = n->child;
        }
        at = &(*at)->next;
    }
    return RC_OK;
}

/* The word under the cursor: the last plain word, when nothing follows it. */
static void mark_last_prefix(struct query_node *n, struct str text)
{
    if (text.n == 0 || is_blank(text.p[text.n - 1]) || text.p[text.n - 1] == '"')
        return;
    while (n && (n->kind == QUERY_AND || n->kind == QUERY_OR))
        for (n = n->child; n && n->next;)
            n = n->next;
    if (n && n->kind == QUERY_TEXT && n->text_kind == QUERY_WORD)
        n->text_kind = QUERY_PREFIX;
}

static size_t count_kind(const struct query_node *n, enum query_text_kind kind)
{
    size_t count = 0;

    if (!n)
        return 0;
    for (const struct query_node *c = n->child; c; c = c->next)
        count += count_kind(c, kind);
    return count + (n->kind == QUERY_TEXT && n->text_kind == kind);
}

enum rc query_parse(struct str text, bool last_is_prefix, struct arena *a, struct query_node **out,
                    struct err *e)
{
    struct parser p = { .text = text, .a = a, .e = e };

    *out = NULL;
    if (text.n > QUERY_BYTES_MAX)
        return err_field(e, "q", "length", query_allowed, "The search is longer than %d bytes.",
                         QUERY_BYTES_MAX);
    TRY(parse_or(&p, out));
    skip_blanks(&p);
    if (!at_end(&p))
        return fail(&p, p.at, "A parenthesis is closed that was never opened");
    if (p.nodes > QUERY_NODES_MAX)
        return fail(&p, 0, "The search has too many terms");
    if (count_kind(*out, QUERY_FUZZY) > QUERY_FUZZY_MAX) /* each one is a few hundred look-ups */
        return fail(&p, 0, "At most 4 words may end in ~");
    if (*out) {
        TRY(leave_out_marks(&p, out));
        if (!*out)
            return fail(&p, 0, "There is no word to look for");
    }
    if (last_is_prefix)
        mark_last_prefix(*out, text);
    return RC_OK;
}

static const struct query_field *field_of(enum query_field_id id)
{
    const struct query_field *f = query_fields;

    while (f->id != id)
        f++;
    return f;
}

/* A plain word becomes (body:word OR subject:word OR file:word); one that is inexact costs a few
 * hundred look-ups and is looked for in messages only. */
static void spread_word(struct query_node *n, struct arena *a)
{
    static const enum query_field_id shown[] = { QF_BODY, QF_SUBJECT, QF_FILE };
    struct query_node **tail = &n->child, word = *n;

    if (n->text_kind == QUERY_FUZZY) {
        n->field = field_of(QF_BODY);
        return;
    }
    *n = (struct query_node){ .kind = QUERY_OR, .next = word.next, .at = word.at };
    for (size_t i = 0; i < ARRAY_LEN(shown); i++, tail = &(*tail)->next) {
        *tail = arena_memdup(a, &word, sizeof(word));
        (*tail)->field = field_of(shown[i]);
        (*tail)->next = NULL;
    }
}

enum rc query_for_customer(struct query_node *n, struct arena *a, struct err *e)
{
    for (; n; n = n->next) {
        if (n->field && (n->field->id == QF_FROM || n->field->id == QF_CC))
            return err_field(e, "q", "unknown_field", "words and the other fields", "Only agents may search by %s:.", n->field->name);
        TRY(query_for_customer(n->child, a, e));
        if (n->kind == QUERY_TEXT && !n->field)
            spread_word(n, a);
    }
    return RC_OK;
}

static void loosen(struct query_node *n)
{
    if (n->kind == QUERY_TEXT && n->text_kind == QUERY_WORD)
        n->text_kind = QUERY_FUZZY;
    for (struct query_node *c = n->child; c && n->kind != QUERY_NOT; c = c->next)
        loosen(c);
}

bool query_loosen(struct query_node *n)
{
    size_t words = count_kind(n, QUERY_WORD);

    if (words == 0 || words + count_kind(n, QUERY_FUZZY) > QUERY_FUZZY_MAX)
        return false;
    loosen(n);
    return true;
}

static bool span_us(struct str value, int64_t *out)
{
    static const struct {
        char unit;
        int64_t us;
    } units[] = { { 's', US_PER_S },     { 'm', US_PER_MIN },  { 'h', US_PER_HOUR },
                  { 'd', US_PER_DAY },   { 'w', 7 * US_PER_DAY }, { 'y', 365 * US_PER_DAY } };
    int64_t n;

    if (value.n < 2 || !str_i64(str_sub(value, 0, value.n - 1), 0, 100000, &n))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(units); i++) {
        if (value.p[value.n - 1] == units[i].unit) {
            *out = n * units[i].us;
            return true;
        }
    }
    return false;
}

bool query_time(struct str value, int64_t now_us, bool future, bool end, int64_t *out_us)
{
    char day[CLOCK_TEXT_MAX];
    int64_t span;

    if (span_us(value, &span)) {
        *out_us = future ? now_us + span : now_us - span;
        return true;
    }
    if (str_ieq(value, STR("now"))) {
        *out_us = now_us;
        return true;
    }
    if (value.n == 10) {
        snprintf(day, sizeof(day), "%.10sT%s", value.p, end ? "23:59:59.999999Z" : "00:00:00Z");
        return clock_parse(str_of(day), out_us);
    }
    return clock_parse(value, out_us);
}
