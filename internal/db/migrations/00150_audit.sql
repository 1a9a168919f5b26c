-- +goose Up

-- A leaf names the rows that its transaction wrote, each with a salted digest of the row as
-- stored; what else it says lies in said. form 1 is a leaf of before, whose hash alone is known.
ALTER TABLE audit_leaf ADD COLUMN form  BIGINT NOT NULL DEFAULT 1;
ALTER TABLE audit_leaf ADD COLUMN salt  TEXT NOT NULL DEFAULT '';
ALTER TABLE audit_leaf ADD COLUMN said  TEXT NOT NULL DEFAULT '';
ALTER TABLE audit_leaf ADD COLUMN wrote TEXT NOT NULL DEFAULT '';

-- Writers touch the first of these alone; the others are filled by the sequencer.
CREATE INDEX audit_leaf_waits   ON audit_leaf (id) WHERE seq = 0;
CREATE INDEX audit_leaf_seq     ON audit_leaf (seq) WHERE seq > 0;
CREATE INDEX audit_leaf_subject ON audit_leaf (subject, seq) WHERE seq > 0;
CREATE INDEX audit_leaf_person  ON audit_leaf (person_id, seq) WHERE seq > 0;

-- The log itself: one row, with the public half of its key and who numbers leaves now.
CREATE TABLE audit_log (
	one         BIGINT PRIMARY KEY,
	origin      TEXT NOT NULL,              -- first line of its checkpoints
	vkey        TEXT NOT NULL,
	holder      TEXT NOT NULL DEFAULT '',
	lease_until BIGINT NOT NULL DEFAULT 0
);

-- Hashes of the tree, 256 to a tile (RFC 6962; levels of eight).
CREATE TABLE audit_tile (
	level  BIGINT NOT NULL,
	n      BIGINT NOT NULL,
	hashes TEXT NOT NULL,
	PRIMARY KEY (level, n)
);

-- Signed tree heads: the last one of every hour.
CREATE TABLE audit_head (
	hour BIGINT PRIMARY KEY,
	size BIGINT NOT NULL,
	root TEXT NOT NULL,
	note TEXT NOT NULL,
	at   BIGINT NOT NULL
);
CREATE INDEX audit_head_size ON audit_head (size);

-- Verifications that somebody asked for, and what they found.
CREATE TABLE audit_check (
	id           TEXT PRIMARY KEY,
	jurisdiction TEXT NOT NULL,
	person_id    TEXT NOT NULL,
	state        TEXT NOT NULL,             -- waiting, running, done, failed
	done         BIGINT NOT NULL DEFAULT 0,
	total        BIGINT NOT NULL DEFAULT 0,
	asked_at     BIGINT NOT NULL,
	seen_at      BIGINT NOT NULL DEFAULT 0,  -- of a running one: when it was last heard of
	ended_at     BIGINT NOT NULL DEFAULT 0,
	report       TEXT NOT NULL DEFAULT ''
);
