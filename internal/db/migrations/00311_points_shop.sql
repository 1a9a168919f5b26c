-- +goose Up

-- Who takes part with discounts or gives out goods for points; the people of its unit scan.
CREATE TABLE points_merchant (
	id           TEXT PRIMARY KEY,
	jurisdiction TEXT NOT NULL,
	ledger_id    TEXT NOT NULL,
	name         TEXT NOT NULL,
	unit_id      TEXT NOT NULL,
	levels       TEXT NOT NULL,             -- JSON: from how many points which discount
	made_at      BIGINT NOT NULL,
	ended_at     BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX points_merchant_of ON points_merchant (jurisdiction, ledger_id);
-- What points are spent on: fetched at an office, or a voucher at a merchant.
CREATE TABLE points_good (
	id           TEXT PRIMARY KEY,
	jurisdiction TEXT NOT NULL,
	ledger_id    TEXT NOT NULL,
	merchant_id  TEXT NOT NULL,             -- '': fetched at an office
	title        TEXT NOT NULL,
	photo        TEXT NOT NULL,             -- id of a file, '' for none
	price        BIGINT NOT NULL,
	stock        BIGINT NOT NULL,
	days         BIGINT NOT NULL,           -- for which it is kept
	made_at      BIGINT NOT NULL,
	ended_at     BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX points_good_of ON points_good (jurisdiction, ledger_id);
-- What somebody reserved: the points are held under 'claim/ID' until it is fetched.
CREATE TABLE points_claim (
	id           TEXT PRIMARY KEY,
	jurisdiction TEXT NOT NULL,
	ledger_id    TEXT NOT NULL,
	good_id      TEXT NOT NULL,
	merchant_id  TEXT NOT NULL,
	owner        TEXT NOT NULL,
	amount       BIGINT NOT NULL,
	code         TEXT NOT NULL,             -- by which it is fetched
	state        TEXT NOT NULL,             -- 'open', 'fetched', 'lapsed', 'given_up', 'refunded'
	made_at      BIGINT NOT NULL,
	until_at     BIGINT NOT NULL,
	ended_at     BIGINT NOT NULL DEFAULT 0,
	ended_by     TEXT NOT NULL DEFAULT ''
);
CREATE INDEX points_claim_code ON points_claim (jurisdiction, code);
CREATE INDEX points_claim_owner ON points_claim (jurisdiction, owner, id);
CREATE INDEX points_claim_due ON points_claim (until_at) WHERE state = 'open';
-- Public halves of the keys with which telephones sign codes.
CREATE TABLE points_code_key (
	id           TEXT PRIMARY KEY,
	jurisdiction TEXT NOT NULL,
	owner        TEXT NOT NULL,
	key          TEXT NOT NULL,             -- Ed25519, base64
	made_at      BIGINT NOT NULL,
	ended_at     BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX points_code_key_owner ON points_code_key (jurisdiction, owner);
-- Codes that were scanned: the first scan wins.
CREATE TABLE points_scan (
	key_id       TEXT NOT NULL,
	stamp        BIGINT NOT NULL,           -- seconds, of the telephone that made it
	nonce        TEXT NOT NULL,
	jurisdiction TEXT NOT NULL,
	merchant_id  TEXT NOT NULL,
	claim_id     TEXT NOT NULL,             -- '' where only the discount was looked at
	person_id    TEXT NOT NULL,             -- who scanned
	at           BIGINT NOT NULL,
	PRIMARY KEY (key_id, stamp, nonce)
) {clustered};
