/* One request and its answer, whatever the protocol version.  http/ makes it and fills in the
 * request; the application fills in the answer and hands it back with exchange_reply().
 *
 * Owner: the loop, until on_request() is called; then the application (on any thread, one at a
 * time) until exchange_reply(); then the loop again, which frees it with its arena.
 * Views of the request point into the exchange's arena and stay valid all its life. */
#ifndef HTTP_EXCHANGE_H
#define HTTP_EXCHANGE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/defs.h"
#include "base/lane.h"
#include "base/str.h"

enum http_method {
    HTTP_GET = 1 << 0,
    HTTP_HEAD = 1 << 1,
    HTTP_POST = 1 << 2,
    HTTP_PUT = 1 << 3,
    HTTP_PATCH = 1 << 4,
    HTTP_DELETE = 1 << 5,
    HTTP_OPTIONS = 1 << 6,
    HTTP_OTHER = 1 << 7,
};

struct http_header {
    struct str name; /* lower case */
    struct str value;
};

/* A client's address; IPv4 is kept as ::ffff:a.b.c.d. A Unix socket's peer is all zero, is_unix. */
struct addr {
    unsigned char ip[16];
    bool is_unix;
};
enum { ADDR_TEXT_MAX = 48 };
size_t addr_format(const struct addr *a, char out[ADDR_TEXT_MAX]); /* "203.0.113.9", "2001:db8::1", "unix" */
bool addr_parse(struct str s, struct addr *out);

enum { EXCHANGE_HEADERS_MAX = 32 };

struct exchange {
    /* ── request ── */
    struct arena *arena;
    enum http_method method;
    struct str method_text;
    struct str target;            /* as sent, e.g. "/api/v1/tickets?limit=5" */
    struct str path;              /* percent-decoded, no dot segments, no NUL, valid UTF-8 */
    struct str query;             /* raw, behind '?' */
    struct str host;              /* checked: one Host (or :authority) that parses */
    const struct http_header *headers;
    size_t n_headers;
    struct str body;              /* in memory … */
    int body_fd;                  /* … or spooled to an unlinked file (on_headers asked for it), else -1 */
    uint64_t body_len;
    struct addr peer;             /* of the socket */
    bool tls;
    unsigned version;             /* 10, 11, 20 */
    int64_t start_us;             /* clock_mono_us() when the first byte of the request came */

    /* ── answer ── */
    int status;
    struct http_header out[EXCHANGE_HEADERS_MAX];
    size_t n_out;
    struct buf out_body;          /* arena-backed, ready to write into */
    struct str out_static;        /* instead of out_body: bytes that outlive the exchange, e.g. assets */
    int out_fd;                   /* instead: a file (owned, closed by http/), or -1 */
    uint64_t out_fd_off, out_fd_len;
    bool no_compress;             /* the body is compressed already, or secret beside attacker text */
    bool is_stream;               /* keep open after the headers: exchange_stream_*() */

    /* ── the application's ── */
    struct lane_job job;
    void *app;                    /* its own per-request state */
    struct exchange_io *io;       /* http/'s */
};

/* Value of the first header of this (lower case) name; p == NULL when absent. */
struct str http_header_get(const struct exchange *x, struct str name);
/* Adds an answer header.  name is a literal in lower case; a value with CR, LF or NUL aborts the
 * header (it is left out, RC_INVALID), and so does one of http/'s own: content-length, date,
 * connection, transfer-encoding.  The value is copied. */
enum rc exchange_header(struct exchange *x, struct str name, struct str value);
/* The same without a look and a copy: the value is one of ours and lives as long as the arena. */
void exchange_header_own(struct exchange *x, struct str name, struct str value);
/* Hands the answer back.  Any thread, exactly once. */
void exchange_reply(struct exchange *x);

/* Streams (server-sent events): after exchange_reply() with is_stream the connection stays open and
 * is known by this id, which is never reused.  Any thread. */
uint64_t exchange_stream_id(const struct exchange *x);
struct http_server;
/* Queues bytes; false when the stream is gone or more than its limit is waiting (it is then cut). */
bool http_stream_send(struct http_server *s, uint64_t id, struct str bytes);
void http_stream_end(struct http_server *s, uint64_t id);

#endif
