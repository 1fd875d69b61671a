#include "check/ask.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/rand.h"

#include <curl/curl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CONNECT_MS = 3000, WHOLE_MS = 8000, HEAD_MAX = 64 * 1024, BODY_MAX = 16 * 1024 * 1024 };

struct asker {
    CURL *curl;
    struct str base;
    const char *from;
    struct arena *a;
};

struct asker *asker_new(struct str base, const char *from, struct arena *a)
{
    struct asker *k = ARENA_NEW(a, struct asker);

    INVARIANT(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
    k->curl = curl_easy_init();
    INVARIANT(k->curl);
    k->base = base;
    k->from = from;
    k->a = a;
    return k;
}

void asker_free(struct asker **k)
{
    if (!*k)
        return;
    curl_easy_cleanup((*k)->curl);
    curl_global_cleanup();
    *k = NULL;
}

static size_t take(char *p, size_t size, size_t n, void *to)
{
    struct buf *b = to;

    buf_add(b, p, size * n);
    return b->overflow ? 0 : size * n;
}

/* Names in lower case, as HTTP/2 has them anyway. */
static size_t take_header(char *p, size_t size, size_t n, void *to)
{
    struct buf *b = to;
    bool in_name = true;

    for (size_t i = 0; i < size * n; i++) {
        in_name = in_name && p[i] != ':';
        buf_char(b, in_name && p[i] >= 'A' && p[i] <= 'Z' ? (char)(p[i] + 32) : p[i]);
    }
    return size * n;
}

static struct curl_slist *header_list(const struct ask *q)
{
    struct curl_slist *list = NULL;

    for (size_t i = 0; i < ASK_HEADERS_MAX && q->headers[i]; i++)
        list = curl_slist_append(list, q->headers[i]);
    return curl_slist_append(list, "Expect:");
}

/* What OpenSSL reads by itself, and libcurl does not. */
static void trust(CURL *c)
{
    const char *file = getenv("SSL_CERT_FILE"), *folder = getenv("SSL_CERT_DIR");

    if (file && *file)
        curl_easy_setopt(c, CURLOPT_CAINFO, file);
    if (folder && *folder)
        curl_easy_setopt(c, CURLOPT_CAPATH, folder);
}

static void set_up(struct asker *k, const struct ask *q, struct curl_slist *headers,
                   struct buf *head, struct buf *body)
{
    CURL *c = k->curl;
    bool is_whole = str_starts(str_of(q->path), STR("http")) || !k->base.n;
    struct str url = is_whole ? str_of(q->path)
                              : str_printf(k->a, "%.*s%s", STR_ARG(k->base), q->path);
    const char *from = q->from || is_whole ? q->from : k->from;
    long verify = q->verify ? 1 : 0;

    curl_easy_reset(c);
    curl_easy_setopt(c, CURLOPT_URL, str_z(url, k->a));
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)WHOLE_MS);
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_PROXY, "");
    curl_easy_setopt(c, CURLOPT_USERAGENT, "ticketing-system checklist");
    curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, verify);
    curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2 * verify);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, body);
    curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(c, CURLOPT_HEADERDATA, head);
    trust(c);
    if (from && *from)
        curl_easy_setopt(c, CURLOPT_INTERFACE, from);
    else if (from) /* libcurl would take a connection that is there, whatever its address */
        curl_easy_setopt(c, CURLOPT_FRESH_CONNECT, 1L);
    if (q->method && strcmp(q->method, "HEAD") == 0)
        curl_easy_setopt(c, CURLOPT_NOBODY, 1L);
    if (q->body)
        curl_easy_setopt(c, CURLOPT_POSTFIELDS, q->body);
    if (q->method)
        curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, q->method);
}

void ask(struct asker *k, const struct ask *q, struct answer *out)
{
    struct buf head = BUF_ARENA(k->a, HEAD_MAX), body = BUF_ARENA(k->a, BODY_MAX);
    struct curl_slist *headers = header_list(q);
    int64_t from = clock_mono_us();
    long status = 0;
    CURLcode rc;

    set_up(k, q, headers, &head, &body);
    rc = curl_easy_perform(k->curl);
    curl_easy_getinfo(k->curl, CURLINFO_RESPONSE_CODE, &status);
    curl_slist_free_all(headers);
    *out = (struct answer){
        .status = rc == CURLE_OK ? (int)status : 0,
        .words = str_of(rc == CURLE_OK ? "" : curl_easy_strerror(rc)),
        .head = buf_view(&head),
        .body = buf_view(&body),
        .took_us = clock_mono_us() - from,
    };
}

struct str answer_header(const struct answer *w, const char *name)
{
    struct str rest = w->head;

    while (rest.p) {
        struct str line = str_trim(str_cut(&rest, '\n')), key = str_cut(&line, ':');

        if (line.p && str_eq(key, str_of(name)))
            return str_trim(line);
    }
    return STR_NONE;
}

json_t *answer_json(const struct answer *w)
{
    return json_loadb(w->body.p, w->body.n, 0, NULL);
}

void url_parts(struct str url, struct str *scheme, struct str *host, struct str *port)
{
    bool secure = str_istarts(url, STR("https://"));
    struct str rest = str_sub(url, secure ? 8 : 7, url.n);
    size_t slash = str_chr(rest, '/'), colon;

    rest = str_sub(rest, 0, slash);
    colon = str_chr(rest, ']') == SIZE_MAX ? str_chr(rest, ':') : SIZE_MAX;
    if (rest.n && rest.p[0] == '[' && str_find(rest, STR("]:")) != SIZE_MAX)
        colon = str_find(rest, STR("]:")) + 1;
    *scheme = secure ? STR("https") : STR("http");
    *host = str_sub(rest, 0, colon);
    *port = colon == SIZE_MAX ? (secure ? STR("443") : STR("80"))
                              : str_sub(rest, colon + 1, rest.n);
}

/* An address that a socket of ours can have is this machine's. */
static enum url_place place_of(const struct addrinfo *at)
{
    const struct sockaddr_in *v4 = (const void *)at->ai_addr;
    int fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool is_here = fd >= 0 && bind(fd, at->ai_addr, at->ai_addrlen) == 0;

    if (fd >= 0)
        close(fd);
    if (at->ai_family == AF_INET && ntohl(v4->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET)
        return URL_LOOPBACK;
    return is_here ? URL_HERE : URL_ELSEWHERE;
}

enum url_place url_place(struct str host, struct arena *a)
{
    const struct addrinfo hints = { .ai_family = AF_INET, .ai_socktype = SOCK_STREAM };
    struct addrinfo *list = NULL;
    enum url_place place = URL_ELSEWHERE;

    if (!host.n || getaddrinfo(str_z(host, a), NULL, &hints, &list) != 0)
        return place;
    for (const struct addrinfo *at = list; at && place == URL_ELSEWHERE; at = at->ai_next)
        place = place_of(at);
    freeaddrinfo(list);
    return place;
}

const char *loopback_fresh(struct arena *a)
{
    return str_printf(a, "127.%llu.%llu.%llu", (unsigned long long)rand_below(250) + 1,
                      (unsigned long long)rand_below(250) + 1,
                      (unsigned long long)rand_below(250) + 1)
        .p;
}
