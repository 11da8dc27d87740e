-- +goose Up

-- Nodes of the version before write none of these columns.
ALTER TABLE sessions ADD COLUMN line_items TEXT NOT NULL DEFAULT 'null';
ALTER TABLE sessions ADD COLUMN recovered_from TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN test_mode BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE refunds ADD COLUMN metadata TEXT NOT NULL DEFAULT 'null';
ALTER TABLE events ADD COLUMN test_mode BOOLEAN NOT NULL DEFAULT FALSE;

-- Lists of a shop. Each index has the order of its list.
CREATE INDEX sessions_listed ON sessions (merchant, created_at, id);
CREATE INDEX refunds_listed ON refunds (merchant, created_at, id);
CREATE INDEX events_listed ON events (merchant, created_at, id);
CREATE INDEX sessions_of_status ON sessions (merchant, status, created_at, id);
CREATE INDEX sessions_of_payment_status ON sessions (merchant, payment_status, created_at, id);
CREATE INDEX sessions_of_amount ON sessions (merchant, amount, created_at, id);
CREATE INDEX sessions_of_reference ON sessions (merchant, client_reference_id, created_at, id) WHERE client_reference_id <> '';
CREATE INDEX refunds_of_state ON refunds (merchant, state, created_at, id);
CREATE INDEX events_of_type ON events (merchant, type, created_at, id);

-- The metadata of each session, to find sessions by it. sessions.metadata is what the shop
-- gets back.
CREATE TABLE session_metadata (
    merchant   TEXT NOT NULL,
    name       TEXT NOT NULL,
    value      TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    session_id TEXT NOT NULL REFERENCES sessions (id),
    PRIMARY KEY (merchant, name, value, created_at, session_id)
);

-- PostgreSQL cannot read a JSON text with NUL. The API takes none.
INSERT INTO session_metadata
    SELECT sessions.merchant, pair.key, pair.value, sessions.created_at, sessions.id FROM sessions, json_each_text(sessions.metadata::json) AS pair
    WHERE sessions.metadata NOT IN ('null', '{}') AND position('\u0000' IN sessions.metadata) = 0;

-- +goose Down

DROP TABLE session_metadata;
DROP INDEX events_of_type;
DROP INDEX events_listed;
DROP INDEX refunds_of_state;
DROP INDEX refunds_listed;
DROP INDEX sessions_of_reference;
DROP INDEX sessions_of_amount;
DROP INDEX sessions_of_payment_status;
DROP INDEX sessions_of_status;
DROP INDEX sessions_listed;
ALTER TABLE events DROP COLUMN test_mode;
ALTER TABLE refunds DROP COLUMN metadata;
ALTER TABLE sessions DROP COLUMN test_mode;
ALTER TABLE sessions DROP COLUMN recovered_from;
ALTER TABLE sessions DROP COLUMN line_items;
