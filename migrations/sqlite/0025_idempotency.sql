-- Requests with an idempotency key that were carried out in the last 24 hours, and their answers.
CREATE TABLE idempotency (
    -- The keyed digest of the account and the key that it sent.
    key_digest BLOB NOT NULL PRIMARY KEY,
    -- The keyed digest of what was asked for.
    request_digest BLOB NOT NULL,
    -- The answer as JSON, sealed.
    answer BLOB NOT NULL,
    answered_at_us INTEGER NOT NULL
) STRICT;
CREATE INDEX idempotency_time ON idempotency (answered_at_us);
