-- Who read what (store/access.h), where ACCESS_LOG is on.

-- +up
-- +both
CREATE TABLE access_log (
    id {{id}},
    at_us BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    address TEXT NOT NULL,
    request_id TEXT NOT NULL,
    op TEXT NOT NULL,
    object TEXT NOT NULL
);
CREATE INDEX access_log_time ON access_log (at_us, id);
CREATE INDEX access_log_user ON access_log (user_id, id);

-- +down
-- +both
DROP TABLE access_log;
