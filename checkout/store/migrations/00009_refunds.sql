-- +goose Up

-- What a shop's request for a refund named itself, when the refund was last
-- sent, and when the shop was told that it takes long.
ALTER TABLE refunds ADD COLUMN idempotency_key TEXT NOT NULL DEFAULT '';
ALTER TABLE refunds ADD COLUMN tried_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE refunds ADD COLUMN delayed_at BIGINT NOT NULL DEFAULT 0;

-- Repeating a request finds the refund that it made.
CREATE UNIQUE INDEX refunds_idempotency_key ON refunds (session_id, idempotency_key) WHERE idempotency_key <> '';

-- A refund that was made past the checkout is not one that it made by itself.
DROP INDEX refunds_automatic;
CREATE UNIQUE INDEX refunds_automatic ON refunds (attempt_id) WHERE reason IN ('paid_late', 'paid_twice');

-- +goose Down

DROP INDEX refunds_automatic;
CREATE UNIQUE INDEX refunds_automatic ON refunds (attempt_id) WHERE reason <> 'requested';
DROP INDEX refunds_idempotency_key;
ALTER TABLE refunds DROP COLUMN delayed_at;
ALTER TABLE refunds DROP COLUMN tried_at;
ALTER TABLE refunds DROP COLUMN idempotency_key;
