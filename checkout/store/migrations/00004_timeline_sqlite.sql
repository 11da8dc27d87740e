-- +goose Up

-- What happened to each session, in the order of id. Rows are only added: triggers
-- refuse to change or to remove one.
CREATE TABLE timeline (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    session_id TEXT NOT NULL REFERENCES sessions (id),
    attempt_id TEXT NOT NULL,
    ref        TEXT NOT NULL,
    at         BIGINT NOT NULL,
    kind       TEXT NOT NULL,
    cause      TEXT NOT NULL,
    result     TEXT NOT NULL,
    detail     TEXT NOT NULL,
    body       TEXT NOT NULL
);

CREATE INDEX timeline_of_session ON timeline (session_id, id);
CREATE INDEX timeline_notifications ON timeline (attempt_id, result) WHERE kind = 'notification';

-- +goose StatementBegin
CREATE TRIGGER timeline_keeps_what_it_says BEFORE UPDATE ON timeline
BEGIN SELECT RAISE(ABORT, 'the timeline is append-only'); END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER timeline_keeps_what_it_has BEFORE DELETE ON timeline
BEGIN SELECT RAISE(ABORT, 'the timeline is append-only'); END;
-- +goose StatementEnd

-- +goose Down

DROP TABLE timeline;
