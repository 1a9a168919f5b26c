-- +goose Up

-- Packs and overlays as they were loaded; a case keeps the hashes it was opened under.
CREATE TABLE pack_version (
	hash      TEXT PRIMARY KEY,
	name      TEXT NOT NULL,
	version   TEXT NOT NULL,
	format    BIGINT NOT NULL,
	content   TEXT NOT NULL,
	loaded_at BIGINT NOT NULL
);
CREATE TABLE pack_overlay (
	hash         TEXT PRIMARY KEY,
	jurisdiction TEXT NOT NULL,
	name         TEXT NOT NULL,
	content      TEXT NOT NULL,
	loaded_at    BIGINT NOT NULL
);
-- Which version new cases are opened under, with its history.
CREATE TABLE pack_in_force (
	jurisdiction TEXT NOT NULL,
	name         TEXT NOT NULL,
	from_at      BIGINT NOT NULL,
	pack_hash    TEXT NOT NULL,
	overlay_hash TEXT NOT NULL DEFAULT '',
	person_id    TEXT NOT NULL DEFAULT '',
	PRIMARY KEY (jurisdiction, name, from_at)
) {clustered};

-- The current row of every case: what its moves add up to.
CREATE TABLE cases (
	id            TEXT PRIMARY KEY,
	jurisdiction  TEXT NOT NULL,
	number        TEXT NOT NULL,
	kind          TEXT NOT NULL,               -- case, task
	nature        TEXT NOT NULL,               -- real, exercise, sample
	root_id       TEXT NOT NULL,
	parent_id     TEXT NOT NULL DEFAULT '',
	part          TEXT NOT NULL DEFAULT '',
	part_round    BIGINT NOT NULL DEFAULT 0,
	item_key      TEXT NOT NULL DEFAULT '',
	depth         BIGINT NOT NULL DEFAULT 0,
	pack          TEXT NOT NULL,
	pack_hash     TEXT NOT NULL,
	overlay_hash  TEXT NOT NULL DEFAULT '',
	scheme        TEXT NOT NULL,
	class         TEXT NOT NULL,
	life          TEXT NOT NULL,
	severity      TEXT NOT NULL DEFAULT '',
	step          TEXT NOT NULL,
	phase         TEXT NOT NULL,
	outcome       TEXT NOT NULL DEFAULT '',
	version       BIGINT NOT NULL,             -- changes of step
	moves         BIGINT NOT NULL,             -- moves so far
	channel       TEXT NOT NULL,
	reporter_id   TEXT NOT NULL DEFAULT '',
	entered_by    TEXT NOT NULL DEFAULT '',
	title         TEXT NOT NULL,
	unit_id       TEXT NOT NULL DEFAULT '',    -- who leads now
	assignee_id   TEXT NOT NULL DEFAULT '',
	queue         TEXT NOT NULL DEFAULT '',    -- why nobody in particular has it: a named queue
	area_id       TEXT NOT NULL DEFAULT '',
	province_id   TEXT NOT NULL DEFAULT '',
	city_id       TEXT NOT NULL DEFAULT '',
	county_id     TEXT NOT NULL DEFAULT '',
	township_id   TEXT NOT NULL DEFAULT '',
	village_id    TEXT NOT NULL DEFAULT '',
	grid_id       TEXT NOT NULL DEFAULT '',
	micro_id      TEXT NOT NULL DEFAULT '',
	lon_e7        BIGINT NOT NULL DEFAULT 0,   -- WGS-84, ten-millionths of a degree
	lat_e7        BIGINT NOT NULL DEFAULT 0,
	happened_at   BIGINT NOT NULL,             -- first submission; before opened_at when filed afterwards
	opened_at     BIGINT NOT NULL,
	entered_at    BIGINT NOT NULL,             -- into the step
	due_at        BIGINT NOT NULL,             -- the least of the running clocks; far future without one
	closed_at     BIGINT NOT NULL DEFAULT 0,
	suspended     BIGINT NOT NULL DEFAULT 0,   -- until when; 0: not
	returns       BIGINT NOT NULL DEFAULT 0,
	reopens       BIGINT NOT NULL DEFAULT 0,
	extensions    BIGINT NOT NULL DEFAULT 0,
	urges         BIGINT NOT NULL DEFAULT 0,
	supervised    BIGINT NOT NULL DEFAULT 0,
	designated    BIGINT NOT NULL DEFAULT 0,
	merged_into   TEXT NOT NULL DEFAULT '',
	about_kind    TEXT NOT NULL DEFAULT '',
	about_id      TEXT NOT NULL DEFAULT '',
	about_rev     TEXT NOT NULL DEFAULT '',
	fields        TEXT NOT NULL DEFAULT '{}'   -- values that are not personal
);
CREATE UNIQUE INDEX cases_number ON cases (jurisdiction, number) WHERE parent_id = '';
CREATE INDEX cases_parts ON cases (parent_id, part, item_key) WHERE parent_id <> '';
CREATE INDEX cases_county   ON cases (jurisdiction, county_id, due_at, id)   WHERE phase <> 'closed';
CREATE INDEX cases_township ON cases (jurisdiction, township_id, due_at, id) WHERE phase <> 'closed';
CREATE INDEX cases_village  ON cases (jurisdiction, village_id, due_at, id)  WHERE phase <> 'closed';
CREATE INDEX cases_grid     ON cases (jurisdiction, grid_id, due_at, id)     WHERE phase <> 'closed' AND grid_id <> '';
CREATE INDEX cases_micro    ON cases (jurisdiction, micro_id, due_at, id)    WHERE phase <> 'closed' AND micro_id <> '';

