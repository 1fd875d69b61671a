/* The settings of the process, from one table (config.def).
 *
 * Sources, each overriding the one before: the default; the .env file; the environment; a file
 * (NAME_FILE, or NAME in systemd's credentials folder; secrets only).  All that is wrong is
 * gathered, with how to mend it, before anything is refused.
 *
 * The struct is constant after config_load().  What SIGHUP may change is read through
 * config_live(), by any thread, without a lock; pointers got from it stay valid until
 * config_free(). */
#ifndef BASE_CONFIG_H
#define BASE_CONFIG_H

#include "base/buf.h"
#include "base/defs.h"
#include "base/str.h"

struct arena;
struct jw;

enum config_flag {
    CF_SECRET = 1 << 0, /* masked; may come from a file */
    CF_RELOAD = 1 << 1, /* SIGHUP */
    CF_FIXED = 1 << 2,  /* a name that deployments rely on */
};

/* Order of the choices in config.def. */
enum { ENVIRONMENT_DEVELOPMENT, ENVIRONMENT_PRODUCTION, ENVIRONMENT_TEST };

struct config_own;

struct config {
#define S(field, name, def, max, flags, help) struct str field;
#define I(field, name, def, min, max, flags, unit, help) int64_t field;
#define B(field, name, def, flags, help) bool field;
#define E(field, name, def, choices, flags, help) int64_t field;
#include "base/config.def"
#undef S
#undef I
#undef B
#undef E
    struct config_own *own; /* config.c's: memory, sources, the live copy */
};

struct config_from {
    const char *env_file;       /* NULL: none is read; one that does not exist is no error */
    const char *const *environ; /* NULL-terminated NAME=value */
    bool serves;                /* it is the server that starts: warnings about its sessions matter */
};

struct config_issue {
    bool is_error;   /* else a warning */
    struct str text; /* one line: what is wrong, where, how to mend it */
};
struct config_issues {
    struct config_issue *v;
    size_t n, cap, n_errors;
};

/* RC_OK, or RC_INVALID with all errors in issues (which may hold warnings in both cases).  The
 * issues live in a; the caller owns *out. */
enum rc config_load(const struct config_from *from, struct arena *a, struct config **out,
                    struct config_issues *issues) MUST_USE;
/* The same, but *out is there however wrong the settings are: to look at, never to run with. */
void config_inspect(const struct config_from *from, struct arena *a, struct config **out,
                    struct config_issues *issues);
/* Whether a source sets it (false: the default holds), and which: "environment", ".env", "a file". */
bool config_is_set(const struct config *cfg, const char *name);
const char *config_source_name(const struct config *cfg, const char *name);
/* Estimated bits of a secret: what repetition, runs and few symbols leave of it. */
int64_t config_secret_bits(struct str secret);
void config_free(struct config **cfg);
/* Reads all sources again and publishes the CF_RELOAD settings.  On errors nothing changes; a
 * change that needs a restart is a warning.  One thread at a time. */
enum rc config_reload(struct config *cfg, const struct config_from *from, struct arena *a,
                      struct config_issues *issues) MUST_USE;
/* The files that secrets were read from (NAME_FILE), which a reload reads again: at most max. */
size_t config_files(const struct config *cfg, const char **out, size_t max);
/* "NAME=value" of every secret and "NAME_FILE=", at most max: for a process of ours that may not read the files
 * which the secrets came from. */
size_t config_secrets(const struct config *cfg, struct arena *a, const char **out, size_t max);
const struct config *config_live(const struct config *cfg);

static inline bool config_is_production(const struct config *cfg)
{
    return cfg->environment == ENVIRONMENT_PRODUCTION;
}

/* Whether the write-ahead log is shipped, when the database has one. */
static inline bool config_ships(const struct config *cfg)
{
    return cfg->backup_dir.n > 0 && cfg->backup_ship_s > 0 && str_starts(cfg->database_url, STR("sqlite:"));
}

/* NAME=value lines with the source of each; secrets masked. */
void config_print(const struct config *cfg, struct buf *out);
/* The same as a JSON array, with what each is for: what SIGHUP changed is in it; of secrets only
 * whether they are set. */
void config_json(const struct config *cfg, struct jw *w);
/* docs/configuration.md and .env.example, from the table. */
void config_docs(struct buf *out);
void config_env_example(struct buf *out);

#endif
