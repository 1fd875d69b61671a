#include "net/tls.h"

#include "base/arena.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

enum { TICKET_KEYS_MAX = 128, TLS_FILE_CHUNK = 16384 };

struct tls {
    char *cert, *key;
    pthread_mutex_t lock; /* guards ctx */
    SSL_CTX *ctx;
};

static int choose_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_n,
                       const unsigned char *in, unsigned in_n, void *arg)
{
    static const unsigned char ours[] = "\x02h2\x08http/1.1";
    unsigned char *hit;

    (void)ssl;
    (void)arg;
    if (SSL_select_next_proto(&hit, out_n, ours, sizeof(ours) - 1, in, in_n)
        != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = hit;
    return SSL_TLSEXT_ERR_OK;
}

static enum rc tls_fail(struct err *e, const char *what, const char *file)
{
    char why[160];

    ERR_error_string_n(ERR_get_error(), why, sizeof(why));
    ERR_clear_error();
    return err_set(e, RC_FAIL, "tls", "%s %s: %s", what, file, why);
}

static void ctx_clean(SSL_CTX **ctx)
{
    SSL_CTX_free(*ctx);
}

static enum rc ctx_load(const struct tls *t, SSL_CTX **out, struct err *e)
{
    SSL_CTX *ctx CLEAN(ctx_clean) = SSL_CTX_new(TLS_server_method());

    INVARIANT(ctx);
    SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
    SSL_CTX_set_options(ctx, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION
                                 | SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE
                              | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_cipher_list(ctx,
                            "ECDHE+AESGCM:ECDHE+CHACHA20");  /* TLS 1.2: forward secrecy, AEAD */
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF); /* tickets alone: no memory here */
    SSL_CTX_set_session_id_context(ctx, (const unsigned char *)"server", 6);
    SSL_CTX_set_num_tickets(ctx, 1);
    SSL_CTX_set_alpn_select_cb(ctx, choose_alpn, NULL);
    if (SSL_CTX_use_certificate_chain_file(ctx, t->cert) != 1)
        return tls_fail(e, "certificate", t->cert);
    if (SSL_CTX_use_PrivateKey_file(ctx, t->key, SSL_FILETYPE_PEM) != 1)
        return tls_fail(e, "key", t->key);
    if (SSL_CTX_check_private_key(ctx) != 1)
        return tls_fail(e, "key does not fit the certificate:", t->key);
    *out = ctx;
    ctx = NULL;
    return RC_OK;
}

static char *copy_text(struct str s)
{
    char *p = strndup(s.p, s.n);

    INVARIANT(p);
    return p;
}

enum rc tls_new(struct str cert, struct str key, struct tls **out, struct err *e)
{
    struct tls *t = calloc(1, sizeof(*t));
    enum rc rc;

    INVARIANT(t);
    t->cert = copy_text(cert);
    t->key = copy_text(key);
    pthread_mutex_init(&t->lock, NULL);
    rc = ctx_load(t, &t->ctx, e);
    if (rc != RC_OK)
        tls_free(&t);
    *out = t;
    return rc;
}

void tls_free(struct tls **tp)
{
    struct tls *t = *tp;

    if (!t)
        return;
    SSL_CTX_free(t->ctx);
    pthread_mutex_destroy(&t->lock);
    free(t->cert);
    free(t->key);
    free(t);
    *tp = NULL;
}

/* Tickets given out before the reload stay good. */
static void keep_ticket_keys(SSL_CTX *from, SSL_CTX *to)
{
    unsigned char keys[TICKET_KEYS_MAX];
    long n = SSL_CTX_get_tlsext_ticket_keys(from, NULL, 0);

    if (n > 0 && n <= (long)sizeof(keys) && SSL_CTX_get_tlsext_ticket_keys(from, keys, n) == 1)
        SSL_CTX_set_tlsext_ticket_keys(to, keys, n);
    OPENSSL_cleanse(keys, sizeof(keys));
}

enum rc tls_reload(struct tls *t, struct err *e)
{
    SSL_CTX *fresh = NULL, *old;

    TRY(ctx_load(t, &fresh, e));
    pthread_mutex_lock(&t->lock);
    old = t->ctx;
    keep_ticket_keys(old, fresh);
    t->ctx = fresh;
    pthread_mutex_unlock(&t->lock);
    SSL_CTX_free(old); /* connections hold their own reference */
    return RC_OK;
}

static int64_t end_of(const X509 *cert)
{
    struct tm end = { 0 };

    return cert && ASN1_TIME_to_tm(X509_get0_notAfter(cert), &end) == 1 ? (int64_t)timegm(&end) : 0;
}

int64_t tls_expires_s(struct tls *t)
{
    STACK_OF(X509) *chain = NULL;
    int64_t first;

    pthread_mutex_lock(&t->lock);
    first = end_of(SSL_CTX_get0_certificate(t->ctx));
    SSL_CTX_get0_chain_certs(t->ctx, &chain);
    for (int i = 0; i < sk_X509_num(chain); i++) {
        int64_t end = end_of(sk_X509_value(chain, i));

        first = end < first ? end : first;
    }
    pthread_mutex_unlock(&t->lock);
    return first;
}

/* ── a connection ── */

static ssize_t failed(struct sock *s, int ret)
{
    int why = SSL_get_error(s->ssl, ret);

    ERR_clear_error(); /* the queue is the thread's, not the connection's */
    s->want_write = why == SSL_ERROR_WANT_WRITE;
    if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE)
        return SOCK_AGAIN;
    return why == SSL_ERROR_ZERO_RETURN ? 0 : SOCK_DEAD;
}

