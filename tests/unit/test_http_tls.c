/* TLS: handshakes, ALPN, versions, reload while connections run, the redirect, other listeners. */
#include "http_harness.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/un.h>

static char dir[] = "/tmp/http-tls-XXXXXX";
static char cert[64], key[64];

/* A self-signed certificate with this name. */
static void write_pair(const char *name)
{
    EVP_PKEY *k = EVP_EC_gen("P-256");
    X509 *x = X509_new();
    FILE *f;

    ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
    X509_gmtime_adj(X509_getm_notBefore(x), -3600);
    X509_gmtime_adj(X509_getm_notAfter(x), 86400);
    X509_set_pubkey(x, k);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
                               (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(x, X509_get_subject_name(x));
    assert_true(X509_sign(x, k, EVP_sha256()) > 0);
    f = fopen(cert, "w");
    assert_true(f && PEM_write_X509(f, x) == 1 && fclose(f) == 0);
    f = fopen(key, "w");
    assert_true(f && PEM_write_PrivateKey(f, k, NULL, NULL, 0, NULL, NULL) == 1 && fclose(f) == 0);
    X509_free(x);
    EVP_PKEY_free(k);
}

static int make_dir(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_IGN); /* of this client; the server takes care of itself */
    if (!mkdtemp(dir))
        return -1;
    snprintf(cert, sizeof(cert), "%s/cert.pem", dir);
    snprintf(key, sizeof(key), "%s/key.pem", dir);
    write_pair("one");
    return 0;
}

static int remove_dir(void **state)
{
    (void)state;
    unlink(cert);
    unlink(key);
    return rmdir(dir);
}

static struct http_opts tls_opts(void)
{
    struct http_opts o = fx_opts();

    o.tls_cert = str_of(cert);
    o.tls_key = str_of(key);
    return o;
}

struct tls_client {
    SSL_CTX *ctx;
    SSL *ssl;
    int fd;
};

/* The result of the handshake. */
static int tls_open(struct tls_client *c, int max_version, const char *alpn)
{
    c->fd = cl_connect();
    c->ctx = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_min_proto_version(c->ctx, TLS1_VERSION);
    SSL_CTX_set_max_proto_version(c->ctx, max_version);
    SSL_CTX_set_security_level(c->ctx, 0);
    c->ssl = SSL_new(c->ctx);
    if (alpn)
        SSL_set_alpn_protos(c->ssl, (const unsigned char *)alpn, (unsigned)strlen(alpn));
    SSL_set_fd(c->ssl, c->fd);
    return SSL_connect(c->ssl);
}

static void tls_close(struct tls_client *c)
{
    SSL_free(c->ssl);
    SSL_CTX_free(c->ctx);
    close(c->fd);
    ERR_clear_error();
}

static void tls_ask(struct tls_client *c, const char *text, char *out, size_t max, const char *end)
{
    size_t n = 0;
    int got;

    assert_int_equal(SSL_write(c->ssl, text, (int)strlen(text)), strlen(text));
    out[0] = '\0';
    while (n + 1 < max && !strstr(out, end)
           && (got = SSL_read(c->ssl, out + n, (int)(max - 1 - n))) > 0) {
        n += (size_t)got;
        out[n] = '\0';
    }
}

static void name_of(struct tls_client *c, char out[64])
{
    X509 *x = SSL_get1_peer_certificate(c->ssl);

    X509_NAME_get_text_by_NID(X509_get_subject_name(x), NID_commonName, out, 64);
    X509_free(x);
}

