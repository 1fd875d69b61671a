#include "desk/hold.h"

#include "base/clock.h"
#include "desk/audit.h"

#include <stdio.h>

enum { DETAILS_MAX = 16 * 1024 };

const char *const hold_object_names[] = { "user", "organization", "ticket", NULL };

void hold_write(struct jw *w, const struct hold *h)
{
    jw_obj(w);
    jw_kv_int(w, "id", h->id);
    jw_kv_text(w, "object", str_of(hold_object_names[h->object]));
    jw_kv_int(w, "object_id", h->object_id);
    jw_kv_text(w, "reason", h->reason);
    jw_kv_text(w, "asked_by", h->asked_by);
    jw_kv_id(w, "created_by", h->created_by);
    jw_kv_time(w, "created_at", h->created_us);
    jw_kv_time(w, "until", h->until_us);
    jw_kv_time(w, "released_at", h->released_us);
    jw_key(w, "released_why");
    if (h->released_why.p)
        jw_text(w, h->released_why);
    else
        jw_null(w);
    jw_obj_end(w);
}

static enum rc check_words(struct str s, const char *pointer, size_t max, struct err *e)
{
    char allowed[48];

    if (str_trim(s).n >= 3 && s.n <= max)
        return RC_OK;
    snprintf(allowed, sizeof(allowed), "3 to %zu characters", max);
    return err_field(e, pointer, "length", allowed, "This takes 3 to %zu characters.", max);
}

static enum rc check_admin(const struct actor *who, struct err *e)
{
    return actor_has(who, PERM_ADMIN_USER)
               ? RC_OK
               : err_set(e, RC_DENIED, "", "Only who manages people sets and releases legal holds.");
}

static enum rc audit_hold(struct db *db, const struct actor *who, const char *action,
                          const struct hold *h, struct arena *a, struct err *e)
{
    struct buf b = BUF_ARENA(a, DETAILS_MAX);
    struct jw w = jw_to(&b);
    struct audit_entry entry = { .action = action,
                                 .object = hold_object_names[h->object],
                                 .object_id = h->object_id };

    hold_write(&w, h);
    entry.details = buf_view(&b);
    return audit_add(db, who, &entry, a, e);
}

enum rc hold_add(struct db *db, const struct actor *who, struct hold *h, struct arena *a,
                 struct err *e)
{
    bool there = false;

    TRY(check_admin(who, e));
    h->created_us = clock_now_us();
    h->created_by = who->user_id;
    check_words(h->reason, "/reason", HOLD_REASON_MAX, e);
    check_words(h->asked_by, "/asked_by", HOLD_ASKED_BY_MAX, e);
    if (h->until_us && h->until_us <= h->created_us)
        err_field(e, "/until", "past", "a time to come", "This lies in the past.");
    if (e->rc != RC_OK)
        return e->rc;
    TRY(holds_target_exists(db, h->object, h->object_id, &there, e));
    if (!there)
        return err_field(e, "/object_id", "unknown", "the id of one that is there", "There is no %s %lld.",
                         hold_object_names[h->object], (long long)h->object_id);
    TRY(holds_insert(db, h, e));
    return audit_hold(db, who, "hold.add", h, a, e);
}

enum rc hold_release(struct db *db, const struct actor *who, int64_t id, struct str why,
                     struct arena *a, struct err *e)
{
    struct hold h;

    TRY(check_admin(who, e));
    TRY(check_words(why, "/reason", HOLD_REASON_MAX, e));
    TRY(holds_load(db, id, a, &h, e));
    if (h.released_us)
        return err_set(e, RC_CONFLICT, "hold_released", "Legal hold %lld was released before.",
                       (long long)id);
    h.released_us = clock_now_us();
    h.released_why = why;
    TRY(holds_release(db, &h, e));
    return audit_hold(db, who, "hold.release", &h, a, e);
}

static enum rc refuse(int64_t hold_id, struct err *e)
{
    if (!hold_id)
        return RC_OK;
    return err_set(e, RC_CONFLICT, "legal_hold",
                   "Legal hold %lld keeps this: nothing of it may be deleted until the hold is released.",
                   (long long)hold_id);
}

enum rc hold_check_user(struct db *db, int64_t user_id, struct err *e)
{
    int64_t id;

    TRY(holds_on_user(db, user_id, clock_now_us(), &id, e));
    return refuse(id, e);
}

enum rc hold_check_ticket(struct db *db, int64_t ticket_id, struct err *e)
{
    int64_t id;

    TRY(holds_on_ticket(db, ticket_id, clock_now_us(), &id, e));
    return refuse(id, e);
}
