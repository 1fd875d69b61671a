/* Records evidence as a command would that ran so long ago, for tests/http/lab.test.mjs:
 * lab_evidence DATABASE_URL KIND AGE_SECONDS ok|failed SUMMARY [FIGURES] */
#include "base/arena.h"
#include "base/clock.h"
#include "desk/evidence.h"
#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>

static const struct actor console = { .type = ACTOR_CLI, .name = { "the lab", 7 } };

struct job {
    struct evidence ev;
    struct arena *a;
};

static enum rc record(struct db *db, void *arg, struct err *e)
{
    const struct job *j = arg;

    return evidence_add(db, &console, &j->ev, j->a, e);
}

int main(int argc, char **argv)
{
    struct arena *a CLEAN(arena_clean) = arena_new(64 * MIB);
    struct job j = { .a = a };
    struct store *store = NULL;
    struct err e = { 0 };
    enum rc rc;

    if (argc < 6)
        return 2;
    clock_fake(clock_now_us() - strtoll(argv[3], NULL, 10) * US_PER_S);
    j.ev = (struct evidence){ .kind = argv[2],
                              .ok = strcmp(argv[4], "ok") == 0,
                              .summary = str_of(argv[5]),
                              .figures = argc > 6 ? str_of(argv[6]) : STR("") };
    rc = store_open(&(struct store_opts){ .url = str_of(argv[1]), .writers = 1, .keep_log = true }, &store, &e);
    if (rc == RC_OK)
        rc = store_write(store, record, &j, &e);
    if (rc != RC_OK)
        fprintf(stderr, "%s%s\n", e.detail, e.internal);
    store_close(&store);
    return rc == RC_OK ? 0 : 1;
}
