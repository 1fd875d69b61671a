/* Believable, repeatable text of a help desk in several languages: people, companies, requests and
 * answers.  Pure: the same seed gives the same text.  One thread. */
#ifndef CLI_SEED_TEXT_H
#define CLI_SEED_TEXT_H

#include "base/buf.h"
#include "base/defs.h"
#include "base/str.h"

struct seed_rng {
    uint64_t state;
};
uint64_t seed_next(struct seed_rng *r);
uint64_t seed_below(struct seed_rng *r, uint64_t bound); /* bound > 0 */
bool seed_chance(struct seed_rng *r, unsigned percent);

enum { SEED_LANGUAGES = 5 };
extern const char *const seed_languages[SEED_LANGUAGES]; /* "en", "de", … */

/* What one request is about, in one language. */
struct seed_topic {
    unsigned language, topic;
    unsigned site; /* names a place or device, so that tickets differ */
};
struct seed_topic seed_topic_pick(struct seed_rng *r);
const char *seed_topic_tag(const struct seed_topic *t); /* "vpn", "printer", … */

/* What people attach. */
struct seed_file {
    const char *name, *type;
    struct str bytes;
};
enum { SEED_FILES = 4 };
extern const struct seed_file seed_files[SEED_FILES];

void seed_person(struct seed_rng *r, struct buf *name);
void seed_company(struct seed_rng *r, uint64_t nth, struct buf *name, struct buf *domain);
void seed_title(struct seed_rng *r, const struct seed_topic *t, struct buf *out);
void seed_request(struct seed_rng *r, const struct seed_topic *t, struct buf *out);
void seed_answer(struct seed_rng *r, const struct seed_topic *t, struct buf *out);
void seed_reply(struct seed_rng *r, const struct seed_topic *t, struct buf *out);
void seed_note(struct seed_rng *r, const struct seed_topic *t, struct buf *out);

#endif
