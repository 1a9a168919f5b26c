-- +goose Up

-- What an entry holds, in short: one that is what it was is not written again.
ALTER TABLE search_entry ADD COLUMN digest BIGINT NOT NULL DEFAULT 0;
