-- +goose Up

-- Endpoints that shops made through the merchant API. events is '' for all types, or the
-- types with a comma before and after each. secret and previous_secret are encrypted.
-- The previous secret signs too until previous_until. deleted_at is 0 for an endpoint that
-- is not deleted.
CREATE TABLE webhook_endpoints (
    id              TEXT PRIMARY KEY,
    merchant        TEXT NOT NULL,
    url             TEXT NOT NULL,
    events          TEXT NOT NULL,
    metadata        TEXT NOT NULL,
    secret          TEXT NOT NULL,
    previous_secret TEXT NOT NULL,
    previous_until  BIGINT NOT NULL,
    created_at      BIGINT NOT NULL,
    deleted_at      BIGINT NOT NULL
);

CREATE INDEX webhook_endpoints_of_merchant ON webhook_endpoints (merchant, created_at);

-- One row, whose version rises with each change of webhook_endpoints: a process reads the
-- endpoints again when it has risen.
CREATE TABLE webhook_endpoints_version (version BIGINT NOT NULL);

INSERT INTO webhook_endpoints_version (version) VALUES (0);

-- SQLite has one node and cannot change a primary key, so each table is copied. The
-- endpoint `webhook` of the configuration has the id 'default'.
CREATE TABLE delivery_pending (
    event_id TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    merchant TEXT NOT NULL,
    due_at   BIGINT NOT NULL,
    PRIMARY KEY (event_id, endpoint)
);

INSERT INTO delivery_pending SELECT event_id, 'default', merchant, due_at FROM webhook_pending;
DROP TABLE webhook_pending;
CREATE INDEX delivery_pending_due ON delivery_pending (due_at);

CREATE TABLE delivery_parked (
    event_id  TEXT NOT NULL REFERENCES events (id),
    endpoint  TEXT NOT NULL,
    merchant  TEXT NOT NULL,
    parked_at BIGINT NOT NULL,
    tries     BIGINT NOT NULL,
    reason    TEXT NOT NULL,
    PRIMARY KEY (event_id, endpoint)
);

INSERT INTO delivery_parked SELECT event_id, 'default', merchant, parked_at, tries, reason FROM webhook_parked;
DROP TABLE webhook_parked;
CREATE INDEX delivery_parked_of_merchant ON delivery_parked (merchant, parked_at);

CREATE TABLE endpoint_disabled (
    merchant    TEXT NOT NULL,
    endpoint    TEXT NOT NULL,
    disabled_at BIGINT NOT NULL,
    reason      TEXT NOT NULL,
    PRIMARY KEY (merchant, endpoint)
);

INSERT INTO endpoint_disabled SELECT merchant, 'default', disabled_at, reason FROM webhook_disabled;
DROP TABLE webhook_disabled;

CREATE TABLE delivery_tries (
    event_id     TEXT NOT NULL,
    endpoint     TEXT NOT NULL,
    try          BIGINT NOT NULL,
    at           BIGINT NOT NULL,
    status       BIGINT NOT NULL,
    milliseconds BIGINT NOT NULL,
    answer       TEXT NOT NULL,
    error        TEXT NOT NULL,
    next_at      BIGINT NOT NULL,
    PRIMARY KEY (event_id, endpoint, at, try)
);

INSERT INTO delivery_tries SELECT event_id, 'default', try, at, status, milliseconds, answer, error, next_at FROM webhook_tries;
DROP TABLE webhook_tries;
CREATE INDEX delivery_tries_at ON delivery_tries (at);

-- +goose Down

CREATE TABLE webhook_tries (
    event_id     TEXT NOT NULL,
    try          BIGINT NOT NULL,
    at           BIGINT NOT NULL,
    status       BIGINT NOT NULL,
    milliseconds BIGINT NOT NULL,
    answer       TEXT NOT NULL,
    error        TEXT NOT NULL,
    next_at      BIGINT NOT NULL,
    PRIMARY KEY (event_id, at, try)
);

INSERT INTO webhook_tries SELECT event_id, try, at, status, milliseconds, answer, error, next_at FROM delivery_tries WHERE endpoint = 'default';
DROP TABLE delivery_tries;
CREATE INDEX webhook_tries_at ON webhook_tries (at);

CREATE TABLE webhook_disabled (
    merchant    TEXT PRIMARY KEY,
    disabled_at BIGINT NOT NULL,
    reason      TEXT NOT NULL
);

INSERT INTO webhook_disabled SELECT merchant, disabled_at, reason FROM endpoint_disabled WHERE endpoint = 'default';
DROP TABLE endpoint_disabled;

CREATE TABLE webhook_parked (
    event_id  TEXT PRIMARY KEY REFERENCES events (id),
    merchant  TEXT NOT NULL,
    parked_at BIGINT NOT NULL,
    tries     BIGINT NOT NULL,
    reason    TEXT NOT NULL
);

INSERT INTO webhook_parked SELECT event_id, merchant, parked_at, tries, reason FROM delivery_parked WHERE endpoint = 'default';
DROP TABLE delivery_parked;
CREATE INDEX webhook_parked_of_merchant ON webhook_parked (merchant, parked_at);

CREATE TABLE webhook_pending (
    event_id TEXT PRIMARY KEY,
    merchant TEXT NOT NULL,
    due_at   BIGINT NOT NULL
);

INSERT INTO webhook_pending SELECT event_id, merchant, due_at FROM delivery_pending WHERE endpoint = 'default';
DROP TABLE delivery_pending;
CREATE INDEX webhook_pending_due ON webhook_pending (due_at);

DROP TABLE webhook_endpoints_version;
DROP TABLE webhook_endpoints;
