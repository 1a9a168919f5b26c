-- +goose Up

-- The stories that came with a pack. They decide nothing, so that they may change without a new
-- version of it: the last ones that came are kept.
CREATE TABLE pack_stories (
	hash    TEXT PRIMARY KEY,              -- of the version of the pack
	content TEXT NOT NULL                  -- JSON: text by path
);

-- The last run of a pack's stories.
CREATE TABLE pack_story_run (
	jurisdiction TEXT NOT NULL,
	name         TEXT NOT NULL,
	hash         TEXT NOT NULL,
	version      TEXT NOT NULL,
	person_id    TEXT NOT NULL,
	state        TEXT NOT NULL,            -- running, done
	started_at   BIGINT NOT NULL,
	changed_at   BIGINT NOT NULL,
	results      TEXT NOT NULL,            -- JSON: how each story went
	total        BIGINT NOT NULL,
	PRIMARY KEY (jurisdiction, name)
);