-- What happened, in order. Never changed.
CREATE TABLE move (
	case_id      TEXT NOT NULL,
	id           TEXT NOT NULL,
	jurisdiction TEXT NOT NULL,
	root_id      TEXT NOT NULL,
	action       TEXT NOT NULL,
	from_step    TEXT NOT NULL,
	to_step      TEXT NOT NULL,
	outcome      TEXT NOT NULL DEFAULT '',
	person_id    TEXT NOT NULL DEFAULT '',  -- '' is the system
	post_id      TEXT NOT NULL DEFAULT '',
	unit_id      TEXT NOT NULL DEFAULT '',
	role         TEXT NOT NULL DEFAULT '',
	helper_id    TEXT NOT NULL DEFAULT '',
	at           BIGINT NOT NULL,
	device_at    BIGINT NOT NULL DEFAULT 0,
	cause        TEXT NOT NULL DEFAULT '',  -- the move, trigger or signal that brought it about
	done         BIGINT NOT NULL DEFAULT 1, -- 0: an automatic action whose conditions failed
	reason       TEXT NOT NULL DEFAULT '',
	data         TEXT NOT NULL DEFAULT '{}',
	PRIMARY KEY (case_id, id)
) {clustered};
CREATE INDEX move_root ON move (root_id, action);

-- Values that belong to somebody: by subject and compartment, so that one key opens them.
CREATE TABLE payload (
	case_id      TEXT NOT NULL,
	name         TEXT NOT NULL,
	id           TEXT NOT NULL,
	jurisdiction TEXT NOT NULL,
	subject      TEXT NOT NULL,
	compartment  TEXT NOT NULL,
	key_id       TEXT NOT NULL DEFAULT '',
	move_id      TEXT NOT NULL,
	body         TEXT NOT NULL,
	PRIMARY KEY (case_id, name, id)
) {clustered};

CREATE TABLE participant (
	case_id      TEXT NOT NULL,
	id           TEXT NOT NULL,
	jurisdiction TEXT NOT NULL,
	seat         TEXT NOT NULL,
	kind         TEXT NOT NULL,             -- person, post, unit, party
	subject      TEXT NOT NULL,
	state        TEXT NOT NULL,             -- offered, held, left, refused
	from_at      BIGINT NOT NULL,
	until_at     BIGINT NOT NULL DEFAULT 0,
	due_at       BIGINT NOT NULL DEFAULT 0, -- an offer lapses then
	move_id      TEXT NOT NULL,
	why          TEXT NOT NULL DEFAULT '',  -- how the holder was found
	PRIMARY KEY (case_id, id)
) {clustered};
CREATE TABLE representative (
	id           TEXT PRIMARY KEY,
	jurisdiction TEXT NOT NULL,
	case_id      TEXT NOT NULL,
	participant  TEXT NOT NULL,
	person_id    TEXT NOT NULL,
	mandate      TEXT NOT NULL,
	from_at      BIGINT NOT NULL,
	until_at     BIGINT NOT NULL DEFAULT 0
);

