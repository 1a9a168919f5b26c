-- +goose Up

-- The master keys that data keys are wrapped by. The keys themselves lie outside the database.
CREATE TABLE master_key (
	id         TEXT PRIMARY KEY,             -- fingerprint of the key
	made_at    BIGINT NOT NULL,
	retired_at BIGINT NOT NULL DEFAULT 0     -- nothing is wrapped by it any more
);

-- A data key opens what one subject has in one compartment. Erasing it leaves the row, empty.
CREATE TABLE data_key (
	id           TEXT PRIMARY KEY,
	jurisdiction TEXT NOT NULL,
	subject      TEXT NOT NULL,              -- person/ID, case/ID, record/ID, group/ID
	compartment  TEXT NOT NULL,
	master_id    TEXT NOT NULL,
	wrapped      TEXT NOT NULL,              -- '' once erased
	made_at      BIGINT NOT NULL,
	erased_at    BIGINT NOT NULL DEFAULT 0
) {clustered};
CREATE UNIQUE INDEX data_key_one ON data_key (subject, compartment) WHERE wrapped <> '';

-- The hash by which equal values are found without being opened; '' for most.
ALTER TABLE payload ADD COLUMN lookup TEXT NOT NULL DEFAULT '';
CREATE INDEX payload_lookup ON payload (lookup) WHERE lookup <> '';
CREATE INDEX payload_key ON payload (key_id) WHERE body <> '';

ALTER TABLE contact ADD COLUMN key_id TEXT NOT NULL DEFAULT '';
ALTER TABLE notice_group ADD COLUMN key_id TEXT NOT NULL DEFAULT '';
ALTER TABLE revision ADD COLUMN key_id TEXT NOT NULL DEFAULT '';

-- What was kept in clear before is found by these, and sealed at the next start.
CREATE INDEX payload_clear ON payload (case_id) WHERE key_id = '' AND body <> '';
CREATE INDEX revision_clear ON revision (record_id) WHERE key_id = '' AND personal <> '{}';

-- Of a signal it is kept that it came and what became of it; a case keeps the values it needs.
UPDATE signal_inbox SET data = '[]';
UPDATE outbox SET body = '{}' WHERE state = 'done' AND topic = 'case.act' AND body LIKE '%"signal":%';

-- Who read what was masked, why and when. Never changed.
CREATE TABLE reading (
	id           TEXT PRIMARY KEY,
	jurisdiction TEXT NOT NULL,
	subject      TEXT NOT NULL,              -- whose it is: person/ID, or case/ID of somebody without an account
	case_id      TEXT NOT NULL DEFAULT '',
	what         TEXT NOT NULL,              -- names of the fields or files, JSON
	purpose      TEXT NOT NULL,
	person_id    TEXT NOT NULL,              -- who read
	post_id      TEXT NOT NULL DEFAULT '',
	at           BIGINT NOT NULL
) {clustered};
CREATE INDEX reading_subject ON reading (subject, id);
CREATE INDEX reading_case ON reading (case_id, id) WHERE case_id <> '';
CREATE INDEX reading_person ON reading (person_id, at);

-- What was erased, under which rule: the tombstone of values that are no more. Never changed.
CREATE TABLE erasure (
	id           TEXT PRIMARY KEY,
	jurisdiction TEXT NOT NULL,
	subject      TEXT NOT NULL,              -- case/ID, record/ID, person/ID
	names        TEXT NOT NULL,              -- of fields and files, JSON
	payloads     TEXT NOT NULL,              -- their rows, JSON
	keys         TEXT NOT NULL,              -- data keys that were destroyed, JSON
	rule         TEXT NOT NULL,              -- as the pack or overlay writes it, or request
	cause        TEXT NOT NULL DEFAULT '',   -- the case that asked for it
	person_id    TEXT NOT NULL DEFAULT '',   -- '' is the retention job
	at           BIGINT NOT NULL
) {clustered};
CREATE INDEX erasure_subject ON erasure (subject);
CREATE INDEX erasure_jurisdiction ON erasure (jurisdiction, id);

-- One round of the retention job.
CREATE TABLE retention_run (
	id           TEXT PRIMARY KEY,
	jurisdiction TEXT NOT NULL,
	looked       BIGINT NOT NULL,            -- closed cases with personal values
	erased       BIGINT NOT NULL,            -- values
	past         BIGINT NOT NULL,            -- cases kept longer than their own rule says
	began_at     BIGINT NOT NULL,
	ended_at     BIGINT NOT NULL
) {clustered};
CREATE INDEX retention_run_jurisdiction ON retention_run (jurisdiction, id);

-- Cases that no classifier may learn from, though their class allows it.
CREATE TABLE untrainable (
	case_id      TEXT PRIMARY KEY,
	jurisdiction TEXT NOT NULL,
	why          TEXT NOT NULL,              -- minor
	at           BIGINT NOT NULL
) {clustered};
