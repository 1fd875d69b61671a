/* Requests that two servers might read differently are refused, and end the connection: what
 * follows them is never taken for a request. */
#include "http_harness.h"

#define H "Host: a\r\n"
#define NEXT "GET /smuggled HTTP/1.1\r\n" H "\r\n"
#define POST_ "POST /echo HTTP/1.1\r\n" H
#define CHUNKED POST_ "Transfer-Encoding: chunked\r\n\r\n"

#define CASE(status, lit)                                                                          \
    {                                                                                              \
        "" lit, sizeof(lit) - 1, status                                                            \
    }

static const struct {
    const char *text;
    size_t n;
    int status;
} corpus[] = {
    /* lengths */
    CASE(400, POST_ "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc" NEXT),
    CASE(400, POST_ "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc" NEXT),
    CASE(400, POST_ "Content-Length: 3, 3\r\n\r\nabc" NEXT),
    CASE(400, POST_ "Content-Length: +3\r\n\r\nabc" NEXT),
    CASE(400, POST_ "Content-Length: -1\r\n\r\n" NEXT),
    CASE(400, POST_ "Content-Length: 0x3\r\n\r\nabc" NEXT),
    CASE(400, POST_ "Content-Length: 3 3\r\n\r\nabc" NEXT),
    CASE(400, POST_ "Content-Length: \r\n\r\n" NEXT),
    CASE(400, POST_ "Content-Length: 99999999999999999999\r\n\r\nabc" NEXT),
    CASE(400, POST_ "Content-Length: 3;\r\n\r\nabc" NEXT),
    CASE(400, POST_ "Content-Length\t: 3\r\n\r\nabc" NEXT),
    CASE(400, POST_ "Content-Length : 3\r\n\r\nabc" NEXT),
    CASE(400, POST_ " Content-Length: 3\r\n\r\nabc" NEXT),
    /* codings */
    CASE(400, POST_ "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n" NEXT),
    CASE(400, POST_ "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" NEXT),
    CASE(400,
         POST_ "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" NEXT),
    CASE(0, POST_ "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" NEXT),
    CASE(0, POST_ "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" NEXT),
    CASE(0, POST_ "Transfer-Encoding: identity\r\n\r\n" NEXT),
    CASE(0, POST_ "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" NEXT),
    CASE(0, POST_ "Transfer-Encoding: chunked;q=1\r\n\r\n0\r\n\r\n" NEXT),
    CASE(0, POST_ "Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n" NEXT),
    CASE(400, POST_ "Transfer-Encoding:\x0b"
                    "chunked\r\n\r\n0\r\n\r\n" NEXT),
    CASE(400, POST_ "Transfer-Encoding:\n chunked\r\n\r\n0\r\n\r\n" NEXT),
    CASE(400, POST_ "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" NEXT),
    CASE(400, "POST /echo HTTP/1.0\r\n" H "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" NEXT),
    /* chunks */
    CASE(400, CHUNKED "x\r\nabc\r\n0\r\n\r\n" NEXT),
    CASE(400, CHUNKED "-1\r\nabc\r\n0\r\n\r\n" NEXT),
    CASE(400, CHUNKED "+3\r\nabc\r\n0\r\n\r\n" NEXT),
    CASE(400, CHUNKED "0x3\r\nabc\r\n0\r\n\r\n" NEXT),
    CASE(400, CHUNKED "3 \r\nabc\r\n0\r\n\r\n" NEXT),
    CASE(400, CHUNKED " 3\r\nabc\r\n0\r\n\r\n" NEXT),
    CASE(400, CHUNKED "3\nabc\r\n0\r\n\r\n" NEXT),
    CASE(400, CHUNKED "3\r\nabc\n0\r\n\r\n" NEXT),
    CASE(400, CHUNKED "3\r\nabcd\r\n0\r\n\r\n" NEXT),
    CASE(400, CHUNKED "3\r\nabc0\r\n\r\n" NEXT),
    CASE(400, CHUNKED "3\rxabc\r\n0\r\n\r\n" NEXT),
    CASE(400, CHUNKED "3;a\nb\r\nabc\r\n0\r\n\r\n" NEXT),
    CASE(400, CHUNKED "fffffffffffffffff\r\nabc\r\n0\r\n\r\n" NEXT),
    CASE(400, CHUNKED "10000000000000003\r\nabc\r\n0\r\n\r\n" NEXT),
    CASE(400, CHUNKED "\r\n\r\n" NEXT),
    CASE(400, CHUNKED "3\r\nabc\r\n0\r\nX : y\r\n\r\n" NEXT),
    CASE(400, CHUNKED "3\r\nabc\r\n0\n\r\n" NEXT),
    CASE(400, CHUNKED "3\r\nabc\r\n0\r\nA: b\n\r\n" NEXT),
    CASE(400, CHUNKED "3\r\nabc\r\n0\r\nA: b\r\n c\r\n\r\n" NEXT),
    /* lines */
    CASE(400, "GET / HTTP/1.1\n" H "\r\n" NEXT),
    CASE(400, "GET / HTTP/1.1\r\nHost: a\n\r\n" NEXT),
    CASE(400, "GET / HTTP/1.1\r\n" H "A: b\r\r\n\r\n" NEXT),
    CASE(400, "GET / HTTP/1.1\r\n" H "A: b\rc\r\n\r\n" NEXT),
    CASE(400, "GET / HTTP/1.1\r\n" H "A: b\r\n folded\r\n\r\n" NEXT),
    CASE(400, "GET / HTTP/1.1\r\n" H "A: b\0c\r\n\r\n" NEXT),
    CASE(400, "GET / HTTP/1.1\r\n" H "A: \x01\r\n\r\n" NEXT),
    CASE(400, "GET / HTTP/1.1\r\n" H "A\r\n\r\n" NEXT),
    CASE(400, "GET / HTTP/1.1\r\n" H ": b\r\n\r\n" NEXT),
    CASE(400, "GET / HTTP/1.1\r\n" H "A b: c\r\n\r\n" NEXT),
    CASE(400, "GET / HTTP/1.1\r\n" H "A(: c\r\n\r\n" NEXT),
    CASE(400, "GET / HTTP/1.1\r\n" H "\xc3\xa4: c\r\n\r\n" NEXT),
    CASE(400, "GET  / HTTP/1.1\r\n" H "\r\n" NEXT),
    CASE(400, "GET / HTTP/1.1 \r\n" H "\r\n" NEXT),
    CASE(400, "GET /\tHTTP/1.1\r\n" H "\r\n" NEXT),
    CASE(400, "GET / HTTP/1.1x\r\n" H "\r\n" NEXT),
    CASE(400, "GET / HTTP/2.0\r\n" H "\r\n" NEXT),
    CASE(400, "GET / HTTP/1.2\r\n" H "\r\n" NEXT),
    CASE(400, "GET / http/1.1\r\n" H "\r\n" NEXT),
    CASE(400, "GET /\r\n" H "\r\n" NEXT),
    CASE(400, "GET /\r\n\r\n" NEXT),
    CASE(0, "get / HTTP/1.1\r\n" H "\r\n" NEXT),
    CASE(0, "FOO / HTTP/1.1\r\n" H "\r\n" NEXT),
    CASE(0, " GET / HTTP/1.1\r\n" H "\r\n" NEXT),
    /* hosts */
    CASE(400, "GET / HTTP/1.1\r\n\r\n" NEXT),
    CASE(400, "GET / HTTP/1.0\r\n\r\n" NEXT),
    CASE(400, "GET / HTTP/1.1\r\n" H H "\r\n" NEXT),
    CASE(400, "GET / HTTP/1.1\r\n" H "Host: b\r\n\r\n" NEXT),
    CASE(400, "GET / HTTP/1.1\r\nHost: \r\n\r\n" NEXT),
    CASE(400, "GET / HTTP/1.1\r\nHost: a b\r\n\r\n" NEXT),
    CASE(400, "GET / HTTP/1.1\r\nHost: a/../b\r\n\r\n" NEXT),
    CASE(400, "GET / HTTP/1.1\r\nHost: a:99999\r\n\r\n" NEXT),
    CASE(400, "GET http://b/ HTTP/1.1\r\n" H "\r\n" NEXT),
    /* methods and targets */
    CASE(400, "GARBAGE\r\n\r\n" NEXT),
    CASE(400, "GARBAGE / FOO/1.1\r\n" H "\r\n" NEXT),
    CASE(400, "GARBAGE  HTTP/1.1\r\n" H "\r\n" NEXT),
    CASE(501, "BREW /pot HTTP/1.1\r\n" H "\r\n" NEXT),
    CASE(405, "TRACE / HTTP/1.1\r\n" H "\r\n" NEXT),
    CASE(405, "CONNECT a:80 HTTP/1.1\r\n" H "\r\n" NEXT),
    CASE(400, "GET /a/../b HTTP/1.1\r\n" H "\r\n" NEXT),
    CASE(400, "GET /%2e%2e HTTP/1.1\r\n" H "\r\n" NEXT),
    CASE(400, "GET //a HTTP/1.1\r\n" H "\r\n" NEXT),
    CASE(400, "GET /a#b HTTP/1.1\r\n" H "\r\n" NEXT),
    CASE(400, "GET * HTTP/1.1\r\n" H "\r\n" NEXT),
    CASE(400, "GET a HTTP/1.1\r\n" H "\r\n" NEXT),
    CASE(400, POST_ "Expect: a-miracle\r\nContent-Length: 3\r\n\r\nabc" NEXT),
};

