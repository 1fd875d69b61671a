/* A small help desk for chain tests: tickets made by the rules themselves, whatever the API is. */
#ifndef TESTS_DESK_FIXTURE_H
#define TESTS_DESK_FIXTURE_H

#include "chain_test.h"

#include <stdio.h>

#include "base/clock.h"
#include "desk/auth.h"
#include "desk/ticket.h"
#include "store/store.h"

struct desk_ask {
    struct chain *ch;
    int64_t customer, group, ticket; /* ticket 0: a new one */
    int64_t author;                  /* 0: the customer */
    const char *text;
    bool internal;
    const int64_t *uploads;
    size_t n_uploads;
    int64_t ticket_id, message_id; /* out */
};

static inline enum rc desk_write(struct db *db, void *arg, struct err *e)
{
    struct desk_ask *q = arg;
    struct message_new m = { .kind = q->internal ? MESSAGE_NOTE : MESSAGE_WEB,
                             .visibility = q->internal ? VISIBILITY_INTERNAL : VISIBILITY_PUBLIC,
                             .uploads = q->uploads,
                             .n_uploads = q->n_uploads };
    struct ticket_new in = { .edit = { .set = TF_TITLE | TF_GROUP | TF_CUSTOMER,
                                       .title = str_of(q->text),
                                       .group_id = q->group ? q->group : 1,
                                       .customer_id = q->customer },
                             .channel = CHANNEL_WEB };
    struct ticket_work w;
    struct actor who = { 0 };
    struct call c;

    m.body =
        (struct message_body){ FORMAT_TEXT, str_of(q->text), str_of(q->text), str_of(q->text) };
    in.message = m;
    in.by_rule = true;
    TRY(actor_load(db, q->author ? q->author : q->customer, q->ch->a, &who, e));
    TRY(call_begin(db, &who, q->ch->a, &c, e));
    if (!q->ticket) {
        TRY(ticket_create(&c, &in, &w, e));
    } else {
        TRY(ticket_work_begin(&c, q->ticket, CAN_ANSWER, 0, &w, e));
        TRY(ticket_say(&w, &m, e));
        q->message_id = w.message.id;
        TRY(ticket_work_save(&w, e));
    }
    q->ticket_id = w.t.id;
    return RC_OK;
}

static inline void desk_do(struct desk_ask *q)
{
    struct err e = { 0 };

    assert_ok(store_write(q->ch->app->store, desk_write, q, &e), &e);
}

/* A new ticket of this customer in this group (0: the first). */
static inline int64_t desk_ticket(struct chain *ch, int64_t customer, int64_t group,
                                  const char *title)
{
    struct desk_ask q = { .ch = ch, .customer = customer, .group = group, .text = title };

    desk_do(&q);
    return q.ticket_id;
}

/* A message on a ticket; its id. */
static inline int64_t desk_message(struct chain *ch, int64_t ticket, int64_t author, bool internal,
                                   const char *text)
{
    struct desk_ask q = {
        .ch = ch, .ticket = ticket, .customer = author, .text = text, .internal = internal
    };

    desk_do(&q);
    return q.message_id;
}

/* A group that nobody has rights in. */
static inline int64_t desk_group(struct chain *ch, const char *name)
{
    return chain_int(
        ch,
        "INSERT INTO groups (name, name_fold, created_us, updated_us) VALUES ($1, $1, 0, 0)"
        " RETURNING id",
        DB_ARGS(DB_TEXT(str_of(name))));
}

static inline const char *desk_path(struct chain *ch, const char *fmt, ...) PRINTF_LIKE(2, 3);
static inline const char *desk_path(struct chain *ch, const char *fmt, ...)
{
    char text[512];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    return str_z(str_of(text), ch->a);
}

#endif
