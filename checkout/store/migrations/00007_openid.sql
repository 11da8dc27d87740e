-- +goose Up

-- The WeChat user of a session, encrypted. It is removed when the session ends.
ALTER TABLE sessions ADD COLUMN sealed_openid TEXT NOT NULL DEFAULT '';

-- +goose Down

ALTER TABLE sessions DROP COLUMN sealed_openid;
