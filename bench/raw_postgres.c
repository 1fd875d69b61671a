/* The floor under the server on PostgreSQL: the statements of its main reads run through bare libpq,
 * prepared, with binary values, on one connection, without HTTP, JSON, rights or anything else.
 *
 *   raw_postgres DATABASE-URL SECONDS
 *
 * The database is one that `server bench-data` filled, on this machine: the CPU time of the session's
 * process is read from /proc.  Prints a line a piece of work: name, microseconds of CPU per piece in
 * this program, and in PostgreSQL. */
#include <endian.h>
#include <libpq-fe.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { ROUND = 16 };

static PGconn *db;
static int64_t n_tickets;

static void check(const PGresult *res, ExecStatusType wanted, const char *what)
{
    if (PQresultStatus(res) == wanted)
        return;
    fprintf(stderr, "%s: %s\n", what, PQerrorMessage(db));
    exit(1);
}

static void prepare(const char *name, const char *sql)
{
    PGresult *res = PQprepare(db, name, sql, 0, NULL);

    check(res, PGRES_COMMAND_OK, name);
    PQclear(res);
}

/* Looks at all columns of all rows, as a caller would; gives the first as a number. */
static int64_t drain(const char *name, const int64_t *id)
{
    uint64_t be = htobe64((uint64_t)(id ? *id : 0)), first = 0;
    const char *values[] = { (const char *)&be };
    int lengths[] = { 8 }, formats[] = { 1 };
    PGresult *res = PQexecPrepared(db, name, id ? 1 : 0, values, lengths, formats, 1);
    volatile size_t bytes = 0;

    check(res, PGRES_TUPLES_OK, name);
    for (int r = 0; r < PQntuples(res); r++)
        for (int c = 0; c < PQnfields(res); c++)
            bytes += PQgetvalue(res, r, c) ? (size_t)PQgetlength(res, r, c) : 0;
    if (PQntuples(res) > 0 && PQgetlength(res, 0, 0) == sizeof(first))
        memcpy(&first, PQgetvalue(res, 0, 0), sizeof(first));
    PQclear(res);
    return (int64_t)be64toh(first);
}

#define TICKET                                                                                     \
    "SELECT t.id, t.version, t.number, t.title, t.state_id, t.state_type, t.until_us, t.priority_id," \
    " t.group_id, t.owner_id, t.customer_id, t.organization_id, t.channel, t.tags_json,"           \
    " t.fields_json, t.created_us, t.updated_us, t.message_count, c.name, o.name, g.name"          \
    " FROM tickets t LEFT JOIN users c ON c.id = t.customer_id LEFT JOIN users o ON o.id ="        \
    " t.owner_id LEFT JOIN organizations g ON g.id = t.organization_id"

static void prepare_all(void)
{
    prepare("nothing", "SELECT CAST(1 AS BIGINT)");
    prepare("last", "SELECT max(id) FROM tickets");
    prepare("ticket", TICKET " WHERE t.id = $1");
    prepare("messages",
            "SELECT m.id, m.kind, m.sender, m.visibility, m.author_id, m.body_text, m.body_html,"
            " m.created_us, u.name FROM messages m LEFT JOIN users u ON u.id = m.author_id"
            " WHERE m.ticket_id = $1 ORDER BY m.id LIMIT 50");
    prepare("list", TICKET " ORDER BY t.updated_us DESC, t.id DESC LIMIT 51");
}

static void nothing(void)
{
    drain("nothing", NULL);
}

static void view(void)
{
    static uint64_t state = 1;
    int64_t id;

    state = state * 6364136223846793005u + 1442695040888963407u;
    id = 1 + (int64_t)((state >> 33) % (uint64_t)n_tickets);
    drain("ticket", &id);
    drain("messages", &id);
}

static void list(void)
{
    drain("list", NULL);
}

static double own_cpu_us(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
    return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

/* User and system time of the session's process. */
static double server_cpu_us(void)
{
    char path[64], line[1024] = "";
    const char *rest;
    unsigned long user = 0, sys = 0;
    FILE *f;

    snprintf(path, sizeof(path), "/proc/%d/stat", PQbackendPID(db));
    f = fopen(path, "r");
    if (!f || !fgets(line, sizeof(line), f)) {
        fprintf(stderr, "%s: PostgreSQL must run on this machine\n", path);
        exit(1);
    }
    fclose(f);
    rest = strrchr(line, ')');
    if (rest)
        sscanf(rest + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &sys);
    return (double)(user + sys) * 1e6 / (double)sysconf(_SC_CLK_TCK);
}

static void measure(const char *name, void (*work)(void), double seconds)
{
    double own, server, end;
    long n = 0;

    for (int i = 0; i < ROUND; i++)
        work(); /* plans are made anew at first */
    own = own_cpu_us();
    server = server_cpu_us();
    for (end = server + seconds * 1e6; server_cpu_us() < end; n += ROUND)
        for (int i = 0; i < ROUND; i++)
            work();
    printf("%s %.2f %.2f\n", name, (own_cpu_us() - own) / (double)n, (server_cpu_us() - server) / (double)n);
}

int main(int argc, char **argv)
{
    double seconds;

    if (argc != 3) {
        fprintf(stderr, "usage: raw_postgres DATABASE-URL SECONDS\n");
        return 2;
    }
    seconds = atof(argv[2]);
    db = PQconnectdb(argv[1]);
    if (PQstatus(db) != CONNECTION_OK) {
        fprintf(stderr, "%s", PQerrorMessage(db));
        return 1;
    }
    prepare_all();
    n_tickets = drain("last", NULL);
    measure("nothing", nothing, seconds);
    measure("view", view, seconds);
    measure("list", list, seconds);
    PQfinish(db);
    return 0;
}
