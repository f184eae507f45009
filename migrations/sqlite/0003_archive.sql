-- Jobs that are over, and their attempts, once they are old: the same columns, and only the indexes that a history needs.
-- `job` and `attempt` then stay as small as the work in hand. The newest of each is never moved, because the next number
-- follows it.
CREATE TABLE job_archive (
    id INTEGER PRIMARY KEY,
    batch_id INTEGER NOT NULL REFERENCES batch (id),
    record_id INTEGER NOT NULL REFERENCES record (id),
    copy INTEGER NOT NULL,
    lot_id INTEGER NOT NULL REFERENCES lot (id),
    state TEXT NOT NULL CHECK (state IN ('printed', 'quarantined', 'returned', 'withdrawn')),
    position INTEGER NOT NULL,
    due_at_us INTEGER NOT NULL,
    not_started INTEGER NOT NULL
) STRICT;
CREATE INDEX job_archive_batch ON job_archive (batch_id);
CREATE INDEX job_archive_record ON job_archive (record_id);

CREATE TABLE attempt_archive (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    job_id INTEGER NOT NULL REFERENCES job_archive (id),
    printer TEXT NOT NULL,
    record_version INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('printed', 'not-started', 'spoiled')),
    printer_job TEXT,
    acknowledged INTEGER NOT NULL CHECK (acknowledged IN (0, 1)),
    reason TEXT,
    inspected INTEGER NOT NULL CHECK (inspected IN (0, 1)),
    began_at_us INTEGER NOT NULL,
    ended_at_us INTEGER NOT NULL,
    boot TEXT
) STRICT;
CREATE INDEX attempt_archive_job ON attempt_archive (job_id);
