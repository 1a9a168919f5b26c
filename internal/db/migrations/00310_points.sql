-- +goose Up

-- What is counted, and by which rules: declared by packs.
CREATE TABLE points_ledger (
	id           TEXT PRIMARY KEY,           -- worked out from jurisdiction and name
	jurisdiction TEXT NOT NULL,
	name         TEXT NOT NULL,
	rules        TEXT NOT NULL,              -- JSON: unit, what may be spent, roles
	made_at      BIGINT NOT NULL
);
-- Accounts, which never end. id is worked out from ledger, kind, owner and year.
CREATE TABLE points_account (
	id           TEXT PRIMARY KEY,
	jurisdiction TEXT NOT NULL,
	ledger_id    TEXT NOT NULL,
	kind         TEXT NOT NULL,
	owner        TEXT NOT NULL,              -- 'person/ID', 'household/ID', 'unit/ID', 'merchant/ID', or ''
	year         BIGINT NOT NULL DEFAULT 0,  -- of a budget; 0 for others
	opened_at    BIGINT NOT NULL
);
CREATE INDEX points_account_owner ON points_account (jurisdiction, owner);
CREATE INDEX points_account_ledger ON points_account (ledger_id, kind, year);
-- How every account stands. An account that many postings touch has several slices, so that they
-- need not wait for one another. seq is of its newest entry: milliseconds UTC and twelve bits more.
CREATE TABLE points_balance (
	account_id TEXT NOT NULL,
	slice      BIGINT NOT NULL,
	seq        BIGINT NOT NULL,
	balance    BIGINT NOT NULL,
	PRIMARY KEY (account_id, slice)
) {clustered};
{postgres}ALTER TABLE points_balance SET (fillfactor = 50);
-- What of an account's balance expires when.
CREATE TABLE points_lot (
	account_id TEXT NOT NULL,
	expires_at BIGINT NOT NULL,
	amount     BIGINT NOT NULL,
	PRIMARY KEY (account_id, expires_at)
) {clustered};
{postgres}ALTER TABLE points_lot SET (fillfactor = 50);
CREATE INDEX points_lot_due ON points_lot (expires_at);
-- Postings, each carried out once for its key, for ever.
CREATE TABLE points_posting (
	ledger_id    TEXT NOT NULL,
	kind         TEXT NOT NULL,
	key          TEXT NOT NULL,
	jurisdiction TEXT NOT NULL,
	hash         TEXT NOT NULL,             -- of what was asked for under the key
	amount       BIGINT NOT NULL,
	at           BIGINT NOT NULL,
	person_id    TEXT NOT NULL,             -- who did it; '' for the system
	second_id    TEXT NOT NULL,             -- who agreed, where two are needed
	reason       TEXT NOT NULL,
	cause        TEXT NOT NULL,             -- 'case/ID'
	item         TEXT NOT NULL,             -- what it is for, as packs name it
	area_id      TEXT NOT NULL,
	reverses     TEXT NOT NULL,             -- 'kind/key' of the posting that it undoes
	lines        TEXT NOT NULL,             -- the entries it made
	PRIMARY KEY (ledger_id, kind, key)
) {clustered};
-- The lines of postings by account, each with the balance after it.
CREATE TABLE points_entry (
	account_id TEXT NOT NULL,
	slice      BIGINT NOT NULL,
	seq        BIGINT NOT NULL,
	amount     BIGINT NOT NULL,
	balance    BIGINT NOT NULL,
	kind       TEXT NOT NULL,
	key        TEXT NOT NULL,
	PRIMARY KEY (account_id, slice, seq)
) {clustered};
-- What is held, under the posting that held it.
CREATE TABLE points_hold (
	ledger_id    TEXT NOT NULL,
	kind         TEXT NOT NULL,
	key          TEXT NOT NULL,
	jurisdiction TEXT NOT NULL,
	owner        TEXT NOT NULL,
	amount       BIGINT NOT NULL,
	lots         TEXT NOT NULL,
	until_at     BIGINT NOT NULL,           -- then it is released; 0: by an act only
	state        TEXT NOT NULL,             -- 'held', 'released', 'spent', 'taken'
	made_at      BIGINT NOT NULL,
	ended_at     BIGINT NOT NULL DEFAULT 0,
	PRIMARY KEY (ledger_id, kind, key)
) {clustered};
CREATE INDEX points_hold_due ON points_hold (until_at) WHERE state = 'held';
CREATE INDEX points_hold_owner ON points_hold (ledger_id, owner) WHERE state = 'held';
-- Sums by month, and up to which entry of a slice they count.
CREATE TABLE points_month (
	account_id TEXT NOT NULL,
	month      TEXT NOT NULL,               -- '2026-03', China Standard Time
	kind       TEXT NOT NULL,
	item       TEXT NOT NULL,
	area_id    TEXT NOT NULL,
	postings   BIGINT NOT NULL,
	came       BIGINT NOT NULL,             -- points in
	went       BIGINT NOT NULL,             -- points out
	PRIMARY KEY (account_id, month, kind, item, area_id)
) {clustered};
CREATE TABLE points_rolled (
	account_id TEXT NOT NULL,
	slice      BIGINT NOT NULL,
	seq        BIGINT NOT NULL,
	PRIMARY KEY (account_id, slice)
) {clustered};
-- What one person asks for and another decides: budgets, adjustments, reversals.
CREATE TABLE points_proposal (
	id           TEXT PRIMARY KEY,
	jurisdiction TEXT NOT NULL,
	ledger_id    TEXT NOT NULL,
	kind         TEXT NOT NULL,
	unit_id      TEXT NOT NULL,             -- whose budget it concerns
	body         TEXT NOT NULL,             -- JSON: the posting
	person_id    TEXT NOT NULL,
	made_at      BIGINT NOT NULL,
	state        TEXT NOT NULL,             -- 'open', 'agreed', 'refused'
	second_id    TEXT NOT NULL DEFAULT '',
	why          TEXT NOT NULL DEFAULT '',
	decided_at   BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX points_proposal_open ON points_proposal (jurisdiction, id) WHERE state = 'open';
