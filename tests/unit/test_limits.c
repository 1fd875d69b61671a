/* What the process may use. */
#include "base/limits.h"
#include "test.h"

#include <unistd.h>

static void limits_are_at_most_the_machine(void **state)
{
    int64_t bytes = (int64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE);

    (void)state;
    assert_true(limits_memory_bytes() > 0 && limits_memory_bytes() <= bytes);
    assert_true(limits_cpu_milli() > 0
                && limits_cpu_milli() <= 1000 * (int64_t)sysconf(_SC_NPROCESSORS_ONLN));
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(limits_are_at_most_the_machine) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
