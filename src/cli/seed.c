/* server seed and server bench-data: believable, repeatable tickets, written straight into the
 * tables.  Never for a system in use: the rules and the audit log are passed by. */
#include "base/clock.h"
#include "base/file.h"
#include "cli/cli.h"
#include "cli/seed_text.h"
#include "desk/blob.h"
#include "desk/call.h"
#include "desk/catalog.h"
#include "desk/ticket_number.h"
#include "store/attachments.h"
#include "store/counters.h"
#include "store/seed.h"
#include "store/store.h"
#include "text/html.h"

#include <stdio.h>

enum {
    GROUPS = 6,
    AGENTS = 24,
    TAGS = 16,
    COUNTS = 4096, /* cells of group x state x owner */
    TICKETS_PER_COMMIT = 500,
    PAGES_PER_MERGE = 4000,
    ROLE_AGENT = 2,
    ROLE_CUSTOMER = 3,
    TEXT_MAX = 4096,
    YEARS = 3,
    TICKETS_MAX = 10000000,
};

struct cell {
    int64_t group, state, owner, n;
};

struct person {
    int64_t id, organization_id;
    struct str name, email;
};

struct seeder {
    struct store *store;
    struct arena *a; /* emptied after each commit */
    struct arena *kept;
    struct seed_rows rows;
    struct seed_rng rng;
    bool bench;            /* always three messages, a rare word in 1 % of them */
    int64_t tickets, done, start_us, now_us;
    int64_t groups[GROUPS];
    struct person agents[AGENTS], *customers;
    int64_t n_orgs, n_customers, *orgs;
    struct str tag_names[TAGS];
    int64_t tag_ids[TAGS];
    size_t n_tags;
    struct cell counts[COUNTS];
    size_t n_counts;
    int64_t number;
    bool more_to_merge;
    struct blob files[SEED_FILES];
    struct cat_settings settings;
};

static struct buf text(struct seeder *s)
{
    return BUF_ARENA(s->a, TEXT_MAX);
}

/* ── people ── */

static const char *const group_names[GROUPS] = { "Support", "2nd level", "Sales", "Finance", "Facilities", "Field service" };

static enum rc put_person(struct seeder *s, struct db *db, struct seed_user *u, struct str domain,
                          uint64_t nth, struct err *e)
{
    struct buf name = text(s), email = text(s);

    seed_person(&s->rng, &name);
    buf_printf(&email, "p%llu@%.*s", (unsigned long long)nth, STR_ARG(domain));
    u->name = buf_view(&name);
    u->email = buf_view(&email);
    u->created_us = s->start_us;
    return seed_put_user(db, u, s->a, e);
}

static struct person person_of(const struct seeder *s, const struct seed_user *u)
{
    return (struct person){ u->id, u->organization_id, str_dup(u->name, s->kept), str_dup(u->email, s->kept) };
}

static enum rc put_agents(struct seeder *s, struct db *db, struct err *e)
{
    for (size_t i = 0; i < GROUPS; i++)
        TRY(seed_put_group(db, str_of(group_names[i]), s->now_us, s->a, &s->groups[i], e));
    for (size_t i = 0; i < AGENTS; i++) {
        struct seed_user u = { .locale = STR("en"), .role_id = ROLE_AGENT };

        TRY(put_person(s, db, &u, STR("helpdesk.example"), i + 1, e));
        s->agents[i] = person_of(s, &u);
    }
    return RC_OK;
}

static enum rc put_customers(struct seeder *s, struct db *db, struct err *e)
{
    struct str domain = STR_NONE;

    for (int64_t i = 0; i < s->n_customers; i++) {
        int64_t org = i / 10; /* ten people a company, every fourth company's people alone */
        struct seed_user u = { .locale = str_of(seed_languages[i % SEED_LANGUAGES]),
                               .role_id = ROLE_CUSTOMER };

        if (i % 10 == 0) {
            struct buf name = text(s), dom = text(s);

            seed_company(&s->rng, (uint64_t)org + 1, &name, &dom);
            domain = buf_view(&dom);
            if (org % 4 != 3)
                TRY(seed_put_org(db, buf_view(&name), domain, s->start_us, s->a, &s->orgs[org], e));
        }
        u.organization_id = s->orgs[org];
        TRY(put_person(s, db, &u, domain, (uint64_t)i + 1, e));
        s->customers[i] = person_of(s, &u);
    }
    return RC_OK;
}

