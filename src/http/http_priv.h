/* What the files of http/ share: a loop's state, a connection, an exchange with its inside.
 *
 * All of it belongs to its loop's thread, except where a comment says otherwise. Between requests
 * a connection holds nothing but its struct conn: input sits in the loop's read buffer, exchanges
 * with their arenas come from the loop's pool. */
#ifndef HTTP_PRIV_H
#define HTTP_PRIV_H

#include "base/arena.h"
#include "base/buf.h"
#include "http/exchange.h"
#include "http/server.h"
#include "net/loop.h"
#include "net/sock.h"

#include <pthread.h>
#include <stdatomic.h>

struct tls;
struct h2;
struct stream;
struct chunked;
struct field;

enum {
    LOOPS_MAX = 4,
    READ_SIZE = 65536,
    OUT_SOFT = 65536, /* bytes gathered before a flush */
    COPY_MAX = 16384, /* bodies up to this are gathered, larger ones sent from where they are */
    FLUSH_COUNT = 32, /* answers gathered before a flush */
    POOL_MAX = 128,   /* exchanges kept per loop */
    STREAM_BUCKETS = 1024,
    SPOOL_FROM = 65536, /* bodies up to this stay in memory even when spooling */
    LINGER_MS = 2000,
    DRAIN_BODY_MAX = 65536, /* unread body that is read and dropped to keep a connection */
};

#define ARENA_CAP (1 * GIB) /* far above what the limits on bodies and answers can come to */
#define OUT_BODY_MAX (64 * MIB)
#define OUT_MAX (128 * MIB)

struct body_src {
    const char *p; /* memory … */
    int fd;        /* … or a file, when >= 0 */
    uint64_t off, left;
};

struct exchange_io {
    struct exchange x;
    struct loop_post post; /* the answer's way home */
    struct http_loop *hl;
    struct conn *conn;        /* NULL: the client is gone */
    struct exchange_io *next; /* pool, or the connection's list of answers being sent */
    struct stream *stream;
    bool stream_begun;
    uint64_t stream_id;
    struct body_src src;
    uint64_t bytes; /* of the answer, head and body */
    /* the request's body */
    uint64_t expect; /* Content-Length */
    size_t max_body, body_cap;
    int64_t body_start_us, body_last_us;
    struct chunked *chunked; /* decoder, in the arena; NULL: counted */
    int32_t h2_id;
    struct exchange_io *h2_prev, *h2_next;
    int64_t h2_moved_us; /* when the client last took bytes of the body */
    struct h2_head *h2_head;
    bool h2_sent_all;
    size_t h2_late; /* bytes of the body that came after the answer */
    enum rc refuse; /* HTTP/2: found before the header section was whole */
    uint64_t raw;   /* bytes of a chunked body with its framing */
    bool has_length, body_done, spool, expects_continue;
    bool seen;   /* the application knows it: on_sent is due */
    bool in_app; /* between on_request and exchange_reply */
    bool replied, prepared;
    bool keep_alive, no_body; /* HEAD, 204, 304 */
};

enum conn_state {
    CONN_NEW,    /* TLS handshake */
    CONN_DETECT, /* h2c preface or HTTP/1? */
    CONN_H1,
    CONN_H2,
    CONN_STREAM, /* HTTP/1.1 event stream */
    CONN_LINGER, /* answered and shut down; reads and drops for a moment */
    CONN_CLOSED,
};

