-- Requests that were refused stand beside the reads (desk/refused.h).

-- +up
-- +both
ALTER TABLE access_log ADD COLUMN status BIGINT NOT NULL DEFAULT 200;
ALTER TABLE access_log ADD COLUMN times BIGINT NOT NULL DEFAULT 1;

-- +down
-- +both
DELETE FROM access_log WHERE status <> 200;
ALTER TABLE access_log DROP COLUMN times;
ALTER TABLE access_log DROP COLUMN status;
