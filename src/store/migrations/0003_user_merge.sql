-- Merging people (store/user_merges.h).

-- +up
ALTER TABLE users ADD COLUMN merged_into_id BIGINT; -- who took over the addresses and tickets
CREATE TABLE user_merges (
    id {{id}},
    source_id BIGINT NOT NULL REFERENCES users (id),
    target_id BIGINT NOT NULL REFERENCES users (id),
    before_json TEXT NOT NULL,         -- of the two rows: what undoing needs
    merged_by BIGINT REFERENCES users (id),
    merged_us BIGINT NOT NULL,
    undone_us BIGINT
);
CREATE INDEX user_merges_source ON user_merges (source_id, id);
CREATE INDEX user_merges_target ON user_merges (target_id, id);
-- Each row that moved. kind: enum merge_part
CREATE TABLE user_merge_rows (
    merge_id BIGINT NOT NULL REFERENCES user_merges (id),
    kind INTEGER NOT NULL,
    row_id BIGINT NOT NULL,
    ticket_id BIGINT,                  -- the ticket whose search documents name the person
    n BIGINT NOT NULL DEFAULT 0,       -- what stood in the row beside the person
    since_us BIGINT,
    PRIMARY KEY (merge_id, kind, row_id)
);
CREATE INDEX user_merge_rows_ticket ON user_merge_rows (merge_id, ticket_id) WHERE ticket_id IS NOT NULL;
CREATE INDEX messages_on_behalf ON messages (on_behalf_id) WHERE on_behalf_id IS NOT NULL;

-- +down
DROP INDEX messages_on_behalf;
DROP TABLE user_merge_rows;
DROP TABLE user_merges;
ALTER TABLE users DROP COLUMN merged_into_id;
