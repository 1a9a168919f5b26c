-- +goose Up

-- On PostgreSQL each gram stands under its month, so that the latest are asked for first.
-- Whole numbers of cases, which are marks, stand for themselves as well.
{postgres}DROP INDEX search_gram_grams;
{postgres}UPDATE search_gram SET grams = array_to_tsvector(ARRAY(SELECT lpad(to_hex(seq >> 52), 3, '0') || g FROM unnest(tsvector_to_array(grams)) g))
{postgres}	|| array_to_tsvector(ARRAY(SELECT g FROM unnest(tsvector_to_array(grams)) g WHERE g LIKE 'm%'));
{postgres}CREATE INDEX search_gram_grams ON search_gram USING gin (grams);
{sqlite}SELECT 1;
