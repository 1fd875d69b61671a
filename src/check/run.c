#include "check/run.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OUT_MAX = 8 * 1024 * 1024, CHUNK = 16384 };

extern char **environ;

static pid_t start(const char *const *argv, const char *folder, int write_fd)
{
    posix_spawn_file_actions_t fa;
    pid_t pid = -1;

    posix_spawn_file_actions_init(&fa);
    posix_spawn_file_actions_adddup2(&fa, write_fd, STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&fa, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&fa, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (folder)
        posix_spawn_file_actions_addchdir_np(&fa, folder);
    if (posix_spawnp(&pid, argv[0], &fa, NULL, (char *const *)(uintptr_t)argv, environ) != 0)
        pid = -1;
    posix_spawn_file_actions_destroy(&fa);
    return pid;
}

/* False: the time is over. */
static bool collect(int fd, int64_t until_us, struct buf *b)
{
    char chunk[CHUNK];

    for (;;) {
        struct pollfd p = { .fd = fd, .events = POLLIN };
        int64_t left_ms = (until_us - clock_mono_us()) / US_PER_MS;
        ssize_t n;

        if (left_ms <= 0 || poll(&p, 1, (int)left_ms) <= 0)
            return false;
        n = read(fd, chunk, sizeof(chunk));
        if (n <= 0)
            return true;
        buf_add(b, chunk, (size_t)n);
    }
}

void program_run(const char *const *argv, const char *folder, int64_t timeout_ms, struct arena *a,
                 struct program_out *out)
{
    int fds[2], status = 0;
    struct buf b = BUF_ARENA(a, OUT_MAX);
    pid_t pid;
    bool ended;

    *out = (struct program_out){ .status = -1 };
    if (pipe2(fds, O_CLOEXEC) != 0)
        return;
    pid = start(argv, folder, fds[1]);
    fd_close(&fds[1]);
    if (pid > 0) {
        ended = collect(fds[0], clock_mono_us() + timeout_ms * US_PER_MS, &b);
        if (!ended)
            kill(pid, SIGKILL);
        waitpid(pid, &status, 0);
        out->status = ended && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
        /* What posix_spawn() could not start ends with 127. */
        out->status = out->status == 127 ? -1 : out->status;
    }
    fd_close(&fds[0]);
    out->out = buf_view(&b);
}
