#include "desk/attachment.h"

#include "base/clock.h"
#include "desk/ticket_hooks.h"

enum rc upload_add(struct db *db, const struct attachment_limits *lim, const struct actor *who,
                   struct attachment *at, struct err *e)
{
    int64_t n, bytes;

    TRY(attachments_waiting(db, who->user_id, at->created_us, &n, &bytes, e));
    if (n >= lim->max_waiting || at->size > lim->max_waiting_bytes - bytes)
        return err_set(e, RC_LIMITED, "uploads_waiting",
                       "Too many uploads wait for a message; send or wait until they expire.");
    return attachments_insert(db, at, e);
}

static enum rc refuse(struct err *e, size_t i, const char *code, const char *words)
{
    char at[32];

    snprintf(at, sizeof at, "/attachments/%zu", i);
    return err_field(e, at, code, "", "%s", words);
}

static bool is_doubled(const int64_t *ids, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (ids[k] == ids[i])
            return true;
    return false;
}

enum rc attachments_claim(struct db *db, const struct actor *who, const int64_t *ids, size_t n,
                          int64_t ticket_id, int64_t message_id, struct err *e)
{
    struct attachment_claim c = { .user_id = who->user_id,
                                  .ticket_id = ticket_id,
                                  .message_id = message_id,
                                  .now_us = clock_now_us() };

    if (n > ATTACHMENTS_PER_MESSAGE_MAX)
        return err_field(e, "/attachments", "length", "", "At most %d attachments a message.",
                         ATTACHMENTS_PER_MESSAGE_MAX);
    for (size_t i = 0; i < n; i++) {
        bool taken;

        if (is_doubled(ids, i))
            return refuse(e, i, "duplicate", "This upload is named twice.");
        c.id = ids[i];
        TRY(attachments_take(db, &c, &taken, e));
        if (!taken)
            return refuse(e, i, "unknown",
                          "There is no upload of yours with this id that waits for a message.");
    }
    return RC_OK;
}

enum rc uploads_expire(struct db *db, int64_t now_us, int64_t limit, struct arena *a, int64_t *n,
                       struct err *e)
{
    struct attachment_list list;

    TRY(attachments_expired(db, now_us, limit, a, &list, e));
    for (size_t i = 0; i < list.n; i++)
        TRY(attachments_delete(db, &list.v[i], now_us, e));
    *n = (int64_t)list.n;
    return RC_OK;
}
