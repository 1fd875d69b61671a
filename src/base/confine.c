#include "base/confine.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ── privileges ── */

static bool drop_privileges(bool low_ports)
{
    struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
    struct __user_cap_data_struct caps[2] = { { 0 } };

    if (low_ports && syscall(SYS_capget, &head, caps) == 0) {
        caps[0].permitted &= 1U << CAP_NET_BIND_SERVICE;
        caps[0].effective = caps[0].permitted;
        caps[0].inheritable = 0;
        caps[1] = (struct __user_cap_data_struct){ 0 };
    }
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    for (unsigned long cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
        prctl(PR_CAPBSET_DROP, cap, 0, 0, 0); /* fails where there is nothing to drop */
    return syscall(SYS_capset, &head, caps) == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

/* ── system calls ── */

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define IS_SANITIZED 1
#endif
#endif

/* Never needed by a server; the list grows with the kernel, unknown names are passed over. */
static const char *const calls[] = {
#ifndef IS_SANITIZED
    "ptrace",                                                         /* the leak checker's way */
#endif
    "process_vm_readv", "process_vm_writev", "kcmp", "pidfd_getfd", "process_madvise",
    "mount", "umount", "umount2", "pivot_root", "chroot", "move_mount", "open_tree", "fsopen",
    "fsconfig", "fsmount", "fspick", "mount_setattr", "mknod", "mknodat", "name_to_handle_at",
    "open_by_handle_at", "fanotify_init", "quotactl", "quotactl_fd", "swapon", "swapoff", "acct",
    "setns", "unshare", "setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid",
    "setfsuid", "setfsgid", "setgroups", "capset",
    "bpf", "perf_event_open", "userfaultfd", "io_uring_setup", "io_uring_enter",
    "io_uring_register", "keyctl", "add_key", "request_key",
    "init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load", "reboot",
    "settimeofday", "clock_settime", "clock_settime64", "clock_adjtime", "clock_adjtime64",
    "adjtimex", "stime", "sethostname", "setdomainname", "syslog", "vhangup", "personality",
    "iopl", "ioperm", "modify_ldt", "vm86", "vm86old", "lookup_dcookie", "uselib", "_sysctl",
    "sysfs", "ustat", "nfsservctl", "migrate_pages", "move_pages", "set_mempolicy", "mbind",
};
static const char *const program_calls[] = { "execve", "execveat" };
static const int families[] = { AF_UNIX, AF_INET, AF_INET6, AF_NETLINK }; /* the last: names of hosts */

static bool refuse_families(scmp_filter_ctx f)
{
    int last = 0;
    bool ok = true;

    /* What lies between the families that are used, and all beyond. */
    for (size_t i = 0; i < ARRAY_LEN(families); i++) {
        for (int family = last; family < families[i]; family++)
            ok = ok && seccomp_rule_add(f, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket), 1,
                                        SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)family)) == 0;
        last = families[i] + 1;
    }
    return ok && seccomp_rule_add(f, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket), 1,
                                  SCMP_A0(SCMP_CMP_GE, (scmp_datum_t)last)) == 0;
}

/* Memory is never both written and run, nor turned into code. */
static bool refuse_code(scmp_filter_ctx f)
{
    const scmp_datum_t both = PROT_WRITE | PROT_EXEC;

    return seccomp_rule_add(f, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(mmap), 1,
                            SCMP_A2(SCMP_CMP_MASKED_EQ, both, both)) == 0
           && seccomp_rule_add(f, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(mprotect), 1,
                               SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, PROT_EXEC)) == 0
           && seccomp_rule_add(f, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(pkey_mprotect), 1,
                               SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, PROT_EXEC)) == 0;
}

static bool refuse_named(scmp_filter_ctx f, const char *const *names, size_t n)
{
    bool ok = true;

    for (size_t i = 0; ok && i < n; i++) {
        int nr = seccomp_syscall_resolve_name(names[i]);

        if (nr >= 0) /* below 0: not on this kind of machine, or not known to the library */
            ok = seccomp_rule_add(f, SCMP_ACT_ERRNO(EPERM), nr, 0) == 0;
    }
    return ok;
}

static bool refuse_calls(bool programs)
{
    scmp_filter_ctx f = seccomp_init(SCMP_ACT_ALLOW);
    bool ok = f && refuse_named(f, calls, ARRAY_LEN(calls));

    ok = ok && (programs || refuse_named(f, program_calls, ARRAY_LEN(program_calls)));
    ok = ok && refuse_families(f) && refuse_code(f) && seccomp_load(f) == 0;
    if (f)
        seccomp_release(f);
    return ok;
}

/* ── files ── */

/* Newer than the headers of Debian 12; the kernel's number of the interface tells what it knows. */
enum { FS_REFER_SINCE = 2, FS_TRUNCATE_SINCE = 3, FS_IOCTL_SINCE = 5 };
#define FS_TRUNCATE (1ULL << 14)
#define FS_IOCTL_DEV (1ULL << 15)
#define FS_FILE_ONLY \
    (LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_FILE | FS_TRUNCATE)
#define FS_READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define FS_WRITE                                                                                \
    (FS_READ | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR                    \
     | LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG \
     | LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_REFER | FS_TRUNCATE)
#define FS_ALL                                                                                 \
    (FS_WRITE | LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_MAKE_CHAR                       \
     | LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM \
     | FS_IOCTL_DEV)

static uint64_t known_rights(long version)
{
    uint64_t all = FS_ALL;

    if (version < FS_TRUNCATE_SINCE)
        all &= ~FS_TRUNCATE;
    if (version < FS_IOCTL_SINCE)
        all &= ~FS_IOCTL_DEV;
    return all;
}

static bool allow_path(int rules, const struct confine_path *p, uint64_t known)
{
    struct landlock_path_beneath_attr at = { .allowed_access = p->writes ? FS_WRITE : FS_READ };
    int fd CLEAN(fd_close) = open(p->path, O_PATH | O_CLOEXEC);
    struct stat st;

    if (fd < 0 || fstat(fd, &st) != 0)
        return true;
    at.parent_fd = fd;
    at.allowed_access &= S_ISDIR(st.st_mode) ? known : known & FS_FILE_ONLY;
    return syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &at, 0) == 0;
}

static bool refuse_files(const struct confine_opts *o)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    struct landlock_ruleset_attr all = { 0 };
    int rules CLEAN(fd_close) = -1;

    if (version < FS_REFER_SINCE) /* before, no file could be renamed into another folder */
        return false;
    all.handled_access_fs = known_rights(version);
    rules = (int)syscall(SYS_landlock_create_ruleset, &all, sizeof(all.handled_access_fs), 0);
    if (rules < 0)
        return false;
    for (size_t i = 0; i < o->n; i++) {
        if (!allow_path(rules, &o->paths[i], all.handled_access_fs))
            return false;
    }
    return syscall(SYS_landlock_restrict_self, rules, 0) == 0;
}

unsigned confine(const struct confine_opts *o)
{
    unsigned held = 0;

    if (drop_privileges(o->low_ports))
        held |= CONFINED_PRIVILEGES;
    if (!o->programs && refuse_files(o))
        held |= CONFINED_FILES;
    if (refuse_calls(o->programs))
        held |= CONFINED_CALLS;
    return held;
}

const char *confined_words(unsigned held)
{
    static const char *const words[CONFINED_ALL + 1] = {
        "nothing", "privileges", "calls", "privileges, calls",
        "files", "privileges, files", "calls, files", "privileges, calls, files",
    };

    return words[held & CONFINED_ALL];
}
