/* Every operation of the API, told by the table of routes: each of its statements fails in turn, and
 * nothing changed (chain_fail_each).  The last test names the operations that were left out. */
#include "desk_fixture.h"

#include "base/enc.h"
#include "desk/signup.h"
#include "desk/totp.h"
#include "store/sessions.h"
#include "web/routes.h"

enum { TRIED_MAX = 512 };
#define GOOD "kq8vH2rz-blau"
#define BETTER "Kq8vH2rz-gruen"

static struct chain *ch;
static struct tried {
    const struct route *routes[TRIED_MAX];
    size_t n;
} tried;
static const char *admin, *agent, *customer; /* their tokens */
static int64_t admin_id, agent_id, customer_id;

static const struct route *route_named(const char *op)
{
    for (size_t i = 0; i < routes_all_n; i++) {
        for (size_t j = 0; j < routes_all[i]->n; j++) {
            if (strcmp(routes_all[i]->routes[j].op, op) == 0)
                return &routes_all[i]->routes[j];
        }
    }
    fail_msg("no route is named %s", op);
    return NULL;
}

static const char *text(const char *fmt, ...) PRINTF_LIKE(1, 2);
static const char *text(const char *fmt, ...)
{
    char out[1024];
    va_list args;
    int n;

    va_start(args, fmt);
    n = vsnprintf(out, sizeof(out), fmt, args);
    va_end(args);
    assert_true(n >= 0 && (size_t)n < sizeof(out));
    return str_z(str_of(out), ch->a);
}

/* The route's path with these ids in the place of its {…}, and a query. */
static const char *target_of(const struct route *r, const int64_t ids[2], const char *query)
{
    struct buf b = BUF_ARENA(ch->a, 1024);
    struct str rest = str_of(r->path);

    rest = str_sub(rest, 1, rest.n);
    while (rest.p) {
        struct str segment = str_cut(&rest, '/');

        buf_char(&b, '/');
        if (str_eq(segment, STR("{slot}")))
            BUF_LIT(&b, "reply");
        else if (segment.n && segment.p[0] == '{')
            buf_printf(&b, "%lld", (long long)*ids++);
        else
            buf_str(&b, segment);
    }
    buf_str(&b, str_of(query ? query : ""));
    return str_z(buf_view(&b), ch->a);
}

struct op {
    const char *name;   /* of the route */
    const char *as;     /* a token; NULL: nobody */
    const char *json;
    int64_t ids[2];     /* of the path */
    const char *query;
    const char *cookie, *csrf;
    const char *raw;    /* a body that is not JSON */
};

static struct answer *run(struct op o)
{
    const struct route *r = route_named(o.name);
    struct answer *an = chain_fail_each(ch, (struct ask){ .method = r->method,
                                                          .target = target_of(r, o.ids, o.query),
                                                          .bearer = o.as,
                                                          .json = o.json,
                                                          .cookie = o.cookie,
                                                          .csrf = o.csrf,
                                                          .body = o.raw,
                                                          .type = o.raw ? "text/plain" : NULL });

    if (an->status != r->status)
        fail_msg("%s: %d, want %d: %.*s", o.name, an->status, r->status, STR_ARG(an->body));
    assert_true(tried.n < TRIED_MAX);
    tried.routes[tried.n++] = r;
    return an;
}

#define RUN(...) run((struct op){ __VA_ARGS__ })
#define RUN_ID(...) answer_int(run((struct op){ __VA_ARGS__ }), "/id")

/* What a request needs beside it. */
static struct answer *done(enum http_method m, const char *as, const char *target, const char *json)
{
    struct answer *an = chain_send(ch, (struct ask){ .method = m, .target = target, .bearer = as, .json = json });

    if (an->status / 100 != 2)
        fail_msg("%s: %d %.*s", target, an->status, STR_ARG(an->body));
    return an;
}

static int open_all(void **state)
{
    (void)state;
    ch = chain_open_with((const char *const[]){ "REGISTRATION=verify", NULL });
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    chain_close(&ch);
    return 0;
}

