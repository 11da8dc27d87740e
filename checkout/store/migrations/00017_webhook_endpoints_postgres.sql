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

-- Nodes of the version before know one endpoint for each merchant: `webhook` of the
-- configuration, which now has the id 'default'. Their tables become the partitions of
-- that endpoint. So these nodes read and write them as before, with their own keys, and
-- never take what is for another endpoint.
ALTER TABLE webhook_pending ADD COLUMN endpoint TEXT NOT NULL DEFAULT 'default';
ALTER TABLE webhook_parked ADD COLUMN endpoint TEXT NOT NULL DEFAULT 'default';
ALTER TABLE webhook_disabled ADD COLUMN endpoint TEXT NOT NULL DEFAULT 'default';
ALTER TABLE webhook_tries ADD COLUMN endpoint TEXT NOT NULL DEFAULT 'default';

CREATE TABLE delivery_pending (
    event_id TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    merchant TEXT NOT NULL,
    due_at   BIGINT NOT NULL,
    UNIQUE (event_id, endpoint)
) PARTITION BY LIST (endpoint);

CREATE INDEX delivery_pending_due ON delivery_pending (due_at);
ALTER TABLE delivery_pending ATTACH PARTITION webhook_pending FOR VALUES IN ('default');
CREATE TABLE delivery_pending_others PARTITION OF delivery_pending DEFAULT;

CREATE TABLE delivery_parked (
    event_id  TEXT NOT NULL REFERENCES events (id),
    endpoint  TEXT NOT NULL,
    merchant  TEXT NOT NULL,
    parked_at BIGINT NOT NULL,
    tries     BIGINT NOT NULL,
    reason    TEXT NOT NULL,
    UNIQUE (event_id, endpoint)
) PARTITION BY LIST (endpoint);

CREATE INDEX delivery_parked_of_merchant ON delivery_parked (merchant, parked_at);
ALTER TABLE delivery_parked ATTACH PARTITION webhook_parked FOR VALUES IN ('default');
CREATE TABLE delivery_parked_others PARTITION OF delivery_parked DEFAULT;

CREATE TABLE endpoint_disabled (
    merchant    TEXT NOT NULL,
    endpoint    TEXT NOT NULL,
    disabled_at BIGINT NOT NULL,
    reason      TEXT NOT NULL,
    UNIQUE (merchant, endpoint)
) PARTITION BY LIST (endpoint);

ALTER TABLE endpoint_disabled ATTACH PARTITION webhook_disabled FOR VALUES IN ('default');
CREATE TABLE endpoint_disabled_others PARTITION OF endpoint_disabled DEFAULT;

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
    UNIQUE (event_id, endpoint, at, try)
) PARTITION BY LIST (endpoint);

CREATE INDEX delivery_tries_at ON delivery_tries (at);
ALTER TABLE delivery_tries ATTACH PARTITION webhook_tries FOR VALUES IN ('default');
CREATE TABLE delivery_tries_others PARTITION OF delivery_tries DEFAULT;

-- +goose Down

ALTER TABLE delivery_tries DETACH PARTITION webhook_tries;
DROP TABLE delivery_tries;
ALTER TABLE webhook_tries DROP COLUMN endpoint;

ALTER TABLE endpoint_disabled DETACH PARTITION webhook_disabled;
DROP TABLE endpoint_disabled;
ALTER TABLE webhook_disabled DROP COLUMN endpoint;

ALTER TABLE delivery_parked DETACH PARTITION webhook_parked;
DROP TABLE delivery_parked;
ALTER TABLE webhook_parked DROP COLUMN endpoint;

ALTER TABLE delivery_pending DETACH PARTITION webhook_pending;
DROP TABLE delivery_pending;
ALTER TABLE webhook_pending DROP COLUMN endpoint;

DROP TABLE webhook_endpoints_version;
DROP TABLE webhook_endpoints;
