-- +goose Up

-- What people are to be told: one row for each notice, with how far its chain has come.
CREATE TABLE notice (
	id           TEXT PRIMARY KEY,
	jurisdiction TEXT NOT NULL,
	case_id      TEXT NOT NULL DEFAULT '',   -- '' for a digest
	body         TEXT NOT NULL,
	people       TEXT NOT NULL,              -- whose turn it is, JSON
	asks         BIGINT NOT NULL,            -- 1: goes on until somebody acknowledges
	stage        BIGINT NOT NULL,            -- channels of the fallback order already tried
	round        BIGINT NOT NULL DEFAULT 0,  -- how often the turn has passed on
	wait_ms      BIGINT NOT NULL,            -- between two stages
	made_at      BIGINT NOT NULL,
	ended_at     BIGINT NOT NULL DEFAULT 0,  -- 0: the chain still runs
	ending       TEXT NOT NULL DEFAULT '',   -- told, acknowledged, exhausted
	ended_by     TEXT NOT NULL DEFAULT ''
) {clustered};
CREATE INDEX notice_asks ON notice (case_id) WHERE ended_at = 0;

-- One try to reach one person, or one group, over one channel. Its id is the key under which
-- the channel gets it, however often it is sent.
CREATE TABLE delivery (
	id           TEXT PRIMARY KEY,
	jurisdiction TEXT NOT NULL,
	notice_id    TEXT NOT NULL,
	case_id      TEXT NOT NULL DEFAULT '',
	person_id    TEXT NOT NULL,              -- '' for a channel that many share
	channel      TEXT NOT NULL,
	line         TEXT NOT NULL,              -- the configured line; its limits hold for all that use it
	calm         BIGINT NOT NULL,            -- 1: lets what wakes go first
	state        TEXT NOT NULL,              -- waiting, sent, delivered, read, failed, dead, void
	why          TEXT NOT NULL DEFAULT '',   -- code of the last failure
	ref          TEXT NOT NULL DEFAULT '',   -- the other side's name for it
	due_at       BIGINT NOT NULL,
	attempts     BIGINT NOT NULL DEFAULT 0,
	lease_until  BIGINT NOT NULL DEFAULT 0,
	tried_at     BIGINT NOT NULL DEFAULT 0,
	made_at      BIGINT NOT NULL,
	changed_at   BIGINT NOT NULL
) {clustered};
CREATE UNIQUE INDEX delivery_once ON delivery (notice_id, person_id, channel);
CREATE INDEX delivery_line ON delivery (line, calm, due_at, id) WHERE state = 'waiting' AND channel <> 'digest';
CREATE INDEX delivery_waits ON delivery (case_id, person_id) WHERE state = 'waiting';
CREATE INDEX delivery_tried ON delivery (line, tried_at);
CREATE INDEX delivery_all ON delivery (jurisdiction, id);
CREATE INDEX delivery_case ON delivery (jurisdiction, case_id, id) WHERE case_id <> '';
CREATE INDEX delivery_lost ON delivery (jurisdiction, id) WHERE state IN ('failed', 'dead');
CREATE INDEX delivery_ref ON delivery (line, ref) WHERE ref <> '';
CREATE INDEX delivery_digest ON delivery (person_id, due_at) WHERE state = 'waiting' AND channel = 'digest';

-- What a person finds in the program itself.
CREATE TABLE inbox_note (
	id           TEXT PRIMARY KEY,           -- that of the delivery
	jurisdiction TEXT NOT NULL,
	person_id    TEXT NOT NULL,
	notice_id    TEXT NOT NULL,
	case_id      TEXT NOT NULL DEFAULT '',
	number       TEXT NOT NULL,
	event        TEXT NOT NULL,
	severity     BIGINT NOT NULL,
	due_at       BIGINT NOT NULL,
	text         TEXT NOT NULL,
	made_at      BIGINT NOT NULL,
	read_at      BIGINT NOT NULL DEFAULT 0
) {clustered};
CREATE INDEX inbox_note_person ON inbox_note (person_id, id);
CREATE INDEX inbox_note_unread ON inbox_note (person_id, id) WHERE read_at = 0;

-- Somebody is to be telephoned by the clerk on duty.
CREATE TABLE call_task (
	id           TEXT PRIMARY KEY,           -- that of the delivery
	jurisdiction TEXT NOT NULL,
	notice_id    TEXT NOT NULL,
	case_id      TEXT NOT NULL DEFAULT '',
	person_id    TEXT NOT NULL,              -- whom to telephone; the number is looked up when the list is read
	number       TEXT NOT NULL,
	severity     BIGINT NOT NULL,
	due_at       BIGINT NOT NULL,
	text         TEXT NOT NULL,
	state        TEXT NOT NULL,              -- open, reached, missed, void
	made_at      BIGINT NOT NULL,
	done_at      BIGINT NOT NULL DEFAULT 0,
	done_by      TEXT NOT NULL DEFAULT ''
) {clustered};
CREATE INDEX call_task_open ON call_task (jurisdiction, id) WHERE state = 'open';
CREATE INDEX call_task_notice ON call_task (notice_id);
