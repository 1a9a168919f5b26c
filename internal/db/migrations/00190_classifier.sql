-- +goose Up

-- What was learnt from classed texts, one row for each time; the newest that has not ended is
-- asked. It holds no text and nothing of anybody.
CREATE TABLE classifier_model (
	id           TEXT PRIMARY KEY,
	jurisdiction TEXT NOT NULL,
	made_at      BIGINT NOT NULL,
	person_id    TEXT NOT NULL DEFAULT '',  -- '' is the command line
	cases        BIGINT NOT NULL,           -- closed cases learnt from
	examples     BIGINT NOT NULL,           -- all classed texts learnt from
	texts        BIGINT NOT NULL,           -- texts without a class looked at
	figures      TEXT NOT NULL,             -- how it judges each example by the others, JSON
	body         TEXT NOT NULL,             -- base64
	ended_at     BIGINT NOT NULL DEFAULT 0  -- taken out of use; the one before is asked again
) {clustered};
CREATE INDEX classifier_model_jurisdiction ON classifier_model (jurisdiction, made_at);
