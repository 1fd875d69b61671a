#include "store/stmt_stats.h"

#include <stdatomic.h>
#include <stdio.h>

void stmt_stats_init(struct stmt_stats *s)
{
    pthread_mutex_init(&s->lock, NULL);
}

void stmt_stats_release(struct stmt_stats *s)
{
    pthread_mutex_destroy(&s->lock);
}

static bool is_word_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static struct str next_word(struct str *rest)
{
    size_t from = 0, to;

    while (from < rest->n && !is_word_char(rest->p[from]))
        from++;
    for (to = from; to < rest->n && is_word_char(rest->p[to]);)
        to++;
    struct str word = str_sub(*rest, from, to - from);

    *rest = str_sub(*rest, to, rest->n);
    return word;
}

/* The word behind the first FROM, INTO or UPDATE. */
static struct str table_of(struct str sql)
{
    static const struct str before[] = { { "FROM", 4 }, { "INTO", 4 }, { "UPDATE", 6 } };

    for (struct str word = next_word(&sql); word.n; word = next_word(&sql)) {
        for (size_t i = 0; i < ARRAY_LEN(before); i++) {
            if (str_ieq(word, before[i]))
                return next_word(&sql);
        }
    }
    return STR_NONE;
}

void stmt_label(struct str sql, char out[STMT_LABEL_LEN])
{
    static const char *const verbs[] = { "select", "insert", "update",   "delete",    "with",
                                         "begin",  "commit", "rollback", "savepoint", "release" };
    struct str rest = sql, verb = next_word(&rest), table = table_of(sql);

    for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
        if (!str_ieq(verb, str_of(verbs[i])))
            continue;
        if (i >= 5 || table.n == 0 || table.n > STMT_LABEL_LEN - 10)
            snprintf(out, STMT_LABEL_LEN, "%s", verbs[i]);
        else
            snprintf(out, STMT_LABEL_LEN, "%s %.*s", verbs[i], STR_ARG(table));
        return;
    }
    snprintf(out, STMT_LABEL_LEN, "other");
}

struct stmt_stat *stmt_stats_place(struct stmt_stats *s, struct str sql)
{
    char label[STMT_LABEL_LEN];
    size_t i = 0;

    stmt_label(sql, label);
    pthread_mutex_lock(&s->lock);
    while (i < s->n && strcmp(s->v[i].label, label) != 0)
        i++;
    if (i >= STMT_LABELS_MAX - 1)
        memcpy(label, "more", sizeof("more"));
    if (i == s->n) {
        memcpy(s->v[i].label, label, sizeof(label));
        atomic_store(&s->n, i + 1);
    }
    pthread_mutex_unlock(&s->lock);
    return &s->v[i];
}
