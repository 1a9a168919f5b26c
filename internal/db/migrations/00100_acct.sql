-- +goose Up

-- A password that somebody else made counts until a moment and is changed before anything else (0: one's own).
ALTER TABLE person ADD COLUMN one_time_until BIGINT NOT NULL DEFAULT 0;
-- Since when somebody is kept out (0: is not).
ALTER TABLE person ADD COLUMN locked_at BIGINT NOT NULL DEFAULT 0;

-- A session is named to people by its id; addr is where it was opened; strong: a second factor was given.
ALTER TABLE session ADD COLUMN id TEXT NOT NULL DEFAULT '';
ALTER TABLE session ADD COLUMN addr TEXT NOT NULL DEFAULT '';
ALTER TABLE session ADD COLUMN strong BIGINT NOT NULL DEFAULT 0;
UPDATE session SET id = substr(token_hash, 1, 32);

-- The second factor of a person (RFC 6238). Secrets are sealed under a key outside the database.
CREATE TABLE factor (
	person_id    TEXT PRIMARY KEY,
	jurisdiction TEXT NOT NULL,
	secret       TEXT NOT NULL DEFAULT '',   -- '' until the first one is confirmed
	last_step    BIGINT NOT NULL DEFAULT 0,  -- of the last code that was accepted
	pending      TEXT NOT NULL DEFAULT '',   -- shown, not yet confirmed
	changed_at   BIGINT NOT NULL
) {clustered};

-- Codes for whoever has lost the second factor, each good once. Only hashes are kept.
CREATE TABLE recovery_code (
	person_id    TEXT NOT NULL,
	code_hash    TEXT NOT NULL,
	jurisdiction TEXT NOT NULL,
	used_at      BIGINT NOT NULL DEFAULT 0,
	PRIMARY KEY (person_id, code_hash)
) {clustered};
