/* TLS from outside: protocol, certificate, chain, days left. */
#include "base/arena.h"
#include "check/ask.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

enum { NAME_MAX_BYTES = 256, SECONDS = 5 };

static void ctx_clean(SSL_CTX **ctx)
{
    SSL_CTX_free(*ctx);
}

static void bio_clean(BIO **bio)
{
    BIO_free_all(*bio);
}

/* OpenSSL's macros cast const away from what they are given. */
static char *own_copy(struct str s, struct arena *a)
{
    return arena_memdup(a, str_z(s, a), s.n + 1);
}

static BIO *dial(SSL_CTX *ctx, struct str host, struct str port, struct arena *a, SSL **ssl)
{
    BIO *bio = BIO_new_ssl_connect(ctx);
    struct str bare = host.n > 2 && host.p[0] == '[' ? str_sub(host, 1, host.n - 2) : host;

    INVARIANT(bio);
    BIO_get_ssl(bio, ssl);
    BIO_set_conn_hostname(bio, own_copy(host, a));
    BIO_set_conn_port(bio, own_copy(port, a));
    SSL_set_tlsext_host_name(*ssl, own_copy(bare, a));
    if (!X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(*ssl), str_z(bare, a)))
        SSL_set1_host(*ssl, str_z(bare, a));
    return bio;
}

static struct str name_of(const X509_NAME *name, struct arena *a)
{
    char text[NAME_MAX_BYTES];

    X509_NAME_oneline(name, text, sizeof(text));
    return str_dup(str_of(text), a);
}

static void read_certificate(SSL *ssl, struct arena *a, struct tls_look *out)
{
    X509 *cert = SSL_get0_peer_certificate(ssl);
    int days = 0, seconds = 0;
    long verdict = SSL_get_verify_result(ssl);

    if (!cert)
        return;
    out->subject = name_of(X509_get_subject_name(cert), a);
    out->issuer = name_of(X509_get_issuer_name(cert), a);
    if (ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(cert)))
        out->days_left = days - (days == 0 && seconds < 0);
    out->trusted = verdict == X509_V_OK;
    out->verdict = str_of(X509_verify_cert_error_string(verdict));
}

/* Offers TLS 1.1 alone; security level 0, or our own library would not even offer it. */
static bool refuses_old(struct str host, struct str port, struct arena *a)
{
    SSL_CTX *ctx CLEAN(ctx_clean) = SSL_CTX_new(TLS_client_method());
    BIO *bio CLEAN(bio_clean) = NULL;
    SSL *ssl = NULL;

    INVARIANT(ctx);
    SSL_CTX_set_security_level(ctx, 0);
    SSL_CTX_set_min_proto_version(ctx, TLS1_VERSION);
    SSL_CTX_set_max_proto_version(ctx, TLS1_1_VERSION);
    SSL_CTX_set_cipher_list(ctx, "ALL:@SECLEVEL=0");
    bio = dial(ctx, host, port, a, &ssl);
    return BIO_do_connect_retry(bio, SECONDS, -1) <= 0;
}

void tls_look(struct str host, struct str port, struct arena *a, struct tls_look *out)
{
    SSL_CTX *ctx CLEAN(ctx_clean) = SSL_CTX_new(TLS_client_method());
    BIO *bio CLEAN(bio_clean) = NULL;
    SSL *ssl = NULL;

    *out = (struct tls_look){ 0 };
    INVARIANT(ctx);
    SSL_CTX_set_default_verify_paths(ctx);
    bio = dial(ctx, host, port, a, &ssl);
    if (BIO_do_connect_retry(bio, SECONDS, -1) <= 0) {
        const char *why = ERR_reason_error_string(ERR_peek_last_error());

        out->words = str_dup(str_of(why ? why : "no connection"), a);
        ERR_clear_error();
        return;
    }
    out->connected = true;
    out->version = str_of(SSL_get_version(ssl));
    out->cipher = str_of(SSL_get_cipher_name(ssl));
    read_certificate(ssl, a, out);
    out->old_refused = refuses_old(host, port, a);
    ERR_clear_error();
}