/* ── accounts ── */

struct mail_token {
    int64_t user_id;
    int purpose; /* -1: a link that makes the first administrator */
    struct str object;
    struct str token; /* out */
};

static enum rc one_time_run(struct db *db, void *arg, struct err *e)
{
    struct mail_token *o = arg;
    const struct actor server = { .type = ACTOR_SYSTEM };
    const struct account c = { ch->app->auth, db, &server, ch->a, clock_now_us() };
    struct str link;

    if (o->purpose >= 0)
        return account_one_time(&c, o->user_id, o->purpose, o->object, US_PER_HOUR, &o->token, e);
    TRY(setup_link(&c, &link, e));
    o->token = str_sub(link, str_find(link, STR("#token=")) + 7, link.n);
    return RC_OK;
}

static const char *one_time(int64_t user_id, int purpose, struct str object)
{
    struct mail_token o = { user_id, purpose, object, STR_NONE };
    struct err e = { 0 };

    assert_ok(store_write(ch->app->store, one_time_run, &o, &e), &e);
    return str_z(o.token, ch->a);
}

static void the_first_administrator_and_the_first_people(void **state)
{
    (void)state;
    RUN("auth_setup",
        .json = text("{\"token\":\"%s\",\"name\":\"First\",\"email\":\"first@example.com\",\"password\":\"" GOOD "\"}",
                     one_time(0, -1, STR_NONE)));
    admin_id = chain_user(ch, 1);
    agent_id = chain_user(ch, 2);
    customer_id = chain_user(ch, 3);
    admin = chain_token(ch, admin_id, -1, false);
    agent = chain_token(ch, agent_id, -1, false);
    customer = chain_token(ch, customer_id, -1, false);
}

#define CREDENTIALS "\"email\":\"ann@example.com\",\"password\":\"" GOOD "\""

static int64_t user_of(const char *email)
{
    return chain_int(ch, "SELECT user_id FROM identities WHERE value_fold = $1", DB_ARGS(DB_TEXT(str_of(email))));
}

static const char *member(const struct answer *an, const char *pointer)
{
    return str_z(answer_text(an, pointer), ch->a);
}

static void registration_login_and_sessions(void **state)
{
    const char *session, *refresh;
    struct answer *an;
    int64_t ann;

    (void)state;
    RUN("auth_register", .json = "{\"name\":\"Ann\"," CREDENTIALS "}");
    RUN("auth_email_verify_again", .json = "{\"email\":\"ann@example.com\"}");
    ann = user_of("ann@example.com");
    RUN("auth_email_verify", .json = text("{\"token\":\"%s\"}", one_time(ann, ONE_TIME_VERIFY, STR("ann@example.com"))));
    RUN("auth_password_forgot", .json = "{\"email\":\"ann@example.com\"}");
    RUN("auth_password_reset", .json = text("{\"token\":\"%s\",\"password\":\"" BETTER "\"}",
                                            one_time(ann, ONE_TIME_RESET, STR("ann@example.com"))));
    an = RUN("auth_login", .json = "{\"email\":\"ann@example.com\",\"password\":\"" BETTER "\"}");
    refresh = member(an, "/refresh_token");
    an = RUN("auth_refresh", .json = text("{\"refresh_token\":\"%s\"}", refresh));
    session = member(an, "/access_token");
    RUN("auth_password_change", session, "{\"current_password\":\"" BETTER "\",\"new_password\":\"" GOOD "\"}");
    RUN("auth_email_change", session, "{\"email\":\"anne@example.com\",\"current_password\":\"" GOOD "\"}");
    RUN("auth_me_show", session);
    RUN("me_show", session);
    RUN("auth_me_change", session, "{\"name\":\"Anne\",\"preferences\":{\"theme\":\"dark\"}}");
    RUN("me_change", session, "{\"zone\":\"Europe/Berlin\",\"locale\":\"de\"}");
    RUN("auth_csrf", .cookie = chain_session(ch, ann).cookie);
    RUN("auth_sessions_list", session);
    RUN("auth_session_end", session, .ids = { chain_session(ch, ann).id });
    RUN("auth_logout", session);
    session = member(done(HTTP_POST, NULL, "/api/v1/auth/login", "{" CREDENTIALS "}"), "/access_token");
    RUN("auth_logout_all", session);
}

