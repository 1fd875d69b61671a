#include "store/search_words.h"

#include "base/arena.h"
#include "store/db_priv.h"

#include <stdlib.h>

/* What a connection has put or found there already; a rollback forgets all of it.  A slot holds the
 * newest word of its hash. */
enum { SLOTS = 8192, SLOT_BYTES = 31 };

struct known_words {
    struct {
        unsigned char n;
        char p[SLOT_BYTES];
    } slots[SLOTS];
};

static bool is_known(struct db *db, struct str word)
{
    uint64_t h = 0xcbf29ce484222325u;

    if (word.n > SLOT_BYTES)
        return false;
    if (!db->known_words) {
        db->known_words = calloc(1, sizeof(*db->known_words));
        INVARIANT(db->known_words);
    }
    for (size_t i = 0; i < word.n; i++)
        h = (h ^ (unsigned char)word.p[i]) * 0x100000001b3u;
    h = (h ^ h >> 32) % SLOTS;
    if (db->known_words->slots[h].n == word.n && memcmp(db->known_words->slots[h].p, word.p, word.n) == 0)
        return true;
    db->known_words->slots[h].n = (unsigned char)word.n;
    memcpy(db->known_words->slots[h].p, word.p, word.n);
    return false;
}

void known_words_forget(struct db *db)
{
    free(db->known_words);
    db->known_words = NULL;
}

enum rc search_words_put(struct db *db, struct str tokens, struct err *e)
{
    while (tokens.p) {
        struct str word = str_cut(&tokens, ' ');

        if (word.n == 0 || word.p[0] == '_' || is_known(db, word))
            continue;
        TRY(db_exec(db, "INSERT INTO search_words (word) VALUES ($1) ON CONFLICT (word) DO NOTHING",
                    DB_ARGS(DB_TEXT(word)), NULL, e));
    }
    return RC_OK;
}

enum rc search_words_drop(struct db *db, struct str tokens, struct arena *a, struct err *e)
{
    if (db_kind(db) != DB_SQLITE)
        return RC_OK;
    known_words_forget(db);
    while (tokens.p) {
        struct str word = str_cut(&tokens, ' ');

        if (word.n == 0 || word.p[0] == '_')
            continue;
        /* Behind the documents, which are written late as well. */
        TRY(db_exec_late(db,
                         "DELETE FROM search_words WHERE word = $1 AND NOT EXISTS"
                         " (SELECT 1 FROM search_fts WHERE search_fts MATCH $2)",
                         DB_ARGS(DB_TEXT(word), DB_TEXT(str_printf(a, "\"%.*s\"", STR_ARG(word)))), e));
    }
    return RC_OK;
}

enum rc search_words_list(struct db *db, struct str prefix, struct arena *a, struct str *out, size_t *n,
                          struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    TRY(db_query(db, &r, "SELECT word FROM search_words WHERE word >= $1 AND word < $2 ORDER BY word LIMIT $3",
                 DB_ARGS(DB_TEXT(prefix), DB_TEXT(sql_prefix_end(prefix, a)), DB_INT(SEARCH_WORDS_MAX + 1)), e));
    for (*n = 0; db_next(&r, e); ++*n)
        out[*n] = db_text(&r, 0, a);
    return e->rc;
}
