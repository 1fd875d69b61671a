/* The numbers that the tables keep for kinds of things, and their names in the API.  Stored: append
 * only, never renumber.  Each name list is NULL-terminated and in the order of its enum, so that it
 * serves as the values of a J_ENUM. */
#ifndef STORE_KINDS_H
#define STORE_KINDS_H

#include "base/defs.h"
#include "base/str.h"

enum state_type {
    STATE_NEW,
    STATE_OPEN,
    STATE_PENDING,
    STATE_HOLD,
    STATE_SOLVED,
    STATE_CLOSED,
    STATE_MERGED,
    STATE_SPAM,
    STATE_DELETED,
    STATE_TYPES_
};
extern const char *const state_type_names[];

enum until_rule { UNTIL_NONE, UNTIL_OPTIONAL, UNTIL_REQUIRED };
extern const char *const until_rule_names[];

/* What a customer's message on a closed ticket does (per group). */
enum follow_up { FOLLOW_UP_REOPEN, FOLLOW_UP_NEW, FOLLOW_UP_NEW_AFTER_DAYS, FOLLOW_UP_REJECT };
extern const char *const follow_up_names[];

enum channel {
    CHANNEL_WEB,
    CHANNEL_API,
    CHANNEL_EMAIL,
    CHANNEL_PHONE,
    CHANNEL_WALK_IN,
    CHANNEL_CHAT,
    CHANNEL_SMS,
    CHANNEL_SYSTEM
};
extern const char *const channel_names[];

enum message_kind {
    MESSAGE_WEB,
    MESSAGE_EMAIL,
    MESSAGE_NOTE,
    MESSAGE_PHONE_IN,
    MESSAGE_PHONE_OUT,
    MESSAGE_CHAT,
    MESSAGE_SMS,
    MESSAGE_SYSTEM
};
extern const char *const message_kind_names[];

enum message_sender { SENDER_CUSTOMER, SENDER_AGENT, SENDER_SYSTEM };
extern const char *const message_sender_names[];

enum message_visibility { VISIBILITY_PUBLIC, VISIBILITY_INTERNAL };
extern const char *const message_visibility_names[];

enum message_format { FORMAT_TEXT, FORMAT_MARKDOWN, FORMAT_HTML };
extern const char *const message_format_names[];

enum participant_role { PARTICIPANT_CC, PARTICIPANT_FOLLOWER };
extern const char *const participant_role_names[];

enum link_kind { LINK_RELATED, LINK_PARENT_OF, LINK_DUPLICATE_OF, LINK_FOLLOW_UP_OF };

enum field_object { FIELD_TICKET, FIELD_USER, FIELD_ORGANIZATION, FIELD_GROUP };
extern const char *const field_object_names[];

enum field_type {
    FIELD_TEXT,
    FIELD_LONG_TEXT,
    FIELD_INTEGER,
    FIELD_DECIMAL,
    FIELD_BOOLEAN,
    FIELD_DATE,
    FIELD_DATETIME,
    FIELD_CHOICE,
    FIELD_CHOICES,
    FIELD_TREE_CHOICE,
    FIELD_TREE_CHOICES,
    FIELD_USER_REF,
    FIELD_ORGANIZATION_REF,
    FIELD_URL
};
extern const char *const field_type_names[];

/* The name's place in a NULL-terminated list, or -1. */
int kind_of(const char *const *names, struct str name);

#endif
