-- +goose Up

-- What lets somebody without an account follow a case: only a hash of the code is kept.
CREATE TABLE query_code (
	code_hash    TEXT PRIMARY KEY,
	jurisdiction TEXT NOT NULL,
	case_id      TEXT NOT NULL,
	reporter_id  TEXT NOT NULL,             -- as whom its holder acts on that case, and on no other
	made_at      BIGINT NOT NULL
) {clustered};
CREATE INDEX query_code_case ON query_code (case_id);

-- How often something was asked, by a hash of the address or code it was asked from.
CREATE TABLE intake_rate (
	source   TEXT PRIMARY KEY,
	began_at BIGINT NOT NULL,
	n        BIGINT NOT NULL
) {clustered};
CREATE INDEX intake_rate_began ON intake_rate (began_at);

-- Challenges that were answered, so that none is answered twice; kept until they expire.
CREATE TABLE challenge_spent (
	nonce      TEXT PRIMARY KEY,
	used_for   TEXT NOT NULL,               -- the report it let through; '' for none: the answer was wrong
	expires_at BIGINT NOT NULL
) {clustered};
CREATE INDEX challenge_spent_expires ON challenge_spent (expires_at);
