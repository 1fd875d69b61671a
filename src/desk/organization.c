#include "desk/organization.h"

#include "desk/audit.h"
#include "desk/user.h"
#include "store/catalog.h"

static const char *const free_mail[] = {
    "126.com", "163.com", "aol.com", "arcor.de", "bigpond.com", "bluewin.ch", "comcast.net",
    "duck.com", "fastmail.com", "free.fr", "freenet.de", "gmail.com", "gmx.at", "gmx.ch", "gmx.com",
    "gmx.de", "gmx.net", "googlemail.com", "hey.com", "hotmail.co.uk", "hotmail.com", "hotmail.de",
    "hotmail.fr", "hushmail.com", "icloud.com", "laposte.net", "libero.it", "live.com", "mac.com",
    "mail.com", "mail.ru", "mailbox.org", "me.com", "msn.com", "naver.com", "o2.pl", "orange.fr",
    "outlook.com", "outlook.de", "pm.me", "posteo.de", "proton.me", "protonmail.com", "qq.com",
    "rediffmail.com", "rocketmail.com", "seznam.cz", "sina.com", "t-online.de", "tuta.io",
    "tutanota.com", "verizon.net", "wanadoo.fr", "web.de", "wp.pl", "yahoo.co.jp", "yahoo.co.uk",
    "yahoo.com", "yahoo.de", "yahoo.fr", "yandex.com", "yandex.ru", "ymail.com", "zoho.com",
};

bool is_free_mail(struct str domain)
{
    for (size_t i = 0; i < ARRAY_LEN(free_mail); i++)
        if (str_ieq(domain, str_of(free_mail[i])))
            return true;
    return false;
}

static enum rc check(const struct account *c, const struct organization_change *ch, struct str **domains,
                     struct err *e)
{
    bool gives_rights = ch->has_shared || ch->has_domain_assignment || ch->has_domains || ch->has_active;

    if (gives_rights && !actor_has(c->who, PERM_ADMIN_ORGANIZATION))
        return err_set(e, RC_DENIED, "forbidden", "This needs admin.organization.");
    *domains = ARENA_ARRAY(c->a, struct str, ch->n_domains);
    for (size_t i = 0; i < ch->n_domains; i++) {
        struct str fold;

        TRY(email_check(str_printf(c->a, "x@%.*s", STR_ARG(ch->domains[i])), "/domains", c->a, &fold, e));
        (*domains)[i] = email_domain(fold);
        if (is_free_mail((*domains)[i]))
            return err_field(e, "/domains", "free_mail", "a domain of the organisation's own",
                             "Anybody gets an address of this domain.");
        for (size_t k = 0; k < i; k++)
            if (str_eq((*domains)[k], (*domains)[i]))
                return err_field(e, "/domains", "duplicate", "each domain once", "A domain stands there twice.");
    }
    return RC_OK;
}

static void apply(struct organization_row *o, const struct organization_change *ch)
{
    if (ch->has_name)
        o->name = ch->name;
    if (ch->has_note)
        o->note = ch->note;
    if (ch->has_shared)
        o->shared = ch->shared;
    if (ch->has_domain_assignment)
        o->domain_assignment = ch->domain_assignment;
    if (ch->has_vip)
        o->vip = ch->vip;
    if (ch->has_active)
        o->active = ch->active;
}

static struct str joined(const struct str *v, size_t n, struct arena *a)
{
    struct buf b = BUF_ARENA(a, 32 * KIB);

    for (size_t i = 0; i < n; i++)
        buf_printf(&b, "%s%.*s", i ? " " : "", STR_ARG(v[i]));
    return buf_view(&b);
}

static enum rc conflict(enum rc rc, const char *pointer, struct err *e)
{
    if (rc != RC_CONFLICT)
        return rc;
    err_clear(e);
    return err_field(e, pointer, "taken", "one that no other has", "Another organisation has this already.");
}

/* What create and change have in common once the row is written. */
struct saved {
    const char *action;
    const struct organization_row *before, *after;
    const struct organization_change *ch;
    const struct str *domains;
};

static enum rc save_parts(const struct account *c, int64_t id, const struct saved *s, struct err *e)
{
    const struct organization_row *before = s->before, *after = s->after;
    size_t n = s->ch->n_domains;
    struct organization_domains old;
    struct audit_entry entry = { .action = s->action, .object = "organization", .object_id = id };
    struct diff d;

    diff_begin(&d, c->a);
    diff_text(&d, "name", before->name, after->name);
    diff_text(&d, "note", before->note, after->note);
    diff_int(&d, "shared", before->shared, after->shared);
    diff_int(&d, "domain_assignment", before->domain_assignment, after->domain_assignment);
    diff_int(&d, "vip", before->vip, after->vip);
    diff_int(&d, "active", before->active, after->active);
    if (s->ch->has_domains) {
        TRY(organization_domains_of(c->db, id, c->a, &old, e));
        diff_text(&d, "domains", joined(old.v, old.n, c->a), joined(s->domains, n, c->a));
        TRY(conflict(organization_domains_set(c->db, id, s->domains, n, e), "/domains", e));
    }
    TRY(catalog_changed(c->db, e)); /* who sees what through a shared organisation */
    entry.details = diff_end(&d, c->a);
    return audit_add(c->db, c->who, &entry, c->a, e);
}

enum rc organization_create(const struct account *c, const struct organization_change *ch, int64_t *id,
                            struct err *e)
{
    struct organization_row row = { .note = STR(""), .active = true, .created_us = c->now_us };
    const struct organization_row none = { 0 };
    struct str *domains;

    TRY(check(c, ch, &domains, e));
    apply(&row, ch);
    TRY(conflict(organizations_insert(c->db, &row, c->a, id, e), "/name", e));
    return save_parts(c, *id, &(struct saved){ "organization.create", &none, &row, ch, domains }, e);
}

enum rc organization_change(const struct account *c, int64_t id, int64_t version,
                            const struct organization_change *ch, struct err *e)
{
    struct organization_row before, row;
    struct str *domains;
    enum rc rc = organizations_load(c->db, id, c->a, &before, e);

    if (rc == RC_NOT_FOUND)
        return err_set(e, RC_NOT_FOUND, "not_found", "There is no such organisation.");
    TRY(rc);
    if (version && version != before.version)
        return err_set(e, RC_STALE, "version_mismatch", "The organisation was changed meanwhile.");
    TRY(check(c, ch, &domains, e));
    row = before;
    apply(&row, ch);
    row.updated_us = c->now_us;
    TRY(conflict(organizations_save(c->db, &row, c->a, e), "/name", e));
    return save_parts(c, id, &(struct saved){ "organization.update", &before, &row, ch, domains }, e);
}
