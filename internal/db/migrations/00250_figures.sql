-- +goose Up
-- For counts of what was closed lately.
CREATE INDEX cases_closed ON cases (jurisdiction, closed_at) WHERE phase = 'closed';
