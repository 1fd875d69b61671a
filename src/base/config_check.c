/* Rules over the settings as a whole, and what production refuses. */
#include "base/config_priv.h"

#include "base/arena.h"

#include <math.h>

enum { SECRET_CHARS = 64, SECRET_BITS = 160, BACKUP_KEY_CHARS = 32 };

static double symbol_bits(struct str s)
{
    size_t count[256] = { 0 };
    double bits = 0;

    for (size_t i = 0; i < s.n; i++)
        count[(unsigned char)s.p[i]]++;
    for (size_t i = 0; i < 256; i++) {
        if (count[i])
            bits += (double)count[i] * log2((double)s.n / (double)count[i]);
    }
    return bits;
}

/* The smallest p with s[i] == s[i - p] throughout. */
static size_t period(struct str s)
{
    size_t p = 1;

    while (p < s.n && memcmp(s.p, s.p + p, s.n - p) != 0)
        p++;
    return p;
}

/* Steps that continue a run: aaaa, abcd, 4321. */
static size_t run_steps(struct str s)
{
    size_t n = 0;

    for (size_t i = 2; i < s.n; i++) {
        int step = s.p[i] - s.p[i - 1];

        n += step >= -1 && step <= 1 && step == s.p[i - 1] - s.p[i - 2];
    }
    return n;
}

int64_t secret_bits(struct str secret)
{
    struct str once = str_sub(secret, 0, period(secret));

    if (secret.n == 0)
        return 0;
    return (int64_t)(symbol_bits(once) * (1.0 - (double)run_steps(once) / (double)once.n));
}

static bool looks_like_example(struct str s)
{
    static const char *const words[] = { "replace", "change-me", "changeme", "change_me",
                                         "example", "your-",     "your_",    "password" };
    char lower[256];
    size_t n = s.n < sizeof(lower) ? s.n : sizeof(lower);

    for (size_t i = 0; i < n; i++)
        lower[i] = s.p[i] >= 'A' && s.p[i] <= 'Z' ? (char)(s.p[i] + 32) : s.p[i];
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (str_find((struct str){ lower, n }, str_of(words[i])) != SIZE_MAX)
            return true;
    }
    return false;
}

struct checking {
    const struct config *cfg;
    struct arena *a;
    struct config_issues *issues;
    bool production;
};

#define MEND_SECRET "make one with: openssl rand -hex 64"

static void check_strength(const struct checking *c, const char *name, struct str s)
{
    if (looks_like_example(s))
        config_issue(c->issues, c->a, c->production, "%s is an example's value: " MEND_SECRET, name);
    else if (s.n < SECRET_CHARS)
        config_issue(c->issues, c->a, c->production,
                     "%s has %zu characters, %d are needed: " MEND_SECRET, name, s.n, SECRET_CHARS);
    else if (secret_bits(s) < SECRET_BITS)
        config_issue(c->issues, c->a, c->production,
                     "%s is too easy to guess (about %lld bits, %d are needed): " MEND_SECRET, name,
                     (long long)secret_bits(s), SECRET_BITS);
}

static void check_secret(const struct checking *c)
{
    struct str s = c->cfg->jwt_secret;

    if (s.n)
        check_strength(c, "JWT_SECRET", s);
    else if (c->production)
        config_issue(c->issues, c->a, true, "JWT_SECRET is missing: " MEND_SECRET);
}

static void check_former(const struct checking *c)
{
    const struct config *cfg = c->cfg;

    /* Who knows it signs in as anybody, just as with the one that signs. */
    if (cfg->jwt_secret_former.n)
        check_strength(c, "JWT_SECRET_FORMER", cfg->jwt_secret_former);
    if (cfg->jwt_secret_former.n && str_eq(cfg->jwt_secret_former, cfg->jwt_secret))
        config_issue(c->issues, c->a, false, "JWT_SECRET_FORMER is JWT_SECRET itself: it does nothing");
    if (cfg->secret_key_former.n && str_eq(cfg->secret_key_former, cfg->secret_key))
        config_issue(c->issues, c->a, false, "SECRET_KEY_FORMER is SECRET_KEY itself: it does nothing");
}

static bool is_host_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '['
           || c == ']' || c == ':';
}

/* scheme://host[:port] as browsers send it: lower case, nothing behind it. */
static bool is_origin(struct str s)
{
    size_t from = str_starts(s, STR("https://")) ? 8 : str_starts(s, STR("http://")) ? 7 : 0;

    if (from == 0 || s.n <= from)
        return false;
    for (size_t i = from; i < s.n; i++) {
        if (!is_host_char(s.p[i]))
            return false;
    }
    return s.p[from] != ':' && s.p[s.n - 1] != ':';
}

