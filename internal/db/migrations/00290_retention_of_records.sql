-- +goose Up

-- What a round went over: closed cases, or ended records.
ALTER TABLE retention_run ADD COLUMN kind TEXT NOT NULL DEFAULT 'case';
