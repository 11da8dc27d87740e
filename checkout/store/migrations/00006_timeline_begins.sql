-- +goose Up

-- Fill the timeline with what the other tables know, and move the notifications
-- into it. The table is renamed first: in PostgreSQL that waits for open transactions
-- of other nodes, so that their notifications are copied too.
ALTER TABLE notifications RENAME TO notifications_before;

INSERT INTO timeline (session_id, attempt_id, ref, at, kind, cause, result, detail, body)
SELECT session_id, attempt_id, ref, at, kind, '', result, detail, body FROM (
    SELECT 1 AS rank, id AS session_id, '' AS attempt_id, '' AS ref, created_at AS at, 'session' AS kind,
        'created' AS result, '' AS detail, '' AS body FROM sessions
    UNION ALL
    SELECT 2, session_id, id, '', created_at, 'attempt', wallet || ' by ' || flow, reason, '' FROM attempts
    UNION ALL
    SELECT 3, attempts.session_id, attempt_id, notified.id, received_at, 'notification', verdict, detail, body
    FROM notifications_before AS notified JOIN attempts ON attempts.id = attempt_id
    UNION ALL
    SELECT 4, session_id, attempt_id, id, created_at, 'refund', reason, '', '' FROM refunds
    UNION ALL
    SELECT 5, session_id, attempt_id, id, created_at, 'event', type, '', '' FROM events WHERE session_id IS NOT NULL
) AS known ORDER BY at, rank, ref;

DROP TABLE notifications_before;

-- +goose Down

CREATE TABLE notifications (
    id          TEXT PRIMARY KEY,
    attempt_id  TEXT NOT NULL REFERENCES attempts (id),
    received_at BIGINT NOT NULL,
    body        TEXT NOT NULL,
    verdict     TEXT NOT NULL,
    detail      TEXT NOT NULL
);

CREATE INDEX notifications_of_attempt ON notifications (attempt_id, verdict);

INSERT INTO notifications (id, attempt_id, received_at, body, verdict, detail)
SELECT ref, attempt_id, at, body, result, detail FROM timeline WHERE kind = 'notification';
