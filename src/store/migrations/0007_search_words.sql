-- The words of SQLite's full-text index, once each (store/search_words.h).

-- +up
-- +sqlite
CREATE TABLE search_words (
    word TEXT NOT NULL PRIMARY KEY
) WITHOUT ROWID;
CREATE VIRTUAL TABLE search_vocabulary USING fts5vocab(search_fts, row);
INSERT INTO search_words (word) SELECT term FROM search_vocabulary WHERE substr(term, 1, 1) <> '_';
DROP TABLE search_vocabulary;

-- +down
-- +sqlite
DROP TABLE search_words;
