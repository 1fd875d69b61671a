#include "web/worker.h"

#include "store/store.h"
#include "web/app.h"

#include <stdlib.h>

struct worker {
    struct app *app;
    struct db *db; /* owned; NULL: none yet */
};

void *worker_init(void *app, size_t index)
{
    struct worker *w = calloc(1, sizeof(*w));

    (void)index;
    INVARIANT(w);
    w->app = app;
    return w;
}

void worker_free(void *thread)
{
    struct worker *w = thread;

    db_close(&w->db);
    free(w);
}

enum rc worker_db(void *thread, struct db **out, struct err *e)
{
    struct worker *w = thread;

    if (!w->db)
        TRY(store_connect(w->app->store, DB_READ, &w->db, e));
    *out = w->db;
    return RC_OK;
}
