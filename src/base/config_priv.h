/* The table of settings as data, shared by the files of config. */
#ifndef BASE_CONFIG_PRIV_H
#define BASE_CONFIG_PRIV_H

#include "base/config.h"

enum config_type { CONFIG_TEXT, CONFIG_INT, CONFIG_BOOL, CONFIG_CHOICE };
enum config_source { FROM_DEFAULT, FROM_ENV_FILE, FROM_ENVIRONMENT, FROM_FILE };

struct config_def {
    const char *name;
    enum config_type type;
    unsigned flags;
    const char *text;    /* default of CONFIG_TEXT and CONFIG_CHOICE */
    int64_t number;      /* default of CONFIG_INT and CONFIG_BOOL */
    int64_t min, max;    /* CONFIG_INT: value; CONFIG_TEXT: max bytes */
    const char *choices; /* "a|b|c" */
    const char *unit, *help;
    size_t off;
};

enum {
    CONFIG_N = 0
#define S(...) +1
#define I(...) +1
#define B(...) +1
#define E(...) +1
#include "base/config.def"
#undef S
#undef I
#undef B
#undef E
};
extern const struct config_def config_defs[CONFIG_N];

struct config_own {
    struct arena *a;
    enum config_source from[CONFIG_N];
    const char *files[CONFIG_N];   /* NAME_FILE, or NULL */
    struct config *older;          /* replaced copies, freed with the first */
    _Atomic(struct config *) live; /* NULL: this one */
};

/* What stands in .env.example and is refused in production. */
#define CONFIG_EXAMPLE_SECRET "replace-me-with-the-output-of--openssl-rand-hex-64--before-use"

void config_issue(struct config_issues *l, struct arena *a, bool is_error, const char *fmt, ...)
    PRINTF_LIKE(4, 5);

/* One NAME=value of a .env file; line counts from 1. */
struct env_line {
    struct str name, value;
    size_t line;
};
struct env_lines {
    struct env_line *v;
    size_t n, cap;
};
/* Strict: [export ]NAME=value, 'literal', "with \n \t \" \\ \$", # comments, no repeated names.
 * What is wrong becomes an issue that names the line, and reading goes on. */
void env_read(struct str text, const char *path, struct arena *a, struct env_lines *out,
              struct config_issues *issues);

/* Reads one value; adds an issue and leaves *cfg alone when it is malformed.  where: "in .env, line
 * 3". */
void config_set(struct config *cfg, size_t i, struct str value, const char *where, struct arena *a,
                struct config_issues *issues);
/* Rules that need more than one value, or are of production only. */
void config_check(const struct config *cfg, struct arena *a, struct config_issues *issues);
/* Estimated bits of a secret: what compression by repetition, runs and few symbols leaves of it. */
int64_t secret_bits(struct str secret);

#endif
