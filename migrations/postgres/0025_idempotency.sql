-- Requests with an idempotency key that were carried out in the last 24 hours, and their answers.
CREATE TABLE idempotency (
    -- The keyed digest of the account and the key that it sent.
    key_digest BYTEA NOT NULL PRIMARY KEY,
    -- The keyed digest of what was asked for.
    request_digest BYTEA NOT NULL,
    -- The answer as JSON, sealed.
    answer BYTEA NOT NULL,
    answered_at_us BIGINT NOT NULL
);
CREATE INDEX idempotency_time ON idempotency (answered_at_us);
