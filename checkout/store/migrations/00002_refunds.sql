-- +goose Up

ALTER TABLE sessions ADD COLUMN amount_refunded BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN paid_by TEXT NOT NULL DEFAULT '';

UPDATE sessions SET paid_by = COALESCE((SELECT id FROM attempts
    WHERE attempts.session_id = sessions.id AND attempts.state = 'paid' ORDER BY attempts.paid_at, attempts.id LIMIT 1), '');

ALTER TABLE events ADD COLUMN refund TEXT NOT NULL DEFAULT '';

CREATE TABLE refunds (
    id                  TEXT PRIMARY KEY,
    session_id          TEXT NOT NULL REFERENCES sessions (id),
    attempt_id          TEXT NOT NULL REFERENCES attempts (id),
    merchant            TEXT NOT NULL,
    version             BIGINT NOT NULL,
    state               TEXT NOT NULL,
    reason              TEXT NOT NULL,
    out_refund_no       TEXT NOT NULL UNIQUE,
    amount              BIGINT NOT NULL,
    currency            TEXT NOT NULL,
    client_reference_id TEXT NOT NULL,
    gateway_id          TEXT NOT NULL,
    failure             TEXT NOT NULL,
    created_at          BIGINT NOT NULL,
    settled_at          BIGINT NOT NULL,
    next_try_at         BIGINT NOT NULL,
    tries               BIGINT NOT NULL,
    held_until          BIGINT NOT NULL
);

CREATE INDEX refunds_of_session ON refunds (session_id, created_at);
CREATE INDEX refunds_of_attempt ON refunds (attempt_id);
CREATE INDEX refunds_due ON refunds (next_try_at) WHERE state = 'pending';

-- A repeated request for a refund finds the first refund.
CREATE UNIQUE INDEX refunds_reference ON refunds (session_id, client_reference_id) WHERE client_reference_id <> '';

-- An attempt has at most one automatic refund.
CREATE UNIQUE INDEX refunds_automatic ON refunds (attempt_id) WHERE reason <> 'requested';

-- +goose Down

DROP TABLE refunds;
ALTER TABLE events DROP COLUMN refund;
ALTER TABLE sessions DROP COLUMN paid_by;
ALTER TABLE sessions DROP COLUMN amount_refunded;