struct conn {
    struct loop_io io;
    struct sock sock;
    struct loop_timer timer;
    struct conn *prev, *next;
    struct http_loop *hl;
    struct exchange_io *cur;      /* HTTP/1: being read or answered by the application */
    struct exchange_io *sending;  /* HTTP/1: its body goes out from src */
    struct exchange_io *flushing; /* bytes are all in out; on_sent when out is empty */
    struct h2 *h2;
    char *in;  /* input that could not be used yet; heap, NULL mostly */
    char *out; /* output the socket did not take; heap, NULL mostly */
    size_t in_n, in_cap, scanned;
    size_t out_off, out_n, out_cap;
    uint64_t sent; /* since write_start_us */
    uint64_t skip; /* body bytes of an answered request, still to be dropped */
    int64_t write_start_us, write_last_us; /* 0: nothing is waiting to be sent */
    int64_t since_us; /* accepted, head began, or answered: what the timer counts from */
    struct addr peer;
    unsigned n_requests, n_flushing;
    enum conn_state state;
    bool is_tls, is_redirect, counted;
    bool close_after; /* close when out is empty */
    bool linger;      /* … reading on for a moment, as the client is still sending */
    bool fresh;       /* no request yet */
    bool busy;        /* guards against re-entry of conn_drive */
};

struct limits {
    size_t max_request_line, max_header_bytes, max_headers;
    size_t max_requests_per_connection, max_streams_h2;
    int64_t header_us, body_idle_us, idle_us, write_us;
    size_t body_min_rate;
};

struct listener {
    struct loop_io io;
    struct loop_timer retry; /* after running out of descriptors */
    struct http_loop *hl;
    bool is_tls, is_redirect, is_unix;
    bool is_shared; /* all loops accept from it; the server closes it */
    bool open;
};

enum { LISTENERS_MAX = 16 };

struct http_loop {
    struct loop *loop;
    struct http_server *srv;
    struct limits lim;
    size_t index;
    pthread_t thread;
    bool started, draining, stopping;
    bool compress;
    bool is_drained;   /* guarded by the server's lock */
    struct conn conns; /* ring */
    struct conn *dead; /* freed after the batch */
    struct exchange_io *pool;
    size_t n_pool;
    size_t n_app; /* exchanges with the application */
    struct listener listeners[LISTENERS_MAX];
    size_t n_listeners;
    struct loop_post drain, cut, stop;
    char date[40];
    size_t date_n;
    int64_t date_due_us;
    struct buf out; /* scratch of the connection at work */
    /* scratch of the header parser */
    struct field *fields;
    size_t cap_fields;
    char *rbuf;
    /* guarded by streams_lock: the table and the queues in it */
    pthread_mutex_t streams_lock;
    struct stream *streams[STREAM_BUCKETS];
    /* written by the loop, read by anyone */
    _Atomic size_t stream_backlog;
    _Atomic int64_t accepted, open, requests, busy, refused_full, refused_address, cut_slow,
        tls_failed, n_streams, bytes_in, bytes_out;
};

#define STAT(hl, field, by)                                                                        \
    atomic_store_explicit(&(hl)->field,                                                            \
                          atomic_load_explicit(&(hl)->field, memory_order_relaxed) + (by),         \
                          memory_order_relaxed)

/* exchange.c */
struct exchange_io *exchange_new(struct http_loop *hl, struct conn *c);
void exchange_free(struct exchange_io *io);
/* The last word about an exchange: on_sent if the application saw it, then back to the pool. */
void exchange_done(struct exchange_io *io, bool complete);
/* The client is gone: what is with the application comes back later, the rest is done now. */
void exchange_orphan(struct exchange_io *io);
/* Hands a complete request to the application; true when it answered at once. */
bool exchange_run(struct exchange_io *io);
/* Fills in an error answer through on_refused. */
void exchange_refuse(struct exchange_io *io, enum rc why, const char *detail);
/* Checks method, target, Host and body framing; the words of what is wrong, or NULL. */
const char *exchange_check(struct exchange_io *io, struct str raw_target, enum rc *why);
/* on_headers and its verdict: false when an answer is already set (or refused). */
bool exchange_headers(struct exchange_io *io);

/* body.c: of the request. RC_TOO_BIG, RC_FULL, RC_FAIL. */
enum rc body_add(struct exchange_io *io, const char *p, size_t n) MUST_USE;
enum rc body_end(struct exchange_io *io) MUST_USE;

