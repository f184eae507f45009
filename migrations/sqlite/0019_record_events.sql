-- Where the events of a record are in the audit: the history of a record is read without a scan of the audit. `seq` is the number
-- of the event. Events from before this schema are in the audit only.
CREATE TABLE record_event (
    record_id INTEGER NOT NULL REFERENCES record (id),
    chain TEXT NOT NULL,
    seq INTEGER NOT NULL,
    at_us INTEGER NOT NULL,
    PRIMARY KEY (record_id, chain, seq)
) STRICT, WITHOUT ROWID;
-- Cards by when they were printed, after they were archived.
CREATE INDEX attempt_archive_ended ON attempt_archive (ended_at_us);