static const char *code_of(const char *secret32, int64_t steps_on)
{
    struct str secret;

    assert_true(dec_base32(str_of(secret32), ch->a, &secret));
    return str_z(totp_code(secret, clock_now_us() / US_PER_S / TOTP_STEP_S + steps_on, TOTP_DIGITS, ch->a), ch->a);
}

static void the_second_step(void **state)
{
    const char *session, *secret, *mfa;
    struct answer *an;

    (void)state;
    clock_fake(clock_now_us());
    session = member(done(HTTP_POST, NULL, "/api/v1/auth/login", "{" CREDENTIALS "}"), "/access_token");
    RUN("auth_mfa_show", session);
    secret = member(RUN("auth_mfa_setup", session, "{\"current_password\":\"" GOOD "\"}"), "/secret");
    RUN("auth_mfa_confirm", session, text("{\"code\":\"%s\"}", code_of(secret, -1)));
    mfa = member(done(HTTP_POST, NULL, "/api/v1/auth/login", "{" CREDENTIALS "}"), "/mfa_token");
    session = member(RUN("auth_mfa_login", .json = text("{\"mfa_token\":\"%s\",\"code\":\"%s\"}", mfa, code_of(secret, 0))),
                     "/access_token");
    an = RUN("auth_mfa_recovery_codes", session, text("{\"current_password\":\"" GOOD "\",\"code\":\"%s\"}", code_of(secret, 1)));
    mfa = member(done(HTTP_POST, NULL, "/api/v1/auth/login", "{" CREDENTIALS "}"), "/mfa_token");
    session = member(RUN("auth_mfa_login",
                         .json = text("{\"mfa_token\":\"%s\",\"recovery_code\":\"%s\"}", mfa, member(an, "/recovery_codes/0"))),
                     "/access_token");
    RUN("auth_mfa_disable", session, text("{\"current_password\":\"" GOOD "\",\"recovery_code\":\"%s\"}", member(an, "/recovery_codes/1")));
    clock_fake(0);
}

static void api_tokens(void **state)
{
    const char *session = member(done(HTTP_POST, NULL, "/api/v1/auth/login", "{" CREDENTIALS "}"), "/access_token");
    int64_t id;

    (void)state;
    id = RUN_ID("tokens_create", session, "{\"name\":\"script\",\"read_only\":true}");
    RUN("tokens_list", session);
    RUN("tokens_show", session, .ids = { id });
    RUN("tokens_revoke", session, .ids = { id });
}

/* ── people ── */

static void organisations_groups_and_roles(void **state)
{
    int64_t id;

    (void)state;
    RUN("permissions_list", admin);
    id = RUN_ID("organizations_create", admin, "{\"name\":\"Acme\",\"shared\":true,\"domains\":[\"acme.example\"],\"domain_assignment\":true}");
    RUN("organizations_change", admin, "{\"note\":\"good\",\"shared\":false,\"domains\":[\"acme.example\",\"acme.test\"]}", { id });
    RUN("organizations_show", admin, .ids = { id });
    RUN("organizations_list", admin, .query = "?q=acm");
    id = RUN_ID("groups_create", admin, "{\"name\":\"Second level\",\"email\":\"second@example.com\",\"parent_id\":1}");
    RUN("groups_change", admin, "{\"reopen_days\":3,\"name\":\"2nd level\"}", { id });
    RUN("groups_show", admin, .ids = { id });
    RUN("groups_list", admin);
    RUN("group_choices", customer);
    id = RUN_ID("roles_create", admin,
                text("{\"name\":\"Watcher\",\"permissions\":[\"ticket.agent\"],\"group_levels\":[{\"group_id\":%lld,\"levels\":[\"read\"]}]}",
                     (long long)id));
    RUN("roles_change", admin, "{\"note\":\"looks\",\"group_levels\":[],\"permissions\":[\"report\"]}", { id });
    RUN("roles_show", admin, .ids = { id });
    RUN("roles_list", admin);
}

