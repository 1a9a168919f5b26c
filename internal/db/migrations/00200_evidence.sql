-- +goose Up
-- What a file is by its content, and what is made of it for others to see.
ALTER TABLE file ADD COLUMN width BIGINT NOT NULL DEFAULT 0;     -- pixels, as they lie in the file
ALTER TABLE file ADD COLUMN height BIGINT NOT NULL DEFAULT 0;
ALTER TABLE file ADD COLUMN turn BIGINT NOT NULL DEFAULT 0;      -- how it was held, EXIF orientation
ALTER TABLE file ADD COLUMN hint TEXT NOT NULL DEFAULT '';       -- where and when it was taken, sealed
ALTER TABLE file ADD COLUMN hint_key TEXT NOT NULL DEFAULT '';
ALTER TABLE file ADD COLUMN ended_at BIGINT NOT NULL DEFAULT 0;  -- since then without its bytes
CREATE INDEX file_hash ON file (hash) WHERE hash <> '';
CREATE INDEX file_loose ON file (at) WHERE case_id = '' AND ended_at = 0;

-- Copies and thumbs, which can be made anew.
CREATE TABLE file_copy (
	file_id      TEXT NOT NULL,
	form         TEXT NOT NULL,              -- copy, thumb
	jurisdiction TEXT NOT NULL,
	hash         TEXT NOT NULL,
	size         BIGINT NOT NULL,
	PRIMARY KEY (file_id, form)
);
CREATE INDEX file_copy_hash ON file_copy (hash);

-- By which nearly equal pictures are found.
CREATE TABLE file_look (
	jurisdiction TEXT NOT NULL,
	band         BIGINT NOT NULL,
	file_id      TEXT NOT NULL,
	look         BIGINT NOT NULL,
	PRIMARY KEY (jurisdiction, band, file_id)
) {clustered};
CREATE INDEX file_look_file ON file_look (file_id);

-- The same picture on two cases, or twice on one: for somebody to look at. It does nothing.
CREATE TABLE file_flag (
	id           TEXT PRIMARY KEY,           -- the later file, a dot, the earlier one
	jurisdiction TEXT NOT NULL,
	file_id      TEXT NOT NULL,
	case_id      TEXT NOT NULL,
	other_file   TEXT NOT NULL,
	other_case   TEXT NOT NULL,
	why          TEXT NOT NULL,              -- same, alike
	at           BIGINT NOT NULL,
	finding      TEXT NOT NULL DEFAULT '',   -- fine, reused
	reviewed_by  TEXT NOT NULL DEFAULT '',
	reviewed_at  BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX file_flag_case ON file_flag (case_id);
CREATE INDEX file_flag_other ON file_flag (other_case);

-- Uploads that go on after a cut connection; the bytes lie beside the files.
CREATE TABLE upload (
	id           TEXT PRIMARY KEY,
	jurisdiction TEXT NOT NULL,
	person_id    TEXT NOT NULL,
	name         TEXT NOT NULL,
	size         BIGINT NOT NULL,
	made_at      BIGINT NOT NULL,
	until_at     BIGINT NOT NULL,
	file_id      TEXT NOT NULL DEFAULT ''    -- what became of it
);
CREATE INDEX upload_until ON upload (until_at);
CREATE INDEX upload_person ON upload (person_id);
