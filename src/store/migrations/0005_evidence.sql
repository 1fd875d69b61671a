-- What was proved and when: backups, drills, checks (store/evidence.h).

-- +up
-- +both
CREATE TABLE evidence (
    id {{id}},
    kind TEXT NOT NULL,                -- "backup", "drill": desk/evidence.h
    at_us BIGINT NOT NULL,
    ok INTEGER NOT NULL,
    version TEXT NOT NULL,             -- of the program that recorded it
    summary TEXT NOT NULL,             -- one line for people
    figures TEXT NOT NULL              -- a JSON object
);
CREATE INDEX evidence_kind ON evidence (kind, id);

-- +down
-- +both
DROP TABLE evidence;
