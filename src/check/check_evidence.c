/* Lines judged by what other commands recorded: evidence in the database, and release.json. */
#include "check/check_priv.h"

#include "base/clock.h"
#include "base/enc.h"
#include "base/file.h"
#include "base/version.h"
#include "desk/evidence.h"
#include "desk/retention.h"

#include <math.h>
#include <sys/stat.h>

enum {
    FULL_HOURS = 26,
    STEP_HOURS = 2,
    RETENTION_HOURS = 50,
    DRILL_DAYS = 35,
    QUARTER_DAYS = 92,
    REPORT_DAYS = 100,
    ROLLBACK_DAYS = 180,
    BINARY_MAX = 256 * 1024 * 1024,
    DOCUMENT_MAX = 8 * 1024 * 1024,
};
#define TARGET_S 3600.0

/* ── evidence ── */

/* The newest, which must have succeeded: yesterday's success does not excuse today's failure.  The
 * finding says why not.  age: microseconds. */
static bool newest(struct check_run *r, const char *kind, struct evidence_row *row, int64_t *age,
                   struct finding *f)
{
    struct err e = { 0 };
    enum rc rc;

    if (!run_has_db(r, f))
        return false;
    rc = run_evidence(r, kind, false, row, &e);
    *age = r->now_us - row->at_us;
    if (rc == RC_NOT_FOUND)
        find_fail(f, "%s was never recorded", kind);
    else if (rc != RC_OK)
        find_fail(f, "%s", e.detail);
    else if (!row->ok)
        find_fail(f, "the last %s failed, %s ago: %.*s", kind, words_age(*age, r->a).p, STR_ARG(row->summary));
    return rc == RC_OK && row->ok;
}

static void judge_age(struct check_run *r, const char *kind, int64_t max_us, struct finding *f)
{
    struct evidence_row row;
    int64_t age;

    if (!newest(r, kind, &row, &age, f))
        return;
    (age > max_us || age < 0 ? find_fail : find_pass)(
        f, "%s %s ago: %.*s", kind, words_age(age, r->a).p, STR_ARG(row.summary));
}

CHECK_BY(backup_daily, judge_age(r, "backup.full", FULL_HOURS * US_PER_HOUR, f))
CHECK_BY(backup_hourly, judge_age(r, "backup.incremental", STEP_HOURS * US_PER_HOUR, f))
CHECK_BY(backup_offsite, judge_age(r, "backup.offsite", FULL_HOURS * US_PER_HOUR, f))
CHECK_BY(backup_restored, judge_age(r, "drill", DRILL_DAYS * US_PER_DAY, f))
CHECK_BY(recovery_tested, judge_age(r, "drill", QUARTER_DAYS * US_PER_DAY, f))
CHECK_BY(compliance_report, judge_age(r, "compliance.report", REPORT_DAYS * US_PER_DAY, f))
CHECK_BY(rollback, judge_age(r, "rollback", ROLLBACK_DAYS * US_PER_DAY, f))

/* Rules and a run say more than a signature; without rules somebody has to want that. */
void check_retention(struct check_run *r, const char *of, struct finding *f)
{
    struct err e = { 0 };
    bool is_set = false;

    (void)of;
    if (!run_has_db(r, f))
        return;
    if (retention_is_set(r->db, &is_set, &e) != RC_OK)
        find_fail(f, "the rules of retention cannot be read: %s", e.detail);
    else if (!is_set)
        find_sign(f, "no rule of retention is set: somebody has to say that everything is kept");
    else
        judge_age(r, "retention", RETENTION_HOURS * US_PER_HOUR, f);
}

void check_backup_jobs(struct check_run *r, const char *of, struct finding *f)
{
    static const char *const maybe[] = { "backup.verify", "backup.prune", "backup.offsite" };

    (void)of;
    check_backup_daily(r, of, f);
    if (f->state == CHECK_PASS)
        check_backup_hourly(r, of, f);
    if (f->state != CHECK_PASS)
        return;
    for (size_t i = 0; i < ARRAY_LEN(maybe); i++) {
        struct evidence_row row;
        struct err e = { 0 };

        if (run_evidence(r, maybe[i], false, &row, &e) == RC_OK && !row.ok)
            return find_fail(f, "the last %s failed: %.*s", maybe[i], STR_ARG(row.summary));
    }
    find_pass(f, "the last full copy and the last step succeeded, and so did what runs beside them");
}

