#include "check/unit_file.h"

#include "base/arena.h"

/* What deploy/systemd/ticketing-system.service sets; a unit without one of them is weaker than ours. */
enum want { WANT_YES, WANT_VALUE, WANT_SET, WANT_FILLED };

static const struct {
    const char *key;
    enum want want; /* SET: also an empty value, which takes everything away */
    const char *value;
} wanted[] = {
    { "NoNewPrivileges", WANT_YES, NULL },
    { "ProtectSystem", WANT_VALUE, "strict" },
    { "ProtectHome", WANT_YES, NULL },
    { "PrivateTmp", WANT_YES, NULL },
    { "PrivateDevices", WANT_YES, NULL },
    { "ProtectKernelTunables", WANT_YES, NULL },
    { "ProtectKernelModules", WANT_YES, NULL },
    { "ProtectKernelLogs", WANT_YES, NULL },
    { "ProtectControlGroups", WANT_YES, NULL },
    { "ProtectClock", WANT_YES, NULL },
    { "ProtectHostname", WANT_YES, NULL },
    { "RestrictSUIDSGID", WANT_YES, NULL },
    { "RestrictNamespaces", WANT_YES, NULL },
    { "RestrictRealtime", WANT_YES, NULL },
    { "LockPersonality", WANT_YES, NULL },
    { "MemoryDenyWriteExecute", WANT_YES, NULL },
    { "CapabilityBoundingSet", WANT_SET, NULL },
    { "SystemCallFilter", WANT_FILLED, NULL },
    { "RestrictAddressFamilies", WANT_FILLED, NULL },
};

/* The value that holds in [Service]; p == NULL: none. */
static struct str last_value(struct str text, struct str key)
{
    struct str value = STR_NONE;
    bool in_service = false;

    while (text.p) {
        struct str line = str_trim(str_cut(&text, '\n')), name;

        if (line.n && line.p[0] == '[') {
            in_service = str_eq(line, STR("[Service]"));
            continue;
        }
        name = str_trim(str_cut(&line, '='));
        if (in_service && line.p && str_eq(name, key))
            value = str_trim(line);
    }
    return value;
}

static bool is_yes(struct str v)
{
    return str_ieq(v, STR("yes")) || str_ieq(v, STR("true")) || str_ieq(v, STR("on"))
           || str_eq(v, STR("1"));
}

static bool holds(struct str v, enum want want, const char *value)
{
    switch (want) {
    case WANT_YES:
        return is_yes(v);
    case WANT_VALUE:
        return v.p && str_eq(v, str_of(value));
    case WANT_SET:
        return v.p != NULL && !str_starts(v, STR("~"));
    case WANT_FILLED:
        return v.n > 0;
    }
    return false;
}

/* "~CAP_SYS_ADMIN" keeps all the others, so it is no set. */
struct str unit_weakness(struct str text, struct arena *a)
{
    struct str user = last_value(text, STR("User"));

    if ((!user.n && !is_yes(last_value(text, STR("DynamicUser")))) || str_eq(user, STR("root"))
        || str_eq(user, STR("0")))
        return STR("it names no User: the server runs as root");
    for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
        struct str v = last_value(text, str_of(wanted[i].key));

        if (!v.p)
            return str_printf(a, "%s is missing", wanted[i].key);
        if (!holds(v, wanted[i].want, wanted[i].value))
            return str_printf(a, "%s=%.*s", wanted[i].key, STR_ARG(v));
    }
    return STR("");
}
