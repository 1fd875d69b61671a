/* What is in answers and bodies: spooling, files, ranges, conditions, compression, streams. */
#include "http_harness.h"

#include <brotli/decode.h>
#include <zlib.h>
#include <zstd.h>

static char answer[ANSWER_MAX];

static int ask(const char *head, const char *more)
{
    char req[1024];
    int n = snprintf(req, sizeof(req), "%s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n%s\r\n",
                     head, more);

    return cl_once(req, (size_t)n, answer, sizeof(answer));
}

static const char *body_of(const char *a)
{
    const char *p = strstr(a, "\r\n\r\n");

    assert_non_null(p);
    return p + 4;
}

static void large_bodies_are_spooled_small_ones_not(void **state)
{
    enum { BIG = 300000 };
    char *body = malloc(BIG), head[128], want[96];
    int fd = cl_connect(), n;

    (void)state;
    memset(body, 'b', BIG);
    n = snprintf(head, sizeof(head),
                 "POST /spool HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n", BIG);
    cl_send(fd, head, (size_t)n);
    cl_send(fd, body, BIG);
    cl_until(fd, answer, sizeof(answer), "len ");
    snprintf(want, sizeof(want), "fd 1 n %d sum %d len %d", BIG, BIG * 'b', BIG);
    assert_non_null(strstr(answer, want));
    n = snprintf(head, sizeof(head),
                 "POST /spool HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n"
                 "Connection: close\r\n\r\nabcde");
    cl_send(fd, head, (size_t)n);
    cl_all(fd, answer, sizeof(answer));
    assert_non_null(strstr(answer, "fd 0 n 0 sum 0 len 5"));
    close(fd);
    free(body);
}

static void chunked_bodies_are_spooled_too(void **state)
{
    struct buf b = BUF_HEAP(4 * MIB);

    (void)state;
    buf_str(&b, STR("POST /spool HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"));
    for (int i = 0; i < 1000; i++)
        buf_printf(&b, "64\r\n%0100d\r\n", 0);
    buf_str(&b, STR("0\r\n\r\n"));
    assert_int_equal(cl_once(b.p, b.n, answer, sizeof(answer)), 200);
    assert_non_null(strstr(answer, "fd 1 n 100000 sum 4800000 len 100000"));
    buf_release(&b);
}

static void files_are_sent_whole_and_in_part(void **state)
{
    (void)state;
    assert_int_equal(ask("GET /file?300000", ""), 200);
    assert_non_null(strstr(answer, "content-length: 300000\r\n"));
    assert_non_null(strstr(answer, "accept-ranges: bytes\r\n"));
    assert_int_equal(strlen(body_of(answer)), 300000);
    assert_int_equal(ask("GET /file?300000", "Range: bytes=26-51\r\n"), 206);
    assert_non_null(strstr(answer, "content-range: bytes 26-51/300000\r\n"));
    assert_string_equal(body_of(answer), "abcdefghijklmnopqrstuvwxyz");
    assert_int_equal(ask("GET /file?30", "Range: bytes=-2\r\n"), 206);
    assert_string_equal(body_of(answer), "cd");
    assert_int_equal(ask("GET /file?30", "Range: bytes=30-\r\n"), 416);
    assert_int_equal(ask("GET /file?30", "Range: bytes=18446744073709551616-\r\n"), 416);
    assert_non_null(strstr(answer, "content-range: bytes */30\r\n"));
    assert_int_equal(ask("GET /file?30", "Range: bytes=0-1,3-4\r\n"), 200);
    assert_int_equal(ask("GET /file?30", "Range: bytes=0-1\r\nIf-Range: \"f1\"\r\n"), 206);
    assert_int_equal(ask("GET /file?30", "Range: bytes=0-1\r\nIf-Range: \"f2\"\r\n"), 200);
    assert_int_equal(ask("HEAD /file?30", "Range: bytes=0-1\r\n"), 200);
    assert_non_null(strstr(answer, "content-length: 30\r\n"));
    assert_string_equal(body_of(answer), "");
}

static void unchanged_answers_are_not_sent_again(void **state)
{
    (void)state;
    assert_int_equal(ask("GET /big?3000", "If-None-Match: W/\"v1\"\r\n"), 304);
    assert_non_null(strstr(answer, "etag: \"v1\"\r\n"));
    assert_null(strstr(answer, "content-length"));
    assert_string_equal(body_of(answer), "");
    assert_int_equal(ask("GET /big?3000", "If-None-Match: \"v0\"\r\n"), 200);
    assert_int_equal(ask("POST /big?3000", "If-None-Match: \"v1\"\r\n"), 200);
}

static void head_has_the_length_and_no_body(void **state)
{
    (void)state;
    assert_int_equal(ask("HEAD /big?30000", ""), 200);
    assert_non_null(strstr(answer, "content-length: 30000\r\n"));
    assert_string_equal(body_of(answer), "");
}

static size_t unpack(struct str coding, const char *p, size_t n, char *out, size_t max)
{
    size_t got = max;
    z_stream z = { 0 };

    if (str_eq(coding, STR("zstd")))
        return ZSTD_decompress(out, max, p, n);
    if (str_eq(coding, STR("br")))
        return BrotliDecoderDecompress(n, (const uint8_t *)p, &got, (uint8_t *)out) ? got : 0;
    assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
    z.next_in = (Bytef *)(uintptr_t)p;
    z.avail_in = (uInt)n;
    z.next_out = (Bytef *)out;
    z.avail_out = (uInt)max;
    assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
    inflateEnd(&z);
    return max - z.avail_out;
}

