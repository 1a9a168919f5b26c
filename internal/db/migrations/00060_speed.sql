-- +goose Up

-- Indexes that few rows need are kept for those few.
DROP INDEX move_root;
CREATE INDEX move_part ON move (root_id, action) WHERE case_id <> root_id;
DROP INDEX outbox_subject;
DROP INDEX delivery_tried;
CREATE INDEX delivery_tried ON delivery (line, tried_at) WHERE tried_at > 0;
