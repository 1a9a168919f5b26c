-- +goose Up

-- What may be found of each case. seq sorts by when it was opened; nothing personal is here.
CREATE TABLE search_entry (
{sqlite}	seq          INTEGER PRIMARY KEY,
{postgres}	seq          BIGINT PRIMARY KEY,
	case_id      TEXT NOT NULL,
	jurisdiction TEXT NOT NULL,
	text         TEXT NOT NULL               -- one line for each thing said
);
CREATE UNIQUE INDEX search_entry_case ON search_entry (case_id);
-- Pairs of characters and words of each entry.
{postgres}CREATE TABLE search_gram (seq BIGINT PRIMARY KEY, grams TSVECTOR NOT NULL);
{postgres}CREATE INDEX search_gram_grams ON search_gram USING gin (grams);
{sqlite}CREATE VIRTUAL TABLE search_gram USING fts5(grams, content='', contentless_delete=1, detail=none, tokenize='ascii');

-- Cases whose entry is to be written anew: a row for each move since.
CREATE TABLE search_pending (
	id           TEXT PRIMARY KEY,
	case_id      TEXT NOT NULL,
	jurisdiction TEXT NOT NULL
) {clustered};
INSERT INTO search_pending (id, case_id, jurisdiction) SELECT id, id, jurisdiction FROM cases;
