-- Where the events of a record are in the audit: the history of a record is read without a scan of the audit. `seq` is the number
-- of the event. Events from before this schema are in the audit only.
CREATE TABLE record_event (
    record_id BIGINT NOT NULL REFERENCES record (id),
    chain TEXT COLLATE "C" NOT NULL,
    seq BIGINT NOT NULL,
    at_us BIGINT NOT NULL,
    PRIMARY KEY (record_id, chain, seq)
);
-- Cards by when they were printed, after they were archived.
CREATE INDEX attempt_archive_ended ON attempt_archive (ended_at_us);