/* As this desk writes them: what comes after the seed goes on behind them. */
static enum rc take_numbers(struct seeder *s, struct db *db, struct err *e)
{
    const struct catalog *cat;

    TRY(catalog_get(db, &cat, e));
    s->settings = cat->settings;
    return counter_take_tickets(db, s->tickets, &s->number, e);
}

static enum rc put_world(struct db *db, void *arg, struct err *e)
{
    struct seeder *s = arg;

    TRY(seed_begin(db, e));
    TRY(put_agents(s, db, e));
    TRY(put_customers(s, db, e));
    return take_numbers(s, db, e);
}

/* ── one ticket ── */

struct story {
    struct ticket t;
    struct seed_topic topic;
    int64_t at;       /* the time goes on */
    const struct person *agent, *customer;
    unsigned replies; /* behind the request */
    unsigned notes;   /* bits: the messages that are internal */
    unsigned file;    /* what the request brings along: number in seed_files, from 1; 0: nothing */
    int64_t tag_id;
};

static const struct {
    int64_t id;
    enum state_type type;
    unsigned percent;
} state_mix[] = { { 7, STATE_CLOSED, 70 }, { 6, STATE_SOLVED, 8 }, { 2, STATE_OPEN, 10 },
                  { 1, STATE_NEW, 6 },     { 3, STATE_PENDING, 4 }, { 5, STATE_HOLD, 1 },
                  { 9, STATE_SPAM, 1 } };

static void pick_state(struct seeder *s, struct story *y)
{
    uint64_t roll = seed_below(&s->rng, 100);
    size_t i = 0;

    for (; i + 1 < ARRAY_LEN(state_mix) && roll >= state_mix[i].percent; i++)
        roll -= state_mix[i].percent;
    y->t.state_id = state_mix[i].id;
    y->t.state_type = state_mix[i].type;
}

/* Times spread over the years, in the order of the numbers, so that old tickets have old ids. */
static int64_t created_at(struct seeder *s)
{
    int64_t span = s->now_us - s->start_us - US_PER_HOUR;

    return s->start_us + span / s->tickets * s->done + (int64_t)seed_below(&s->rng, (uint64_t)(span / s->tickets) + 1);
}

static void plan(struct seeder *s, struct story *y)
{
    const struct person *c = &s->customers[seed_below(&s->rng, (uint64_t)s->n_customers)];
    struct buf title = text(s);

    *y = (struct story){ .topic = seed_topic_pick(&s->rng), .at = created_at(s), .customer = c };
    pick_state(s, y);
    seed_title(&s->rng, &y->topic, &title);
    y->agent = &s->agents[seed_below(&s->rng, AGENTS)];
    y->replies = y->t.state_type == STATE_NEW && !s->bench ? 0
                 : s->bench ? 2 : 1 + (unsigned)seed_below(&s->rng, 4);
    y->file = !s->bench && seed_chance(&s->rng, 10) ? 1 + (unsigned)seed_below(&s->rng, SEED_FILES) : 0;
    y->t.title = buf_view(&title);
    y->t.number = ticket_number_format(&s->settings, s->number++, y->at, s->a);
    y->t.priority_id = seed_chance(&s->rng, 75) ? 2 : 1 + (int64_t)seed_below(&s->rng, 4);
    y->t.group_id = s->groups[seed_chance(&s->rng, 50) ? 0 : seed_below(&s->rng, GROUPS)];
    y->t.owner_id = y->t.state_type == STATE_NEW ? 0 : y->agent->id;
    y->t.customer_id = c->id;
    y->t.organization_id = c->organization_id;
    y->t.channel = (enum channel)seed_below(&s->rng, 4);
    y->t.fields_json = STR("{}");
    y->t.created_by = y->t.customer_id;
    y->t.created_us = y->at;
    y->t.tags_json = str_printf(s->a, "[\"%s\"]", seed_topic_tag(&y->topic));
}

