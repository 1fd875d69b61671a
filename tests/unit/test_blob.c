/* Stored bytes: whole or absent, once, and never removed while they may still be named. */
#include "base/arena.h"
#include "base/clock.h"
#include "desk/blob.h"
#include "test.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64];
static struct blobs *blobs;

#define ABC_HASH "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static int64_t later(void)
{
    return clock_now_us() + US_PER_HOUR;
}

static int files_below(const char *path)
{
    char at[512];
    DIR *d = opendir(path);
    int n = 0;

    for (struct dirent *x; d && (x = readdir(d));) {
        if (x->d_name[0] == '.')
            continue;
        snprintf(at, sizeof at, "%s/%s", path, x->d_name);
        n += x->d_type == DT_DIR ? files_below(at) : 1;
    }
    if (d)
        closedir(d);
    return n;
}

static int files(void)
{
    return files_below(dir);
}

static enum rc used_if_arg(void *arg, struct str hash, bool *used, struct err *e)
{
    (void)e;
    assert_int_equal(hash.n, BLOB_HASH_LEN);
    *used = arg != NULL;
    return RC_OK;
}

static void what_is_put_can_be_got(void **state)
{
    struct err e = { 0 };
    struct blob b;
    char text[8] = "";
    int64_t size;
    int fd;

    (void)state;
    assert_ok(blob_put(blobs, STR("abc"), &b, &e), &e);
    assert_string_equal(b.hash, ABC_HASH);
    assert_ok(blob_get(blobs, STR(ABC_HASH), &fd, &size, &e), &e);
    assert_int_equal(size, 3);
    assert_int_equal(read(fd, text, sizeof text), 3);
    assert_string_equal(text, "abc");
    close(fd);
}

static void the_same_bytes_are_kept_once(void **state)
{
    struct err e = { 0 };
    struct blob b;

    (void)state;
    assert_ok(blob_put(blobs, STR("abc"), &b, &e), &e);
    assert_ok(blob_put(blobs, STR("abc"), &b, &e), &e);
    assert_int_equal(files(), 1);
}

static void a_name_that_is_no_hash_reaches_no_file(void **state)
{
    struct err e = { 0 };
    int64_t size;
    int fd;

    (void)state;
    assert_int_equal(blob_get(blobs, STR("../../etc/passwd"), &fd, &size, &e), RC_NOT_FOUND);
    assert_int_equal(blob_get(blobs, STR(ABC_HASH), &fd, &size, &e), RC_NOT_FOUND);
}

static void a_full_disk_leaves_nothing_behind(void **state)
{
    struct rlimit old, small = { 1024, 1024 };
    struct err e = { 0 };
    struct blob b;
    char big[4096];

    (void)state;
    memset(big, 'x', sizeof big);
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old);
    small.rlim_max = old.rlim_max;
    setrlimit(RLIMIT_FSIZE, &small);
    assert_int_not_equal(blob_put(blobs, (struct str){ big, sizeof big }, &b, &e), RC_OK);
    setrlimit(RLIMIT_FSIZE, &old);
    assert_int_equal(files(), 0);
}

static void the_sweeper_removes_only_old_files_that_nobody_names(void **state)
{
    struct blob_sweep sweep = { 0, used_if_arg, NULL };
    struct err e = { 0 };
    int64_t removed;
    struct blob b;

    (void)state;
    assert_ok(blob_put(blobs, STR("abc"), &b, &e), &e);
    sweep.older_than_us = clock_now_us() - US_PER_HOUR;
    assert_ok(blobs_sweep(blobs, &sweep, &removed, &e), &e);
    assert_int_equal(removed, 0);
    sweep.older_than_us = later();
    sweep.arg = dir;
    assert_ok(blobs_sweep(blobs, &sweep, &removed, &e), &e);
    assert_int_equal(removed, 0);
    sweep.arg = NULL;
    assert_ok(blobs_sweep(blobs, &sweep, &removed, &e), &e);
    assert_int_equal(removed, 1);
    assert_int_equal(files(), 0);
}

