#include "http/http_priv.h"

bool h2_start(struct conn *c)
{
    conn_close(c);
    return false;
}
size_t h2_input(struct conn *c, const char *p, size_t n)
{
    (void)c, (void)p;
    return n;
}
void h2_answer(struct conn *c, struct exchange_io *io) { (void)c, (void)io; }
void h2_pull(struct conn *c) { (void)c; }
int64_t h2_deadline(const struct conn *c) { (void)c; return INT64_MAX; }
bool h2_timeout(struct conn *c) { (void)c; return false; }
void h2_drain(struct conn *c) { (void)c; }
bool h2_is_idle(const struct conn *c) { (void)c; return true; }
void h2_free(struct conn *c) { (void)c; }
void h2_stream_data(struct exchange_io *io, bool cut) { (void)io, (void)cut; }
