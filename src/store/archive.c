#include "store/archive.h"

static enum rc load_archiver(struct db *db, struct archive_facts *out, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    TRY(db_query(db, &r,
                 "SELECT CAST(current_setting('archive_mode') <> 'off' AS INTEGER), archived_count, failed_count,"
                 " CAST(COALESCE(EXTRACT(EPOCH FROM last_archived_time), 0) * 1000000 AS BIGINT),"
                 " CAST(COALESCE(last_failed_time > COALESCE(last_archived_time, '-infinity'), FALSE) AS INTEGER)"
                 " FROM pg_stat_archiver",
                 DB_NO_ARGS, e));
    if (!db_next(&r, e))
        return e->rc;
    out->archives = db_int(&r, 0) != 0;
    out->segments = db_int(&r, 1);
    out->failures = db_int(&r, 2);
    out->last_us = db_int(&r, 3);
    out->is_failing = db_int(&r, 4) != 0;
    return RC_OK;
}

static enum rc load_replicas(struct db *db, struct archive_facts *out, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    TRY(db_query(db, &r,
                 "SELECT count(*), count(*) FILTER (WHERE sync_state IN ('sync', 'quorum')),"
                 " CAST(COALESCE(EXTRACT(EPOCH FROM max(replay_lag)), 0) * 1000000 AS BIGINT)"
                 " FROM pg_stat_replication WHERE application_name <> 'pg_basebackup'",
                 DB_NO_ARGS, e));
    if (!db_next(&r, e))
        return e->rc;
    out->replicas = db_int(&r, 0);
    out->sync_replicas = db_int(&r, 1);
    out->lag_us = db_int(&r, 2);
    return RC_OK;
}

enum rc archive_facts_load(struct db *db, struct archive_facts *out, struct err *e)
{
    *out = (struct archive_facts){ 0 };
    if (db_kind(db) == DB_SQLITE)
        return RC_OK;
    TRY(load_archiver(db, out, e));
    return load_replicas(db, out, e);
}
