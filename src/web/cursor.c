#include "web/cursor.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/enc.h"

enum { MAC_LEN = 16, CURSOR_MAX = 4096 };

static struct sha256 mac_of(const unsigned char key[CURSOR_KEY_LEN], struct str payload)
{
    return hash_hmac_sha256((struct str){ (const char *)key, CURSOR_KEY_LEN }, payload);
}

/* MAC, then "1|<f or b>|<a or d>|sort|filter|key|id|text". */
struct str cursor_write(const unsigned char key[CURSOR_KEY_LEN], const struct cursor *c, struct arena *a)
{
    struct buf b = BUF_ARENA(a, CURSOR_MAX);
    struct sha256 mac;

    buf_add(&b, (const char[MAC_LEN]){ 0 }, MAC_LEN);
    buf_printf(&b, "1|%c|%c|%.*s|%.*s|", c->backward ? 'b' : 'f', c->descending ? 'd' : 'a', STR_ARG(c->sort),
               STR_ARG(c->filter));
    buf_i64(&b, c->key);
    buf_char(&b, '|');
    buf_i64(&b, c->id);
    buf_char(&b, '|');
    buf_str(&b, c->key_text);
    mac = mac_of(key, str_sub(buf_view(&b), MAC_LEN, b.n));
    memcpy(b.p, mac.b, MAC_LEN);
    return enc_base64url(buf_view(&b), a);
}

bool cursor_read(const unsigned char key[CURSOR_KEY_LEN], struct str text, struct arena *a, struct cursor *out)
{
    struct str raw, payload, version, direction, order, number, id;
    struct sha256 mac;

    if (text.n > CURSOR_MAX * 2 || !dec_base64url(text, a, &raw) || raw.n <= MAC_LEN)
        return false;
    payload = str_sub(raw, MAC_LEN, raw.n);
    mac = mac_of(key, payload);
    if (!str_eq_secret(str_sub(raw, 0, MAC_LEN), (struct str){ (const char *)mac.b, MAC_LEN }))
        return false;
    version = str_cut(&payload, '|');
    direction = str_cut(&payload, '|');
    order = str_cut(&payload, '|');
    *out = (struct cursor){ .backward = str_eq(direction, STR("b")), .descending = str_eq(order, STR("d")) };
    out->sort = str_cut(&payload, '|');
    out->filter = str_cut(&payload, '|');
    number = str_cut(&payload, '|');
    id = str_cut(&payload, '|');
    out->key_text = payload;
    return str_eq(version, STR("1")) && payload.p && str_i64(number, INT64_MIN, INT64_MAX, &out->key)
           && str_i64(id, INT64_MIN, INT64_MAX, &out->id);
}
