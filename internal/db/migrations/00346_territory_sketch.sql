-- +goose Up

-- Grids as somebody has drawn them and nobody has put in force yet. What is put in force is a
-- reform of the territory; the sketch only says that it was.
CREATE TABLE territory_sketch (
	id           TEXT PRIMARY KEY,
	jurisdiction TEXT NOT NULL,
	name         TEXT NOT NULL,
	version      BIGINT NOT NULL,            -- counts how often it was saved
	state        TEXT NOT NULL,              -- open, put, dropped
	changes      TEXT NOT NULL,              -- JSON: areas as they shall be
	made_by      TEXT NOT NULL,
	made_at      BIGINT NOT NULL,
	changed_by   TEXT NOT NULL,
	changed_at   BIGINT NOT NULL,
	from_at      BIGINT NOT NULL DEFAULT 0   -- from when it is in force, once it was put
);
CREATE INDEX territory_sketch_open ON territory_sketch (jurisdiction, changed_at);
