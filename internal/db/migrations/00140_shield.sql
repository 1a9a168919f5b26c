-- +goose Up

-- From whom a case and all its parts are kept: whom it accuses, those who belong to them, and the
-- place that a reporter avoids. A subject is a mark: person/ID, unit/ID or area/ID.
CREATE TABLE shield (
	root_id      TEXT NOT NULL,
	subject      TEXT NOT NULL,
	jurisdiction TEXT NOT NULL,
	why          TEXT NOT NULL,             -- accused, belongs or avoided
	at           BIGINT NOT NULL,
	move_id      TEXT NOT NULL,
	PRIMARY KEY (root_id, subject)
) {clustered};
CREATE INDEX shield_subject ON shield (subject, root_id);

-- Where the matter lies while the case is kept from somebody: its area is then the one above
-- them. Empty: kept from nobody.
ALTER TABLE cases ADD COLUMN lies_in TEXT NOT NULL DEFAULT '';
