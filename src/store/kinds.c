#include "store/kinds.h"

const char *const state_type_names[] = { "new",    "open",   "pending", "hold",    "solved",
                                         "closed", "merged", "spam",    "deleted", NULL };
const char *const until_rule_names[] = { "none", "optional", "required", NULL };
const char *const follow_up_names[] = { "reopen", "new_ticket", "new_ticket_after_days", "reject",
                                        NULL };
const char *const channel_names[] = { "web",     "api",  "email", "phone",
                                      "walk_in", "chat", "sms",   "system", NULL };
const char *const message_kind_names[] = { "web",       "email", "note", "phone_in",
                                           "phone_out", "chat",  "sms",  "system", NULL };
const char *const message_sender_names[] = { "customer", "agent", "system", NULL };
const char *const message_visibility_names[] = { "public", "internal", NULL };
const char *const message_format_names[] = { "text", "markdown", "html", NULL };
const char *const participant_role_names[] = { "cc", "follower", NULL };
const char *const field_object_names[] = { "ticket", "user", "organization", "group", NULL };
const char *const field_type_names[] = { "text",    "long_text",   "integer",      "decimal", "boolean",
                                         "date",    "datetime",    "choice",       "choices", "tree_choice",
                                         "tree_choices", "user",   "organization", "url",     NULL };

int kind_of(const char *const *names, struct str name)
{
    for (int i = 0; names[i]; i++)
        if (str_eq(str_of(names[i]), name))
            return i;
    return -1;
}
