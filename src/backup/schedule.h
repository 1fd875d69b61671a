/* When `serve` makes backups by itself: a full copy at BACKUP_AT, and at once when the shipped log has
 * none to stand on; a finished segment (PostgreSQL: a differential copy) every BACKUP_SEAL_MIN; a drill every BACKUP_DRILL_DAYS.  Each
 * runs as a process of its own (this program's subcommands), gently, and one at a time; timers of the
 * system may call the same commands instead.  What fails is tried again after some minutes. */
#ifndef BACKUP_SCHEDULE_H
#define BACKUP_SCHEDULE_H

#include "backup/launcher.h"
#include "backup/repo.h"
#include "base/defs.h"
#include "base/err.h"
#include "base/str.h"

struct schedule;
struct ship;
struct store;

struct schedule_opts {
    struct store *store;
    struct launcher *launcher;
    struct ship *ship; /* NULL: nothing is shipped */
    bool is_postgres;  /* a differential copy every seal_s; attachments are followed */
    const char *data_dir;
    struct str backup_dir, at; /* at: "02:30" or empty */
    struct repo_keys keys;
    int64_t seal_s, drill_s;        /* drill_s 0: never */
};
enum rc schedule_start(const struct schedule_opts *o, struct schedule **out, struct err *e) MUST_USE;
/* Ends the thread; the launcher is stopped behind it. */
void schedule_stop(struct schedule **s);

enum { BACKUP_KINDS = 5 };
struct backup_stats {
    struct {
        const char *kind;    /* "backup.full" */
        int64_t ok_us;       /* the newest that succeeded; 0: never */
        bool last_ok, tried; /* the newest at all */
    } kinds[BACKUP_KINDS];
    int64_t copies, bad_copies, newest_us; /* in the folder; of the newest good full one */
    int64_t drill_rto_us, drill_rpo_us;    /* of the last good drill */
};
/* As of at most a minute ago. Any thread. */
void schedule_stats(struct schedule *s, struct backup_stats *out);

/* Whether the time of day `at` has passed between two times.  Pure. */
bool schedule_is_due(struct str at, int64_t last_us, int64_t now_us);

#endif
