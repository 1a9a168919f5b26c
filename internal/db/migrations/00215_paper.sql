-- +goose Up

-- Numbers of blank forms that were printed; the case that is entered from one takes its number.
CREATE TABLE paper_form (
	jurisdiction TEXT NOT NULL,
	number       TEXT NOT NULL,
	person_id    TEXT NOT NULL,             -- who printed it
	reserved_at  BIGINT NOT NULL,
	case_id      TEXT NOT NULL DEFAULT '',  -- '' while the form is blank
	claimed_at   BIGINT NOT NULL DEFAULT 0,
	PRIMARY KEY (jurisdiction, number)
) {clustered};
CREATE INDEX paper_form_reserved ON paper_form (jurisdiction, reserved_at);
