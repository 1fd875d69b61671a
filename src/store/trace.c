/* For the test of query plans: writes down each statement as it is prepared. */
#include "base/buf.h"
#include "store/db_priv.h"

#include <fcntl.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 128 * 1024 };

int trace_open(const char *path)
{
    return path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
}

/* One line, one write: the types of its values (i, t, b, n), a tab, the text. */
void trace_statement(const struct db *db, const struct db_stmt *st, struct db_args args)
{
    static const char types[] = { [DB_T_NULL] = 'n', [DB_T_INT] = 'i', [DB_T_TEXT] = 't', [DB_T_BLOB] = 'b' };
    struct buf b = BUF_HEAP(LINE_MAX_BYTES);

    if (db->store->trace_fd < 0)
        return;
    for (size_t i = 0; i < args.n; i++)
        buf_char(&b, types[args.v[i].type]);
    buf_char(&b, '\t');
    for (size_t i = 0; i < st->n; i++)
        buf_char(&b, st->text[i] == '\n' ? ' ' : st->text[i]);
    buf_char(&b, '\n');
    if (!b.overflow)
        (void)!write(db->store->trace_fd, b.p, b.n);
    buf_release(&b);
}
