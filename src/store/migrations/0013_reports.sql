-- What reports walk along by time (store/reports.h): answers of agents, tickets that are done; and open tickets.

-- +up
-- +both
CREATE INDEX messages_answers ON messages (created_us, author_id, ticket_id)
    WHERE sender = 1 AND visibility = 0 AND is_auto = 0;
CREATE INDEX tickets_open ON tickets (group_id, state_type, priority_id, created_us) WHERE state_type < 4;
CREATE INDEX tickets_closed ON tickets (last_close_us, group_id, owner_id) WHERE state_type IN (4, 5);

-- +down
-- +both
DROP INDEX tickets_closed;
DROP INDEX tickets_open;
DROP INDEX messages_answers;
