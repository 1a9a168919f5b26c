-- +goose Up

-- Cases that everybody may read a part of now, for the lists of places: one row for the place of
-- the case (own is 1) and one for each place above it. until_at 0 is without a day.
CREATE TABLE public_view (
	jurisdiction TEXT NOT NULL,
	place        TEXT NOT NULL,
	own          BIGINT NOT NULL,
	since_at     BIGINT NOT NULL,
	case_id      TEXT NOT NULL,
	view         TEXT NOT NULL,
	until_at     BIGINT NOT NULL,
	PRIMARY KEY (jurisdiction, place, own, since_at, case_id, view)
) {clustered};
CREATE INDEX public_view_of ON public_view (case_id);
