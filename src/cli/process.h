/* What the process asks of the kernel and tells systemd. */
#ifndef CLI_PROCESS_H
#define CLI_PROCESS_H

#include "base/defs.h"

/* Memory that requests give back stays with the process for the next ones, up to some MiB: glibc
 * would return it after each large answer and fault it in again for the next. */
void process_keep_memory(void);
/* umask 077, no core dumps, no new privileges, as many file descriptors as allowed, SIGPIPE
 * ignored. The signals of signals_wait() are blocked: before any thread is made. */
void process_harden(void);
/* Run by root over a folder of somebody else (DATA_DIR of the service's user), the process becomes
 * that user: what it writes there the service can read.  False: it could not. */
bool process_become_owner(const char *folder);
/* The next of SIGTERM, SIGINT, SIGHUP; 0 after ms without one. */
int signals_wait(int64_t ms);
/* From now on a signal ends the process at once. */
void signals_release(void);

/* The process ends with exit code 1 when it is still there after ms: something hangs that no time-out
 * of its own ended. Whoever waits for it (systemd, an operator) is told why. */
void process_end_within(int64_t ms);

/* The listening sockets that systemd passed (LISTEN_FDS, sd_listen_fds(3)), at most max; none when
 * they are not meant for this process. */
size_t inherited_sockets(int *fds, size_t max);

/* A line such as "READY=1" to systemd, when it asked for it (NOTIFY_SOCKET). */
void notify(const char *line);
/* How often the watchdog wants to hear "WATCHDOG=1", with room to spare; 0: never. */
int64_t watchdog_ms(void);

#endif
