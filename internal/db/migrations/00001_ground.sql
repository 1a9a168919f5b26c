-- +goose Up

-- A county or city that owns overlay, calendar, numbering and retention.
CREATE TABLE jurisdiction (
	id         TEXT PRIMARY KEY,
	code       TEXT NOT NULL UNIQUE,
	name       TEXT NOT NULL,
	nature     TEXT NOT NULL,
	settings   TEXT NOT NULL DEFAULT '{}',
	created_at BIGINT NOT NULL
);

-- Keys of requests that were carried out, with a hash of the body and what was answered.
CREATE TABLE idempotency (
	person_id  TEXT NOT NULL,
	route      TEXT NOT NULL,
	key        TEXT NOT NULL,
	body_hash  TEXT NOT NULL,
	subject    TEXT NOT NULL,
	at         BIGINT NOT NULL,
	PRIMARY KEY (person_id, route, key)
) {clustered};

-- One leaf for every change. seq stays 0 until the sequencer of the log numbers it.
CREATE TABLE audit_leaf (
	id           TEXT PRIMARY KEY,
	jurisdiction TEXT NOT NULL,
	subject      TEXT NOT NULL,
	act          TEXT NOT NULL,
	person_id    TEXT NOT NULL,
	at           BIGINT NOT NULL,
	hash         TEXT NOT NULL,
	seq          BIGINT NOT NULL DEFAULT 0
) {clustered};

-- Numbers handed out in blocks; gaps are allowed.
CREATE TABLE number_block (
	jurisdiction TEXT NOT NULL,
	name         TEXT NOT NULL,
	next         BIGINT NOT NULL,
	PRIMARY KEY (jurisdiction, name)
);
