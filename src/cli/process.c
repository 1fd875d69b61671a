#include "cli/process.h"

#include "base/file.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { KEPT_MAX = 8 * 1024 * 1024, MAPPED_FROM = 1024 * 1024 };

static void waited_signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGHUP);
}

void process_keep_memory(void)
{
    mallopt(M_TRIM_THRESHOLD, KEPT_MAX);
    mallopt(M_MMAP_THRESHOLD, MAPPED_FROM);
}

void process_harden(void)
{
    const struct rlimit no_core = { 0 };
    struct rlimit files;
    sigset_t set;

    umask(077);
    setrlimit(RLIMIT_CORE, &no_core);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a write beyond a limit on files fails like one on a full disk */
    waited_signals(&set);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static void end_now(int sig)
{
    static const char words[] = "server: the end took too long; what hangs is cut off\n";

    (void)sig;
    (void)!write(STDERR_FILENO, words, sizeof(words) - 1);
    _exit(EXIT_FAILURE);
}

void process_end_within(int64_t ms)
{
    signal(SIGALRM, end_now);
    alarm((unsigned)(ms / 1000 + 1));
}

bool process_become_owner(const char *folder)
{
    struct stat st;

    if (geteuid() != 0 || stat(folder, &st) != 0 || st.st_uid == 0)
        return true;
    return setgroups(1, &st.st_gid) == 0 && setgid(st.st_gid) == 0 && setuid(st.st_uid) == 0;
}

int signals_wait(int64_t ms)
{
    const struct timespec timeout = { ms / 1000, ms % 1000 * 1000000 };
    sigset_t set;
    int got;

    waited_signals(&set);
    got = sigtimedwait(&set, NULL, &timeout);
    return got > 0 ? got : 0;
}

void signals_release(void)
{
    sigset_t set;

    waited_signals(&set);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

void notify(const char *line)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un to = { .sun_family = AF_UNIX };
    size_t n = path ? strlen(path) : 0;
    int fd CLEAN(fd_close) = -1;

    if (n == 0 || n >= sizeof(to.sun_path) || (path[0] != '/' && path[0] != '@'))
        return;
    memcpy(to.sun_path, path, n);
    if (path[0] == '@')
        to.sun_path[0] = '\0';
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0)
        (void)!sendto(fd, line, strlen(line), MSG_NOSIGNAL, (struct sockaddr *)&to,
                      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n));
}

/* The variable as a number, when it is meant for this process. */
static int64_t own_number(const char *name, const char *pid_name, int64_t max)
{
    struct str pid = str_of(getenv(pid_name));
    int64_t n = 0, for_pid;

    if (!str_i64(str_of(getenv(name)), 1, max, &n))
        return 0;
    if (pid.p && (!str_i64(pid, 1, INT32_MAX, &for_pid) || for_pid != getpid()))
        return 0;
    return n;
}

int64_t watchdog_ms(void)
{
    int64_t ms = own_number("WATCHDOG_USEC", "WATCHDOG_PID", US_PER_DAY) / 1000 / 3;

    return ms ? ms : 0;
}

size_t inherited_sockets(int *fds, size_t max)
{
    enum { FIRST = 3 }; /* behind standard input, output and error */
    int64_t n = own_number("LISTEN_FDS", "LISTEN_PID", (int64_t)max);

    for (int64_t i = 0; i < n; i++) {
        fds[i] = FIRST + (int)i;
        fcntl(fds[i], F_SETFD, FD_CLOEXEC);
    }
    return (size_t)n;
}
