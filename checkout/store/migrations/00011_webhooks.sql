-- +goose Up

-- Events whose webhook is not sent yet. Each is written with its event. Until due_at
-- only the process that wrote it sends it. Then any process hands it to the queue.
CREATE TABLE webhook_pending (
    event_id TEXT PRIMARY KEY,
    merchant TEXT NOT NULL,
    due_at   BIGINT NOT NULL
);

CREATE INDEX webhook_pending_due ON webhook_pending (due_at);

-- The tries to deliver webhooks of the last days. status is 0 where no answer came,
-- error is '' where the webhook was delivered, and next_at is 0 where no try follows.
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

CREATE INDEX webhook_tries_at ON webhook_tries (at);

-- +goose Down

DROP TABLE webhook_tries;
DROP TABLE webhook_pending;
