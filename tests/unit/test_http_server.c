/* The server over real sockets: HTTP/1 framing, order, ends of connections, bodies. */
#include "http_harness.h"

static void answers_a_plain_request(void **state)
{
    char out[4096];
    int status = cl_once("GET /ok HTTP/1.1\r\nHost: a\r\n\r\n", 29, out, sizeof(out));

    (void)state;
    assert_int_equal(status, 200);
    assert_non_null(strstr(out, "\r\ndate: "));
    assert_non_null(strstr(out, "\r\ncontent-length: 2\r\n"));
    assert_non_null(strstr(out, "\r\n\r\nok"));
    wait_for(&fx.sent_complete, 1);
}

static void answers_pipelined_requests_in_order(void **state)
{
    char out[8192];
    const char *req = "GET /later HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n"
                      "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nxyz"
                      "GET /later HTTP/1.1\r\nHost: a\r\n\r\n"
                      "GET /5 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

    (void)state;
    assert_int_equal(cl_once(req, strlen(req), out, sizeof(out)), 200);
    assert_int_equal(count_of(out, "HTTP/1.1 200 OK"), 5);
    assert_true(strstr(out, "later") < strstr(out, "/2"));
    assert_true(strstr(out, "/2") < strstr(out, "xyz"));
    assert_true(strstr(out, "xyz") < strstr(out, "/5"));
    wait_for(&fx.sent, 5);
}

static void reads_a_request_byte_by_byte(void **state)
{
    const char *req = "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
                      "Connection: close\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nTrailer: t\r\n\r\n";
    char out[4096];
    int fd = cl_connect(), one = 1;

    (void)state;
    setsockopt(fd, 6, 1, &one, sizeof(one)); /* TCP_NODELAY */
    for (size_t i = 0; req[i]; i++)
        cl_send(fd, req + i, 1);
    cl_all(fd, out, sizeof(out));
    close(fd);
    assert_non_null(strstr(out, "200 OK"));
    assert_non_null(strstr(out, "\r\n\r\nabcde"));
}

enum { CLIENTS = 8, ROUNDS = 50 };

static void *client_main(void *arg)
{
    char out[4096];
    int fd = cl_connect();

    (void)arg;
    for (int i = 0; i < ROUNDS; i++) {
        cl_text(fd, i % 2 ? "GET /later HTTP/1.1\r\nHost: a\r\n\r\n"
                          : "GET /ok HTTP/1.1\r\nHost: a\r\n\r\n");
        cl_until(fd, out, sizeof(out), i % 2 ? "later" : "ok");
    }
    close(fd);
    return NULL;
}

static void two_loops_serve_many_clients(void **state)
{
    struct http_opts o = fx_opts();
    pthread_t t[CLIENTS];

    (void)state;
    o.loops = 2;
    fx_start(o);
    for (int i = 0; i < CLIENTS; i++)
        assert_int_equal(pthread_create(&t[i], NULL, client_main, NULL), 0);
    for (int i = 0; i < CLIENTS; i++)
        pthread_join(t[i], NULL);
    wait_for(&fx.sent_complete, CLIENTS * ROUNDS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(answers_a_plain_request, fx_default, fx_stop),
        cmocka_unit_test_setup_teardown(answers_pipelined_requests_in_order, fx_default, fx_stop),
        cmocka_unit_test_setup_teardown(reads_a_request_byte_by_byte, fx_default, fx_stop),
        cmocka_unit_test_setup_teardown(two_loops_serve_many_clients, NULL, fx_stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
