-- +goose Up

-- Times are Unix milliseconds, 0 for "never". JSON is stored as text. Both SQLite
-- and PostgreSQL understand the statements.

CREATE TABLE sessions (
    id                  TEXT PRIMARY KEY,
    merchant            TEXT NOT NULL,
    version             BIGINT NOT NULL,
    status              TEXT NOT NULL,
    payment_status      TEXT NOT NULL,
    amount              BIGINT NOT NULL,
    currency            TEXT NOT NULL,
    subject             TEXT NOT NULL,
    client_reference_id TEXT NOT NULL,
    success_url         TEXT NOT NULL,
    cancel_url          TEXT NOT NULL,
    wallets             TEXT NOT NULL,
    locale              TEXT NOT NULL,
    metadata            TEXT NOT NULL,
    created_at          BIGINT NOT NULL,
    expires_at          BIGINT NOT NULL,
    conclude_at         BIGINT NOT NULL,
    paid_at             BIGINT NOT NULL,
    paid_late           BOOLEAN NOT NULL,
    paid_twice          BOOLEAN NOT NULL,
    amount_mismatch     BOOLEAN NOT NULL
);

CREATE INDEX sessions_due ON sessions (conclude_at) WHERE status = 'open';

CREATE TABLE attempts (
    id            TEXT PRIMARY KEY,
    session_id    TEXT NOT NULL REFERENCES sessions (id),
    merchant      TEXT NOT NULL,
    version       BIGINT NOT NULL,
    state         TEXT NOT NULL,
    channel       TEXT NOT NULL,
    wallet        TEXT NOT NULL,
    flow          TEXT NOT NULL,
    reason        TEXT NOT NULL,
    payer         TEXT NOT NULL,
    out_trade_no  TEXT NOT NULL UNIQUE,
    trade_id      TEXT NOT NULL,
    amount        BIGINT NOT NULL,
    currency      TEXT NOT NULL,
    notify_token  TEXT NOT NULL UNIQUE,
    return_token  TEXT NOT NULL UNIQUE,
    placed_code   TEXT NOT NULL,
    placed_url    TEXT NOT NULL,
    placed_jsapi  TEXT NOT NULL,
    failure       TEXT NOT NULL,
    quarantined   BOOLEAN NOT NULL,
    created_at    BIGINT NOT NULL,
    paid_at       BIGINT NOT NULL,
    next_query_at BIGINT NOT NULL,
    queried_at    BIGINT NOT NULL,
    queries       BIGINT NOT NULL,
    held_until    BIGINT NOT NULL
);

CREATE INDEX attempts_of_session ON attempts (session_id, created_at);
CREATE INDEX attempts_due ON attempts (next_query_at) WHERE next_query_at > 0;

-- A session has at most one open attempt for each wallet.
CREATE UNIQUE INDEX attempts_open ON attempts (session_id, wallet) WHERE state IN ('creating', 'pending');

CREATE TABLE events (
    id         TEXT PRIMARY KEY,
    type       TEXT NOT NULL,
    merchant   TEXT NOT NULL,
    session_id TEXT NOT NULL REFERENCES sessions (id),
    attempt_id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    session    TEXT NOT NULL
);

CREATE INDEX events_of_session ON events (session_id, created_at);

CREATE TABLE notifications (
    id          TEXT PRIMARY KEY,
    attempt_id  TEXT NOT NULL REFERENCES attempts (id),
    received_at BIGINT NOT NULL,
    body        TEXT NOT NULL,
    verdict     TEXT NOT NULL,
    detail      TEXT NOT NULL
);

CREATE INDEX notifications_of_attempt ON notifications (attempt_id, verdict);

-- +goose Down

DROP TABLE notifications;
DROP TABLE events;
DROP TABLE attempts;
DROP TABLE sessions;
