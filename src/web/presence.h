/* Who looks at a ticket or writes an answer just now.  Kept in memory for a minute after each word of
 * it (nodes tell each other, web/nodes.h), lost with the process, and told only to agents who may read the ticket: a hint that
 * keeps two people from answering at once, never a lock.  Any thread. */
#ifndef WEB_PRESENCE_H
#define WEB_PRESENCE_H

#include "base/defs.h"
#include "base/str.h"

enum presence_state { PRESENCE_VIEWING, PRESENCE_WRITING, PRESENCE_GONE };
extern const char *const presence_state_names[];

enum { PRESENCE_NAME_MAX = 128, PRESENCE_SHOWN_MAX = 50, PRESENCE_MAX = 4096 };

struct present {
    int64_t ticket_id, user_id;
    enum presence_state state;
    int64_t since_us, until_us;
    char name[PRESENCE_NAME_MAX];
};

struct presence;
struct presence *presence_new(void);
void presence_free(struct presence **p);

/* Says or repeats it; *out is what holds now.  True when others do not know that yet. */
bool presence_say(struct presence *p, const struct present *who, int64_t now_us,
                  struct present *out);
/* Those of a ticket, in no order, at most PRESENCE_SHOWN_MAX. */
size_t presence_list(struct presence *p, int64_t ticket_id, int64_t now_us, struct present *out);

/* The members of an object. */
struct jw;
void presence_members(struct jw *w, const struct present *p);

#endif