static void compressed_answers_unpack_to_the_same(void **state)
{
    static const char *const codings[] = { "zstd", "br", "gzip" };
    static char plain[ANSWER_MAX], out[ANSWER_MAX];
    size_t n;

    (void)state;
    assert_int_equal(ask("GET /big?50000", ""), 200);
    assert_non_null(strstr(answer, "vary: Accept-Encoding\r\n"));
    assert_null(strstr(answer, "content-encoding"));
    n = strlen(body_of(answer));
    memcpy(plain, body_of(answer), n);
    for (size_t i = 0; i < ARRAY_LEN(codings); i++) {
        char accept[64], want[64];
        int64_t len = 0;
        const char *at;

        snprintf(accept, sizeof(accept), "Accept-Encoding: %s\r\n", codings[i]);
        snprintf(want, sizeof(want), "content-encoding: %s\r\n", codings[i]);
        assert_int_equal(ask("GET /big?50000", accept), 200);
        assert_non_null(strstr(answer, want));
        at = strstr(answer, "content-length: ");
        assert_true(at && str_i64(str_sub(str_of(at), 16, strcspn(at + 16, "\r")), 0, 25000, &len));
        assert_int_equal(unpack(str_of(codings[i]), body_of(answer), (size_t)len, out, sizeof(out)),
                         n);
        assert_memory_equal(out, plain, n);
    }
    assert_int_equal(ask("GET /big?500", "Accept-Encoding: gzip\r\n"), 200);
    assert_null(strstr(answer, "content-encoding")); /* too small to be worth it */
}

static void assets_come_in_the_best_form_and_only_once(void **state)
{
    char tag[128], head[256];
    const char *at;

    (void)state;
    assert_int_equal(ask("GET /asset", ""), 200);
    assert_non_null(strstr(answer, "content-type: text/css; charset=utf-8\r\n"));
    assert_non_null(strstr(answer, "cache-control: no-cache\r\n"));
    assert_non_null(strstr(answer, "vary: Accept-Encoding\r\n"));
    assert_non_null(strstr(body_of(answer), "--accent"));
    assert_int_equal(ask("GET /asset", "Accept-Encoding: gzip\r\n"), 200);
    assert_non_null(strstr(answer, "content-encoding: gzip\r\n"));
    assert_null(strstr(answer, "immutable"));
    at = strstr(answer, "etag: ");
    assert_true(at && sscanf(at, "etag: %100[^\r]", tag) == 1);
    assert_non_null(strstr(tag, "-gz\""));
    snprintf(head, sizeof(head), "Accept-Encoding: gzip\r\nIf-None-Match: %s\r\n", tag);
    assert_int_equal(ask("GET /asset", head), 304);
    snprintf(head, sizeof(head), "If-None-Match: %s\r\n", tag);
    assert_int_equal(ask("GET /asset", head), 200); /* another form is another thing */
    snprintf(head, sizeof(head), "GET /asset?v=%.20s", tag + 1);
    assert_int_equal(ask(head, ""), 200);
    assert_non_null(strstr(answer, "immutable")); /* the address names this very content */
    assert_int_equal(ask("GET /asset?v=0", ""), 200);
    assert_null(strstr(answer, "immutable"));
}

static void a_stream_goes_on_until_it_is_ended(void **state)
{
    int fd = cl_connect();
    struct http_stats st;

    (void)state;
    cl_text(fd, "GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
    cl_until(fd, answer, sizeof(answer), "hello");
    assert_non_null(strstr(answer, "transfer-encoding: chunked\r\n"));
    assert_true(http_stream_send(fx.s, fx.stream, STR("one\n\n")));
    cl_until(fd, answer, sizeof(answer), "one\n\n\r\n");
    assert_string_equal(answer, "5\r\none\n\n\r\n");
    http_stats(fx.s, &st);
    assert_int_equal(st.streams, 1);
    assert_true(http_stream_send(fx.s, fx.stream, STR("two")));
    http_stream_end(fx.s, fx.stream);
    assert_false(http_stream_send(fx.s, fx.stream, STR("three")));
    cl_all(fd, answer, sizeof(answer));
    assert_non_null(strstr(answer, "two"));
    assert_non_null(strstr(answer, "0\r\n\r\n"));
    close(fd);
    wait_for(&fx.gone, 1);
    wait_for(&fx.sent_complete, 1);
}

static void a_stream_whose_client_left_is_gone(void **state)
{
    int fd = cl_connect();

    (void)state;
    cl_text(fd, "GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
    cl_until(fd, answer, sizeof(answer), "hello");
    close(fd);
    wait_for(&fx.gone, 1);
    assert_false(http_stream_send(fx.s, fx.stream, STR("one\n\n")));
    assert_false(http_stream_send(fx.s, 12345 << 2, STR("none")));
    wait_for(&fx.sent, 1);
}

static void a_stream_that_nobody_reads_is_cut(void **state)
{
    static char big[60000];
    int fd = cl_connect(), n = 0;

    (void)state;
    memset(big, 'x', sizeof(big));
    cl_text(fd, "GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
    cl_until(fd, answer, sizeof(answer), "hello");
    while (n < 100000 && http_stream_send(fx.s, fx.stream, (struct str){ big, sizeof(big) }))
        n++;
    assert_true(n < 100000);
    wait_for(&fx.gone, 1);
    close(fd);
}

#define T(name) cmocka_unit_test_setup_teardown(name, fx_default, fx_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(large_bodies_are_spooled_small_ones_not),
        T(chunked_bodies_are_spooled_too),
        T(files_are_sent_whole_and_in_part),
        T(unchanged_answers_are_not_sent_again),
        T(head_has_the_length_and_no_body),
        T(compressed_answers_unpack_to_the_same),
        T(assets_come_in_the_best_form_and_only_once),
        T(a_stream_goes_on_until_it_is_ended),
        T(a_stream_whose_client_left_is_gone),
        T(a_stream_that_nobody_reads_is_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
