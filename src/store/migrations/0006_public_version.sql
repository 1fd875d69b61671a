-- The version of a ticket that customers are told: it grows only with what they see.

-- +up
-- +both
ALTER TABLE tickets ADD COLUMN public_version BIGINT NOT NULL DEFAULT 1;
ALTER TABLE events ADD COLUMN public_version BIGINT NOT NULL DEFAULT 1;
UPDATE tickets SET public_version = version;
UPDATE events SET public_version = ticket_version;

-- +down
-- +both
ALTER TABLE events DROP COLUMN public_version;
ALTER TABLE tickets DROP COLUMN public_version;
