-- +goose Up

-- Nodes of the version before write none of these columns.
ALTER TABLE sessions ADD COLUMN line_items TEXT NOT NULL DEFAULT 'null';
ALTER TABLE sessions ADD COLUMN recovered_from TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN test_mode BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE refunds ADD COLUMN metadata TEXT NOT NULL DEFAULT 'null';
ALTER TABLE events ADD COLUMN test_mode BOOLEAN NOT NULL DEFAULT FALSE;

-- +goose Down

ALTER TABLE events DROP COLUMN test_mode;
ALTER TABLE refunds DROP COLUMN metadata;
ALTER TABLE sessions DROP COLUMN test_mode;
ALTER TABLE sessions DROP COLUMN recovered_from;
ALTER TABLE sessions DROP COLUMN line_items;
