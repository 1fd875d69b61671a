#include "base/command.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { KEEP = 64 * 1024, PIECE = 8192, POLL_MS = 20, ENV_MAX = 1024, TOLD = 600 };

/* This process's environment with some names replaced. */
static char **make_env(const char *const *more, struct arena *a)
{
    char **out = ARENA_ARRAY(a, char *, ENV_MAX + 1);
    size_t n = 0;

    for (const char *const *m = more; m && *m && n < ENV_MAX; m++)
        out[n++] = arena_memdup(a, *m, strlen(*m) + 1);
    for (char **at = environ; *at && n < ENV_MAX; at++) {
        struct str name = { *at, strcspn(*at, "=") };
        bool replaced = false;

        for (const char *const *m = more; m && *m; m++)
            replaced |= strncmp(*m, name.p, name.n) == 0 && (*m)[name.n] == '=';
        if (!replaced)
            out[n++] = *at;
    }
    return out;
}

/* Signals as a fresh process has them: this one blocks some for all its threads. */
static void fresh_signals(posix_spawnattr_t *at)
{
    sigset_t none, all;

    sigemptyset(&none);
    sigfillset(&all);
    sigdelset(&all, SIGKILL);
    sigdelset(&all, SIGSTOP);
    posix_spawnattr_setsigmask(at, &none);
    posix_spawnattr_setsigdefault(at, &all);
    posix_spawnattr_setflags(at, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

static enum rc spawn(const struct command_run *c, int in, int out, pid_t *pid, struct err *e)
{
    struct arena *a CLEAN(arena_clean) = arena_new(4 * MIB);
    posix_spawn_file_actions_t files;
    posix_spawnattr_t at;
    int got;

    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, in, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
    if (c->no_errors)
        posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    else
        posix_spawn_file_actions_adddup2(&files, out, STDERR_FILENO);
    posix_spawnattr_init(&at);
    fresh_signals(&at);
    got = posix_spawnp(pid, c->argv[0], &files, &at, (char *const *)(uintptr_t)c->argv,
                       make_env(c->more_env, a));
    posix_spawnattr_destroy(&at);
    posix_spawn_file_actions_destroy(&files);
    if (got == ENOENT)
        return err_set(e, RC_NOT_FOUND, "no_program", "the program %s is not installed", c->argv[0]);
    return got == 0 ? RC_OK : err_set(e, RC_FAIL, "", "cannot start %s: %s", c->argv[0], strerror(got));
}

static int exit_code(int status)
{
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Appends what there is; the oldest goes first.  False at the end. */
static bool collect(int fd, size_t keep, struct buf *b)
{
    char piece[PIECE];
    ssize_t got = read(fd, piece, sizeof(piece));

    if (got <= 0)
        return got < 0 && errno == EINTR;
    if (b->n + (size_t)got > keep) {
        size_t drop = b->n < keep / 2 ? b->n : keep / 2;

        memmove(b->p, b->p + drop, b->n - drop);
        b->n -= drop;
    }
    buf_add(b, piece, (size_t)got);
    return true;
}

/* Reads until it ends or its time is over. */
static enum rc watch(struct command_run *c, int fd, pid_t pid, struct buf *b, struct err *e)
{
    int64_t until = clock_mono_us() + c->timeout_ms * US_PER_MS;
    struct pollfd p = { .fd = fd, .events = POLLIN };
    int status = 0;

    while (clock_mono_us() < until) {
        if (poll(&p, 1, POLL_MS) > 0 && !collect(fd, c->keep, b)) {
            while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
                ;
            c->exit_code = exit_code(status);
            return RC_OK;
        }
    }
    kill(pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    c->exit_code = exit_code(status);
    return err_set(e, RC_TIMEOUT, "program_slow", "%s took longer than %lld s", c->argv[0],
                   (long long)(c->timeout_ms / 1000));
}

/* A file in memory: no pipe that both sides could wait on. */
static int input_file(struct str input)
{
    int fd = memfd_create("input", MFD_CLOEXEC);

    if (fd >= 0 && (!fd_write_all(fd, input) || lseek(fd, 0, SEEK_SET) != 0))
        fd_close(&fd);
    return fd;
}

enum rc command_run(struct command_run *c, struct arena *a, struct err *e)
{
    size_t keep = c->keep = c->keep ? c->keep : KEEP;
    struct buf b = BUF_ARENA(a, 2 * keep);
    int in CLEAN(fd_close) = input_file(c->input), fds[2] = { -1, -1 };
    enum rc rc;
    pid_t pid;

    if (in < 0 || pipe2(fds, O_CLOEXEC) != 0)
        return err_fail(e, "pipe: %s", strerror(errno));
    rc = spawn(c, in, fds[1], &pid, e);
    close(fds[1]);
    if (rc == RC_OK)
        rc = watch(c, fds[0], pid, &b, e);
    close(fds[0]);
    c->output = buf_view(&b);
    return rc;
}

enum rc command_start(const struct command_run *c, const char *log_path, pid_t *pid, struct err *e)
{
    int in CLEAN(fd_close) = open("/dev/null", O_RDONLY | O_CLOEXEC);
    int out CLEAN(fd_close) = open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

    if (in < 0 || out < 0)
        return err_fail(e, "open %s: %s", log_path, strerror(errno));
    return spawn(c, in, out, pid, e);
}

bool command_alive(pid_t pid)
{
    siginfo_t info = { 0 };

    return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == 0;
}

int command_end(pid_t *pid, int64_t ms)
{
    int64_t until = clock_mono_us() + ms * US_PER_MS;
    int status = 0;

    if (*pid <= 0)
        return 0;
    kill(*pid, SIGTERM);
    while (command_alive(*pid) && clock_mono_us() < until)
        poll(NULL, 0, POLL_MS);
    kill(*pid, SIGKILL);
    while (waitpid(*pid, &status, 0) < 0 && errno == EINTR)
        ;
    *pid = 0;
    return exit_code(status);
}

struct str command_told(const char *log_path, struct arena *a)
{
    struct err ignored = { 0 };
    struct str all;

    if (file_read(log_path, KEEP, a, &all, &ignored) != RC_OK)
        return STR("");
    all = str_trim(all);
    return str_sub(all, all.n > TOLD ? all.n - TOLD : 0, TOLD);
}