/* answer.c */
/* Status, conditions, ranges, compression; any thread, once, the answer is complete. */
void answer_prepare(struct exchange_io *io);
void answer_head_h1(struct exchange_io *io, struct buf *out);
void answer_date(struct http_loop *hl);
/* Reads from the source into p; SOCK_DEAD when the file is short. */
ssize_t body_src_read(struct body_src *s, char *p, size_t n);

/* conn.c */
/* What a connection may wait for in all, so that trickling does not help: last + idle, and the
 * start + idle + the time the bytes may take at the least rate. */
int64_t conn_deadline(int64_t start_us, int64_t last_us, int64_t idle_us, uint64_t bytes,
                      size_t rate);
struct conn *conn_new(struct http_loop *hl, struct sock sock, const struct addr *peer);
void conn_close(struct conn *c);
void conn_input(struct conn *c, const char *p, size_t n);
/* Bytes of output; conn_drive() sends them. */
void conn_write(struct conn *c, const void *p, size_t n);
/* Goes on with whatever can go on: input kept, output, the end. */
void conn_drive(struct conn *c);
void conn_ready(struct loop_io *io, uint32_t events);
bool conn_is_idle(const struct conn *c);
void conn_drain(struct conn *c);       /* closes when idle, else after what is running */
void conn_sweep(struct http_loop *hl); /* frees what was closed in this batch */

/* May the connection's protocol use more input now? */
bool h1_may_take(const struct conn *c);

/* h1.c, h2.c: how many of the n bytes were used. */
size_t h1_input(struct conn *c, const char *p, size_t n);
void h1_answer(struct conn *c, struct exchange_io *io); /* the answer is ready to be sent */
void h1_timeout(struct conn *c);

bool h2_start(struct conn *c);
size_t h2_input(struct conn *c, const char *p, size_t n);
void h2_answer(struct conn *c, struct exchange_io *io);
void h2_pull(struct conn *c);              /* moves what the session wants to say into the output */
int64_t h2_deadline(const struct conn *c); /* INT64_MAX: none */
bool h2_timeout(struct conn *c);           /* false: the connection is to be cut */
void h2_drain(struct conn *c);
bool h2_is_idle(const struct conn *c);
void h2_free(struct conn *c);
void h2_stream_data(struct exchange_io *io, bool cut);

/* stream.c */
void stream_register(struct exchange_io *io); /* any thread, before the reply is posted */
void stream_begin(struct exchange_io *io);    /* the head is written */
void stream_gone(struct exchange_io *io);
size_t stream_take(struct exchange_io *io, char *p, size_t n, bool *ended);
void stream_pump(struct exchange_io *io);   /* HTTP/1: moves the queue into the output */
void stream_finish(struct exchange_io *io); /* no more bytes from now on; pump it after */

/* server.c */
void http_loop_init(struct http_loop *hl, struct http_server *s, size_t index);
/* Fuzzers: a loop without a thread and without listeners; the caller makes connections with
 * conn_new() and feeds them with conn_input(). */
struct http_loop *server_inline(const struct http_opts *o, const struct http_app *app);
void server_inline_free(struct http_loop *hl);
const struct http_app *server_app(const struct http_server *s);
struct str server_spool_dir(const struct http_server *s);
int server_redirect_to(const struct http_server *s);
struct str server_redirect_origin(const struct http_server *s); /* n == 0: the name asked for */
/* Counts a connection in, or says which limit is reached. */
enum admit {
    ADMIT_OK,
    ADMIT_FULL,
    ADMIT_ADDRESS
} server_admit(struct http_loop *hl, const struct addr *peer);
void server_forget(struct http_loop *hl, const struct addr *peer);
void server_check_idle(struct http_loop *hl); /* tells who waits for a drain or a stop */
struct http_loop *server_loop(struct http_server *s, size_t i); /* NULL: no such loop */

/* accept.c */
struct listener *listener_add(struct http_loop *hl, int fd);
enum rc listeners_start(struct http_loop *hl, struct err *e) MUST_USE;
void listeners_close(struct http_loop *hl);
uint64_t server_next_stream(struct http_server *s, size_t loop_index);
struct tls *server_tls(const struct http_server *s);

#endif
