-- +goose Up

-- Handing over duty is a life of a pack, line by line a part: this table was never written.
DROP TABLE handover;
