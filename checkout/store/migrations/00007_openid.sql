-- +goose Up

-- The WeChat user that a shop named for a session, encrypted, while it is open.
ALTER TABLE sessions ADD COLUMN sealed_openid TEXT NOT NULL DEFAULT '';

-- +goose Down

ALTER TABLE sessions DROP COLUMN sealed_openid;
