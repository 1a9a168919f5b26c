-- +goose Up
-- Under which key a scan was sent: sent again under it, because no answer came, it is answered alike.
ALTER TABLE points_scan ADD COLUMN sent_key TEXT NOT NULL DEFAULT '';
-- What is still kept for people, by merchant: when he goes, it goes back to them.
CREATE INDEX points_claim_open_at ON points_claim (merchant_id) WHERE state = 'open';
