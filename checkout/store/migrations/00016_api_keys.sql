-- +goose Up

-- The keys of the merchant API that operators make. hash is the SHA-256 of the key in
-- hexadecimal digits. scopes has names with a space between them, '' for a secret key.
-- ends_at is 0 for a key that never expires, revoked_at 0 for one that was not revoked.
CREATE TABLE api_keys (
    id         TEXT PRIMARY KEY,
    merchant   TEXT NOT NULL,
    name       TEXT NOT NULL,
    hash       TEXT NOT NULL UNIQUE,
    hint       TEXT NOT NULL,
    scopes     TEXT NOT NULL,
    test       BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    ends_at    BIGINT NOT NULL,
    revoked_at BIGINT NOT NULL
);

-- When a key was last used, also a key of the configuration file.
CREATE TABLE api_key_uses (
    key_id  TEXT PRIMARY KEY,
    used_at BIGINT NOT NULL
);

-- +goose Down

DROP TABLE api_key_uses;
DROP TABLE api_keys;
