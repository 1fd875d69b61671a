-- The core of the help desk: accounts, rights, tickets, history, audit.
--
-- Format: "-- +up" and "-- +down" parts; "-- +sqlite", "-- +postgres" and "-- +both" switch which
-- engine the following lines are for. {{id}}: the key column; {{blob}}: bytes; {{c}}: bytewise
-- collation. Times are microseconds since 1970 UTC; 0/1 are booleans; *_fold columns hold the
-- case- and accent-folded copy that is searched and unique.

-- +up
CREATE TABLE settings (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL,
    updated_us BIGINT NOT NULL,
    updated_by BIGINT
);

-- Counters whose next value is taken under a lock (PostgreSQL takes ticket numbers from the sequence).
CREATE TABLE counters (
    name TEXT NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO counters (name, value) VALUES ('ticket', 10000), ('catalog', 1), ('sessions', 1);
-- +postgres
CREATE SEQUENCE ticket_number_seq START 10001 CACHE 32;
-- +both

CREATE TABLE organizations (
    id {{id}},
    version BIGINT NOT NULL DEFAULT 1,
    name TEXT NOT NULL,
    name_fold TEXT {{c}} NOT NULL UNIQUE,
    shared INTEGER NOT NULL DEFAULT 0,
    domain_assignment INTEGER NOT NULL DEFAULT 0,
    vip INTEGER NOT NULL DEFAULT 0,
    note TEXT NOT NULL DEFAULT '',
    fields_json TEXT NOT NULL DEFAULT '{}',
    active INTEGER NOT NULL DEFAULT 1,
    created_us BIGINT NOT NULL,
    updated_us BIGINT NOT NULL
);
CREATE TABLE organization_domains (
    domain TEXT {{c}} NOT NULL PRIMARY KEY,
    organization_id BIGINT NOT NULL REFERENCES organizations (id)
);
CREATE INDEX organization_domains_org ON organization_domains (organization_id);

CREATE TABLE users (
    id {{id}},
    version BIGINT NOT NULL DEFAULT 1,
    name TEXT NOT NULL,
    name_fold TEXT {{c}} NOT NULL,
    email TEXT,                        -- copy of the primary e-mail identity
    phone TEXT,
    organization_id BIGINT REFERENCES organizations (id),
    locale TEXT NOT NULL DEFAULT 'en',
    zone TEXT NOT NULL DEFAULT 'UTC',
    vip INTEGER NOT NULL DEFAULT 0,
    note TEXT NOT NULL DEFAULT '',
    fields_json TEXT NOT NULL DEFAULT '{}',
    preferences_json TEXT NOT NULL DEFAULT '{}',
    active INTEGER NOT NULL DEFAULT 1,
    password_hash TEXT,                -- argon2id, PHC string
    password_changed_us BIGINT,
    totp_sealed TEXT,                  -- sealed with the server's key
    totp_enabled_us BIGINT,
    totp_last_step BIGINT NOT NULL DEFAULT 0, -- a code works once
    out_from_us BIGINT,
    out_to_us BIGINT,
    stand_in_id BIGINT REFERENCES users (id),
    last_login_us BIGINT,
    external_source TEXT,
    external_id TEXT,
    created_us BIGINT NOT NULL,
    updated_us BIGINT NOT NULL
);
CREATE INDEX users_name ON users (name_fold, id);
CREATE INDEX users_org ON users (organization_id, id);
CREATE INDEX users_stand_in ON users (stand_in_id) WHERE stand_in_id IS NOT NULL;
CREATE UNIQUE INDEX users_external ON users (external_source, external_id) WHERE external_id IS NOT NULL;

-- kind: 0 email, 1 phone, 2 chat
CREATE TABLE identities (
    id {{id}},
    user_id BIGINT NOT NULL REFERENCES users (id),
    kind INTEGER NOT NULL,
    value TEXT NOT NULL,
    value_fold TEXT {{c}} NOT NULL,
    verified_us BIGINT,
    is_primary INTEGER NOT NULL DEFAULT 0,
    created_us BIGINT NOT NULL,
    UNIQUE (kind, value_fold)
);
CREATE INDEX identities_user ON identities (user_id);

CREATE TABLE user_organizations (      -- the further ones; the primary stands in users
    user_id BIGINT NOT NULL REFERENCES users (id),
    organization_id BIGINT NOT NULL REFERENCES organizations (id),
    PRIMARY KEY (user_id, organization_id)
);
CREATE INDEX user_organizations_org ON user_organizations (organization_id);

-- follow_up: 0 reopen, 1 new ticket, 2 new ticket after reopen_days, 3 reject
CREATE TABLE groups (
    id {{id}},
    version BIGINT NOT NULL DEFAULT 1,
    name TEXT NOT NULL,
    name_fold TEXT {{c}} NOT NULL UNIQUE,
    parent_id BIGINT REFERENCES groups (id),
    email TEXT,
    signature TEXT NOT NULL DEFAULT '',
    follow_up INTEGER NOT NULL DEFAULT 0,
    reopen_days BIGINT NOT NULL DEFAULT 7,
    follow_up_keep_owner INTEGER NOT NULL DEFAULT 1,
    assignment_timeout_min BIGINT NOT NULL DEFAULT 0, -- 0: never
    customers_may_add INTEGER NOT NULL DEFAULT 0,     -- participants, by the customer
    is_default INTEGER NOT NULL DEFAULT 0,            -- where a customer's request goes
    note TEXT NOT NULL DEFAULT '',
    active INTEGER NOT NULL DEFAULT 1,
    created_us BIGINT NOT NULL,
    updated_us BIGINT NOT NULL
);

-- perms: bits of enum perm (desk/actor.h). builtin: 0 no, 1 admin, 2 agent, 3 customer
CREATE TABLE roles (
    id {{id}},
    version BIGINT NOT NULL DEFAULT 1,
    name TEXT NOT NULL,
    name_fold TEXT {{c}} NOT NULL UNIQUE,
    perms BIGINT NOT NULL,
    builtin INTEGER NOT NULL DEFAULT 0,
    note TEXT NOT NULL DEFAULT '',
    active INTEGER NOT NULL DEFAULT 1,
    created_us BIGINT NOT NULL,
    updated_us BIGINT NOT NULL
);
CREATE TABLE user_roles (
    user_id BIGINT NOT NULL REFERENCES users (id),
    role_id BIGINT NOT NULL REFERENCES roles (id),
    PRIMARY KEY (user_id, role_id)
);
CREATE INDEX user_roles_role ON user_roles (role_id);
-- levels: bits of enum level (desk/can.h): read 1, create 2, change 4, overview 8, full 16
CREATE TABLE role_groups (
    role_id BIGINT NOT NULL REFERENCES roles (id),
    group_id BIGINT NOT NULL REFERENCES groups (id),
    levels INTEGER NOT NULL,
    PRIMARY KEY (role_id, group_id)
);
CREATE TABLE user_groups (
    user_id BIGINT NOT NULL REFERENCES users (id),
    group_id BIGINT NOT NULL REFERENCES groups (id),
    levels INTEGER NOT NULL,
    PRIMARY KEY (user_id, group_id)
);
CREATE INDEX user_groups_group ON user_groups (group_id);

-- Sessions: the cookie's token and the refresh token that is valid now. A refresh token names its
-- session and proves that we made it, so any earlier one is recognised (reuse ends the session).
CREATE TABLE sessions (
    id {{id}},
    user_id BIGINT NOT NULL REFERENCES users (id),
    token_hash TEXT {{c}} NOT NULL UNIQUE,
    refresh_hash TEXT {{c}} NOT NULL,
    address TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    mfa_us BIGINT,
    created_us BIGINT NOT NULL,
    seen_us BIGINT NOT NULL,
    expires_us BIGINT NOT NULL,
    ended_us BIGINT,
    ended_why TEXT
);
CREATE INDEX sessions_user ON sessions (user_id, ended_us);
CREATE INDEX sessions_expires ON sessions (expires_us) WHERE ended_us IS NULL;
CREATE INDEX sessions_ended ON sessions (ended_us) WHERE ended_us IS NOT NULL;

CREATE TABLE api_tokens (
    id {{id}},
    version BIGINT NOT NULL DEFAULT 1,
    user_id BIGINT NOT NULL REFERENCES users (id),
    name TEXT NOT NULL,
    token_hash TEXT {{c}} NOT NULL UNIQUE,
    hint TEXT NOT NULL,                -- the first characters, to recognise it by
    perms BIGINT NOT NULL,             -- never more than its user's
    read_only INTEGER NOT NULL DEFAULT 0,
    expires_us BIGINT,
    last_used_us BIGINT,
    created_us BIGINT NOT NULL,
    revoked_us BIGINT
);
CREATE INDEX api_tokens_user ON api_tokens (user_id, id);

-- Tokens that work once: purpose 0 password reset, 1 e-mail verification, 2 invitation, 3 set-up, 4 second login step
CREATE TABLE one_time_tokens (
    id {{id}},
    user_id BIGINT REFERENCES users (id),
    purpose INTEGER NOT NULL,
    token_hash TEXT {{c}} NOT NULL UNIQUE,
    object TEXT NOT NULL DEFAULT '',   -- what it is bound to, e.g. the address
    tries INTEGER NOT NULL DEFAULT 0,
    created_us BIGINT NOT NULL,
    expires_us BIGINT NOT NULL,
    used_us BIGINT
);
CREATE INDEX one_time_tokens_user ON one_time_tokens (user_id, purpose);
CREATE INDEX one_time_tokens_expires ON one_time_tokens (expires_us);

CREATE TABLE recovery_codes (
    id {{id}},
    user_id BIGINT NOT NULL REFERENCES users (id),
    code_hash TEXT {{c}} NOT NULL,
    used_us BIGINT
);
CREATE INDEX recovery_codes_user ON recovery_codes (user_id);

-- Failed logins by what was tried (account:<folded address>, address:<ip>), so that an unknown
-- account behaves like a known one.
CREATE TABLE login_failures (
    what TEXT {{c}} NOT NULL PRIMARY KEY,
    failures BIGINT NOT NULL,
    last_us BIGINT NOT NULL,
    locked_until_us BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX login_failures_last ON login_failures (last_us);

-- type: 0 new, 1 open, 2 pending, 3 hold, 4 solved, 5 closed, 6 merged, 7 spam, 8 deleted
-- until_rule: 0 none, 1 optional, 2 required. at_until_state_id: NULL reminds.
CREATE TABLE states (
    id {{id}},
    version BIGINT NOT NULL DEFAULT 1,
    name TEXT NOT NULL,
    name_fold TEXT {{c}} NOT NULL UNIQUE,
    customer_name TEXT NOT NULL,
    type INTEGER NOT NULL,
    clock_stops INTEGER NOT NULL DEFAULT 0,
    until_rule INTEGER NOT NULL DEFAULT 0,
    at_until_state_id BIGINT REFERENCES states (id),
    default_new INTEGER NOT NULL DEFAULT 0,
    default_follow_up INTEGER NOT NULL DEFAULT 0,
    default_close INTEGER NOT NULL DEFAULT 0,
    position INTEGER NOT NULL DEFAULT 0,
    active INTEGER NOT NULL DEFAULT 1,
    created_us BIGINT NOT NULL,
    updated_us BIGINT NOT NULL
);

CREATE TABLE priorities (
    id {{id}},
    version BIGINT NOT NULL DEFAULT 1,
    name TEXT NOT NULL,
    name_fold TEXT {{c}} NOT NULL UNIQUE,
    rank INTEGER NOT NULL,
    color TEXT NOT NULL DEFAULT '',
    is_default INTEGER NOT NULL DEFAULT 0,
    active INTEGER NOT NULL DEFAULT 1,
    created_us BIGINT NOT NULL,
    updated_us BIGINT NOT NULL
);

-- Custom fields. object: 0 ticket, 1 user, 2 organization, 3 group.
-- type: 0 text, 1 long text, 2 integer, 3 decimal, 4 boolean, 5 date, 6 date-time, 7 choice,
-- 8 choices, 9 tree choice, 10 tree choices, 11 user, 12 organization, 13 url
CREATE TABLE fields (
    id {{id}},
    version BIGINT NOT NULL DEFAULT 1,
    object INTEGER NOT NULL,
    name TEXT {{c}} NOT NULL,
    label TEXT NOT NULL,
    help TEXT NOT NULL DEFAULT '',
    type INTEGER NOT NULL,
    options_json TEXT NOT NULL DEFAULT '{}', -- choices, min, max, max_length, pattern, default
    screens_json TEXT NOT NULL DEFAULT '{}', -- per screen: hidden, shown, required, read_only
    position INTEGER NOT NULL DEFAULT 0,
    active INTEGER NOT NULL DEFAULT 1,
    created_us BIGINT NOT NULL,
    updated_us BIGINT NOT NULL,
    UNIQUE (object, name)
);
-- One row a value, so that fields can be searched; the objects keep a JSON copy to be shown.
CREATE TABLE field_values (
    field_id BIGINT NOT NULL REFERENCES fields (id),
    object_id BIGINT NOT NULL,
    n INTEGER NOT NULL DEFAULT 0,
    text_fold TEXT {{c}},
    int_value BIGINT,
    PRIMARY KEY (field_id, object_id, n)
);
CREATE INDEX field_values_text ON field_values (field_id, text_fold, object_id);
CREATE INDEX field_values_int ON field_values (field_id, int_value, object_id);

-- channel: 0 web, 1 api, 2 email, 3 phone, 4 walk-in, 5 chat, 6 sms, 7 system
CREATE TABLE tickets (
    id {{id}},
    version BIGINT NOT NULL DEFAULT 1,
    number TEXT {{c}} NOT NULL UNIQUE,
    title TEXT NOT NULL,
    state_id BIGINT NOT NULL REFERENCES states (id),
    state_type INTEGER NOT NULL,       -- copy of the state's, for the indexes
    until_us BIGINT,
    priority_id BIGINT NOT NULL REFERENCES priorities (id),
    group_id BIGINT NOT NULL REFERENCES groups (id),
    owner_id BIGINT REFERENCES users (id),
    customer_id BIGINT NOT NULL REFERENCES users (id),
    organization_id BIGINT REFERENCES organizations (id),
    channel INTEGER NOT NULL,
    tags_json TEXT NOT NULL DEFAULT '[]',
    fields_json TEXT NOT NULL DEFAULT '{}',
    created_by BIGINT REFERENCES users (id),
    created_us BIGINT NOT NULL,
    updated_us BIGINT NOT NULL,
    first_response_us BIGINT,
    last_customer_us BIGINT,
    last_agent_us BIGINT,
    waiting_since_us BIGINT,
    first_close_us BIGINT,
    last_close_us BIGINT,
    solved_us BIGINT,
    closed_us BIGINT,
    reopen_count BIGINT NOT NULL DEFAULT 0,
    sla_id BIGINT,
    due_first_us BIGINT,
    due_next_us BIGINT,
    due_solution_us BIGINT,
    next_due_us BIGINT,
    message_count BIGINT NOT NULL DEFAULT 0,
    public_message_count BIGINT NOT NULL DEFAULT 0,
    attachment_count BIGINT NOT NULL DEFAULT 0,
    merged_into_id BIGINT REFERENCES tickets (id),
    external_source TEXT,
    external_id TEXT
);
-- Lists: newest change first, inside what the caller may see.
CREATE INDEX tickets_updated ON tickets (updated_us, id);
CREATE INDEX tickets_created ON tickets (created_us, id);
CREATE INDEX tickets_group_updated ON tickets (group_id, updated_us, id);
CREATE INDEX tickets_group_type_updated ON tickets (group_id, state_type, updated_us, id);
CREATE INDEX tickets_owner ON tickets (owner_id, state_type, updated_us, id);
CREATE INDEX tickets_customer ON tickets (customer_id, updated_us, id);
CREATE INDEX tickets_org ON tickets (organization_id, updated_us, id);
CREATE INDEX tickets_priority ON tickets (priority_id, id);
CREATE INDEX tickets_until ON tickets (until_us) WHERE until_us IS NOT NULL;
CREATE INDEX tickets_due ON tickets (next_due_us, id) WHERE next_due_us IS NOT NULL;
CREATE INDEX tickets_solved ON tickets (solved_us) WHERE state_type = 4;
CREATE INDEX tickets_merged ON tickets (merged_into_id) WHERE merged_into_id IS NOT NULL;
CREATE UNIQUE INDEX tickets_external ON tickets (external_source, external_id) WHERE external_id IS NOT NULL;

-- Tickets by group, state and owner (0: nobody), kept in the transaction that changes a ticket.
CREATE TABLE ticket_counts (
    group_id BIGINT NOT NULL,
    state_id BIGINT NOT NULL,
    owner_id BIGINT NOT NULL,
    n BIGINT NOT NULL,
    PRIMARY KEY (group_id, state_id, owner_id)
);

-- kind: 0 web, 1 email, 2 note, 3 phone in, 4 phone out, 5 chat, 6 sms, 7 system
-- sender: 0 customer, 1 agent, 2 system. visibility: 0 public, 1 internal. format: 0 text, 1 markdown, 2 html
CREATE TABLE messages (
    id {{id}},
    version BIGINT NOT NULL DEFAULT 1,
    ticket_id BIGINT NOT NULL REFERENCES tickets (id),
    kind INTEGER NOT NULL,
    sender INTEGER NOT NULL,
    visibility INTEGER NOT NULL,
    author_id BIGINT REFERENCES users (id),
    on_behalf_id BIGINT REFERENCES users (id),
    format INTEGER NOT NULL,
    source TEXT NOT NULL,              -- as given
    body_text TEXT NOT NULL,           -- for search and previews
    body_html TEXT NOT NULL,           -- sanitised
    subject TEXT,
    mail_from TEXT,
    mail_to TEXT,
    mail_cc TEXT,
    mail_bcc TEXT,
    reply_to TEXT,
    message_id TEXT {{c}},
    in_reply_to TEXT,
    mail_references TEXT,
    language TEXT,
    is_auto INTEGER NOT NULL DEFAULT 0,
    attachment_count BIGINT NOT NULL DEFAULT 0,
    created_us BIGINT NOT NULL,
    redacted_us BIGINT,
    redacted_by BIGINT REFERENCES users (id),
    redaction_reason TEXT,
    external_id TEXT
);
CREATE INDEX messages_ticket ON messages (ticket_id, id);
CREATE INDEX messages_message_id ON messages (message_id) WHERE message_id IS NOT NULL;
CREATE INDEX messages_author ON messages (author_id, id);

-- Bytes of attachments, kept once under their SHA-256 (hex).
CREATE TABLE blobs (
    hash TEXT {{c}} NOT NULL PRIMARY KEY,
    size BIGINT NOT NULL,
    refs BIGINT NOT NULL,
    created_us BIGINT NOT NULL
);
CREATE INDEX blobs_unused ON blobs (created_us) WHERE refs = 0;
-- message_id NULL: an upload that no message took yet; user_id may take it until expires_us.
CREATE TABLE attachments (
    id {{id}},
    hash TEXT {{c}} NOT NULL REFERENCES blobs (hash),
    message_id BIGINT REFERENCES messages (id),
    ticket_id BIGINT REFERENCES tickets (id),
    user_id BIGINT REFERENCES users (id),
    name TEXT NOT NULL,
    content_type TEXT NOT NULL,
    size BIGINT NOT NULL,
    content_id TEXT,
    created_us BIGINT NOT NULL,
    expires_us BIGINT
);
CREATE INDEX attachments_message ON attachments (message_id, id);
CREATE INDEX attachments_ticket ON attachments (ticket_id, id);
CREATE INDEX attachments_hash ON attachments (hash);
CREATE INDEX attachments_expires ON attachments (expires_us) WHERE expires_us IS NOT NULL;
CREATE INDEX attachments_user ON attachments (user_id, expires_us);

-- role: 0 cc, 1 follower. The requester stands in the ticket.
CREATE TABLE participants (
    id {{id}},
    ticket_id BIGINT NOT NULL REFERENCES tickets (id),
    user_id BIGINT NOT NULL REFERENCES users (id),
    role INTEGER NOT NULL,
    created_us BIGINT NOT NULL,
    UNIQUE (ticket_id, user_id)
);
CREATE INDEX participants_user ON participants (user_id, ticket_id);

CREATE TABLE watches (
    user_id BIGINT NOT NULL REFERENCES users (id),
    ticket_id BIGINT NOT NULL REFERENCES tickets (id),
    created_us BIGINT NOT NULL,
    PRIMARY KEY (user_id, ticket_id)
);
CREATE INDEX watches_ticket ON watches (ticket_id);

-- kind: 0 related, 1 parent of, 2 duplicate of, 3 follow-up of (read from ticket_id to other_id)
CREATE TABLE links (
    id {{id}},
    ticket_id BIGINT NOT NULL REFERENCES tickets (id),
    other_id BIGINT NOT NULL REFERENCES tickets (id),
    kind INTEGER NOT NULL,
    created_by BIGINT REFERENCES users (id),
    created_us BIGINT NOT NULL,
    UNIQUE (ticket_id, other_id, kind)
);
CREATE INDEX links_other ON links (other_id);

CREATE TABLE tags (
    id {{id}},
    version BIGINT NOT NULL DEFAULT 1,
    name TEXT {{c}} NOT NULL UNIQUE,
    created_us BIGINT NOT NULL
);
CREATE TABLE ticket_tags (
    ticket_id BIGINT NOT NULL REFERENCES tickets (id),
    tag_id BIGINT NOT NULL REFERENCES tags (id),
    PRIMARY KEY (ticket_id, tag_id)
);
CREATE INDEX ticket_tags_tag ON ticket_tags (tag_id, ticket_id);

-- What merges did, so that they can be undone.
CREATE TABLE merges (
    id {{id}},
    source_id BIGINT NOT NULL REFERENCES tickets (id),
    target_id BIGINT NOT NULL REFERENCES tickets (id),
    before_json TEXT NOT NULL,
    merged_by BIGINT REFERENCES users (id),
    merged_us BIGINT NOT NULL,
    undone_us BIGINT
);
CREATE INDEX merges_source ON merges (source_id, id);
CREATE INDEX merges_target ON merges (target_id, id);

-- The append-only history. One row per ticket and transaction; ids grow in the order of commits.
-- type: create, update, message, merged_into, received_merge, split, reminder, …
CREATE TABLE events (
    id {{id}},
    ticket_id BIGINT NOT NULL REFERENCES tickets (id),
    type TEXT NOT NULL,
    actor_id BIGINT REFERENCES users (id),
    message_id BIGINT,
    is_internal INTEGER NOT NULL DEFAULT 0, -- not for customers
    changes_json TEXT NOT NULL,        -- {"state":["new","open"], …}
    ticket_version BIGINT NOT NULL,
    request_id TEXT NOT NULL DEFAULT '',
    created_us BIGINT NOT NULL
);
CREATE INDEX events_ticket ON events (ticket_id, id);

CREATE TABLE drafts (
    id {{id}},
    version BIGINT NOT NULL DEFAULT 1,
    user_id BIGINT NOT NULL REFERENCES users (id),
    ticket_id BIGINT NOT NULL DEFAULT 0, -- 0: of a new ticket
    slot TEXT NOT NULL DEFAULT '',     -- several drafts beside each other
    shared INTEGER NOT NULL DEFAULT 0, -- readable by who may change the ticket
    data_json TEXT NOT NULL,
    created_us BIGINT NOT NULL,
    updated_us BIGINT NOT NULL,
    UNIQUE (user_id, ticket_id, slot)
);
CREATE INDEX drafts_ticket ON drafts (ticket_id, updated_us);

CREATE TABLE views (
    id {{id}},
    version BIGINT NOT NULL DEFAULT 1,
    name TEXT NOT NULL,
    query TEXT NOT NULL,               -- the search language
    columns_json TEXT NOT NULL DEFAULT '[]',
    sort TEXT NOT NULL DEFAULT '-updated_at',
    group_by TEXT NOT NULL DEFAULT '',
    owner_id BIGINT REFERENCES users (id), -- NULL: shared
    role_ids_json TEXT NOT NULL DEFAULT '[]', -- shared with these roles only
    position INTEGER NOT NULL DEFAULT 0,
    active INTEGER NOT NULL DEFAULT 1,
    created_us BIGINT NOT NULL,
    updated_us BIGINT NOT NULL
);
CREATE INDEX views_owner ON views (owner_id);

-- state: 0 waiting, 1 running, 2 done, 3 failed, 4 cancelled
CREATE TABLE jobs (
    id {{id}},
    kind TEXT NOT NULL,
    state INTEGER NOT NULL,
    payload_json TEXT NOT NULL,
    result_json TEXT NOT NULL DEFAULT '{}',
    progress BIGINT NOT NULL DEFAULT 0,
    total BIGINT NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0,
    user_id BIGINT REFERENCES users (id),
    claimed_by TEXT,
    claimed_until_us BIGINT,
    run_at_us BIGINT NOT NULL,
    created_us BIGINT NOT NULL,
    finished_us BIGINT
);
CREATE INDEX jobs_due ON jobs (run_at_us) WHERE state IN (0, 1);
CREATE INDEX jobs_user ON jobs (user_id, id);
CREATE INDEX jobs_finished ON jobs (finished_us) WHERE finished_us IS NOT NULL;

-- What must leave the process; the mail part of the server sends it. kind: "mail.password_reset", …
CREATE TABLE outbox (
    id {{id}},
    kind TEXT NOT NULL,
    recipient TEXT NOT NULL,
    subject TEXT NOT NULL,
    body TEXT NOT NULL,
    ticket_id BIGINT,
    state INTEGER NOT NULL DEFAULT 0,  -- 0 waiting, 1 sent, 2 failed
    not_before_us BIGINT NOT NULL,
    created_us BIGINT NOT NULL,
    sent_us BIGINT
);
CREATE INDEX outbox_due ON outbox (not_before_us) WHERE state = 0;

CREATE TABLE idempotency (
    key_hash TEXT {{c}} NOT NULL PRIMARY KEY, -- of user or address, and key
    request_hash TEXT NOT NULL,        -- of method, path and body
    status INTEGER NOT NULL,
    headers TEXT NOT NULL,
    body {{blob}} NOT NULL,
    created_us BIGINT NOT NULL
);
CREATE INDEX idempotency_created ON idempotency (created_us);

-- The hash chain: hash = SHA-256(label, n, previous hash, canonical row). details are hashed with a
-- salt, and only that hash is part of the row, so that a person can be erased and the chain stays whole.
CREATE TABLE audit (
    n BIGINT NOT NULL PRIMARY KEY,
    at_us BIGINT NOT NULL,
    actor_id BIGINT,
    actor_type INTEGER NOT NULL,       -- 0 anonymous, 1 user, 2 system, 3 command line
    address TEXT NOT NULL,
    request_id TEXT NOT NULL,
    action TEXT NOT NULL,              -- "login.failed", "ticket.update", …
    object TEXT NOT NULL,              -- "ticket", "user", …
    object_id BIGINT,
    details TEXT,                      -- JSON: before, after; NULL when erased
    details_salt TEXT NOT NULL,
    details_hash TEXT NOT NULL,
    hash TEXT NOT NULL
);
CREATE INDEX audit_at ON audit (at_us, n);
CREATE INDEX audit_actor ON audit (actor_id, n);
CREATE INDEX audit_object ON audit (object, object_id, n);
CREATE INDEX audit_action ON audit (action, n);
CREATE TABLE audit_head (
    id INTEGER NOT NULL PRIMARY KEY,
    n BIGINT NOT NULL,
    hash TEXT NOT NULL
);
INSERT INTO audit_head (id, n, hash) VALUES (1, 0, '');
-- +sqlite
CREATE TRIGGER audit_no_update BEFORE UPDATE OF n, at_us, actor_id, actor_type, address, request_id, action, object, object_id, details_salt, details_hash, hash ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
-- +postgres
CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$;
CREATE TRIGGER audit_no_update BEFORE UPDATE OF n, at_us, actor_id, actor_type, address, request_id, action, object, object_id, details_salt, details_hash, hash ON audit
FOR EACH ROW EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
-- +both

-- What a new installation starts with. perms 0 is replaced by the built-in role's bits at start.
INSERT INTO roles (id, name, name_fold, perms, builtin, created_us, updated_us) VALUES
    (1, 'Admin', 'admin', 0, 1, 0, 0), (2, 'Agent', 'agent', 0, 2, 0, 0), (3, 'Customer', 'customer', 0, 3, 0, 0);
INSERT INTO groups (id, name, name_fold, is_default, created_us, updated_us) VALUES (1, 'Support', 'support', 1, 0, 0);
INSERT INTO role_groups (role_id, group_id, levels) VALUES (1, 1, 31), (2, 1, 31);
INSERT INTO states (id, name, name_fold, customer_name, type, clock_stops, until_rule, default_new, default_follow_up, default_close, position, created_us, updated_us) VALUES
    (1, 'new', 'new', 'new', 0, 0, 0, 1, 0, 0, 10, 0, 0),
    (2, 'open', 'open', 'open', 1, 0, 0, 0, 1, 0, 20, 0, 0),
    (3, 'pending reminder', 'pending reminder', 'waiting', 2, 1, 2, 0, 0, 0, 30, 0, 0),
    (4, 'pending close', 'pending close', 'waiting', 2, 1, 2, 0, 0, 0, 40, 0, 0),
    (5, 'hold', 'hold', 'on hold', 3, 1, 1, 0, 0, 0, 50, 0, 0),
    (6, 'solved', 'solved', 'solved', 4, 0, 0, 0, 0, 0, 60, 0, 0),
    (7, 'closed', 'closed', 'closed', 5, 0, 0, 0, 0, 1, 70, 0, 0),
    (8, 'merged', 'merged', 'merged', 6, 0, 0, 0, 0, 0, 80, 0, 0),
    (9, 'spam', 'spam', 'closed', 7, 0, 0, 0, 0, 0, 90, 0, 0),
    (10, 'deleted', 'deleted', 'closed', 8, 0, 0, 0, 0, 0, 100, 0, 0);
UPDATE states SET at_until_state_id = 7 WHERE id = 4;
INSERT INTO priorities (id, name, name_fold, rank, color, is_default, created_us, updated_us) VALUES
    (1, 'low', 'low', 10, '#6b7280', 0, 0, 0), (2, 'normal', 'normal', 20, '#2563eb', 1, 0, 0),
    (3, 'high', 'high', 30, '#d97706', 0, 0, 0), (4, 'urgent', 'urgent', 40, '#dc2626', 0, 0, 0);
-- +postgres
SELECT setval(pg_get_serial_sequence('roles', 'id'), 3), setval(pg_get_serial_sequence('groups', 'id'), 1),
       setval(pg_get_serial_sequence('states', 'id'), 10), setval(pg_get_serial_sequence('priorities', 'id'), 4);
-- +both

-- +down
DROP TABLE audit_head;
DROP TABLE audit;
-- +postgres
DROP FUNCTION audit_refuse();
DROP SEQUENCE ticket_number_seq;
-- +both
DROP TABLE idempotency;
DROP TABLE outbox;
DROP TABLE jobs;
DROP TABLE views;
DROP TABLE drafts;
DROP TABLE events;
DROP TABLE merges;
DROP TABLE ticket_tags;
DROP TABLE tags;
DROP TABLE links;
DROP TABLE watches;
DROP TABLE participants;
DROP TABLE attachments;
DROP TABLE blobs;
DROP TABLE messages;
DROP TABLE ticket_counts;
DROP TABLE tickets;
DROP TABLE field_values;
DROP TABLE fields;
DROP TABLE priorities;
DROP TABLE states;
DROP TABLE login_failures;
DROP TABLE recovery_codes;
DROP TABLE one_time_tokens;
DROP TABLE api_tokens;
DROP TABLE sessions;
DROP TABLE user_groups;
DROP TABLE role_groups;
DROP TABLE user_roles;
DROP TABLE roles;
DROP TABLE groups;
DROP TABLE user_organizations;
DROP TABLE identities;
DROP TABLE users;
DROP TABLE organization_domains;
DROP TABLE organizations;
DROP TABLE counters;
DROP TABLE settings;
