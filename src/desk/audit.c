#include "desk/audit.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/enc.h"
#include "base/rand.h"
#include "desk/audit_verify.h"
#include "store/audit.h"

enum { SALT_BYTES = 12, CANONICAL_MAX = 64 * 1024 };

#define CHAIN_LABEL "ticketing-system audit entry v1"
#define DETAILS_LABEL "ticketing-system audit details v1"

static void put_int(struct buf *b, int64_t v)
{
    char bytes[8];

    for (int i = 0; i < 8; i++)
        bytes[i] = (char)((uint64_t)v >> (56 - 8 * i));
    buf_add(b, bytes, sizeof(bytes));
}

/* With its length in front, so that no two rows have the same bytes. */
static void put_text(struct buf *b, struct str s)
{
    put_int(b, (int64_t)s.n);
    buf_str(b, s);
}

struct str audit_hash(const struct audit_row *row, struct str prev, struct arena *a)
{
    struct buf b = BUF_ARENA(a, CANONICAL_MAX);

    put_text(&b, STR(CHAIN_LABEL));
    put_int(&b, row->n);
    put_text(&b, prev);
    put_int(&b, row->at_us);
    put_int(&b, row->actor_id);
    put_int(&b, row->actor_type);
    put_text(&b, row->address);
    put_text(&b, row->request_id);
    put_text(&b, row->action);
    put_text(&b, row->object);
    put_int(&b, row->object_id);
    put_text(&b, row->salt);
    put_text(&b, row->details_hash);
    INVARIANT(!b.overflow);
    return sha256_hex(hash_sha256(buf_view(&b)), a);
}

struct str audit_details_hash(struct str salt, struct str details, struct arena *a)
{
    struct buf b = BUF_ARENA(a, details.n + CANONICAL_MAX);

    put_text(&b, STR(DETAILS_LABEL));
    put_text(&b, salt);
    put_text(&b, details);
    return sha256_hex(hash_sha256(buf_view(&b)), a);
}

/* Texts of the caller are cut to what a row is worth; NULL would mean "erased". */
static struct str cut(struct str s, size_t max)
{
    return s.p ? str_sub(s, 0, max) : STR("");
}

enum rc audit_add(struct db *db, const struct actor *who, const struct audit_entry *entry,
                  struct arena *a, struct err *e)
{
    struct audit_head head;
    struct audit_row row = {
        .at_us = clock_now_us(),
        .actor_id = who->user_id,
        .actor_type = who->type,
        .address = cut(who->address, 64),
        .request_id = cut(who->request_id, 128),
        .action = str_of(entry->action),
        .object = cut(str_of(entry->object), 64),
        .object_id = entry->object_id,
        .details = entry->details.p ? entry->details : STR(""),
        .salt = rand_token(SALT_BYTES, a),
    };

    TRY(audit_head_load(db, true, a, &head, e));
    row.n = head.n + 1;
    row.details_hash = audit_details_hash(row.salt, row.details, a);
    row.hash = audit_hash(&row, head.hash, a);
    return audit_append(db, &row, e);
}
