-- +goose Up

-- Due work is found for each merchant.
DROP INDEX sessions_due;
CREATE INDEX sessions_due ON sessions (merchant, conclude_at) WHERE status = 'open';
DROP INDEX refunds_due;
CREATE INDEX refunds_due ON refunds (merchant, next_try_at) WHERE state = 'pending' AND next_try_at > 0;

-- Reports are listed in the order of their index.
DROP INDEX reconciliations_of_merchant;
CREATE INDEX reconciliations_of_merchant ON reconciliations (merchant, started_at, id);

-- +goose Down

DROP INDEX reconciliations_of_merchant;
CREATE INDEX reconciliations_of_merchant ON reconciliations (merchant, started_at);
DROP INDEX refunds_due;
CREATE INDEX refunds_due ON refunds (next_try_at) WHERE state = 'pending';
DROP INDEX sessions_due;
CREATE INDEX sessions_due ON sessions (conclude_at) WHERE status = 'open';
