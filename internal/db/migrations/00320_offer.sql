-- +goose Up

-- To whom the places of open part sets are offered, for the lists of those who may take one: a role
-- and where it is held. how: 'at' the place, by posts at it or below it; 'under' the place, by posts
-- at it that stand above where the work lies; 'in' a unit; 'all' over the jurisdiction (place is '').
CREATE TABLE part_offer (
	jurisdiction TEXT NOT NULL,
	role         TEXT NOT NULL,
	how          TEXT NOT NULL,
	place        TEXT NOT NULL,
	case_id      TEXT NOT NULL,
	part         TEXT NOT NULL,
	PRIMARY KEY (jurisdiction, role, how, place, case_id, part)
) {clustered};
CREATE INDEX part_offer_of ON part_offer (case_id, part);