static void people(void **state)
{
    int64_t org = chain_int(ch, "SELECT id FROM organizations LIMIT 1", DB_NO_ARGS), id, twin, added;

    (void)state;
    id = RUN_ID("users_create", admin,
                text("{\"name\":\"Ute\",\"email\":\"ute@acme.example\",\"role_ids\":[2],\"organization_id\":%lld,"
                     "\"group_levels\":[{\"group_id\":1,\"levels\":[\"read\"]}]}",
                     (long long)org));
    RUN("users_change", admin,
        "{\"vip\":true,\"name\":\"Ute U\",\"role_ids\":[3],\"organization_id\":null,\"group_levels\":[]}", { id });
    RUN("users_list", admin, .query = "?q=ute");
    RUN("user_identities_create", admin, "{\"kind\":\"email\",\"value\":\"ute2@acme.example\",\"verified\":true}", { id });
    RUN("users_show", admin, .ids = { id });
    added = chain_int(ch, "SELECT id FROM identities WHERE value_fold = 'ute2@acme.example'", DB_NO_ARGS);
    RUN("user_identities_primary", admin, .ids = { id, added });
    added = chain_int(ch, "SELECT id FROM identities WHERE value_fold = 'ute@acme.example'", DB_NO_ARGS);
    RUN("user_identities_delete", admin, .ids = { id, added });
    chain_session(ch, id);
    RUN("user_sessions_list", admin, .ids = { id });
    chain_exec(ch, "UPDATE users SET totp_sealed = 'x', totp_enabled_us = 5 WHERE id = $1", DB_ARGS(DB_INT(id)));
    RUN("user_mfa_reset", admin, .ids = { id });
    RUN("user_sessions_end", admin, .ids = { id });
    twin = chain_user(ch, 3);
    desk_ticket(ch, twin, 0, "Of the twin");
    RUN("user_merge", admin, text("{\"source\":%lld}", (long long)twin), { id });
    RUN("user_unmerge", admin, .ids = { twin });
    desk_ticket(ch, id, 0, "Of somebody who leaves");
    RUN("users_change", admin, "{\"active\":false}", { id });
}

static void settings_and_the_audit_log(void **state)
{
    (void)state;
    RUN("settings_list", admin);
    RUN("configuration_list", admin);
    RUN("settings_update", admin, "{\"product_name\":\"Desk\"}");
    RUN("audit_list", admin);
    RUN("system_show", admin);
    RUN("audit_verify", admin);
}

/* ── what tickets are made of ── */

