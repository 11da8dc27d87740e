-- +goose Up

-- What happened to each session, in the order of id. Rows are only added: triggers
-- refuse to change or to remove one.
CREATE TABLE timeline (
    id         BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
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
CREATE FUNCTION timeline_is_append_only() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the timeline is append-only'; END $$;
-- +goose StatementEnd

CREATE TRIGGER timeline_keeps_all BEFORE UPDATE OR DELETE OR TRUNCATE ON timeline
    FOR EACH STATEMENT EXECUTE FUNCTION timeline_is_append_only();

-- +goose Down

DROP TABLE timeline;
DROP FUNCTION timeline_is_append_only;
