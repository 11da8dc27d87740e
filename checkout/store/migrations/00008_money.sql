-- +goose Up

-- The version of the session that an event made. It rises with each event of a
-- session. Events from before this column have 0 and come first.
ALTER TABLE events ADD COLUMN version BIGINT NOT NULL DEFAULT 0;
CREATE UNIQUE INDEX events_version ON events (session_id, version) WHERE version > 0;

-- The gateway's account that an order was placed with. Orders from before this
-- column have '' and belong to the account that is configured.
ALTER TABLE attempts ADD COLUMN account TEXT NOT NULL DEFAULT '';

-- notified_trade_id is the gateway's number from a signed notification.
-- reported_at is when the gateway reported a payment that query has not confirmed.
-- denied_at is when query first answered, after that report, that it is not paid.
ALTER TABLE attempts ADD COLUMN notified_trade_id TEXT NOT NULL DEFAULT '';
ALTER TABLE attempts ADD COLUMN reported_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE attempts ADD COLUMN denied_at BIGINT NOT NULL DEFAULT 0;

-- A payment at the gateway belongs to the first attempt for which query reports it.
-- The account is '' for payments from before this table.
CREATE TABLE payments (
    account    TEXT NOT NULL,
    trade_id   TEXT NOT NULL,
    attempt_id TEXT NOT NULL REFERENCES attempts (id),
    PRIMARY KEY (account, trade_id)
);

CREATE INDEX payments_of_trade ON payments (trade_id);
CREATE INDEX attempts_trade ON attempts (trade_id) WHERE trade_id <> '';

INSERT INTO payments (account, trade_id, attempt_id)
SELECT '', trade_id, MIN(id) FROM attempts WHERE state = 'paid' AND trade_id <> '' GROUP BY trade_id;

-- Only an open session can be processing. An older program may have ended a session
-- that was processing.
UPDATE sessions SET payment_status = 'unpaid' WHERE payment_status = 'processing' AND status <> 'open';

-- +goose Down

DROP TABLE payments;
DROP INDEX attempts_trade;
ALTER TABLE attempts DROP COLUMN denied_at;
ALTER TABLE attempts DROP COLUMN reported_at;
ALTER TABLE attempts DROP COLUMN notified_trade_id;
ALTER TABLE attempts DROP COLUMN account;
DROP INDEX events_version;
ALTER TABLE events DROP COLUMN version;