/* A figure of a record; NAN: it has none. */
static double figure(const struct evidence_row *row, const char *key)
{
    json_t *v CLEAN(json_clean) = NULL;
    struct err e = { 0 };
    const json_t *one = json_read(row->figures, &v, &e) == RC_OK ? json_object_get(v, key) : NULL;

    return json_is_number(one) ? json_number_value(one) : NAN;
}

void check_backup_configuration(struct check_run *r, const char *of, struct finding *f)
{
    struct evidence_row row;
    int64_t age;
    double bytes;

    (void)of;
    if (!newest(r, "backup.full", &row, &age, f))
        return;
    bytes = figure(&row, "configuration_bytes");
    if (bytes > 0)
        find_pass(f, "the backup of %s ago holds the settings, %.0f bytes", words_age(age, r->a).p, bytes);
    else
        find_fail(f, "the backup of %s ago lacks the settings", words_age(age, r->a).p);
}

/* Figures of the drill: rto_s and rpo_s, in seconds. */
static void judge_drill(struct check_run *r, const char *key, const char *words, struct finding *f)
{
    struct evidence_row row;
    int64_t age;
    double seconds;

    if (!newest(r, "drill", &row, &age, f))
        return;
    seconds = figure(&row, key);
    if (!(seconds >= 0))
        find_fail(f, "the last drill did not measure %s", key);
    else
        (seconds >= TARGET_S ? find_fail : find_pass)(f, "%s %.1f s, measured by the drill %s ago", words,
                                                      seconds, words_age(age, r->a).p);
}

CHECK_BY(recovery_time, judge_drill(r, "rto_s", "working again after", f))
CHECK_BY(recovery_point, judge_drill(r, "rpo_s", "work lost at most", f))

/* ── release.json ── */

static bool has_release(struct check_run *r, struct finding *f)
{
    const char *version;

    if (!r->release) {
        find_fail(f, "%.*s", STR_ARG(r->release_words));
        return false;
    }
    version = json_string_value(json_object_get(r->release, "version"));
    if (!version || strcmp(version, VERSION) != 0)
        find_fail(f, "release.json is of version %s, this is %s", version ? version : "?", VERSION);
    return version && strcmp(version, VERSION) == 0;
}

static int64_t int_of(const json_t *v, const char *key)
{
    return json_integer_value(json_object_get(v, key));
}

void check_tests(struct check_run *r, const char *of, struct finding *f)
{
    json_t *one;

    if (!has_release(r, f))
        return;
    one = json_object_get(json_object_get(r->release, "tests"), of);
    if (!json_is_object(one))
        find_fail(f, "release.json: the suite \"%s\" was not run", of);
    else if (int_of(one, "failed") || int_of(one, "passed") < 1)
        find_fail(f, "%s: %lld passed, %lld failed", of, (long long)int_of(one, "passed"),
                  (long long)int_of(one, "failed"));
    else
        find_pass(f, "%s: %lld passed, none failed, at commit %.12s", of,
                  (long long)int_of(one, "passed"),
                  json_string_value(json_object_get(r->release, "commit")) ?: "?");
}

/* True when the file at path has the SHA-256 that release.json names. */
static bool is_as_released(const char *path, size_t max, const json_t *sum, struct finding *f)
{
    struct str bytes;
    struct err e = { 0 };
    struct arena *a CLEAN(arena_clean) = arena_new(max + 4 * MIB);

    if (!json_is_string(sum)) {
        find_fail(f, "release.json does not name %s", path);
        return false;
    }
    if (file_read(path, max, a, &bytes, &e) != RC_OK) {
        find_fail(f, "%s: %s", path, e.detail);
        return false;
    }
    if (!str_eq(sha256_hex(hash_sha256(bytes), a), str_of(json_string_value(sum)))) {
        find_fail(f, "%s is not the one of the release: its SHA-256 differs", path);
        return false;
    }
    return true;
}

void check_release_binary(struct check_run *r, const char *of, struct finding *f)
{
    (void)of;
    if (has_release(r, f)
        && is_as_released(r->o->program, BINARY_MAX, json_object_get(r->release, "binary_sha256"), f))
        find_pass(f, "%s is the binary that was tested", r->o->program);
}