static void states_priorities_tags_and_fields(void **state)
{
    int64_t id;

    (void)state;
    id = RUN_ID("state_create", admin, "{\"name\":\"waiting for parts\",\"type\":\"pending\",\"until\":\"optional\"}");
    RUN("state_patch", admin, "{\"customer_name\":\"waiting\"}", { id });
    RUN("state_show", admin, .ids = { id });
    RUN("states_list", admin);
    RUN("state_delete", admin, .ids = { id });
    id = RUN_ID("state_create", admin, "{\"name\":\"fresh\",\"type\":\"new\",\"default_new\":true}");
    RUN("state_patch", admin, "{\"name\":\"brand new\"}", { id });
    id = RUN_ID("priority_create", admin, "{\"name\":\"burning\",\"rank\":90,\"default\":true}");
    RUN("priority_patch", admin, "{\"color\":\"#ff0000\"}", { id });
    RUN("priority_show", admin, .ids = { id });
    RUN("priorities_list", admin);
    id = RUN_ID("priority_create", admin, "{\"name\":\"warm\",\"rank\":50}");
    RUN("priority_delete", admin, .ids = { id });
    id = RUN_ID("tag_create", admin, "{\"name\":\"scanner\"}");
    done(HTTP_POST, agent, "/api/v1/tickets", text("{\"title\":\"Tagged\",\"message\":{\"body\":\"x\"},\"tags\":[\"scanner\"],\"customer\":%lld}", (long long)customer_id));
    RUN("tag_patch", admin, "{\"name\":\"scanners\"}", { id });
    RUN("tag_show", admin, .ids = { id });
    RUN("tags_list", admin, .query = "?prefix=sca");
    RUN("tag_delete", admin, .ids = { id });
    id = RUN_ID("field_create", admin, "{\"object\":\"ticket\",\"name\":\"room\",\"type\":\"text\",\"label\":\"Room\"}");
    RUN("field_patch", admin, "{\"help\":\"where it stands\"}", { id });
    RUN("field_show", admin, .ids = { id });
    RUN("fields_list", admin);
}

/* ── tickets ── */

static int64_t upload(const char *as, const char *bytes)
{
    return answer_int(RUN("upload_create", as, .raw = bytes, .query = "?name=a.txt"), "/id");
}

static void tickets_and_messages(void **state)
{
    long long up = upload(agent, "first bytes"), more = upload(agent, "other bytes");
    int64_t id, note;

    (void)state;
    id = RUN_ID("ticket_create", agent,
                text("{\"title\":\"One\",\"message\":{\"body\":\"b\",\"attachments\":[%lld]},\"tags\":[\"x\"],\"fields\":{\"room\":\"B12\"},"
                     "\"customer\":{\"email\":\"new@example.org\",\"name\":\"New\"},\"owner\":\"me\",\"external_id\":\"E-1\","
                     "\"participants\":[{\"user\":%lld,\"role\":\"cc\"}]}",
                     up, (long long)customer_id));
    RUN("ticket_create", customer, "{\"title\":\"Own\",\"message\":{\"body\":\"x\"}}");
    RUN("tickets_list", agent, .query = "?state_type=new,open&tag=x&sort=-updated_at");
    RUN("tickets_list", customer);
    RUN("ticket_show", agent, .ids = { id });
    RUN("ticket_patch", agent, "{\"title\":\"Two\",\"priority\":\"high\",\"tags\":[\"y\"],\"owner\":null,\"fields\":{\"room\":\"C1\"}}", { id });
    RUN("ticket_actions", agent,
        text("{\"title\":\"c\",\"state\":\"closed\",\"add_tags\":[\"z\"],\"message\":{\"body\":\"d\",\"attachments\":[%lld]}}", more), { id });
    note = RUN_ID("ticket_message_create", agent, "{\"body\":\"note\",\"visibility\":\"internal\"}", { id });
    RUN("ticket_messages_list", agent, .ids = { id });
    RUN("ticket_events_list", agent, .ids = { id });
    RUN("message_show", agent, .ids = { note });
    RUN("message_patch", agent, "{\"body\":\"better note\"}", { note });
    RUN("message_redact", admin, "{\"reason\":\"a name in it\"}", { note });
    RUN("counters_show", agent);
    RUN("reports_overview", agent, .query = "?from=2026-01-01&to=2026-02-01");
    RUN("reports_overview", agent);
    RUN("reports_my_work", agent);
    RUN("ticket_attachments_list", agent, .ids = { id });
    RUN("attachment_show", agent, .ids = { up });
    RUN("attachment_content", agent, .ids = { up });
    RUN("attachment_redact", admin, "{\"reason\":\"a passport\"}", { up });
}

