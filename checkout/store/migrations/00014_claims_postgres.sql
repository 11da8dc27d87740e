-- +goose Up

-- Names that one session of a merchant has, and no other one: the Idempotency-Key of its
-- request, with the answer to it, and a client_reference_id that is unique.
CREATE TABLE claims (
    merchant     TEXT NOT NULL,
    kind         TEXT NOT NULL,
    name         TEXT NOT NULL,
    session_id   TEXT NOT NULL,
    request_hash TEXT NOT NULL,
    answer       BYTEA,
    created_at   BIGINT NOT NULL,
    PRIMARY KEY (merchant, kind, name)
);

CREATE INDEX claims_old ON claims (created_at) WHERE kind = 'idempotency_key';

-- +goose Down

DROP TABLE claims;
