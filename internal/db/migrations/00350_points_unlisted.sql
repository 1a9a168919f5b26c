-- +goose Up

-- Who does not want to stand on boards.
CREATE TABLE points_unlisted (
	jurisdiction TEXT NOT NULL,
	person_id    TEXT NOT NULL,
	since_at     BIGINT NOT NULL,
	PRIMARY KEY (jurisdiction, person_id)
);