static enum rc tag_of(struct seeder *s, struct db *db, struct story *y, struct err *e)
{
    struct str name = str_of(seed_topic_tag(&y->topic));

    for (size_t i = 0; i < s->n_tags; i++) {
        if (str_eq(s->tag_names[i], name)) {
            y->tag_id = s->tag_ids[i];
            return RC_OK;
        }
    }
    INVARIANT(s->n_tags < TAGS);
    TRY(seed_put_tag(db, name, s->now_us, &y->tag_id, e));
    s->tag_names[s->n_tags] = name;
    s->tag_ids[s->n_tags++] = y->tag_id;
    return RC_OK;
}

static enum rc put_event(struct seeder *s, const struct story *y, const char *type, int64_t actor,
                         int64_t message, struct str changes, struct err *e)
{
    struct event ev = { .ticket_id = y->t.id, .type = str_of(type), .actor_id = actor,
                        .message_id = message, .changes_json = changes, .ticket_version = 1,
                        .request_id = STR("seed"), .created_us = y->at };

    return seed_put_event(&s->rows, &ev, e);
}

static enum rc put_file(struct seeder *s, struct db *db, const struct story *y, int64_t message_id,
                        struct err *e)
{
    const struct seed_file *f = &seed_files[y->file - 1];
    struct attachment at = { .hash = str_of(s->files[y->file - 1].hash),
                             .message_id = message_id,
                             .ticket_id = y->t.id,
                             .user_id = y->t.customer_id,
                             .name = str_of(f->name),
                             .content_type = str_of(f->type),
                             .size = (int64_t)f->bytes.n,
                             .created_us = y->at };

    return attachments_insert(db, &at, e);
}

static enum rc index_message(struct seeder *s, const struct story *y, const struct message *m,
                             const struct person *author, struct str file, struct err *e)
{
    const struct search_source src = { .message_id = m->id,
                                       .ticket_id = y->t.id,
                                       .group_id = y->t.group_id,
                                       .customer_id = y->t.customer_id,
                                       .organization_id = y->t.organization_id,
                                       .internal = m->visibility == VISIBILITY_INTERNAL,
                                       .file = file,
                                       .text = m->body_text,
                                       .author_name = author->name,
                                       .author_email = author->email,
                                       .number = y->t.number,
                                       .title = y->t.title,
                                       .customer_name = y->customer->name,
                                       .customer_email = y->customer->email };

    return seed_put_doc(&s->rows, &src, e);
}

static void write_body(struct seeder *s, const struct story *y, unsigned nth, bool by_agent, bool note, struct buf *body)
{
    if (nth == 0)
        seed_request(&s->rng, &y->topic, body);
    else if (note)
        seed_note(&s->rng, &y->topic, body);
    else if (by_agent)
        seed_answer(&s->rng, &y->topic, body);
    else
        seed_reply(&s->rng, &y->topic, body);
    if (s->bench && seed_chance(&s->rng, 1))
        BUF_LIT(body, " zirconium");
}

static enum rc put_message(struct seeder *s, struct db *db, struct story *y, unsigned nth,
                           struct err *e)
{
    bool by_agent = nth % 2 == 1, note = (y->notes >> nth & 1) != 0;
    const struct person *author = by_agent ? y->agent : y->customer;
    unsigned file = nth == 0 ? y->file : 0;
    struct buf body = text(s);
    struct message m = { .ticket_id = y->t.id,
                         .kind = note ? MESSAGE_NOTE : MESSAGE_WEB,
                         .sender = by_agent ? SENDER_AGENT : SENDER_CUSTOMER,
                         .visibility = note ? VISIBILITY_INTERNAL : VISIBILITY_PUBLIC,
                         .author_id = author->id,
                         .format = FORMAT_TEXT,
                         .language = str_of(seed_languages[y->topic.language]),
                         .attachment_count = file != 0,
                         .created_us = y->at };

    write_body(s, y, nth, by_agent, note, &body);
    m.source = m.body_text = buf_view(&body);
    m.body_html = html_from_text(m.source, s->a);
    TRY(seed_put_message(&s->rows, &m, e));
    if (file) {
        TRY(seed_flush(&s->rows, e));
        TRY(put_file(s, db, y, m.id, e));
    }
    TRY(index_message(s, y, &m, author, file ? str_of(seed_files[file - 1].name) : STR_NONE, e));
    return put_event(s, y, nth ? "message" : "create", m.author_id, m.id, STR("{}"), e);
}

