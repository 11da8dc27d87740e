-- +goose Up

-- An event about an order that the checkout did not place has no session. SQLite
-- cannot drop NOT NULL, nor a table that another table references, so both tables
-- are copied to new ones. They are renamed before the copy: in PostgreSQL the rename
-- waits for open transactions of other nodes, and later transactions wait for it.
CREATE TABLE events_anew (
    id             TEXT PRIMARY KEY,
    type           TEXT NOT NULL,
    merchant       TEXT NOT NULL,
    session_id     TEXT REFERENCES sessions (id),
    attempt_id     TEXT NOT NULL,
    created_at     BIGINT NOT NULL,
    session        TEXT NOT NULL,
    refund         TEXT NOT NULL,
    difference     TEXT NOT NULL DEFAULT '', -- nodes of the version before write none
    difference_key TEXT
);

ALTER TABLE webhook_parked RENAME TO webhook_parked_before;
ALTER TABLE events RENAME TO events_before;

INSERT INTO events_anew SELECT id, type, merchant, session_id, attempt_id, created_at, session, refund, '', NULL FROM events_before;

CREATE TABLE webhook_parked_anew (
    event_id  TEXT PRIMARY KEY REFERENCES events_anew (id),
    merchant  TEXT NOT NULL,
    parked_at BIGINT NOT NULL,
    tries     BIGINT NOT NULL,
    reason    TEXT NOT NULL
);

INSERT INTO webhook_parked_anew SELECT event_id, merchant, parked_at, tries, reason FROM webhook_parked_before;

DROP TABLE webhook_parked_before;
DROP TABLE events_before;
ALTER TABLE events_anew RENAME TO events;
ALTER TABLE webhook_parked_anew RENAME TO webhook_parked;

CREATE INDEX events_of_session ON events (session_id, created_at);
CREATE INDEX webhook_parked_of_merchant ON webhook_parked (merchant, parked_at);

-- A difference has one event, however often it is found.
CREATE UNIQUE INDEX events_difference ON events (merchant, difference_key) WHERE difference_key IS NOT NULL;

-- For the comparison with a day's statement.
CREATE INDEX attempts_paid ON attempts (merchant, paid_at, id) WHERE paid_at > 0;
CREATE INDEX refunds_succeeded ON refunds (merchant, settled_at, id) WHERE state = 'succeeded';

-- The reports of reconciliations. finished_at is 0 while one runs.
CREATE TABLE reconciliations (
    id          TEXT PRIMARY KEY,
    merchant    TEXT NOT NULL,
    window_from BIGINT NOT NULL,
    window_to   BIGINT NOT NULL,
    started_at  BIGINT NOT NULL,
    finished_at BIGINT NOT NULL,
    payments    BIGINT NOT NULL,
    refunds     BIGINT NOT NULL,
    elsewhere   BIGINT NOT NULL,
    differences BIGINT NOT NULL,
    told        BIGINT NOT NULL,
    healed      BIGINT NOT NULL,
    found       TEXT NOT NULL,
    error       TEXT NOT NULL
);

CREATE INDEX reconciliations_of_merchant ON reconciliations (merchant, started_at);

-- +goose Down

DROP TABLE reconciliations;
DROP INDEX refunds_succeeded;
DROP INDEX attempts_paid;

-- The older schema cannot hold events without a session.
DELETE FROM webhook_parked WHERE event_id IN (SELECT id FROM events WHERE session_id IS NULL);
DELETE FROM events WHERE session_id IS NULL;
DROP INDEX events_difference;
ALTER TABLE events DROP COLUMN difference_key;
ALTER TABLE events DROP COLUMN difference;