static void check_origins(const struct checking *c)
{
    struct str rest = c->cfg->allowed_origins;

    if (c->production && str_eq(rest, STR("http://localhost:8080")))
        config_issue(c->issues, c->a, false,
                     "ALLOWED_ORIGINS is %.*s: browsers at any other address are refused; name the address "
                     "that people open, such as https://help.example.org",
                     STR_ARG(rest));
    while (rest.p) {
        struct str one = str_trim(str_cut(&rest, ','));

        if (str_eq(one, STR("*")) && c->production)
            config_issue(
                c->issues, c->a, true,
                "ALLOWED_ORIGINS is *: name the exact origins, such as https://help.example.org");
        else if (one.n && !str_eq(one, STR("*")) && !is_origin(one))
            config_issue(c->issues, c->a, true,
                         "ALLOWED_ORIGINS: \"%.*s\" is not an origin; write scheme://host or "
                         "scheme://host:port, "
                         "lower case, without a path",
                         STR_ARG(one));
    }
}

static void check_database(const struct checking *c)
{
    static const struct str starts[] = { STR("sqlite:///"), STR("postgres://"),
                                         STR("postgresql://") };
    struct str url = c->cfg->database_url;

    for (size_t i = 0; i < ARRAY_LEN(starts); i++) {
        if (str_starts(url, starts[i]) && url.n > starts[i].n)
            return;
    }
    config_issue(c->issues, c->a, true,
                 "DATABASE_URL must be sqlite:///relative.db, sqlite:////absolute.db or "
                 "postgres://user:password@host/database");
}

/* Links in mails are BASE_URL and a path, so it is an origin. */
static void check_base_url(const struct checking *c)
{
    struct str url = c->cfg->base_url;

    if (!is_origin(url))
        config_issue(c->issues, c->a, true,
                     "BASE_URL: \"%.*s\" is not an address; write https://host or "
                     "http://host:port, lower case, without a path",
                     STR_ARG(url));
    else if (c->production && str_starts(url, STR("http://localhost")))
        config_issue(c->issues, c->a, false,
                     "BASE_URL is %.*s: links in mails will lead there, and nowhere for others",
                     STR_ARG(url));
}

static void check_tls(const struct checking *c)
{
    if ((c->cfg->tls_cert.n == 0) != (c->cfg->tls_key.n == 0))
        config_issue(c->issues, c->a, true,
                     "TLS_CERT and TLS_KEY belong together: give both or none");
}

static bool is_time_of_day(struct str s)
{
    int64_t h, m;

    return s.n == 5 && s.p[2] == ':' && str_i64(str_sub(s, 0, 2), 0, 23, &h)
           && str_i64(str_sub(s, 3, 2), 0, 59, &m);
}

static void check_backup(const struct checking *c)
{
    const struct config *cfg = c->cfg;

    if (cfg->backup_at.n && !is_time_of_day(cfg->backup_at))
        config_issue(c->issues, c->a, true, "BACKUP_AT: \"%.*s\" is not a time of day such as 02:30",
                     STR_ARG(cfg->backup_at));
    if (cfg->backup_key.n && cfg->backup_key.n < BACKUP_KEY_CHARS)
        config_issue(c->issues, c->a, true,
                     "BACKUP_KEY has %zu characters, %d are needed: make one with: openssl rand -hex 32",
                     cfg->backup_key.n, BACKUP_KEY_CHARS);
    if (cfg->backup_key_former.n && !cfg->backup_key.n)
        config_issue(c->issues, c->a, true,
                     "BACKUP_KEY_FORMER is set and BACKUP_KEY is not: new copies would not be encrypted");
    if (cfg->backup_offsite.n && !cfg->backup_offsite_password.n)
        config_issue(c->issues, c->a, true, "BACKUP_OFFSITE needs BACKUP_OFFSITE_PASSWORD");
    if (cfg->backup_offsite.n && !cfg->backup_dir.n)
        config_issue(c->issues, c->a, true, "BACKUP_OFFSITE sends BACKUP_DIR, which is not set");
}

void config_check(const struct config *cfg, struct arena *a, struct config_issues *issues)
{
    static void (*const checks[])(const struct checking *) = { check_secret, check_former,
                                                               check_origins, check_base_url,
                                                               check_tls, check_database,
                                                               check_backup };
    const struct checking c = { cfg, a, issues, config_is_production(cfg) };

    for (size_t i = 0; i < ARRAY_LEN(checks); i++)
        checks[i](&c);
}