/* What the messages to come will leave in the ticket's row. */
static void foresee(struct seeder *s, struct story *y, int64_t *times)
{
    struct ticket *t = &y->t;

    for (unsigned i = 0; i <= y->replies; i++) {
        int64_t at = y->at + (i ? US_PER_MIN * (10 + (int64_t)seed_below(&s->rng, 2000)) : 0);

        at = at < s->now_us ? at : s->now_us;
        times[i] = y->at = at;
        if (i > 1 && i % 2 && !s->bench && seed_chance(&s->rng, 25)) {
            y->notes |= 1u << i;
            continue;
        }
        t->public_updated_us = at;
        t->public_message_count++;
        if (i % 2)
            t->last_agent_us = at;
        else
            t->last_customer_us = at;
        if (i == 1)
            t->first_response_us = at;
    }
    t->updated_us = y->at;
    t->message_count = y->replies + 1;
    t->attachment_count = t->public_attachment_count = y->file != 0;
    t->waiting_since_us = t->last_customer_us > t->last_agent_us ? t->last_customer_us : 0;
    if (t->state_type == STATE_PENDING)
        t->until_us = s->now_us + US_PER_DAY * (1 + (int64_t)seed_below(&s->rng, 30));
    if (t->state_type == STATE_SOLVED || t->state_type == STATE_CLOSED) {
        t->first_close_us = t->last_close_us = t->solved_us = t->updated_us;
        t->closed_us = t->state_type == STATE_CLOSED ? t->updated_us : 0;
        t->waiting_since_us = 0;
    }
}

static void count(struct seeder *s, const struct ticket *t)
{
    for (size_t i = 0; i < s->n_counts; i++) {
        struct cell *c = &s->counts[i];

        if (c->group == t->group_id && c->state == t->state_id && c->owner == t->owner_id) {
            c->n++;
            return;
        }
    }
    INVARIANT(s->n_counts < COUNTS);
    s->counts[s->n_counts++] = (struct cell){ t->group_id, t->state_id, t->owner_id, 1 };
}

static enum rc put_ticket(struct seeder *s, struct db *db, struct err *e)
{
    int64_t times[8];
    struct story y;

    plan(s, &y);
    foresee(s, &y, times);
    TRY(tag_of(s, db, &y, e));
    TRY(seed_put_ticket(&s->rows, &y.t, y.tag_id, e));
    for (unsigned i = 0; i <= y.replies; i++) {
        y.at = times[i];
        TRY(put_message(s, db, &y, i, e));
    }
    count(s, &y.t);
    if (y.t.closed_us)
        TRY(put_event(s, &y, "update", y.agent->id, 0, STR("{\"state\":[\"open\",\"closed\"]}"), e));
    s->done++;
    return RC_OK;
}

/* The bytes of the files, where the server looks for them. */
static enum rc put_blobs(struct seeder *s, struct str data_dir, struct err *e)
{
    struct blobs *b = NULL;
    enum rc rc;

    TRY(dir_make(str_z(data_dir, s->a), 0700, e));
    TRY(blobs_open(str_printf(s->a, "%.*s/attachments", STR_ARG(data_dir)), &b, e));
    for (size_t i = 0; i < SEED_FILES; i++) {
        rc = blob_put(b, seed_files[i].bytes, &s->files[i], e);
        if (rc != RC_OK)
            break;
    }
    blobs_close(&b);
    return rc;
}

static enum rc put_batch(struct db *db, void *arg, struct err *e)
{
    struct seeder *s = arg;

    seed_rows_begin(&s->rows, db, s->a);
    for (int i = 0; i < TICKETS_PER_COMMIT && s->done < s->tickets; i++)
        TRY(put_ticket(s, db, e));
    TRY(seed_flush(&s->rows, e));
    for (size_t i = 0; i < s->n_counts; i++)
        TRY(seed_add_count(db, s->counts[i].group, s->counts[i].state, s->counts[i].owner,
                           s->counts[i].n, e));
    s->n_counts = 0;
    return s->done == s->tickets ? seed_end(db, e) : RC_OK;
}

