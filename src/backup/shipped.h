/* The shipped log: BACKUP_DIR/wal/NNNNNNNN-TIME/ is an unbroken row of changes (a new folder begins
 * when something may be missing in between); its files are segments, boxes of these records:
 *
 *     H  page size, number of the log (4 + 4)
 *     R  a round begins: as of which time (8), up to which frame (4)
 *     F  frames: the first one's number, how many (4 + 4), then they, heads and pages
 *     B  attachments that are there from now on: 64 hex digits each
 *     T  the round is whole: time (8), frame (4), the head of that frame (24)
 *
 *     NNNNNNNN-SALT-FIRST-FROM.open           being written, by one process
 *     NNNNNNNN-SALT-FIRST-FROM-LAST-TO.seg    finished: frames FIRST to LAST, times in microseconds
 *
 * Segments of one row are numbered without a gap. */
#ifndef BACKUP_SHIPPED_H
#define BACKUP_SHIPPED_H

#include "backup/repo.h"

enum { SHIPPED_HEAD = 'H', SHIPPED_ROUND = 'R', SHIPPED_FRAMES = 'F', SHIPPED_FILES = 'B', SHIPPED_DONE = 'T' };

struct segment {
    const char *path;
    struct str row, name;      /* folder and file */
    int64_t number, from_us, to_us;
    unsigned char salt[WAL_SALT_LEN];
    uint32_t first, last; /* last: of sealed ones; may be first - 1 */
    bool sealed;
};
/* All segments, in order; *out lives in a. */
enum rc shipped_list(const struct repo *r, struct arena *a, struct segment **out, size_t *n,
                    struct err *e) MUST_USE;
/* v[*i] was not there any more: it was finished meanwhile, and has another name.  Lists all anew;
 * *i: the same one.  RC_NOT_FOUND when it is really gone. */
enum rc shipped_again(const struct repo *r, struct arena *a, struct segment **v, size_t *n, size_t *i,
                      struct err *e) MUST_USE;
/* From which segment on changes behind place follow; n when there is none. */
size_t shipped_find(const struct segment *v, size_t n, const struct wal_place *place);

/* Everything up to then is in them: 0 when there are none. */
int64_t shipped_until(const struct segment *v, size_t n);

/* ---- writing ---- */

struct shipped_writer;
/* Begins segment s->number of row s->row, frames from s->first on. */
enum rc shipped_begin(const struct repo *r, const struct segment *s, uint32_t page_size,
                     uint32_t sequence, struct shipped_writer **out, struct err *e) MUST_USE;
enum rc shipped_round(struct shipped_writer *w, int64_t at_us, uint32_t up_to, struct err *e) MUST_USE;
/* n frames of the reader's held place. */
enum rc shipped_frames(struct shipped_writer *w, struct wal_reader *log, uint32_t first, uint32_t n,
                      struct err *e) MUST_USE;
enum rc shipped_files(struct shipped_writer *w, struct str hashes, struct err *e) MUST_USE;
/* The round is whole; sync: and on disk. */
enum rc shipped_done(struct shipped_writer *w, bool sync, struct err *e) MUST_USE;
/* Everything up to then is in it: the file's time says so. */
void shipped_alive(struct shipped_writer *w, int64_t at_us);
int64_t shipped_bytes(const struct shipped_writer *w);
uint32_t shipped_last(const struct shipped_writer *w);
/* Ends and renames it. */
enum rc shipped_seal(struct shipped_writer **w, struct err *e) MUST_USE;
void shipped_drop(struct shipped_writer **w);

/* ---- reading ---- */

struct shipped_end {
    int64_t at_us, sound_bytes; /* of the last whole round; how long the file is up to there */
    int64_t rounds;
    uint32_t frame, page_size;
    unsigned char head[WAL_FRAME_HEAD];
};
/* Where an unfinished segment ends soundly. */
enum rc shipped_look(const struct repo *r, const struct segment *s, struct shipped_end *out,
                    struct err *e) MUST_USE;
/* Cuts off what is torn and gives it its final name. */
enum rc shipped_mend(const struct repo *r, const struct segment *s, struct shipped_end *out,
                    struct err *e) MUST_USE;

/* The attachments that a segment names. */
enum rc shipped_files_of(const struct repo *r, const struct segment *s,
                        enum rc (*each)(void *arg, struct str hashes, struct err *e), void *arg,
                        struct err *e) MUST_USE;

struct shipped_to {
    enum rc (*frames)(void *arg, const void *frames, uint32_t n, struct err *e);
    enum rc (*files)(void *arg, struct str hashes, struct err *e); /* may be NULL */
    void *arg;
    uint32_t page_size; /* what frames must have */
    uint32_t after;     /* frames up to this one are left out */
    int64_t until_us;   /* 0: all */
};
struct shipped_went {
    int64_t at_us; /* of the last round that was given */
    uint32_t frame;
    bool reached; /* a later round exists: until_us was met */
    bool clock_went_back;
};
/* Gives all rounds up to until_us, in order. */
enum rc shipped_read(const struct repo *r, const struct segment *s, const struct shipped_to *to,
                    struct shipped_went *went, struct err *e) MUST_USE;

#endif
