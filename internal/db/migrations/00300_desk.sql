-- +goose Up

-- A cut of the queues that somebody comes back to, under a name of their own.
CREATE TABLE saved_view (
	id           TEXT PRIMARY KEY,
	jurisdiction TEXT NOT NULL,
	person_id    TEXT NOT NULL REFERENCES person (id),
	name         TEXT NOT NULL,
	query        TEXT NOT NULL,  -- JSON: the parameters of a list of cases
	made_at      BIGINT NOT NULL
);
CREATE UNIQUE INDEX saved_view_name ON saved_view (person_id, name);