static enum rc merge_step(struct db *db, void *arg, struct err *e)
{
    struct seeder *s = arg;

    return search_merge(db, PAGES_PER_MERGE, s->a, &s->more_to_merge, e);
}

/* Past the write lane: its savepoint around each job would keep a copy of every page. */
static enum rc in_tx(struct seeder *s, struct db *db,
                     enum rc (*fn)(struct db *db, void *arg, struct err *e), struct err *e)
{
    struct db_tx tx CLEAN(db_tx_end) = { 0 };

    TRY(db_tx_begin(db, &tx, e));
    TRY(fn(db, s, e));
    return db_tx_commit(&tx, e);
}

static enum rc seed(struct seeder *s, struct err *e)
{
    struct arena *kept CLEAN(arena_clean) = arena_new(512 * MIB);
    struct db *db CLEAN(db_close) = NULL;

    s->kept = kept;
    s->orgs = ARENA_ARRAY(kept, int64_t, (size_t)s->n_orgs);
    s->customers = ARENA_ARRAY(kept, struct person, (size_t)s->n_customers);
    TRY(store_connect(s->store, DB_WRITE, &db, e));
    TRY(seed_roomy(db, e));
    TRY(in_tx(s, db, put_world, e));
    while (s->done < s->tickets) {
        arena_reset(s->a);
        TRY(in_tx(s, db, put_batch, e));
    }
    do {
        arena_reset(s->a);
        TRY(in_tx(s, db, merge_step, e));
    } while (s->more_to_merge);
    return RC_OK;
}

static int run(struct cli *c, bool bench)
{
    struct arena *a CLEAN(arena_clean) = arena_new(512 * MIB);
    struct seeder *s = ARENA_NEW(c->a, struct seeder);
    int64_t begun = clock_mono_us(), seed_value = 1;
    struct err e = { 0 };
    double took;
    int rc;

    s->tickets = bench ? 100000 : 1000;
    if ((cli_is_given(c, "--tickets") && !cli_number(c, "--tickets", 1, TICKETS_MAX, &s->tickets))
        || (cli_is_given(c, "--seed") && !cli_number(c, "--seed", 1, INT64_MAX, &seed_value)))
        return CLI_USAGE;
    rc = cli_store_current(c);
    if (rc != CLI_OK)
        return rc;
    s->store = c->store;
    s->a = a;
    s->bench = bench;
    s->rng.state = (uint64_t)seed_value;
    s->now_us = clock_now_us();
    s->start_us = s->now_us - YEARS * 365 * US_PER_DAY;
    s->n_customers = s->tickets / 20 + 10;
    s->n_orgs = s->n_customers / 10 + 1;
    if (put_blobs(s, c->cfg->data_dir, &e) != RC_OK || seed(s, &e) != RC_OK)
        return cli_fail(&e);
    took = (double)(clock_mono_us() - begun) / US_PER_S;
    return cli_print(str_printf(c->a, "%lld tickets in %.1f s, %.0f a second\n", (long long)s->done,
                                took, (double)s->done / took));
}

static int run_seed(struct cli *c)
{
    return run(c, false);
}

static int run_bench_data(struct cli *c)
{
    return run(c, true);
}

static const struct cli_opt opts[] = {
    { "--tickets", "N", "how many (seed 1000, bench-data 100000)" },
    { "--seed", "S", "another number gives other data; the same gives the same" },
};

const struct command cmd_seed = {
    .name = "seed",
    .args = "",
    .summary = "Fill the database with believable tickets, to try things out",
    .help = "People, companies, groups, conversations in five languages, spread over three years.\n"
            "Written past the rules and the audit log: never into a system in use.",
    .opts = opts,
    .n_opts = ARRAY_LEN(opts),
    .run = run_seed,
};

const struct command cmd_bench_data = {
    .name = "bench-data",
    .args = "",
    .summary = "Fill the database for make bench: three messages a ticket",
    .help = "Like seed, but every ticket has three messages, and one message in a hundred holds the\n"
            "word zirconium.",
    .opts = opts,
    .n_opts = ARRAY_LEN(opts),
    .run = run_bench_data,
};