-- Whom a case concerns by itself, wherever it lies: reporter, holders of seats, units.
CREATE TABLE involved (
	subject      TEXT NOT NULL,
	case_id      TEXT NOT NULL,
	jurisdiction TEXT NOT NULL,
	open         BIGINT NOT NULL,
	due_at       BIGINT NOT NULL,
	PRIMARY KEY (case_id, subject)
) {clustered};
CREATE INDEX involved_queue ON involved (subject, open, due_at, case_id);

CREATE TABLE clock (
	case_id      TEXT NOT NULL,
	name         TEXT NOT NULL,
	jurisdiction TEXT NOT NULL,
	state        TEXT NOT NULL,             -- running, paused, stopped
	from_at      BIGINT NOT NULL,
	due_at       BIGINT NOT NULL,
	until_at     BIGINT NOT NULL DEFAULT 0, -- when it stopped
	paused_at    BIGINT NOT NULL DEFAULT 0,
	limit_text   TEXT NOT NULL,
	hours        TEXT NOT NULL,
	extended     TEXT NOT NULL DEFAULT '',
	provisional  BIGINT NOT NULL DEFAULT 0,
	marks        BIGINT NOT NULL DEFAULT 0, -- marks fired so far
	next_at      BIGINT NOT NULL DEFAULT 0, -- next mark
	rule         TEXT NOT NULL,             -- hash of what the clock was computed by
	why          TEXT NOT NULL,
	PRIMARY KEY (case_id, name)
) {clustered};
CREATE TABLE clock_span (
	case_id  TEXT NOT NULL,
	clock    TEXT NOT NULL,
	id       TEXT NOT NULL,
	from_at  BIGINT NOT NULL,
	until_at BIGINT NOT NULL DEFAULT 0,
	reason   TEXT NOT NULL,
	PRIMARY KEY (case_id, clock, id)
) {clustered};

CREATE TABLE part_set (
	case_id      TEXT NOT NULL,
	name         TEXT NOT NULL,
	round        BIGINT NOT NULL,
	jurisdiction TEXT NOT NULL,
	source       TEXT NOT NULL,
	snapshot_day TEXT NOT NULL DEFAULT '',
	follow       BIGINT NOT NULL DEFAULT 0,
	next_at      BIGINT NOT NULL DEFAULT 0, -- when the next part of a cadence opens
	opened       BIGINT NOT NULL,
	expected     BIGINT NOT NULL,
	state        TEXT NOT NULL,             -- open, joined, failed
	opened_at    BIGINT NOT NULL,
	ended_at     BIGINT NOT NULL DEFAULT 0,
	PRIMARY KEY (case_id, name, round)
) {clustered};

-- At most one case holds a key at a time.
CREATE TABLE case_key (
	case_id      TEXT NOT NULL,
	name         TEXT NOT NULL,
	jurisdiction TEXT NOT NULL,
	pack         TEXT NOT NULL,
	value_hash   TEXT NOT NULL,
	holds        BIGINT NOT NULL,
	PRIMARY KEY (case_id, name)
) {clustered};
CREATE UNIQUE INDEX case_key_one ON case_key (jurisdiction, pack, name, value_hash) WHERE holds = 1;
CREATE INDEX case_key_past ON case_key (jurisdiction, pack, name, value_hash);

CREATE TABLE link (
	id           TEXT PRIMARY KEY,
	jurisdiction TEXT NOT NULL,
	kind         TEXT NOT NULL,             -- follows, merged, gathered, duplicate
	from_case    TEXT NOT NULL,
	to_case      TEXT NOT NULL,
	since_at     BIGINT NOT NULL,
	until_at     BIGINT NOT NULL DEFAULT 0,
	move_id      TEXT NOT NULL
);
CREATE INDEX link_from ON link (from_case, kind);
CREATE INDEX link_to ON link (to_case, kind);

-- Signals, received once by id, with what became of them.
CREATE TABLE signal_inbox (
	jurisdiction TEXT NOT NULL,
	source       TEXT NOT NULL,
	id           TEXT NOT NULL,
	name         TEXT NOT NULL,
	data         TEXT NOT NULL,
	received_at  BIGINT NOT NULL,
	case_id      TEXT NOT NULL DEFAULT '',
	result       TEXT NOT NULL,
	PRIMARY KEY (jurisdiction, source, id)
) {clustered};