static void requests_are_served_over_tls(void **state)
{
    static char out[BIG_MAX + 4096];
    struct tls_client c;

    (void)state;
    fx_start(tls_opts());
    assert_int_equal(tls_open(&c, TLS1_3_VERSION, NULL), 1);
    tls_ask(&c, "GET /ok HTTP/1.1\r\nHost: a\r\n\r\n", out, sizeof(out), "ok");
    assert_non_null(strstr(out, "200 OK"));
    tls_ask(&c, "GET /file?300000 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", out,
            sizeof(out), "never");
    assert_int_equal(strlen(strstr(out, "\r\n\r\n") + 4), 300000);
    tls_close(&c);
    assert_int_equal(tls_open(&c, TLS1_2_VERSION, "\x08http/1.1"), 1);
    tls_ask(&c, "GET /big?200000 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", out,
            sizeof(out), "never");
    assert_int_equal(strlen(strstr(out, "\r\n\r\n") + 4), 200000);
    tls_close(&c);
    assert_int_equal(tls_open(&c, TLS1_3_VERSION, "\x02h2"), 1);
    {
        const unsigned char *p;
        unsigned n;

        SSL_get0_alpn_selected(c.ssl, &p, &n);
        assert_true(n == 2 && memcmp(p, "h2", 2) == 0);
    }
    tls_close(&c);
}

static void old_versions_and_noise_are_refused(void **state)
{
    struct http_stats st = { 0 };
    struct tls_client c;
    char out[256];

    (void)state;
    fx_start(tls_opts());
    assert_int_not_equal(tls_open(&c, TLS1_1_VERSION, NULL), 1);
    tls_close(&c);
    assert_int_not_equal(tls_open(&c, TLS1_3_VERSION,
                                  "\x03"
                                  "foo"),
                         1);
    tls_close(&c);
    cl_once("GET /ok HTTP/1.1\r\nHost: a\r\n\r\n", 29, out, sizeof(out));
    for (int i = 0; i < WAIT_MS && st.tls_failed < 3; i++) {
        http_stats(fx.s, &st);
        poll(NULL, 0, 1);
    }
    assert_int_equal(st.tls_failed, 3);
    assert_int_equal(fx.requests, 0);
}

static void a_reload_changes_the_certificate_and_drops_nobody(void **state)
{
    struct tls_client before, after;
    struct err e = { 0 };
    char out[4096], name[64];
    FILE *f;

    (void)state;
    fx_start(tls_opts());
    assert_int_equal(tls_open(&before, TLS1_3_VERSION, NULL), 1);
    write_pair("two");
    assert_ok(http_reload_tls(fx.s, &e), &e);
    tls_ask(&before, "GET /ok HTTP/1.1\r\nHost: a\r\n\r\n", out, sizeof(out), "ok");
    assert_non_null(strstr(out, "200 OK"));
    name_of(&before, name);
    assert_string_equal(name, "one");
    assert_int_equal(tls_open(&after, TLS1_3_VERSION, NULL), 1);
    name_of(&after, name);
    assert_string_equal(name, "two");
    tls_close(&after);
    f = fopen(cert, "w"); /* a broken file changes nothing */
    assert_true(f && fclose(f) == 0);
    assert_int_equal(http_reload_tls(fx.s, &e), RC_FAIL);
    assert_int_equal(tls_open(&after, TLS1_3_VERSION, NULL), 1);
    tls_close(&after);
    tls_close(&before);
    write_pair("one");
}

static void bad_certificates_do_not_start(void **state)
{
    static const struct http_app app = { 0 };
    struct http_opts o = tls_opts();
    struct http_server *s = NULL;
    struct err e = { 0 };

    (void)state;
    o.tls_key = STR("/nonexistent");
    assert_int_equal(http_start(&o, &app, &s, &e), RC_FAIL);
    assert_null(s);
}

/* Below the ports that the system gives out, so that no other test takes it in between. */
static int free_port(void)
{
    struct sockaddr_in a = { .sin_family = AF_INET };
    int port = 10000 + getpid() % 20000, rc;

    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    do {
        int fd = socket(AF_INET, SOCK_STREAM, 0);

        a.sin_port = htons((uint16_t)++port);
        rc = bind(fd, (struct sockaddr *)&a, sizeof(a));
        close(fd);
    } while (rc != 0 && port < 32000);
    assert_int_equal(rc, 0);
    return port;
}

