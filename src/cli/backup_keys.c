/* server backup keys: how much of the folder of backups each key opens, so that a former one is kept as long as it is
 * needed and no longer. */
#include "cli/backup_cli.h"

#include "backup/shipped.h"
#include "base/arena.h"
#include "base/enc.h"
#include "base/json.h"

#include <sodium.h>

enum { TOLD_MAX = 64 * 1024 };

struct use {
    const struct box_key *key;
    int64_t copies, segments;
};
struct uses {
    struct use *v; /* the key in use, then the former ones */
    size_t n;
    int64_t other; /* copies and segments that open with none */
};

static struct uses uses_of(const struct repo *r, struct arena *a)
{
    struct uses u = { 0 };

    for (const struct box_key *k = &r->key; k; k = k->former)
        u.n++;
    u.v = ARENA_ARRAY(a, struct use, u.n);
    u.n = 0;
    for (const struct box_key *k = &r->key; k; k = k->former)
        u.v[u.n++].key = k;
    return u;
}

/* The one that opens what needs the key of this id; NULL. */
static struct use *use_of(struct uses *u, const unsigned char id[BOX_KEY_ID_LEN])
{
    bool is_clear = sodium_is_zero(id, BOX_KEY_ID_LEN);

    for (size_t i = 0; i < u->n; i++)
        if (u->v[i].key->set ? memcmp(u->v[i].key->id, id, BOX_KEY_ID_LEN) == 0 : is_clear)
            return &u->v[i];
    return NULL;
}

static void count_sets(const struct set *v, size_t n, struct uses *u, struct arena *a)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char id[BOX_KEY_ID_LEN] = { 0 };
        struct use *use;
        struct str raw;

        if (v[i].state == SET_FOREIGN)
            u->other++;
        if (v[i].state != SET_GOOD)
            continue;
        if (dec_hex(v[i].m.key_id, a, &raw) && raw.n == sizeof(id))
            memcpy(id, raw.p, sizeof(id));
        use = use_of(u, id);
        if (use)
            use->copies++;
    }
}

static enum rc count_segments(const struct repo *r, struct uses *u, struct arena *a, struct err *e)
{
    struct segment *v;
    size_t n;

    TRY(shipped_list(r, a, &v, &n, e));
    for (size_t i = 0; i < n; i++) {
        unsigned char id[BOX_KEY_ID_LEN];
        struct use *use;

        while (box_key_of(v[i].path, id, e) != RC_OK) {
            if (e->rc != RC_NOT_FOUND)
                return e->rc;
            TRY(shipped_again(r, a, &v, &n, &i, e));
        }
        use = use_of(u, id);
        if (use)
            use->segments++;
        else
            u->other++;
    }
    return RC_OK;
}

static const char *setting_of(const struct use *use, size_t i)
{
    return i ? "BACKUP_KEY_FORMER" : use->key->set ? "BACKUP_KEY" : "(no key)";
}

static bool is_needed(const struct use *use)
{
    return use->copies > 0 || use->segments > 0;
}

static int tell_json(struct cli *c, const struct uses *u)
{
    struct buf b = BUF_ARENA(c->a, TOLD_MAX);
    struct jw w = jw_to(&b);

    jw_obj(&w);
    jw_key(&w, "keys");
    jw_arr(&w);
    for (size_t i = 0; i < u->n; i++) {
        jw_obj(&w);
        jw_kv_text(&w, "setting", str_of(setting_of(&u->v[i], i)));
        jw_kv_text(&w, "key", enc_hex((struct str){ (const char *)u->v[i].key->id, BOX_KEY_ID_LEN }, c->a));
        jw_kv_int(&w, "copies", u->v[i].copies);
        jw_kv_int(&w, "segments", u->v[i].segments);
        jw_obj_end(&w);
    }
    jw_arr_end(&w);
    jw_kv_int(&w, "unreadable", u->other);
    jw_obj_end(&w);
    buf_char(&b, '\n');
    return cli_print(buf_view(&b));
}

static int tell(struct cli *c, const struct uses *u)
{
    for (size_t i = 0; i < u->n; i++)
        printf("%-18s %.*s %6lld copies %6lld segments  %s\n", setting_of(&u->v[i], i),
               STR_ARG(enc_hex((struct str){ (const char *)u->v[i].key->id, BOX_KEY_ID_LEN }, c->a)),
               (long long)u->v[i].copies, (long long)u->v[i].segments,
               i == 0                 ? "seals what is new"
               : is_needed(&u->v[i]) ? "still needed"
                                      : "opens nothing any more");
    if (u->other)
        printf("%lld copies or segments open with none of these\n", (long long)u->other);
    return CLI_OK;
}

int backup_cli_keys(struct cli *c, struct repo *r)
{
    struct err e = { 0 };
    struct uses u;
    struct set *v;
    size_t n;
    int told;

    if (backup_cli_begin(c, false, r) != CLI_OK)
        return CLI_FAILED;
    u = uses_of(r, c->a);
    if (repo_sets(r, c->a, &v, &n, &e) != RC_OK)
        return cli_fail(&e);
    count_sets(v, n, &u, c->a);
    if (count_segments(r, &u, c->a, &e) != RC_OK)
        return cli_fail(&e);
    told = cli_is_given(c, "--json") ? tell_json(c, &u) : tell(c, &u);
    return u.other ? CLI_FAILED : told;
}
