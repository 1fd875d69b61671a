/* The HTTP server: loop threads, listeners, protocols, limits.  The application is three calls. */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include "base/defs.h"
#include "base/err.h"
#include "base/str.h"
#include "http/exchange.h"

enum http_verdict { HTTP_GO, HTTP_ANSWER_NOW };

struct http_app {
    void *arg;
    /* Loop thread, when the header section is complete and sound.  Says how much body is welcome.
     * May answer at once instead (set the answer, return HTTP_ANSWER_NOW): the body is then
     * drained within limits, or the connection is closed. */
    enum http_verdict (*on_headers)(struct exchange *x, void *arg, size_t *max_body, bool *spool);
    /* Loop thread, when the body is complete.  Must not block: answer at once (exchange_reply),
     * or hand x to a lane. */
    void (*on_request)(struct exchange *x, void *arg);
    /* Loop thread: the request never became an exchange the application saw (malformed, too large,
     * too slow …).  Fill in status, headers and body of x as an error answer; no reply call. */
    void (*on_refused)(struct exchange *x, enum rc why, const char *detail, void *arg);
    /* Loop thread, once per exchange that on_headers, on_request or on_refused saw: the last byte is
     * sent or the client is gone (status 0: before there was an answer).  For the request log, the
     * metrics, and to let go of x->app. */
    void (*on_sent)(struct exchange *x, uint64_t bytes, bool complete, void *arg);
    /* A stream's connection is gone.  NULL when the application has no streams. */
    void (*on_stream_gone)(uint64_t stream_id, void *arg);
};

struct http_opts {
    struct str host;               /* "localhost" listens on both loopbacks; "0.0.0.0", "::", an address */
    int port;                      /* 0: any free one (tests) */
    struct str unix_path;          /* "" for none */
    const int *inherited;          /* sockets from systemd (LISTEN_FDS), instead of host and port */
    size_t n_inherited;
    struct str tls_cert, tls_key;  /* PEM files; "" for plain */
    int redirect_port;             /* plain port that answers 308 to https, 0 for none */
    struct str redirect_origin;    /* where that leads, "https://name"; "": to the name asked for */
    struct str spool_dir;          /* for large bodies */
    size_t loops;                  /* threads, 1 to 4 */
    /* limits; each is a setting */
    size_t max_request_line, max_header_bytes, max_headers;
    size_t max_connections, max_per_address, max_requests_per_connection, max_streams_h2;
    int64_t header_ms, body_idle_ms, idle_ms, write_ms;
    size_t body_min_rate;          /* bytes a second */
    size_t max_stream_backlog;     /* bytes queued for one event stream */
    bool compress;
};

struct http_server;
enum rc http_start(const struct http_opts *o, const struct http_app *app, struct http_server **out,
                   struct err *e) MUST_USE;
int http_port(const struct http_server *s);
/* Stops accepting, lets running requests finish (at most ms), closes idle connections. Blocks. */
void http_drain(struct http_server *s, int64_t ms);
/* Cuts what is left, waits until the application has handed back every exchange, frees all. */
void http_stop(struct http_server **s);
/* Reads certificate and key again; running connections stay. */
enum rc http_reload_tls(struct http_server *s, struct err *e) MUST_USE;
/* Limits that SIGHUP may change: all but loops, sockets, files and compress. */
void http_set_limits(struct http_server *s, const struct http_opts *o);

struct http_stats {
    int64_t accepted, open, idle, requests, refused_full, refused_address, cut_slow, tls_failed, streams;
    int64_t bytes_in, bytes_out;
    int64_t tls_expires_s; /* of the certificate that is served, since 1970; 0: none */
    size_t loops;
};
void http_stats(const struct http_server *s, struct http_stats *out);

#endif
