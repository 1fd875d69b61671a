/* Requests to the server that is judged, and to the monitoring around it: libcurl, blocking, short
 * time-outs.  Certificates are not verified here: check_certificate() judges them, and nothing
 * secret is sent but the metrics' token, which goes over a verified connection or on this machine.
 * One thread. */
#ifndef CHECK_ASK_H
#define CHECK_ASK_H

#include "base/defs.h"
#include "base/json.h"
#include "base/str.h"

struct arena;
struct asker;

enum { ASK_HEADERS_MAX = 6 };

struct ask {
    const char *method;      /* NULL: GET */
    const char *path;        /* behind the base, "/health"; or a whole URL */
    const char *headers[ASK_HEADERS_MAX]; /* "Name: value" */
    const char *body;        /* NULL: none */
    const char *from;        /* own address to ask from, NULL: the asker's, "": any */
    bool verify;             /* verify the certificate */
};

struct answer {
    int status;      /* 0: none came, words tell why */
    struct str words;
    struct str head; /* header lines, names in lower case */
    struct str body;
    int64_t took_us;
};

/* from: the address of this machine that requests to the base come from, NULL: any. */
struct asker *asker_new(struct str base, const char *from, struct arena *a);
void asker_free(struct asker **k);
void ask(struct asker *k, const struct ask *q, struct answer *out);
/* A header's value, p == NULL: absent. */
struct str answer_header(const struct answer *w, const char *name);
/* The body as JSON, NULL: it is none.  The caller owns it. */
json_t *answer_json(const struct answer *w);

/* How a TLS connection to host:port looks. */
struct tls_look {
    bool connected;
    struct str words; /* why not */
    struct str version, cipher, subject, issuer;
    int64_t days_left;
    bool trusted;       /* chain and name hold */
    struct str verdict; /* why not */
    bool old_refused;   /* TLS 1.1 and older */
};
void tls_look(struct str host, struct str port, struct arena *a, struct tls_look *out);
/* scheme://host[:port] into its parts. */
void url_parts(struct str url, struct str *scheme, struct str *host, struct str *port);

/* Where a host is, by IPv4: requests to this machine can come from any address of loopback. */
enum url_place { URL_ELSEWHERE, URL_HERE, URL_LOOPBACK };
enum url_place url_place(struct str host, struct arena *a);
/* An address of loopback that nothing has used up a limit of yet. */
const char *loopback_fresh(struct arena *a);

#endif