static void the_plain_port_sends_to_https(void **state)
{
    struct http_opts o = tls_opts();
    struct sockaddr_in a = { .sin_family = AF_INET };
    char out[4096], want[128];
    int fd;

    (void)state;
    o.redirect_port = free_port();
    fx_start(o);
    a.sin_port = htons((uint16_t)o.redirect_port);
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
    cl_text(fd, "GET /a%20b?c=d HTTP/1.1\r\nHost: example.org:80\r\n\r\n");
    cl_text(fd, "GET / HTTP/1.1\r\nHost: a b\r\n\r\n");
    cl_all(fd, out, sizeof(out));
    close(fd);
    snprintf(want, sizeof(want), "location: https://example.org:%d/a%%20b?c=d\r\n",
             http_port(fx.s));
    assert_non_null(strstr(out, "308 Permanent Redirect"));
    assert_non_null(strstr(out, want));
    assert_non_null(strstr(out, "400 Bad Request")); /* a Host that does not parse goes nowhere */
    assert_int_equal(fx.requests, 0);
}

static void a_redirect_leads_to_the_servers_own_name(void **state)
{
    struct http_opts o = tls_opts();
    struct sockaddr_in a = { .sin_family = AF_INET };
    char out[4096];
    int fd;

    (void)state;
    o.redirect_port = free_port();
    o.redirect_origin = STR("https://help.example.org");
    fx_start(o);
    a.sin_port = htons((uint16_t)o.redirect_port);
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
    cl_text(fd, "GET /a?c=d HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n");
    cl_all(fd, out, sizeof(out));
    close(fd);
    assert_non_null(strstr(out, "location: https://help.example.org/a?c=d\r\n"));
}

static void unix_and_inherited_sockets_serve(void **state)
{
    struct http_opts o = fx_opts();
    struct sockaddr_un u = { .sun_family = AF_UNIX };
    struct sockaddr_in a = { .sin_family = AF_INET };
    char out[4096];
    int inherited = socket(AF_INET, SOCK_STREAM, 0), fd;

    (void)state;
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(inherited, (struct sockaddr *)&a, sizeof(a)), 0);
    assert_int_equal(listen(inherited, 8), 0);
    snprintf(u.sun_path, sizeof(u.sun_path), "%s/sock", dir);
    o.unix_path = str_of(u.sun_path);
    o.inherited = &inherited;
    o.n_inherited = 1;
    o.loops = 2;
    fx_start(o);
    assert_int_equal(cl_once("GET /ok HTTP/1.1\r\nHost: a\r\n\r\n", 29, out, sizeof(out)), 200);
    fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&u, sizeof(u)), 0);
    cl_text(fd, "GET /ok HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    cl_all(fd, out, sizeof(out));
    close(fd);
    assert_non_null(strstr(out, "200 OK"));
    http_stop(&fx.s);
    assert_int_equal(access(u.sun_path, F_OK), -1);
}

static void a_taken_port_is_told(void **state)
{
    static const struct http_app app = { 0 };
    struct http_opts o = fx_opts();
    struct http_server *s = NULL;
    struct err e = { 0 };

    (void)state;
    o.loops = 2;
    o.host = STR("localhost");
    fx_start(o);
    o.port = http_port(fx.s);
    assert_int_equal(http_start(&o, &app, &s, &e), RC_FAIL);
    assert_non_null(strstr(e.detail, "in use"));
    o.port = 0;
    o.host = STR("not an address");
    assert_int_equal(http_start(&o, &app, &s, &e), RC_FAIL);
}

#define T(name) cmocka_unit_test_teardown(name, fx_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(requests_are_served_over_tls),
        T(old_versions_and_noise_are_refused),
        T(a_reload_changes_the_certificate_and_drops_nobody),
        T(bad_certificates_do_not_start),
        T(the_plain_port_sends_to_https),
        T(a_redirect_leads_to_the_servers_own_name),
        T(unix_and_inherited_sockets_serve),
        T(a_taken_port_is_told),
    };

    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