static void an_answer_to_a_closed_ticket_opens_another(void **state)
{
    int64_t id = desk_ticket(ch, customer_id, 0, "Closed");

    (void)state;
    done(HTTP_PATCH, admin, "/api/v1/groups/1", "{\"follow_up\":\"new_ticket\"}");
    done(HTTP_PATCH, agent, text("/api/v1/tickets/%lld", (long long)id), "{\"state\":\"closed\"}");
    RUN("ticket_message_create", customer, "{\"body\":\"again\"}", { id });
    done(HTTP_PATCH, admin, "/api/v1/groups/1", "{\"follow_up\":\"reopen\"}");
    RUN("ticket_message_create", customer, "{\"body\":\"and again\"}", { id });
}

static void merging_and_splitting(void **state)
{
    int64_t a = desk_ticket(ch, customer_id, 0, "A"), b = desk_ticket(ch, agent_id, 0, "B"), second;

    (void)state;
    RUN("ticket_watch_begin", agent, .ids = { a });
    RUN("ticket_merge", agent, text("{\"into\":%lld}", (long long)b), { a });
    RUN("ticket_show", agent, .ids = { b });
    RUN("ticket_messages_list", agent, .ids = { b });
    RUN("ticket_unmerge", agent, .ids = { a });
    second = desk_message(ch, a, agent_id, false, "another matter");
    RUN("ticket_split", agent, text("{\"messages\":[%lld],\"mode\":\"copy\",\"title\":\"Copy\"}", (long long)second), { a });
    RUN("ticket_split", agent, text("{\"messages\":[%lld],\"mode\":\"move\",\"title\":\"Move\"}", (long long)second), { a });
}

static void what_is_around_a_ticket(void **state)
{
    int64_t a = desk_ticket(ch, customer_id, 0, "A"), b = desk_ticket(ch, customer_id, 0, "B"), link;

    (void)state;
    link = RUN_ID("ticket_link_create", agent, text("{\"kind\":\"related\",\"ticket\":%lld}", (long long)b), { a });
    RUN("ticket_links_list", agent, .ids = { a });
    RUN("ticket_link_delete", agent, .ids = { a, link });
    RUN("ticket_watch_begin", agent, .ids = { a });
    RUN("ticket_watch_show", agent, .ids = { a });
    RUN("ticket_watch_end", agent, .ids = { a });
    RUN("participant_add", agent, text("{\"user\":%lld,\"role\":\"cc\"}", (long long)admin_id), { a });
    RUN("participants_list", agent, .ids = { a });
    RUN("participant_remove", agent, .ids = { a, admin_id });
    RUN("ticket_tag_add", agent, "{\"name\":\"777\"}", { a });
    RUN("ticket_tags_list", agent, .ids = { a });
    RUN("ticket_tag_remove", agent, .ids = { a, 777 });
    RUN("ticket_draft_put", agent, "{\"data\":{\"body\":\"unfinished\"}}", { a });
    RUN("ticket_drafts_list", agent, .ids = { a });
    RUN("ticket_draft_delete", agent, .ids = { a });
    RUN("draft_put", agent, "{\"data\":{\"body\":\"unfinished\"}}");
    RUN("drafts_list", agent);
    RUN("draft_delete", agent);
    RUN("ticket_presence_say", agent, "{\"state\":\"writing\"}", { a });
    RUN("ticket_presence_list", agent, .ids = { a });
}

static void search_views_bulk_and_jobs(void **state)
{
    int64_t ticket = desk_ticket(ch, customer_id, 0, "Bulk"), id;

    (void)state;
    RUN("search", agent, .query = "?q=bulk");
    RUN("search_fields", agent);
    RUN("api_root", agent);
    id = RUN_ID("views_create", agent, "{\"name\":\"Mine\",\"query\":\"is:open owner:me\"}");
    RUN("views_change", agent, "{\"name\":\"Ours\"}", { id });
    RUN("views_show", agent, .ids = { id });
    RUN("views_list", agent);
    RUN("views_counts", agent);
    RUN("views_tickets", agent, .ids = { id });
    RUN("views_delete", agent, .ids = { id });
    RUN("bulk", agent, text("{\"changes\":[{\"ticket\":%lld,\"title\":\"Bulked\",\"message\":{\"body\":\"m\"}}]}", (long long)ticket));
    id = chain_int(ch,
                   "INSERT INTO jobs (kind, state, payload_json, user_id, run_at_us, created_us) VALUES ('bulk', 0, '{}', $1, $2, $2) RETURNING id",
                   DB_ARGS(DB_INT(agent_id), DB_INT(INT64_C(1) << 60)));
    RUN("jobs_list", agent);
    RUN("job_show", agent, .ids = { id });
    RUN("job_cancel", agent, .ids = { id });
}

