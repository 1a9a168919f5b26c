-- +goose Up

-- Which records lay, lie or will lie in an area: a part set of a hamlet reads that hamlet's.
CREATE INDEX revision_area ON revision (area_id, record_id);
