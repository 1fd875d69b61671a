/* The floor under the server: the statements of its main requests run on bare SQLite, by one thread,
 * without HTTP, JSON, rights or anything else.
 *
 *   raw_sqlite DATABASE-FILE SECONDS
 *
 * The file is one that `server bench-data` made; it is written to.  Prints a line a piece of work:
 * name, microseconds of CPU per piece. */
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { GROUP = 64 };

static sqlite3 *db;
static int64_t n_tickets, serial;

static void check(int rc, const char *what)
{
    if (rc == SQLITE_OK || rc == SQLITE_DONE || rc == SQLITE_ROW)
        return;
    fprintf(stderr, "%s: %s\n", what, sqlite3_errmsg(db));
    exit(1);
}

static void run(const char *sql)
{
    check(sqlite3_exec(db, sql, NULL, NULL, NULL), sql);
}

/* A prepared statement, kept with its text. */
static sqlite3_stmt *get(const char *sql)
{
    static struct {
        const char *sql;
        sqlite3_stmt *st;
    } kept[64];
    size_t i = 0;

    while (kept[i].sql && kept[i].sql != sql)
        i++;
    if (!kept[i].sql) {
        check(sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &kept[i].st, NULL), sql);
        kept[i].sql = sql;
    }
    return kept[i].st;
}

/* Reads all columns of all rows, as a caller would. */
static void drain(sqlite3_stmt *st)
{
    while (sqlite3_step(st) == SQLITE_ROW)
        for (int c = 0; c < sqlite3_column_count(st); c++)
            sqlite3_column_text(st, c);
    check(sqlite3_reset(st), "reset");
}

static int64_t any_ticket(void)
{
    static uint64_t state = 1;

    state = state * 6364136223846793005u + 1442695040888963407u;
    return 1 + (int64_t)((state >> 33) % (uint64_t)n_tickets);
}

#define TICKET                                                                                     \
    "t.id, t.version, t.number, t.title, t.state_id, t.state_type, t.until_us, t.priority_id,"     \
    " t.group_id, t.owner_id, t.customer_id, t.organization_id, t.channel, t.tags_json,"           \
    " t.fields_json, t.created_us, t.updated_us, t.message_count, c.name, o.name, g.name"          \
    " FROM tickets t LEFT JOIN users c ON c.id = t.customer_id LEFT JOIN users o ON o.id ="        \
    " t.owner_id LEFT JOIN organizations g ON g.id = t.organization_id"

static void view(void)
{
    int64_t id = any_ticket();
    sqlite3_stmt *st = get("SELECT " TICKET " WHERE t.id = ?1");

    sqlite3_bind_int64(st, 1, id);
    drain(st);
    st = get("SELECT m.id, m.kind, m.sender, m.visibility, m.author_id, m.body_text, m.body_html,"
             " m.created_us, u.name FROM messages m LEFT JOIN users u ON u.id = m.author_id"
             " WHERE m.ticket_id = ?1 ORDER BY m.id LIMIT 50");
    sqlite3_bind_int64(st, 1, id);
    drain(st);
}

static void list(void)
{
    drain(get("SELECT " TICKET " ORDER BY t.updated_us DESC, t.id DESC LIMIT 51"));
}

static void search(void)
{
    drain(get("SELECT " TICKET " JOIN search_docs d ON d.ticket_id = t.id WHERE d.message_id IN (SELECT rowid FROM"
              " search_fts WHERE search_fts MATCH 'zirconium' ORDER BY rowid DESC LIMIT 20)"));
}

static int64_t last_id(void)
{
    return sqlite3_last_insert_rowid(db);
}

static void step(sqlite3_stmt *st)
{
    check(sqlite3_step(st), "step");
    check(sqlite3_reset(st), "reset");
}

/* The message with its document and its place in the full-text index. */
static int64_t add_message(int64_t ticket, int64_t now)
{
    static const char body[] = "Hello, since this morning the printer in Berlin gives an error after a few seconds. "
                               "I restarted twice and the colleagues next door see the same.";
    int64_t message;
    sqlite3_stmt *st;

    st = get("INSERT INTO messages (ticket_id, kind, sender, visibility, author_id, format, source, body_text,"
             " body_html, created_us) VALUES (?1, 0, 0, 0, 30, 0, ?2, ?2, ?2, ?3)");
    sqlite3_bind_int64(st, 1, ticket);
    sqlite3_bind_text(st, 2, body, -1, SQLITE_STATIC);
    sqlite3_bind_int64(st, 3, now);
    step(st);
    message = last_id();
    st = get("INSERT INTO search_docs (message_id, ticket_id, group_id, internal, head) VALUES (?1, ?2, 1, 0, 'printer berlin')");
    sqlite3_bind_int64(st, 1, message);
    sqlite3_bind_int64(st, 2, ticket);
    step(st);
    st = get("INSERT INTO search_fts (rowid, head, body) VALUES (?1, 'printer berlin', ?2)");
    sqlite3_bind_int64(st, 1, message);
    sqlite3_bind_text(st, 2, body, -1, SQLITE_STATIC);
    step(st);
    return message;
}

