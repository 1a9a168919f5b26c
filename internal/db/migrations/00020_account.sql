-- +goose Up

-- Somebody who works here, or whom a case knows. An empty login cannot log in.
CREATE TABLE person (
	id            TEXT PRIMARY KEY,
	jurisdiction  TEXT NOT NULL,
	name          TEXT NOT NULL,
	login         TEXT NOT NULL,
	password_hash TEXT NOT NULL,
	nature        TEXT NOT NULL,
	locale        TEXT NOT NULL,
	created_at    BIGINT NOT NULL,
	ended_at      BIGINT NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX person_login ON person (login) WHERE login <> '';
CREATE INDEX person_jurisdiction ON person (jurisdiction, name, id);

-- A role that a person has in a unit, over an area, from a day until another (0: open).
CREATE TABLE post (
	id           TEXT PRIMARY KEY,
	jurisdiction TEXT NOT NULL,
	person_id    TEXT NOT NULL REFERENCES person (id),
	role         TEXT NOT NULL,
	unit_id      TEXT NOT NULL,
	area_id      TEXT NOT NULL,
	area_level   BIGINT NOT NULL,
	seat         TEXT NOT NULL,
	valid_from   BIGINT NOT NULL,
	valid_until  BIGINT NOT NULL
);
CREATE INDEX post_person ON post (person_id);
CREATE INDEX post_area ON post (jurisdiction, role, area_id);
CREATE INDEX post_unit ON post (jurisdiction, role, unit_id);

-- Somebody acts in the post of an absent colleague.
CREATE TABLE delegation (
	id           TEXT PRIMARY KEY,
	jurisdiction TEXT NOT NULL,
	post_id      TEXT NOT NULL REFERENCES post (id),
	from_person  TEXT NOT NULL REFERENCES person (id),
	to_person    TEXT NOT NULL REFERENCES person (id),
	valid_from   BIGINT NOT NULL,
	valid_until  BIGINT NOT NULL,
	recorded_by  TEXT NOT NULL,
	recorded_at  BIGINT NOT NULL
);
CREATE INDEX delegation_to ON delegation (to_person);
CREATE INDEX delegation_post ON delegation (post_id);

-- Who is logged in. Only a hash of the token is kept.
CREATE TABLE session (
	token_hash TEXT PRIMARY KEY,
	person_id  TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	seen_at    BIGINT NOT NULL,
	expires_at BIGINT NOT NULL,
	user_agent TEXT NOT NULL
) {clustered};
CREATE INDEX session_person ON session (person_id);

-- Failed log-ins, counted by a hash of the login and of the address they came from.
CREATE TABLE login_attempt (
	source   TEXT PRIMARY KEY,
	failures BIGINT NOT NULL,
	last_at  BIGINT NOT NULL
) {clustered};
CREATE INDEX login_attempt_last ON login_attempt (last_at);
