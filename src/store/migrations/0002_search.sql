-- The full-text index (store/search.h).

-- +up
-- +sqlite
CREATE VIRTUAL TABLE search_fts USING fts5 (
    head, body, content = '', columnsize = 0, prefix = '2 3',
    tokenize = "ascii tokenchars '_'"
);
CREATE TABLE search_docs (
    message_id INTEGER NOT NULL PRIMARY KEY REFERENCES messages (id),
    ticket_id BIGINT NOT NULL REFERENCES tickets (id),
    group_id BIGINT NOT NULL,
    internal INTEGER NOT NULL,
    head TEXT NOT NULL                 -- as indexed, to be able to take it out again
);
-- +postgres
CREATE TABLE search_docs (
    message_id BIGINT NOT NULL PRIMARY KEY REFERENCES messages (id),
    ticket_id BIGINT NOT NULL REFERENCES tickets (id),
    group_id BIGINT NOT NULL,
    internal INTEGER NOT NULL,
    doc tsvector NOT NULL
);
CREATE INDEX search_docs_doc ON search_docs USING gin (doc);
-- +both
CREATE INDEX search_docs_ticket ON search_docs (ticket_id, message_id);
-- The words of people's names behind the first one, so that "smith" finds Ann Smith.
CREATE TABLE user_words (
    word TEXT {{c}} NOT NULL,
    user_id BIGINT NOT NULL REFERENCES users (id),
    PRIMARY KEY (word, user_id)
);
CREATE INDEX user_words_user ON user_words (user_id);

-- +down
DROP TABLE user_words;
DROP TABLE search_docs;
-- +sqlite
DROP TABLE search_fts;
