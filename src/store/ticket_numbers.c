#include "store/ticket_numbers.h"

enum rc ticket_numbers_find(struct db *db, struct str number, int64_t *id, struct err *e)
{
    return db_query_int(db, "SELECT id FROM tickets WHERE number = $1", DB_ARGS(DB_TEXT(number)), id, e);
}
