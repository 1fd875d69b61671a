#include "base/limits.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 512, PATH_BYTES = 1024 };

/* First line of a small file; false without one. */
static bool first_line(const char *path, char out[LINE_MAX_BYTES])
{
    FILE *f = fopen(path, "re");
    bool got = f && fgets(out, LINE_MAX_BYTES, f);

    if (f)
        fclose(f);
    return got;
}

/* The group of this process in a hierarchy: "" is that of version 2.  False: it has none. */
static bool own_group(const char *controller, char out[LINE_MAX_BYTES])
{
    FILE *f = fopen("/proc/self/cgroup", "re");
    char line[LINE_MAX_BYTES];
    bool found = false;

    while (f && !found && fgets(line, sizeof(line), f)) {
        char *name = strchr(line, ':'), *path = name ? strchr(name + 1, ':') : NULL;

        if (!path)
            continue;
        *path++ = '\0';
        path[strcspn(path, "\n")] = '\0';
        found = strcmp(name + 1, controller) == 0;
        snprintf(out, LINE_MAX_BYTES, "%s", path);
    }
    if (f)
        fclose(f);
    return found;
}

/* A limit of the group and of all above it; inside a container the path may not exist, then the root
 * of the hierarchy is the container's own. */
static int64_t least(const char *controller, const char *mount, const char *file, int64_t so_far,
                     int64_t (*read)(const char *line))
{
    char group[LINE_MAX_BYTES], path[PATH_BYTES], line[LINE_MAX_BYTES];

    if (!own_group(controller, group))
        return so_far;
    for (;;) {
        char *slash = strrchr(group, '/');
        int64_t v;

        snprintf(path, sizeof(path), "%s%s/%s", mount, strcmp(group, "/") == 0 ? "" : group, file);
        v = first_line(path, line) ? read(line) : 0;
        if (v > 0 && v < so_far)
            so_far = v;
        if (!slash || !*group)
            return so_far;
        *slash = '\0';
    }
}

/* "max" reads as 0. */
static int64_t read_bytes(const char *line)
{
    return strtoll(line, NULL, 10);
}

/* "200000 100000": quota and period in microseconds. */
static int64_t read_quota(const char *line)
{
    char *end;
    long long quota = strtoll(line, &end, 10), period = strtoll(end, NULL, 10);

    return quota > 0 && period > 0 ? quota * 1000 / period : 0;
}

/* Version 1 keeps the period in a file beside; nearly everybody leaves it at 100 ms. */
static int64_t read_quota_v1(const char *line)
{
    return strtoll(line, NULL, 10) * 1000 / 100000;
}

int64_t limits_memory_bytes(void)
{
    int64_t all = (int64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE);

    all = least("", "/sys/fs/cgroup", "memory.max", all, read_bytes);
    all = least("", "/sys/fs/cgroup/unified", "memory.max", all, read_bytes);
    return least("memory", "/sys/fs/cgroup/memory", "memory.limit_in_bytes", all, read_bytes);
}

int64_t limits_cpu_milli(void)
{
    cpu_set_t set;
    int64_t all = 1000 * (int64_t)sysconf(_SC_NPROCESSORS_ONLN);

    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof(set), &set) == 0 && 1000 * CPU_COUNT(&set) < all)
        all = 1000 * CPU_COUNT(&set);
    all = least("", "/sys/fs/cgroup", "cpu.max", all, read_quota);
    all = least("", "/sys/fs/cgroup/unified", "cpu.max", all, read_quota);
    all = least("cpu", "/sys/fs/cgroup/cpu", "cpu.cfs_quota_us", all, read_quota_v1);
    return least("cpu,cpuacct", "/sys/fs/cgroup/cpu,cpuacct", "cpu.cfs_quota_us", all,
                 read_quota_v1);
}
