#include "desk/attachment.h"

#include "base/clock.h"
#include "base/sniff.h"
#include "desk/ticket.h"
#include "desk/ticket_hooks.h"

enum rc upload_check(struct db *db, const struct attachment_limits *lim, const struct actor *who,
                     int64_t size, int64_t now_us, struct err *e)
{
    int64_t n, bytes;

    if (size > lim->max_bytes)
        return err_set(e, RC_TOO_BIG, "file_too_large", "A file may have %lld bytes at most.",
                       (long long)lim->max_bytes);
    TRY(attachments_waiting(db, who->user_id, now_us, &n, &bytes, e));
    if (n >= lim->max_waiting || size > lim->max_waiting_bytes - bytes)
        return err_set(e, RC_LIMITED, "uploads_waiting",
                       "Too many uploads wait for a message; send it, or wait until they expire.");
    return RC_OK;
}

enum rc upload_store(struct blobs *blobs, const struct attachment_limits *lim,
                     const struct actor *who, const struct upload *up, struct arena *a,
                     struct attachment *out, struct err *e)
{
    int64_t now = clock_now_us();
    struct blob blob;

    TRY(blob_put(blobs, up->bytes, &blob, e));
    *out = (struct attachment){
        .hash = str_dup(str_of(blob.hash), a),
        .user_id = who->user_id,
        .name = file_name_clean(up->name, a),
        .content_type = sniff_type(up->bytes, up->content_type, a),
        .size = blob.size,
        .created_us = now,
        .expires_us = now + lim->keep_us,
    };
    return RC_OK;
}

enum rc upload_add(struct db *db, const struct attachment_limits *lim, const struct actor *who,
                   struct attachment *at, struct err *e)
{
    TRY(upload_check(db, lim, who, at->size, at->created_us, e));
    return attachments_insert(db, at, e);
}

static enum rc absent(struct err *e)
{
    err_clear(e);
    return err_set(e, RC_NOT_FOUND, "", "There is no such attachment.");
}

/* May the actor see what was written in this ticket?  *merged_into leads on when he may not. */
static enum rc may_see(struct call *c, int64_t ticket_id, bool is_internal, int64_t *merged_into,
                       struct err *e)
{
    bool internal;
    struct ticket t;
    enum rc rc = tickets_load(c->db, ticket_id, false, c->a, &t, e);

    *merged_into = rc == RC_OK ? t.merged_into_id : 0;
    if (rc != RC_OK && rc != RC_NOT_FOUND)
        return rc;
    err_clear(e);
    TRY(ticket_read(c, ticket_id, &t, &internal, e));
    return internal || !is_internal ? RC_OK : absent(e);
}

enum rc attachment_read(struct call *c, int64_t id, struct attachment *out, struct err *e)
{
    struct attachment at = { 0 };
    int64_t next;
    enum rc rc = attachments_load(c->db, id, c->a, &at, e);

    if (rc == RC_OK && !at.ticket_id && at.user_id == c->who->user_id && at.expires_us > c->now_us) {
        *out = at;
        return RC_OK;
    }
    /* What is not there, and uploads of others, ask for ticket 0: the same statements run. */
    next = rc == RC_OK ? at.ticket_id : 0;
    if (rc == RC_OK || rc == RC_NOT_FOUND) {
        do {
            err_clear(e);
            rc = may_see(c, next, at.is_internal, &next, e);
        } while (rc == RC_NOT_FOUND && next);
    }
    if (rc == RC_NOT_FOUND)
        return absent(e);
    if (rc == RC_OK)
        *out = at;
    return rc;
}

static const char *base_of(const struct attachments_claim *what)
{
    return what->at ? what->at : "";
}

static enum rc refuse(const struct attachments_claim *what, size_t i, const char *code, const char *words,
                      struct err *e)
{
    char at[64];

    snprintf(at, sizeof at, "%s/attachments/%zu", base_of(what), i);
    return err_field(e, at, code, "ids of your own uploads, each once", "%s", words);
}

static bool is_doubled(const int64_t *ids, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (ids[k] == ids[i])
            return true;
    return false;
}

enum rc attachments_claim(struct db *db, const struct actor *who, const struct attachments_claim *what,
                          struct err *e)
{
    struct attachment_claim c = { .user_id = who->user_id,
                                  .ticket_id = what->ticket_id,
                                  .message_id = what->message_id,
                                  .now_us = clock_now_us() };

    if (what->n > ATTACHMENTS_PER_MESSAGE_MAX) {
        char at[64];

        snprintf(at, sizeof at, "%s/attachments", base_of(what));
        return err_field(e, at, "length", "fewer", "At most %d attachments a message.",
                         ATTACHMENTS_PER_MESSAGE_MAX);
    }
    for (size_t i = 0; i < what->n; i++) {
        bool taken;

        if (is_doubled(what->ids, i))
            return refuse(what, i, "duplicate", "This upload is named twice.", e);
        c.id = what->ids[i];
        TRY(attachments_take(db, &c, &taken, e));
        if (!taken)
            return refuse(what, i, "unknown",
                          "There is no upload of yours with this id that waits for a message.", e);
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
