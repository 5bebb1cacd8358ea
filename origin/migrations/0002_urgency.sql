-- Revocations (0) and take-downs (1) are sent ahead of everything else (2).
ALTER TABLE outbox ADD COLUMN urgency BIGINT NOT NULL DEFAULT 2;
UPDATE outbox SET urgency = 0 WHERE kind = 'revocations' AND state = 'pending';
UPDATE outbox SET urgency = 1
 WHERE state = 'pending'
   AND (kind = 'keys' OR revision IN (SELECT revision FROM documents WHERE body IS NULL));

DROP INDEX outbox_by_state;
CREATE INDEX outbox_by_urgency ON outbox (state, urgency, revision);
-- The age of the oldest pending change, and the delivered ones that may go: each without a look at the others.
CREATE INDEX outbox_by_age ON outbox (state, changed_at);
CREATE INDEX outbox_by_settlement ON outbox (state, settled_at);
