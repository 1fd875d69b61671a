/* What the confined process can no longer do.  Each attempt runs in a child of its own. */
#include "test.h"

#include "base/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char own[] = "/tmp/confine-own-XXXXXX", read_only[] = "/tmp/confine-read-XXXXXX", other[] = "/tmp/confine-other-XXXXXX";

static void write_file(const char *folder, const char *name)
{
    char path[256];
    FILE *f;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    f = fopen(path, "w");
    assert_non_null(f);
    fputs("text", f);
    fclose(f);
}

static int open_all(void **state)
{
    (void)state;
    if (!mkdtemp(own) || !mkdtemp(read_only) || !mkdtemp(other))
        return -1;
    write_file(own, "a");
    write_file(read_only, "a");
    write_file(other, "a");
    return 0;
}

static int close_all(void **state)
{
    char *const folders[] = { own, read_only, other };
    char path[256];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
        snprintf(path, sizeof path, "%s/a", folders[i]);
        unlink(path);
        snprintf(path, sizeof path, "%s/b", folders[i]);
        unlink(path);
        rmdir(folders[i]);
    }
    return 0;
}

/* 0: it worked; else its errno. */
typedef int (*attempt_fn)(void);
enum { ENDED = 200, FORBIDDEN_CONFINE = 201 };

static int in_child(attempt_fn f, bool confined)
{
    const struct confine_path paths[] = { { own, true }, { read_only, false }, { "/nowhere/at/all", true } };
    pid_t pid = fork();
    int status;

    assert_true(pid >= 0);
    if (pid == 0) {
        if (confined && confine(&(struct confine_opts){ .paths = paths, .n = ARRAY_LEN(paths) }) != CONFINED_ALL)
            _exit(FORBIDDEN_CONFINE);
        _exit(f());
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : ENDED;
}

static int tell(long got)
{
    return got < 0 ? errno : 0;
}

static int run_program(void)
{
    char name[] = "true", *const args[] = { name, NULL }, *const env[] = { NULL };

    execve("/bin/true", args, env);
    return errno;
}

static int run_from_memory(void)
{
    char name[] = "true", *const args[] = { name, NULL }, *const env[] = { NULL };
    int fd = open("/proc/self/exe", O_RDONLY);

    return tell(syscall(SYS_execveat, fd < 0 ? 0 : fd, "", args, env, 0x1000 /* AT_EMPTY_PATH */));
}

static int read_path(const char *folder, int flags)
{
    char path[256];

    snprintf(path, sizeof path, "%s/%s", folder, flags & O_CREAT ? "b" : "a");
    return tell(open(path, flags | O_CLOEXEC, 0600));
}

static int read_own(void) { return read_path(own, O_RDONLY); }
static int make_own(void) { return read_path(own, O_RDWR | O_CREAT); }
static int read_given(void) { return read_path(read_only, O_RDONLY); }
static int write_given(void) { return read_path(read_only, O_WRONLY); }
static int make_given(void) { return read_path(read_only, O_RDWR | O_CREAT); }
static int read_other(void) { return read_path(other, O_RDONLY); }
static int make_other(void) { return read_path(other, O_RDWR | O_CREAT); }
static int read_passwords(void) { return tell(open("/etc/passwd", O_RDONLY | O_CLOEXEC)); }
static int list_root(void) { return tell(open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC)); }
static int leave_by_link(void) { return tell(symlink("/etc/passwd", "/tmp/confine-link")); }
static int packets(void) { return tell(socket(AF_PACKET, SOCK_RAW, 0)); }
static int kernel_crypto(void) { return tell(socket(38 /* AF_ALG */, SOCK_SEQPACKET, 0)); }
static int tcp(void) { return tell(socket(AF_INET, SOCK_STREAM, 0)); }
static int local(void) { return tell(socket(AF_UNIX, SOCK_STREAM, 0)); }
static int spaces(void) { return tell(unshare(CLONE_NEWUSER)); }
static int mounts(void) { return tell(mount("none", other, "tmpfs", 0, NULL)); }
static int other_user(void) { return tell(syscall(SYS_setuid, 65534)); }
static int bpf(void) { return tell(syscall(SYS_bpf, 0, NULL, 0)); }
static int keys(void) { return tell(syscall(SYS_keyctl, 0, 0)); }
static int rings(void) { return tell(syscall(SYS_io_uring_setup, 1, NULL)); }

static int code(void)
{
    void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return p == MAP_FAILED ? ENDED : tell(mprotect(p, 4096, PROT_READ | PROT_EXEC));
}

static int writable_code(void)
{
    void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return p == MAP_FAILED ? errno : 0;
}

static int has_capabilities(void)
{
    return prctl(PR_CAPBSET_READ, 0, 0, 0, 0) > 0 ? 0 : EPERM;
}

static const struct {
    const char *name;
    attempt_fn f;
    int want; /* errno of the confined */
} attempts[] = {
    { "a program", run_program, EPERM },
    { "a program that lies in memory", run_from_memory, EPERM },
    { "reading one's own", read_own, 0 },
    { "making a file of one's own", make_own, 0 },
    { "reading what was given", read_given, 0 },
    { "writing what was given to read", write_given, EACCES },
    { "making a file where only reading was given", make_given, EACCES },
    { "reading others'", read_other, EACCES },
    { "making a file elsewhere", make_other, EACCES },
    { "/etc/passwd", read_passwords, EACCES },
    { "the root folder", list_root, EACCES },
    { "a link", leave_by_link, EACCES },
    { "raw packets", packets, EAFNOSUPPORT },
    { "the kernel's crypto sockets", kernel_crypto, EAFNOSUPPORT },
    { "TCP", tcp, 0 },
    { "Unix sockets", local, 0 },
    { "name spaces", spaces, EPERM },
    { "mounting", mounts, EPERM },
    { "another user", other_user, EPERM },
    { "bpf", bpf, EPERM },
    { "the kernel's keys", keys, EPERM },
    { "io_uring", rings, EPERM },
    { "data that becomes code", code, EPERM },
    { "writable code", writable_code, EPERM },
    { "capabilities", has_capabilities, EPERM },
};

static void the_confined_process_can_do_only_what_a_server_does(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(attempts); i++) {
        int got = in_child(attempts[i].f, true);

        if (got != attempts[i].want)
            fail_msg("%s: %s (%d), not %s", attempts[i].name, strerror(got), got, strerror(attempts[i].want));
    }
}

/* Or the test above would show nothing. */
static void unconfined_it_can(void **state)
{
    (void)state;
    assert_int_equal(in_child(run_program, false), 0);
    assert_int_equal(in_child(read_other, false), 0);
    assert_int_equal(in_child(read_passwords, false), 0);
    assert_int_equal(in_child(code, false), 0);
}

static void the_words_tell_what_holds(void **state)
{
    (void)state;
    assert_string_equal(confined_words(0), "nothing");
    assert_string_equal(confined_words(CONFINED_FILES | CONFINED_CALLS), "calls, files");
    assert_string_equal(confined_words(CONFINED_ALL), "privileges, calls, files");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_confined_process_can_do_only_what_a_server_does),
        cmocka_unit_test(unconfined_it_can),
        cmocka_unit_test(the_words_tell_what_holds),
    };

    return cmocka_run_group_tests_name("confine", tests, open_all, close_all);
}