static void whatever_is_ambiguous_is_refused_and_ends_the_connection(void **state)
{
    char out[8192];
    int wrong = 0;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(corpus); i++) {
        int want = corpus[i].status, got = cl_once(corpus[i].text, corpus[i].n, out, sizeof(out));
        bool ok = want ? got == want : got == 400 || got == 501;

        if (ok && !strstr(out, "smuggled") && count_of(out, "HTTP/1.1 ") == 1
            && strstr(out, "connection: close"))
            continue;
        print_error("case %zu: %d\n%s\n--\n%s\n", i, got, corpus[i].text, out);
        wrong++;
    }
    assert_int_equal(wrong, 0);
    assert_int_equal(fx.requests, 0);
    wait_for(&fx.sent, (int)ARRAY_LEN(corpus));
}

static const struct {
    const char *text;
    size_t n;
    int answers;
} sound[] = {
    CASE(2, POST_ "Content-Length: 3\r\n\r\nabc" NEXT),
    CASE(2, POST_ "content-LENGTH:3\r\n\r\nabc" NEXT),
    CASE(2, CHUNKED "3\r\nabc\r\n0\r\n\r\n" NEXT),
    CASE(2,
         POST_ "Transfer-Encoding: Chunked\r\n\r\n3;ext=\"a b\"\r\nabc\r\n0\r\nT: v\r\n\r\n" NEXT),
    CASE(2, CHUNKED "A\r\n0123456789\r\n00\r\n\r\n" NEXT),
    CASE(2, "\r\nGET / HTTP/1.1\r\n" H "\r\n" NEXT),
    CASE(2, "GET / HTTP/1.1\r\n" H "A:\r\nB: \t x \t\r\n\r\n" NEXT),
    CASE(2, "GET http://a/x HTTP/1.1\r\n" H "\r\n" NEXT),
    CASE(2, "OPTIONS * HTTP/1.1\r\n" H "\r\n" NEXT),
    CASE(2, "GET / HTTP/1.1\r\n" H "Upgrade: h2c\r\nConnection: Upgrade\r\n\r\n" NEXT),
    CASE(2, "GET / HTTP/1.1\r\n" H "X: \xc3\xa4\r\n\r\n" NEXT),
    CASE(1, "GET / HTTP/1.0\r\n" H "\r\n" NEXT),
    CASE(2, "GET / HTTP/1.0\r\n" H "Connection: keep-alive\r\n\r\n" NEXT),
    CASE(1, "GET / HTTP/1.1\r\n" H "Connection: close\r\n\r\n" NEXT),
    CASE(1, "GET / HTTP/1.1\r\n" H "Connection: foo, Close\r\n\r\n" NEXT),
};

static void what_is_sound_is_served(void **state)
{
    char out[8192];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(sound); i++) {
        cl_once(sound[i].text, sound[i].n, out, sizeof(out));
        if ((int)count_of(out, "HTTP/1.1 200 OK") != sound[i].answers)
            fail_msg("case %zu\n%s\n--\n%s", i, sound[i].text, out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(whatever_is_ambiguous_is_refused_and_ends_the_connection,
                                        fx_default, fx_stop),
        cmocka_unit_test_setup_teardown(what_is_sound_is_served, fx_default, fx_stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
