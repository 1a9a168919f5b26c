-- +goose Up

-- Where a record lies, from when to when it holds, what lists call it, its key as people
-- write it (key itself is folded) and what it is found by.
ALTER TABLE record ADD COLUMN began       TEXT NOT NULL DEFAULT '';
ALTER TABLE record ADD COLUMN title       TEXT NOT NULL DEFAULT '';
ALTER TABLE record ADD COLUMN key_text    TEXT NOT NULL DEFAULT '';
ALTER TABLE record ADD COLUMN found_by    TEXT NOT NULL DEFAULT '';
ALTER TABLE record ADD COLUMN province_id TEXT NOT NULL DEFAULT '';
ALTER TABLE record ADD COLUMN city_id     TEXT NOT NULL DEFAULT '';
ALTER TABLE record ADD COLUMN county_id   TEXT NOT NULL DEFAULT '';
ALTER TABLE record ADD COLUMN township_id TEXT NOT NULL DEFAULT '';
ALTER TABLE record ADD COLUMN village_id  TEXT NOT NULL DEFAULT '';
ALTER TABLE record ADD COLUMN grid_id     TEXT NOT NULL DEFAULT '';
ALTER TABLE record ADD COLUMN micro_id    TEXT NOT NULL DEFAULT '';
CREATE INDEX record_township ON record (jurisdiction, pack, kind, township_id, key);
CREATE INDEX record_village  ON record (jurisdiction, pack, kind, village_id, key);
CREATE INDEX record_grid     ON record (jurisdiction, pack, kind, grid_id, key);

-- A revision says what holds from a day to a day, or (gone) that nothing does. What was
-- recorded last counts. Values that are personal lie beside the others.
ALTER TABLE revision ADD COLUMN area_id  TEXT NOT NULL DEFAULT '';
ALTER TABLE revision ADD COLUMN gone     BIGINT NOT NULL DEFAULT 0;
ALTER TABLE revision ADD COLUMN personal TEXT NOT NULL DEFAULT '{}';

ALTER TABLE relation ADD COLUMN pack TEXT NOT NULL DEFAULT '';

-- The people and units that a record names, or once named.
CREATE TABLE record_subject (
	subject      TEXT NOT NULL,             -- person/ID, unit/ID
	record_id    TEXT NOT NULL,
	jurisdiction TEXT NOT NULL,
	stands       BIGINT NOT NULL,           -- 1: as the record is last known
	PRIMARY KEY (subject, record_id)
) {clustered};

-- Cases about a record, and part sets that follow one, hear of its changes.
CREATE INDEX cases_about ON cases (about_id) WHERE about_id <> '';
CREATE INDEX part_set_follow ON part_set (jurisdiction, source) WHERE follow = 1;
