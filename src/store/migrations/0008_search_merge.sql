-- SQLite's full-text index is merged by a task while there is little else to do (store/search.h).

-- +up
-- +sqlite
INSERT INTO search_fts (search_fts, rank) VALUES ('usermerge', 2);

-- +down
-- +sqlite
INSERT INTO search_fts (search_fts, rank) VALUES ('usermerge', 4);
