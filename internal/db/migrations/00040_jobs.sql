-- +goose Up

-- Durable timers: one row for each thing that waits, however many moments it has.
CREATE TABLE timer (
	kind         TEXT NOT NULL,
	ref          TEXT NOT NULL,
	jurisdiction TEXT NOT NULL,
	due_at       BIGINT NOT NULL,
	attempts     BIGINT NOT NULL DEFAULT 0,
	lease_until  BIGINT NOT NULL DEFAULT 0,
	error        TEXT NOT NULL DEFAULT '',
	PRIMARY KEY (kind, ref)
) {clustered};
CREATE INDEX timer_due ON timer (due_at);

-- What leaves the building, or must be done after the commit.
CREATE TABLE outbox (
	id           TEXT PRIMARY KEY,          -- also the key under which it is delivered
	jurisdiction TEXT NOT NULL,
	topic        TEXT NOT NULL,
	subject      TEXT NOT NULL,             -- "case/ID"
	body         TEXT NOT NULL,
	due_at       BIGINT NOT NULL,
	state        TEXT NOT NULL,             -- waiting, done, dead
	attempts     BIGINT NOT NULL DEFAULT 0,
	lease_until  BIGINT NOT NULL DEFAULT 0,
	error        TEXT NOT NULL DEFAULT '',
	made_at      BIGINT NOT NULL,
	done_at      BIGINT NOT NULL DEFAULT 0
) {clustered};
CREATE INDEX outbox_due ON outbox (due_at, id) WHERE state = 'waiting';
CREATE INDEX outbox_subject ON outbox (subject);
CREATE INDEX outbox_dead ON outbox (jurisdiction, id) WHERE state = 'dead';
