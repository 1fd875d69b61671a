/* What every C test includes: cmocka, and short forms for the base types. */
#ifndef TESTS_TEST_H
#define TESTS_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

#define assert_str_eq(got, want_lit)                                                               \
    do {                                                                                           \
        struct str got_ = (got), want_ = STR(want_lit);                                            \
        if (!str_eq(got_, want_))                                                                  \
            fail_msg("got \"%.*s\", want \"%.*s\"", STR_ARG(got_), STR_ARG(want_));                \
    } while (0)

#define assert_ok(call, e)                                                                         \
    do {                                                                                           \
        enum rc rc_ = (call);                                                                      \
        if (rc_ != RC_OK)                                                                          \
            fail_msg("%s: rc %d, %s / %s", #call, rc_, (e)->detail, (e)->internal);                \
    } while (0)

#endif
