-- +goose Up

-- Events whose webhook could not be delivered. They are not retried until an
-- operator replays them.
CREATE TABLE webhook_parked (
    event_id  TEXT PRIMARY KEY REFERENCES events (id),
    merchant  TEXT NOT NULL,
    parked_at BIGINT NOT NULL,
    tries     BIGINT NOT NULL,
    reason    TEXT NOT NULL
);

CREATE INDEX webhook_parked_of_merchant ON webhook_parked (merchant, parked_at);

-- Merchants whose endpoint answered that it is gone. Their events are parked at
-- once until an operator enables the endpoint.
CREATE TABLE webhook_disabled (
    merchant    TEXT PRIMARY KEY,
    disabled_at BIGINT NOT NULL,
    reason      TEXT NOT NULL
);

-- +goose Down

DROP TABLE webhook_disabled;
DROP TABLE webhook_parked;
