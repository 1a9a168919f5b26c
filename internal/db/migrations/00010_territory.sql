-- +goose Up

-- A piece of the territory tree: level 1 province, 2 city, 3 county, 4 township, 5 village or
-- community, 6 grid, 7 micro-grid. One ancestor column per level, the area itself included.
-- valid_until 0 means that it still stands.
CREATE TABLE area (
	id           TEXT PRIMARY KEY,
	jurisdiction TEXT NOT NULL,
	parent_id    TEXT NOT NULL DEFAULT '',
	level        BIGINT NOT NULL,
	kind         TEXT NOT NULL DEFAULT '',
	name         TEXT NOT NULL,
	sort         TEXT NOT NULL DEFAULT '',
	nature       TEXT NOT NULL,
	valid_from   BIGINT NOT NULL,
	valid_until  BIGINT NOT NULL DEFAULT 0,
	province_id  TEXT NOT NULL DEFAULT '',
	city_id      TEXT NOT NULL DEFAULT '',
	county_id    TEXT NOT NULL DEFAULT '',
	township_id  TEXT NOT NULL DEFAULT '',
	village_id   TEXT NOT NULL DEFAULT '',
	grid_id      TEXT NOT NULL DEFAULT '',
	micro_id     TEXT NOT NULL DEFAULT ''
);
CREATE INDEX area_by_parent ON area (parent_id);

-- Codes are (scheme, code) with dates, never keys: GA/T 2000.33 changed from 12 to 15 digits.
CREATE TABLE area_code (
	jurisdiction TEXT NOT NULL,
	scheme       TEXT NOT NULL,
	code         TEXT NOT NULL,
	valid_from   BIGINT NOT NULL,
	valid_until  BIGINT NOT NULL DEFAULT 0,
	area_id      TEXT NOT NULL,
	PRIMARY KEY (jurisdiction, scheme, code, valid_from, area_id)
) {clustered};
CREATE INDEX area_code_by_area ON area_code (area_id);

-- What became of an area that was split, merged or replaced.
CREATE TABLE area_successor (
	area_id      TEXT NOT NULL,
	successor_id TEXT NOT NULL,
	jurisdiction TEXT NOT NULL,
	at           BIGINT NOT NULL,
	PRIMARY KEY (area_id, successor_id)
) {clustered};

-- An outline in force between two moments: as given, with its coordinate system, and in WGS-84.
CREATE TABLE boundary (
	id           TEXT PRIMARY KEY,
	jurisdiction TEXT NOT NULL,
	area_id      TEXT NOT NULL,
	version      BIGINT NOT NULL,
	valid_from   BIGINT NOT NULL,
	valid_until  BIGINT NOT NULL DEFAULT 0,
	crs_given    TEXT NOT NULL,
	given        TEXT NOT NULL,
	shape        TEXT NOT NULL,
	min_lon      DOUBLE PRECISION NOT NULL,
	min_lat      DOUBLE PRECISION NOT NULL,
	max_lon      DOUBLE PRECISION NOT NULL,
	max_lat      DOUBLE PRECISION NOT NULL,
	square_m     DOUBLE PRECISION NOT NULL
);
CREATE UNIQUE INDEX boundary_version ON boundary (jurisdiction, area_id, version);

-- An office, station, committee or company that can be responsible for something.
CREATE TABLE unit (
	id           TEXT PRIMARY KEY,
	jurisdiction TEXT NOT NULL,
	code         TEXT NOT NULL,
	name         TEXT NOT NULL,
	kind         TEXT NOT NULL DEFAULT '',
	parent_id    TEXT NOT NULL DEFAULT '',
	area_id      TEXT NOT NULL DEFAULT '',
	nature       TEXT NOT NULL,
	valid_from   BIGINT NOT NULL,
	valid_until  BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX unit_by_code ON unit (jurisdiction, code);

-- Counts the changes of each jurisdiction's territory, so that every process knows when the
-- tree it holds in memory is old.
CREATE TABLE territory_edition (
	jurisdiction TEXT PRIMARY KEY,
	edition      BIGINT NOT NULL
);
