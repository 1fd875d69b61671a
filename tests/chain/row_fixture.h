/* Tables of requests and what each is answered. */
#ifndef TESTS_ROW_FIXTURE_H
#define TESTS_ROW_FIXTURE_H

#include "chain_test.h"

struct row {
    enum http_method method;
    const char *path, *json;
    int status;
    const char *pointer; /* NULL, or one of the errors has it */
    const char *if_match;
};

#define ROWS(ch, bearer, rows) each_row(ch, bearer, rows, ARRAY_LEN(rows))

static inline void each_row(struct chain *ch, const char *bearer, const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct row *r = &rows[i];
        const struct answer *an = chain_send(ch, (struct ask){ .method = r->method, .target = r->path, .bearer = bearer,
                                                               .json = r->json, .if_match = r->if_match });

        if (an->status != r->status)
            fail_msg("row %zu: %s %s: %d %.*s", i, r->path, r->json ? r->json : "", an->status, STR_ARG(an->body));
        if (r->pointer)
            assert_problem_field(an, r->pointer);
    }
}

#endif
