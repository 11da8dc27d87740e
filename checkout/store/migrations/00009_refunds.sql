-- +goose Up

-- idempotency_key is the key of the shop's request. tried_at is when the refund was
-- last sent. delayed_at is when the shop was told that the refund takes long.
ALTER TABLE refunds ADD COLUMN idempotency_key TEXT NOT NULL DEFAULT '';
ALTER TABLE refunds ADD COLUMN tried_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE refunds ADD COLUMN delayed_at BIGINT NOT NULL DEFAULT 0;

-- A repeated request finds the first refund.
CREATE UNIQUE INDEX refunds_idempotency_key ON refunds (session_id, idempotency_key) WHERE idempotency_key <> '';

-- A refund that was made outside the checkout is not automatic.
DROP INDEX refunds_automatic;
CREATE UNIQUE INDEX refunds_automatic ON refunds (attempt_id) WHERE reason IN ('paid_late', 'paid_twice');

-- +goose Down

DROP INDEX refunds_automatic;
CREATE UNIQUE INDEX refunds_automatic ON refunds (attempt_id) WHERE reason <> 'requested';
DROP INDEX refunds_idempotency_key;
ALTER TABLE refunds DROP COLUMN delayed_at;
ALTER TABLE refunds DROP COLUMN tried_at;
ALTER TABLE refunds DROP COLUMN idempotency_key;
