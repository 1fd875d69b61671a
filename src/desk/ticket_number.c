#include "desk/ticket_number.h"

#include "base/clock.h"
#include "store/counters.h"
#include "store/tickets.h"

enum { TRIES_MAX = 40 /* 2^40 numbers are passed */, DATE_LEN = 10 };

/* Luhn: from the right, every second digit counts twice; skip is 1 without the check digit. */
static unsigned luhn_sum(struct str digits, bool twice)
{
    unsigned sum = 0;

    for (size_t i = digits.n; i-- > 0; twice = !twice) {
        unsigned d = (unsigned)(digits.p[i] - '0') << twice;

        sum += d > 9 ? d - 9 : d;
    }
    return sum;
}

bool ticket_number_check(struct str number)
{
    for (size_t i = 0; i < number.n; i++)
        if (number.p[i] < '0' || number.p[i] > '9')
            return false;
    return number.n > 1 && luhn_sum(number, false) % 10 == 0;
}

struct str ticket_number_format(const struct cat_settings *s, int64_t counter, int64_t now_us,
                                struct arena *a)
{
    struct buf b = BUF_ARENA(a, TICKET_NUMBER_MAX);
    char date[CLOCK_TEXT_MAX];

    if (s->number_by_date) {
        clock_format(now_us, date);
        for (size_t i = 0; i < DATE_LEN; i++)
            if (date[i] != '-')
                buf_char(&b, date[i]);
    }
    if (s->system_id)
        buf_i64(&b, s->system_id);
    buf_printf(&b, "%0*lld", (int)s->number_digits, (long long)counter);
    if (s->check_digit)
        buf_char(&b, (char)('0' + (10 - luhn_sum(buf_view(&b), true) % 10) % 10));
    return buf_view(&b);
}

enum rc ticket_number_next(struct call *c, struct str *out, struct err *e)
{
    int64_t first, counter, id;

    for (int i = 0; i < TRIES_MAX; i++) {
        int64_t step = INT64_C(1) << i; /* a former format may have taken very many in a row */
        enum rc rc;

        if (i == 0)
            rc = counter_next(c->db, "ticket", &counter, e);
        else if ((rc = counter_take_tickets(c->db, step, &first, e)) == RC_OK)
            counter = first + step - 1;
        TRY(rc);
        *out = ticket_number_format(&c->cat->settings, counter, c->now_us, c->a);
        rc = tickets_id_by_number(c->db, *out, &id, e);
        if (rc == RC_NOT_FOUND) {
            err_clear(e);
            return RC_OK;
        }
        TRY(rc);
    }
    return err_fail(e, "no free ticket number after %d tries", TRIES_MAX);
}
