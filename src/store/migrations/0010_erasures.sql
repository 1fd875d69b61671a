-- Who was erased (desk/erase.h): ids only.

-- +up
-- +both
CREATE TABLE erasures (
    user_id BIGINT NOT NULL PRIMARY KEY REFERENCES users (id),
    user_created_us BIGINT NOT NULL,
    at_us BIGINT NOT NULL
);

-- +down
-- +both
DROP TABLE erasures;
