-- +up
CREATE TABLE next_release (id BIGINT PRIMARY KEY, note TEXT NOT NULL);
-- +down
DROP TABLE next_release;
