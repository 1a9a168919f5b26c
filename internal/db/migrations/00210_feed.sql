-- +goose Up

-- What came in from a platform above, a partner's system or a mailbox, once by the number it has there.
CREATE TABLE feed_item (
	jurisdiction TEXT NOT NULL,
	source       TEXT NOT NULL,             -- name of the mapping
	foreign_id   TEXT NOT NULL,             -- its number there
	case_id      TEXT NOT NULL DEFAULT '',  -- '' while it is being opened
	digest       TEXT NOT NULL DEFAULT '',  -- JSON: keyed hashes of what was told, part by part
	withdrawn    BIGINT NOT NULL DEFAULT 0, -- 1: taken back there
	first_at     BIGINT NOT NULL,
	seen_at      BIGINT NOT NULL,
	answered_at  BIGINT NOT NULL DEFAULT 0, -- the last answer that was exported
	PRIMARY KEY (jurisdiction, source, foreign_id)
) {clustered};
CREATE INDEX feed_item_case ON feed_item (case_id);

-- Imports and exports, with what became of each line.
CREATE TABLE feed_run (
	id           TEXT PRIMARY KEY,
	jurisdiction TEXT NOT NULL,
	source       TEXT NOT NULL,
	kind         TEXT NOT NULL,             -- check, import, history, export
	person_id    TEXT NOT NULL DEFAULT '',  -- '' is the command line, or another system
	state        TEXT NOT NULL,             -- running, done, failed
	done         BIGINT NOT NULL DEFAULT 0,
	total        BIGINT NOT NULL DEFAULT 0,
	report       TEXT NOT NULL DEFAULT '',  -- JSON: counts, and lines by number; nothing personal
	began_at     BIGINT NOT NULL,
	moved_at     BIGINT NOT NULL
) {clustered};
CREATE INDEX feed_run_source ON feed_run (jurisdiction, source, began_at);

-- Which answers an export held, so that it can be made again.
CREATE TABLE feed_answer (
	run_id     TEXT NOT NULL,
	foreign_id TEXT NOT NULL,
	case_id    TEXT NOT NULL,
	answered_at BIGINT NOT NULL,
	PRIMARY KEY (run_id, foreign_id)
) {clustered};
