-- Legal holds and what was erased (desk/hold.h, desk/erase.h).

-- +up
-- +both
CREATE TABLE legal_holds (
    id {{id}},
    object INTEGER NOT NULL,           -- 0 user, 1 organization, 2 ticket
    object_id BIGINT NOT NULL,
    reason TEXT NOT NULL,
    asked_by TEXT NOT NULL,            -- who wants it, in words
    created_by BIGINT REFERENCES users (id), -- NULL: the command line
    created_us BIGINT NOT NULL,
    until_us BIGINT,                   -- NULL: until it is released
    released_us BIGINT,
    released_why TEXT
);
CREATE INDEX legal_holds_active ON legal_holds (object, object_id) WHERE released_us IS NULL;
-- Tickets that a retention rule may name.
CREATE INDEX tickets_done ON tickets (updated_us, id) WHERE state_type IN (5, 7, 8);
-- What undoing a merge of people names, when a ticket goes for good.
CREATE INDEX user_merge_rows_of_ticket ON user_merge_rows (ticket_id) WHERE ticket_id IS NOT NULL;
CREATE INDEX user_merge_rows_row ON user_merge_rows (row_id) WHERE kind IN (5, 6, 9);

-- +down
-- +both
DROP INDEX user_merge_rows_row;
DROP INDEX user_merge_rows_of_ticket;
DROP INDEX tickets_done;
DROP TABLE legal_holds;