static ssize_t ssl_read(struct sock *s, void *p, size_t n)
{
    size_t got;
    int ret = SSL_read_ex(s->ssl, p, n, &got);

    s->want_write = false;
    return ret > 0 ? (ssize_t)got : failed(s, ret);
}

static ssize_t ssl_writev(struct sock *s, const struct iovec *v, int n)
{
    size_t sent = 0;

    for (int i = 0; i < n; i++) {
        size_t w = 0;
        int ret = v[i].iov_len ? SSL_write_ex(s->ssl, v[i].iov_base, v[i].iov_len, &w) : 1;

        if (ret <= 0) {
            ssize_t why = failed(s, ret);

            return sent && why == SOCK_AGAIN ? (ssize_t)sent : why == 0 ? SOCK_DEAD : why;
        }
        sent += w;
        if (w < v[i].iov_len)
            break;
    }
    return (ssize_t)sent;
}

static ssize_t ssl_sendfile(struct sock *s, int fd, uint64_t off, size_t n)
{
    char chunk[TLS_FILE_CHUNK];
    ssize_t got = pread(fd, chunk, n < sizeof(chunk) ? n : sizeof(chunk), (off_t)off);
    struct iovec v = { chunk, got > 0 ? (size_t)got : 0 };

    return got > 0 ? ssl_writev(s, &v, 1) : SOCK_DEAD;
}

static void ssl_shutdown(struct sock *s)
{
    if (SSL_is_init_finished(s->ssl))
        SSL_shutdown(s->ssl);
    ERR_clear_error();
    sock_plain.shutdown(s);
}

static void ssl_close(struct sock *s)
{
    SSL_free(s->ssl);
    s->ssl = NULL;
    sock_plain.close(s);
}

static const struct sock_ops sock_tls = {
    ssl_read, ssl_writev, ssl_sendfile, ssl_shutdown, ssl_close,
};

bool tls_accept(struct tls *t, struct sock *s)
{
    SSL *ssl;

    pthread_mutex_lock(&t->lock);
    ssl = SSL_new(t->ctx);
    pthread_mutex_unlock(&t->lock);
    if (!ssl || SSL_set_fd(ssl, s->fd) != 1) {
        SSL_free(ssl);
        ERR_clear_error();
        return false;
    }
    SSL_set_accept_state(ssl);
    s->ssl = ssl;
    s->ops = &sock_tls;
    return true;
}

enum rc tls_handshake(struct sock *s)
{
    int ret = SSL_do_handshake(s->ssl);

    s->want_write = false;
    if (ret == 1)
        return RC_OK;
    return failed(s, ret) == SOCK_AGAIN ? RC_RETRY : RC_FAIL;
}

bool tls_is_h2(const struct sock *s)
{
    const unsigned char *p;
    unsigned n;

    SSL_get0_alpn_selected(s->ssl, &p, &n);
    return n == 2 && memcmp(p, "h2", 2) == 0;
}
