#include "backup/launcher.h"

#include "base/command.h"
#include "base/file.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TOLD_MAX = 600, END_MS = 5000, POLL_MS = 50, FIRST_FD = 3, ARENA_MAX = 16 * 1024 * 1024 };

static const char *const commands[LAUNCH_COUNT_][5] = {
    [LAUNCH_FULL] = { "/proc/self/exe", "backup", NULL },
    [LAUNCH_INCREMENTAL] = { "/proc/self/exe", "backup", "create", "--incremental", NULL },
    [LAUNCH_DRILL] = { "/proc/self/exe", "drill", NULL },
};

struct answer {
    int32_t exit_code;
    uint32_t n;
    char told[TOLD_MAX];
};

struct launcher {
    int fd;
    pid_t pid;
};

/* ---- the process ---- */

/* False when the server is gone. */
static bool server_waits(int fd, int ms)
{
    struct pollfd p = { .fd = fd, .events = POLLRDHUP };

    return poll(&p, 1, ms) == 0 || !(p.revents & (POLLRDHUP | POLLHUP | POLLERR));
}

static void run_one(int fd, unsigned char what)
{
    struct arena *a CLEAN(arena_clean) = arena_new(ARENA_MAX);
    int memory CLEAN(fd_close) = memfd_create("told", MFD_CLOEXEC);
    const char *log = str_printf(a, "/proc/self/fd/%d", memory).p;
    struct command_run c = { .argv = commands[what] };
    struct answer answer = { .exit_code = -1 };
    struct err e = { 0 };
    pid_t pid = 0;
    struct str told;
    bool on = true;

    if (command_start(&c, log, &pid, &e) == RC_OK) {
        while (on && command_alive(pid))
            on = server_waits(fd, POLL_MS);
        answer.exit_code = command_end(&pid, END_MS);
        told = command_told(log, a);
    } else {
        told = str_of(e.detail);
    }
    answer.n = (uint32_t)(told.n < TOLD_MAX ? told.n : TOLD_MAX);
    memcpy(answer.told, told.p, answer.n);
    (void)!send(fd, &answer, sizeof(answer), MSG_NOSIGNAL);
}

static _Noreturn void serve_commands(int fd)
{
    unsigned char what;

    prctl(PR_SET_NAME, "launcher");
    for (int other = FIRST_FD; other < 1024; other++) /* sockets that the server was started with */
        if (other != fd)
            close(other);
    for (;;) {
        ssize_t got = recv(fd, &what, 1, 0);

        if (got < 0 && errno == EINTR)
            continue;
        if (got != 1)
            _exit(0);
        if (what < LAUNCH_COUNT_)
            run_one(fd, what);
    }
}

/* ---- the server's side ---- */

enum rc launcher_start(struct launcher **out, struct err *e)
{
    struct launcher *l;
    int fds[2];
    pid_t pid;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) != 0)
        return err_fail(e, "socketpair: %s", strerror(errno));
    pid = fork();
    if (pid == 0) {
        close(fds[0]);
        serve_commands(fds[1]);
    }
    close(fds[1]);
    if (pid < 0) {
        close(fds[0]);
        return err_fail(e, "fork: %s", strerror(errno));
    }
    l = calloc(1, sizeof(*l));
    INVARIANT(l);
    *l = (struct launcher){ fds[0], pid };
    *out = l;
    return RC_OK;
}

enum rc launcher_run(struct launcher *l, enum launch what, struct err *e)
{
    unsigned char byte = (unsigned char)what;

    if (send(l->fd, &byte, 1, MSG_NOSIGNAL) == 1)
        return RC_OK;
    return err_set(e, RC_FAIL, "", "the process that runs commands is gone: %s", strerror(errno));
}

bool launcher_ended(struct launcher *l, int64_t ms, int *exit_code, struct str *told, struct arena *a)
{
    struct pollfd p = { .fd = l->fd, .events = POLLIN };
    struct answer answer = { .exit_code = -1 };

    if (poll(&p, 1, (int)ms) == 0)
        return false;
    *told = STR("the process that runs commands is gone");
    if (recv(l->fd, &answer, sizeof(answer), 0) == sizeof(answer) && answer.n <= TOLD_MAX)
        *told = str_dup((struct str){ answer.told, answer.n }, a);
    *exit_code = answer.exit_code;
    return true;
}

void launcher_stop(struct launcher **lp)
{
    struct launcher *l = *lp;

    if (!l)
        return;
    fd_close(&l->fd);
    while (waitpid(l->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    free(l);
    *lp = NULL;
}