static void jobs_are_done(void)
{
    chain_exec(ch, "UPDATE jobs SET state = 2", DB_NO_ARGS); /* nobody may have many open ones */
}

static void data_protection(void **state)
{
    const char *boss;
    int64_t hold, gone = chain_user(ch, 3);
    unsigned name = ch->n_people;

    (void)state;
    boss = member(done(HTTP_POST, NULL, "/api/v1/auth/login", "{\"email\":\"first@example.com\",\"password\":\"" GOOD "\"}"),
                  "/access_token");
    hold = RUN_ID("legal_hold_create", admin,
                  text("{\"object\":\"user\",\"object_id\":%lld,\"reason\":\"case 7\",\"asked_by\":\"Court\"}", (long long)gone));
    RUN("legal_holds_list", admin, .query = "?all=true");
    RUN("legal_hold_show", admin, .ids = { hold });
    RUN("legal_hold_release", admin, "{\"reason\":\"it is over\"}", { hold });
    RUN("user_export", admin, .ids = { gone });
    jobs_are_done();
    RUN("me_export", boss);
    jobs_are_done();
    RUN("user_erase", admin, text("{\"confirm\":\"Person %u\",\"dry_run\":true}", name), { gone });
    RUN("user_erase", boss, text("{\"confirm\":\"Person %u\",\"current_password\":\"" GOOD "\"}", name), { gone });
    RUN("retention_show", admin);
    RUN("retention_run", admin);
    jobs_are_done();
    RUN("compliance_report", admin, "{\"from\":\"2026-01-01T00:00:00Z\",\"to\":\"2026-02-01T00:00:00Z\"}");
}

/* ── the table ── */

static bool was_tried(const struct route *r)
{
    for (size_t i = 0; i < tried.n; i++) {
        if (tried.routes[i] == r)
            return true;
    }
    return false;
}

static void no_operation_was_left_out(void **state)
{
    size_t n = 0;

    (void)state;
    for (size_t i = 0; i < routes_all_n; i++) {
        for (size_t j = 0; j < routes_all[i]->n; j++) {
            const struct route *r = &routes_all[i]->routes[j];

            if ((r->flags & (R_ON_LOOP | R_STREAM | R_PAGE)) || was_tried(r)) /* pages: test_portal.c */
                continue;
            print_error("nobody let the statements of %s fail\n", r->op);
            n++;
        }
    }
    assert_int_equal(n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_administrator_and_the_first_people),
        cmocka_unit_test(registration_login_and_sessions),
        cmocka_unit_test(the_second_step),
        cmocka_unit_test(api_tokens),
        cmocka_unit_test(organisations_groups_and_roles),
        cmocka_unit_test(people),
        cmocka_unit_test(settings_and_the_audit_log),
        cmocka_unit_test(states_priorities_tags_and_fields),
        cmocka_unit_test(tickets_and_messages),
        cmocka_unit_test(an_answer_to_a_closed_ticket_opens_another),
        cmocka_unit_test(merging_and_splitting),
        cmocka_unit_test(what_is_around_a_ticket),
        cmocka_unit_test(search_views_bulk_and_jobs),
        cmocka_unit_test(data_protection),
        cmocka_unit_test(no_operation_was_left_out),
    };

    return cmocka_run_group_tests_name("failures", tests, open_all, close_all);
}
