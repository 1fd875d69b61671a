-- What customers are told of a ticket leaves out what is internal; groups that they may choose.

-- +up
-- +both
ALTER TABLE tickets ADD COLUMN public_attachment_count BIGINT NOT NULL DEFAULT 0;
ALTER TABLE tickets ADD COLUMN public_updated_us BIGINT NOT NULL DEFAULT 0; -- when customers saw a change last
ALTER TABLE groups ADD COLUMN customers_may_choose INTEGER NOT NULL DEFAULT 0;
UPDATE tickets SET
    public_attachment_count = (SELECT COALESCE(sum(m.attachment_count), 0) FROM messages m
        WHERE m.ticket_id = tickets.id AND m.visibility = 0),
    public_updated_us = COALESCE((SELECT max(m.created_us) FROM messages m
        WHERE m.ticket_id = tickets.id AND m.visibility = 0), created_us);

-- +down
-- +both
ALTER TABLE groups DROP COLUMN customers_may_choose;
ALTER TABLE tickets DROP COLUMN public_updated_us;
ALTER TABLE tickets DROP COLUMN public_attachment_count;