CREATE TABLE batch (
	id           TEXT PRIMARY KEY,
	jurisdiction TEXT NOT NULL,
	person_id    TEXT NOT NULL,
	action       TEXT NOT NULL,
	at           BIGINT NOT NULL
);
CREATE TABLE batch_item (
	batch_id TEXT NOT NULL,
	case_id  TEXT NOT NULL,
	move_id  TEXT NOT NULL DEFAULT '',
	code     TEXT NOT NULL DEFAULT '',
	PRIMARY KEY (batch_id, case_id)
) {clustered};

-- Closed cases drawn for a later check by somebody else, with the seed that drew them.
CREATE TABLE sampled (
	case_id      TEXT PRIMARY KEY,
	jurisdiction TEXT NOT NULL,
	month        TEXT NOT NULL,
	worker_id    TEXT NOT NULL,
	share        TEXT NOT NULL,
	seed         TEXT NOT NULL,
	drawn        BIGINT NOT NULL,
	result       TEXT NOT NULL DEFAULT '',
	check_id     TEXT NOT NULL DEFAULT ''
);
CREATE INDEX sampled_month ON sampled (jurisdiction, worker_id, month, drawn);

-- A file is a row with its own rights; knowing a hash grants nothing.
CREATE TABLE file (
	id           TEXT PRIMARY KEY,
	jurisdiction TEXT NOT NULL,
	hash         TEXT NOT NULL,
	name         TEXT NOT NULL,
	type         TEXT NOT NULL,
	size         BIGINT NOT NULL,
	person_id    TEXT NOT NULL,
	case_id      TEXT NOT NULL DEFAULT '',
	field        TEXT NOT NULL DEFAULT '',
	at           BIGINT NOT NULL
);
CREATE INDEX file_case ON file (case_id) WHERE case_id <> '';

-- What merely is, with dated revisions.
CREATE TABLE record (
	id           TEXT PRIMARY KEY,
	jurisdiction TEXT NOT NULL,
	pack         TEXT NOT NULL,
	kind         TEXT NOT NULL,
	key          TEXT NOT NULL,
	area_id      TEXT NOT NULL DEFAULT '',
	nature       TEXT NOT NULL,
	ended        TEXT NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX record_key ON record (jurisdiction, pack, kind, key);
CREATE TABLE revision (
	record_id   TEXT NOT NULL,
	id          TEXT NOT NULL,
	valid_from  TEXT NOT NULL,              -- a day, 2026-03-01
	valid_until TEXT NOT NULL DEFAULT '',
	recorded_at BIGINT NOT NULL,
	cause       TEXT NOT NULL,
	data        TEXT NOT NULL,
	PRIMARY KEY (record_id, id)
) {clustered};
CREATE TABLE relation (
	id           TEXT PRIMARY KEY,
	jurisdiction TEXT NOT NULL,
	kind         TEXT NOT NULL,
	from_id      TEXT NOT NULL,
	to_id        TEXT NOT NULL,
	valid_from   TEXT NOT NULL,
	valid_until  TEXT NOT NULL DEFAULT ''
);
CREATE INDEX relation_from ON relation (kind, from_id);
CREATE INDEX relation_to ON relation (kind, to_id);

-- Who is on duty where: day, night, holiday; clerk and leader.
CREATE TABLE roster (
	id           TEXT PRIMARY KEY,
	jurisdiction TEXT NOT NULL,
	area_id      TEXT NOT NULL,
	shift        TEXT NOT NULL,
	seat         TEXT NOT NULL,
	person_id    TEXT NOT NULL,
	from_at      BIGINT NOT NULL,
	until_at     BIGINT NOT NULL
);
CREATE INDEX roster_area ON roster (jurisdiction, area_id, until_at);
CREATE TABLE handover (
	id           TEXT PRIMARY KEY,
	jurisdiction TEXT NOT NULL,
	roster_id    TEXT NOT NULL,
	from_person  TEXT NOT NULL,
	to_person    TEXT NOT NULL,
	case_id      TEXT NOT NULL,
	line         TEXT NOT NULL,
	made_at      BIGINT NOT NULL,
	confirmed_at BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX handover_roster ON handover (roster_id);
