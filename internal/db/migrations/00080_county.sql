-- +goose Up

-- How a member of staff is reached outside the program.
CREATE TABLE contact (
	person_id    TEXT NOT NULL,
	kind         TEXT NOT NULL,              -- phone, mail
	jurisdiction TEXT NOT NULL,
	value        TEXT NOT NULL,
	changed_at   BIGINT NOT NULL,
	PRIMARY KEY (person_id, kind)
);

-- A chat group, or another system, that hears of notices. The address may hold a key.
CREATE TABLE notice_group (
	id           TEXT PRIMARY KEY,
	jurisdiction TEXT NOT NULL,
	channel      TEXT NOT NULL,              -- wecom, dingtalk, webhook
	name         TEXT NOT NULL,
	unit_id      TEXT NOT NULL DEFAULT '',   -- '' hears what anybody of the jurisdiction is told
	address      TEXT NOT NULL,
	secret       TEXT NOT NULL DEFAULT '',   -- signs what is sent
	begun_at     BIGINT NOT NULL,
	ended_at     BIGINT NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX notice_group_name ON notice_group (jurisdiction, channel, name) WHERE ended_at = 0;

-- Who handles what where: a class, or all that begin alike, in an area and below. Stands before the lines of the pack.
CREATE TABLE duty (
	id           TEXT PRIMARY KEY,
	jurisdiction TEXT NOT NULL,
	pack         TEXT NOT NULL,
	class        TEXT NOT NULL,              -- a code, or the beginning of codes with a star behind
	area_id      TEXT NOT NULL,
	unit_id      TEXT NOT NULL DEFAULT '',   -- either a unit
	role         TEXT NOT NULL DEFAULT '',   -- or whoever holds the role there
	valid_from   BIGINT NOT NULL,
	valid_until  BIGINT NOT NULL DEFAULT 0   -- 0 while it stands
);
CREATE INDEX duty_jurisdiction ON duty (jurisdiction, pack, class);
CREATE TABLE duty_edition (
	jurisdiction TEXT PRIMARY KEY,
	edition      BIGINT NOT NULL
);

-- What a jurisdiction's working time differs in from the national one. The newest version holds.
CREATE TABLE calendar (
	jurisdiction TEXT NOT NULL,
	version      BIGINT NOT NULL,
	content      TEXT NOT NULL,              -- the file as it was read
	hash         TEXT NOT NULL,
	person_id    TEXT NOT NULL,
	loaded_at    BIGINT NOT NULL,
	PRIMARY KEY (jurisdiction, version)
);
