-- +goose Up
-- How long a recording or film is, in milliseconds; 0 where the file does not tell.
ALTER TABLE file ADD COLUMN length_ms BIGINT NOT NULL DEFAULT 0;