void check_release_dependencies(struct check_run *r, const char *of, struct finding *f)
{
    size_t n;

    (void)of;
    if (!has_release(r, f))
        return;
    n = json_array_size(json_object_get(r->release, "dependencies"));
    if (n == 0)
        find_fail(f, "release.json names no libraries");
    else
        find_pass(f, "%zu libraries with their versions in release.json", n);
}

static void judge_image(struct check_run *r, const char *key, struct finding *f)
{
    const char *image;

    if (!has_release(r, f))
        return;
    image = json_string_value(json_object_get(json_object_get(r->release, "image"), key));
    if (!image && !run_in_container(r))
        find_na(f, "no containers are used here");
    else if (!image)
        find_fail(f, "this runs in a container, but release.json names no image");
    else if (strcmp(key, "tag") == 0 && strstr(image, VERSION) == NULL)
        find_fail(f, "the tag %s does not name the version %s", image, VERSION);
    else
        find_pass(f, "%s", image);
}

CHECK_BY(release_image, judge_image(r, "digest", f))
CHECK_BY(release_tag, judge_image(r, "tag", f))

/* Beside the binary, or where make install puts documents and scripts. */
static struct str beside(const struct check_run *r, const char *folder, const char *name)
{
    struct str home = str_dir(str_of(r->o->program));
    struct str path = str_printf(r->a, "%.*s%s/%s", STR_ARG(home), folder, name);
    struct stat st;

    if (stat(path.p, &st) == 0)
        return path;
    return str_printf(r->a, "%.*s../share/ticketing-system/%s/%s", STR_ARG(home), folder, name);
}

void check_document(struct check_run *r, const char *of, struct finding *f)
{
    struct str path;

    if (!has_release(r, f))
        return;
    path = beside(r, "docs", of);
    if (is_as_released(path.p, DOCUMENT_MAX,
                       json_object_get(json_object_get(r->release, "docs"), of), f))
        find_pass(f, "%.*s, as it was released with this version", STR_ARG(path));
}

static void judge_files(struct check_run *r, const char *folder, struct finding *f)
{
    json_t *files, *sum;
    const char *name;
    size_t n = 0;

    if (!has_release(r, f))
        return;
    files = json_object_get(r->release, folder);
    json_object_foreach(files, name, sum) {
        if (!is_as_released(beside(r, folder, name).p, DOCUMENT_MAX, sum, f))
            return;
        n++;
    }
    if (n == 0)
        find_fail(f, "release.json names no files of %s/", folder);
    else
        find_pass(f, "%zu files of %s/ as they were released, at commit %.12s", n, folder,
                  json_string_value(json_object_get(r->release, "commit")) ?: "?");
}

CHECK_BY(release_scripts, judge_files(r, "deploy", f))
CHECK_BY(release_documents, judge_files(r, "docs", f))

/* ── the final signature, in three lines of the document ── */

static bool has_final(struct check_run *r, struct evidence_row *row, struct finding *f)
{
    struct err e = { 0 };
    enum rc rc = r->db ? run_evidence(r, "sign.signoff.final", true, row, &e) : RC_NOT_FOUND;

    if (rc == RC_OK && str_eq(row->version, STR(VERSION)))
        return true;
    if (rc == RC_CONFLICT)
        find_fail(f, "%s", e.detail);
    else if (!r->db)
        find_sign(f, "the database of the signatures cannot be opened");
    else
        find_sign(f, "the deployment of %s is not signed yet", VERSION);
    return false;
}

void check_signed_date(struct check_run *r, const char *of, struct finding *f)
{
    struct evidence_row row;
    char when[CLOCK_TEXT_MAX];

    (void)of;
    if (!has_final(r, &row, f))
        return;
    clock_format(row.at_us, when);
    find_pass(f, "%s", when);
}

void check_signed_by(struct check_run *r, const char *of, struct finding *f)
{
    struct evidence_row row;
    json_t *v CLEAN(json_clean) = NULL;
    struct err e = { 0 };

    (void)of;
    if (has_final(r, &row, f) && json_read(row.figures, &v, &e) == RC_OK)
        find_pass(f, "%s, %s", json_string_value(json_object_get(v, "by")) ?: "?",
                  json_string_value(json_object_get(v, "role")) ?: "?");
}

void check_signed_version(struct check_run *r, const char *of, struct finding *f)
{
    struct evidence_row row;

    (void)of;
    if (has_final(r, &row, f))
        find_pass(f, "%s", VERSION);
}