static void the_sweeper_removes_abandoned_temporary_files(void **state)
{
    struct blob_sweep sweep = { later(), used_if_arg, dir };
    struct err e = { 0 };
    int64_t removed;
    char path[128];

    (void)state;
    snprintf(path, sizeof path, "%s/tmp/left", dir);
    close(open(path, O_CREAT | O_WRONLY, 0600));
    assert_int_equal(files(), 1);
    assert_ok(blobs_sweep(blobs, &sweep, &removed, &e), &e);
    assert_int_equal(removed, 1);
    assert_int_equal(files(), 0);
}

static void what_is_put_again_is_young_again(void **state)
{
    struct timespec old[2] = { { 1000, 0 }, { 1000, 0 } };
    int64_t grace = clock_now_us() - US_PER_HOUR;
    struct err e = { 0 };
    struct blob b;
    char path[160];

    (void)state;
    assert_ok(blob_put(blobs, STR("abc"), &b, &e), &e);
    snprintf(path, sizeof path, "%s/ba/" ABC_HASH, dir);
    assert_int_equal(utimensat(AT_FDCWD, path, old, 0), 0);
    assert_ok(blob_put(blobs, STR("abc"), &b, &e), &e);
    assert_ok(blob_drop(blobs, STR(ABC_HASH), grace, &e), &e);
    assert_int_equal(files(), 1);
    assert_int_equal(utimensat(AT_FDCWD, path, old, 0), 0);
    assert_ok(blob_drop(blobs, STR(ABC_HASH), grace, &e), &e);
    assert_int_equal(files(), 0);
    assert_ok(blob_drop(blobs, STR(ABC_HASH), grace, &e), &e);
}

static void remove_tree(const char *path)
{
    char at[512];
    DIR *d = opendir(path);

    for (struct dirent *x; d && (x = readdir(d));) {
        if (x->d_name[0] == '.')
            continue;
        snprintf(at, sizeof at, "%s/%s", path, x->d_name);
        if (x->d_type == DT_DIR)
            remove_tree(at);
        else
            unlink(at);
    }
    if (d)
        closedir(d);
    rmdir(path);
}

static void write_scratch(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

static void what_others_wrote_is_taken_as_if_it_was_put(void **state)
{
    struct arena *a CLEAN(arena_clean) = arena_new(1 * MIB);
    const char *path = blob_scratch(blobs, a), *again = blob_scratch(blobs, a), *none = blob_scratch(blobs, a);
    struct err e = { 0 };
    struct blob b;
    struct stat st;

    (void)state;
    write_scratch(path, "abc");
    assert_ok(blob_take(blobs, path, &b, &e), &e);
    assert_string_equal(b.hash, ABC_HASH);
    assert_int_equal(b.size, 3);
    assert_int_equal(stat(path, &st), -1);
    write_scratch(again, "abc");
    assert_ok(blob_take(blobs, again, &b, &e), &e);
    blob_unscratch(again);
    blob_unscratch(path);
    assert_int_equal(files(), 1);
    assert_int_equal(blob_take(blobs, none, &b, &e), RC_FAIL);
    write_scratch(none, "");
    assert_ok(blob_take(blobs, none, &b, &e), &e);
    assert_int_equal(b.size, 0);
    assert_int_equal(files(), 2);
}

static int setup(void **state)
{
    struct err e = { 0 };

    (void)state;
    snprintf(dir, sizeof dir, "%s", "/tmp/blob-test-XXXXXX");
    if (!mkdtemp(dir))
        return -1;
    return blobs_open(str_of(dir), &blobs, &e) == RC_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    blobs_close(&blobs);
    remove_tree(dir);
    return 0;
}

int main(void)
{
#define EACH(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        EACH(what_is_put_can_be_got),
        EACH(the_same_bytes_are_kept_once),
        EACH(a_name_that_is_no_hash_reaches_no_file),
        EACH(a_full_disk_leaves_nothing_behind),
        EACH(the_sweeper_removes_only_old_files_that_nobody_names),
        EACH(the_sweeper_removes_abandoned_temporary_files),
        EACH(what_is_put_again_is_young_again),
        EACH(what_others_wrote_is_taken_as_if_it_was_put),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