static void add_history(int64_t ticket, int64_t message, const char *type, const char *action)
{
    sqlite3_stmt *st = get("INSERT INTO events (ticket_id, type, actor_id, message_id, changes_json, ticket_version,"
                           " created_us) VALUES (?1, ?3, 30, ?2, '{}', 1, 0)");

    sqlite3_bind_int64(st, 1, ticket);
    sqlite3_bind_int64(st, 2, message);
    sqlite3_bind_text(st, 3, type, -1, SQLITE_STATIC);
    step(st);
    step(get("UPDATE audit_head SET n = n + 1, hash = hash WHERE id = 1"));
    st = get("INSERT INTO audit (n, at_us, actor_id, actor_type, address, request_id, action, object, object_id, details,"
             " details_salt, details_hash, hash) VALUES ((SELECT n FROM audit_head), 0, 30, 1, '127.0.0.1', 'r',"
             " ?2, 'ticket', ?1, '{}', '0123456789abcdef', '0123456789abcdef0123456789abcdef',"
             " '0123456789abcdef0123456789abcdef')");
    sqlite3_bind_int64(st, 1, ticket);
    sqlite3_bind_text(st, 2, action, -1, SQLITE_STATIC);
    step(st);
}

static void create_one(void)
{
    int64_t ticket, n = ++serial;
    char number[32];
    sqlite3_stmt *st;

    snprintf(number, sizeof(number), "raw%lld", (long long)n);
    st = get("INSERT INTO tickets (number, title, state_id, state_type, priority_id, group_id, customer_id, channel,"
             " created_us, updated_us) VALUES (?1, 'Printer in Berlin', 1, 0, 2, 1, 30, 0, ?2, ?2)");
    sqlite3_bind_text(st, 1, number, -1, SQLITE_STATIC);
    sqlite3_bind_int64(st, 2, n);
    step(st);
    ticket = last_id();
    st = get("INSERT INTO ticket_counts (group_id, state_id, owner_id, n) VALUES (1, 1, 0, 1) ON CONFLICT (group_id,"
             " state_id, owner_id) DO UPDATE SET n = ticket_counts.n + 1");
    step(st);
    add_history(ticket, add_message(ticket, n), "create", "ticket.create");
}

static void reply_one(void)
{
    int64_t ticket = any_ticket(), n = ++serial;
    sqlite3_stmt *st = get("UPDATE tickets SET updated_us = ?2, message_count = message_count + 1, version = version + 1"
                           " WHERE id = ?1");

    sqlite3_bind_int64(st, 1, ticket);
    sqlite3_bind_int64(st, 2, n);
    step(st);
    add_history(ticket, add_message(ticket, n), "message", "message.create");
}

static void group(void (*one)(void))
{
    run("BEGIN IMMEDIATE");
    for (int i = 0; i < GROUP; i++)
        one();
    run("COMMIT");
}

static void create(void)
{
    group(create_one);
}

static void reply(void)
{
    group(reply_one);
}

/* What the palette asks while somebody types: the newest tickets with the word, and people. */
static void typing(void)
{
    static unsigned n;
    sqlite3_stmt *st = get("SELECT " TICKET " JOIN search_docs d ON d.ticket_id = t.id WHERE d.message_id IN (SELECT rowid"
                           " FROM search_fts WHERE search_fts MATCH ?1 ORDER BY rowid DESC LIMIT 10)");
    const char *word = n++ % 2 ? "pass*" : "prin*";

    sqlite3_bind_text(st, 1, word, -1, SQLITE_STATIC);
    drain(st);
    st = get("SELECT id, name, email FROM users WHERE name_fold >= ?1 AND name_fold < ?1 || 'z' LIMIT 10");
    sqlite3_bind_text(st, 1, word, 4, SQLITE_STATIC);
    drain(st);
}

static double cpu_us(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
    return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

static void measure(const char *name, void (*work)(void), int pieces, double seconds)
{
    double begun, took;
    long n = 0;

    work();
    for (begun = cpu_us(); (took = cpu_us() - begun) < seconds * 1e6; n += pieces)
        work();
    printf("%s %.2f\n", name, took / (double)n);
}

int main(int argc, char **argv)
{
    sqlite3_stmt *st;
    double seconds;

    if (argc != 3) {
        fprintf(stderr, "usage: raw_sqlite DATABASE-FILE SECONDS\n");
        return 2;
    }
    seconds = atof(argv[2]);
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    check(sqlite3_open(argv[1], &db), "open");
    run("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA cache_size = -16384");
    st = get("SELECT max(id) FROM tickets");
    check(sqlite3_step(st), "count");
    n_tickets = sqlite3_column_int64(st, 0);
    sqlite3_reset(st);
    serial = (int64_t)time(NULL) * 1000;
    measure("view", view, 1, seconds);
    measure("list", list, 1, seconds);
    measure("search", search, 1, seconds);
    measure("typing", typing, 1, seconds);
    measure("create", create, GROUP, seconds);
    measure("reply", reply, GROUP, seconds);
    return 0;
}
