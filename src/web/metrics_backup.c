/* The part of the exposition about backups; nothing when none are made here. */
#include "web/metrics_priv.h"

#include "backup/schedule.h"
#include "backup/ship.h"
#include "base/clock.h"
#include "web/app.h"

static void write_ship(struct ship *ship, struct buf *b)
{
    struct ship_stats s;
    int64_t now = clock_now_us();

    ship_stats(ship, &s);
    metric_one(b, "backup_shipping_ok", "gauge", "1 while the write-ahead log is shipped.", s.runs);
    metric_head(b, "backup_shipping_lag_seconds", "gauge", "Age of the newest shipped state.");
    metric_seconds(b, "backup_shipping_lag_seconds", "", s.at_us && now > s.at_us ? now - s.at_us : 0);
    metric_one(b, "backup_shipped_bytes_total", "counter", "Bytes written to the shipped log.", s.bytes);
    metric_one(b, "backup_shipping_failures_total", "counter", "Rounds that failed.", s.failures);
    metric_one(b, "backup_shipping_rows_total", "counter",
               "Unbroken rows begun: more than one a start means that something was missing.", s.rows);
    metric_one(b, "backup_log_frames", "gauge", "Pages in the write-ahead log.", s.log_frames);
}

static void write_kinds(const struct backup_stats *s, struct buf *b)
{
    char labels[64];

    metric_head(b, "backup_last_success_timestamp_seconds", "gauge", "When it last succeeded; 0: never.");
    for (size_t i = 0; i < BACKUP_KINDS; i++) {
        snprintf(labels, sizeof(labels), "kind=\"%s\"", s->kinds[i].kind ? s->kinds[i].kind : "");
        metric_seconds(b, "backup_last_success_timestamp_seconds", labels, s->kinds[i].ok_us);
    }
    metric_head(b, "backup_last_try_failed", "gauge", "1 when the newest try failed.");
    for (size_t i = 0; i < BACKUP_KINDS; i++) {
        snprintf(labels, sizeof(labels), "kind=\"%s\"", s->kinds[i].kind ? s->kinds[i].kind : "");
        metric_int(b, "backup_last_try_failed", labels, s->kinds[i].tried && !s->kinds[i].last_ok);
    }
}

static void write_copies(const struct backup_stats *s, struct buf *b)
{
    metric_head(b, "backup_copies", "gauge", "Full copies in BACKUP_DIR.");
    metric_int(b, "backup_copies", "state=\"good\"", s->copies);
    metric_int(b, "backup_copies", "state=\"bad\"", s->bad_copies);
    metric_head(b, "backup_newest_copy_timestamp_seconds", "gauge", "Of the newest good full copy; 0: none.");
    metric_seconds(b, "backup_newest_copy_timestamp_seconds", "", s->newest_us);
    metric_head(b, "backup_drill_rto_seconds", "gauge", "Time to work again, measured by the last drill.");
    metric_seconds(b, "backup_drill_rto_seconds", "", s->drill_rto_us);
    metric_head(b, "backup_drill_rpo_seconds", "gauge", "Work lost at most, measured by the last drill.");
    metric_seconds(b, "backup_drill_rpo_seconds", "", s->drill_rpo_us);
}

void metrics_write_backup(struct app *app, struct buf *b)
{
    struct backup_stats s;

    metric_one(b, "backup_configured", "gauge", "1 when BACKUP_DIR is set.", app->schedule != NULL);
    if (app->ship)
        write_ship(app->ship, b);
    if (!app->schedule)
        return;
    schedule_stats(app->schedule, &s);
    write_kinds(&s, b);
    write_copies(&s, b);
}
