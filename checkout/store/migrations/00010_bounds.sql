-- +goose Up

-- When the gateway stopped accepting money for an order, 0 while it accepts it.
-- Attempts with 0 are queried first.
ALTER TABLE attempts ADD COLUMN ended_at BIGINT NOT NULL DEFAULT 0;

-- How often an attempt or a session received something that anyone outside can
-- send. The timeline keeps only the first few of each kind.
ALTER TABLE attempts ADD COLUMN notifications_accepted BIGINT NOT NULL DEFAULT 0;
ALTER TABLE attempts ADD COLUMN notifications_mismatched BIGINT NOT NULL DEFAULT 0;
ALTER TABLE attempts ADD COLUMN notifications_rejected BIGINT NOT NULL DEFAULT 0;
ALTER TABLE attempts ADD COLUMN notification_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE attempts ADD COLUMN returns BIGINT NOT NULL DEFAULT 0;
ALTER TABLE attempts ADD COLUMN returned_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE attempts ADD COLUMN bridge_answers BIGINT NOT NULL DEFAULT 0;
ALTER TABLE attempts ADD COLUMN bridge_failed BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE sessions ADD COLUMN cancel_wishes BIGINT NOT NULL DEFAULT 0;

UPDATE attempts SET ended_at = CASE WHEN paid_at > 0 THEN paid_at WHEN queried_at > 0 THEN queried_at ELSE created_at END
WHERE state IN ('paid', 'closed') OR state = 'failed' AND placed_code = '' AND placed_url = '' AND placed_jsapi = '';

UPDATE attempts SET
    notifications_accepted = (SELECT COUNT(*) FROM timeline WHERE attempt_id = attempts.id AND kind = 'notification' AND result = 'accepted'),
    notifications_mismatched = (SELECT COUNT(*) FROM timeline WHERE attempt_id = attempts.id AND kind = 'notification' AND result = 'mismatch'),
    notifications_rejected = (SELECT COUNT(*) FROM timeline WHERE attempt_id = attempts.id AND kind = 'notification' AND result = 'rejected'),
    notification_at = (SELECT COALESCE(MAX(at), 0) FROM timeline WHERE attempt_id = attempts.id AND kind = 'notification')
WHERE EXISTS (SELECT 1 FROM timeline WHERE attempt_id = attempts.id AND kind = 'notification');

UPDATE attempts SET
    returns = (SELECT COUNT(*) FROM timeline WHERE session_id = attempts.session_id AND attempt_id = attempts.id AND kind = 'return'),
    returned_at = (SELECT COALESCE(MAX(at), 0) FROM timeline WHERE session_id = attempts.session_id AND attempt_id = attempts.id AND kind = 'return')
WHERE EXISTS (SELECT 1 FROM timeline WHERE session_id = attempts.session_id AND attempt_id = attempts.id AND kind = 'return');

UPDATE attempts SET
    bridge_answers = (SELECT COUNT(*) FROM timeline WHERE session_id = attempts.session_id AND attempt_id = attempts.id AND kind = 'bridge'),
    bridge_failed = EXISTS (SELECT 1 FROM timeline WHERE session_id = attempts.session_id AND attempt_id = attempts.id AND kind = 'bridge' AND result = 'fail')
WHERE flow = 'jsapi';

UPDATE sessions SET cancel_wishes = (SELECT COUNT(*) FROM timeline WHERE session_id = sessions.id AND kind = 'cancel')
WHERE status = 'open';

-- Decisions no longer read the timeline.
DROP INDEX timeline_notifications;

-- Due attempts are found for each merchant in turn, however many there are.
DROP INDEX attempts_due;
CREATE INDEX attempts_due_live ON attempts (merchant, next_query_at)
    WHERE next_query_at > 0 AND state <> 'paid' AND NOT quarantined AND ended_at = 0;
CREATE INDEX attempts_due_ended ON attempts (merchant, next_query_at)
    WHERE next_query_at > 0 AND state <> 'paid' AND NOT quarantined AND ended_at > 0;

-- +goose Down

DROP INDEX attempts_due_ended;
DROP INDEX attempts_due_live;
CREATE INDEX attempts_due ON attempts (next_query_at) WHERE next_query_at > 0;
CREATE INDEX timeline_notifications ON timeline (attempt_id, result) WHERE kind = 'notification';

ALTER TABLE sessions DROP COLUMN cancel_wishes;
ALTER TABLE attempts DROP COLUMN bridge_failed;
ALTER TABLE attempts DROP COLUMN bridge_answers;
ALTER TABLE attempts DROP COLUMN returned_at;
ALTER TABLE attempts DROP COLUMN returns;
ALTER TABLE attempts DROP COLUMN notification_at;
ALTER TABLE attempts DROP COLUMN notifications_rejected;
ALTER TABLE attempts DROP COLUMN notifications_mismatched;
ALTER TABLE attempts DROP COLUMN notifications_accepted;
ALTER TABLE attempts DROP COLUMN ended_at;
